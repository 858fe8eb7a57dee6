"""python -m benchmarks [SECTION ...]: measure, print, and write the report. Without sections: the quick ones."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from benchmarks import browser, reading, serving
from benchmarks.report import Figure, write

SECTIONS: dict[str, tuple[str, Callable[[], Sequence[Figure]]]] = {
    "speed": ("Speed of reading", reading.speed),
    "accuracy": ("Accuracy of reading", reading.accuracy),
    "serving": ("The dashboard process", serving.serving),
    "browser": ("From lifting the pen to the answer", browser.pen_to_answer),
}


def main() -> None:
    """Measure the sections named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"any of {', '.join(SECTIONS)}; default: all")
    named = parser.parse_args().sections
    unknown = set(named) - set(SECTIONS)
    if unknown:
        parser.error(f"no such section: {', '.join(sorted(unknown))}; choose from {', '.join(SECTIONS)}")
    measured, commands = {}, {}
    for name in named or SECTIONS:
        title, measure = SECTIONS[name]
        print(f"{title} …", flush=True)
        figures = measure()
        for figure in figures:
            print(f"  {figure.name}: {figure.value:,.2f} {figure.unit}")
        if figures:
            measured[title], commands[title] = figures, f"make bench ARGS={name}"
    write(measured, commands)


if __name__ == "__main__":
    main()
