"""python -m benchmarks [SECTION ...]: measure, print, and write the report. Without sections: all that are quick."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from benchmarks import (
    browser,
    load,
    novelty,
    photos,
    presets,
    reading,
    reading_baselines,
    robustness,
    runs_page,
    serving,
    start,
    training,
)
from benchmarks.report import Figure, write

SEEDS: dict[str, Sequence[int]] = {
    "speed": (reading.SEED,),
    "sidebyside": (reading_baselines.SEED,),
    "accuracy": (reading.SEED,),
    "robustness": (robustness.SEED,),
    "novelty": (novelty.SEED,),
    "photos": (photos.SEED,),
    "runs": (runs_page.SEED,),
    "browser": (browser.SEED,),
    "load": (load.SEED,),
    "training": range(1, training.SEEDS + 1),
    "best": presets.SEEDS,
    "tiny": presets.SEEDS,
}
"""Of what is drawn by chance in a section; where it has none, nothing is."""

SECTIONS: dict[str, tuple[str, Callable[..., Sequence[Figure]]]] = {
    "speed": ("Speed of reading", reading.speed),
    "sidebyside": ("Speed of reading, side by side with Keras", reading_baselines.side_by_side),
    "accuracy": ("Accuracy of reading", reading.accuracy),
    "robustness": ("Robustness of the shipped model", robustness.curves),
    "novelty": ("Knowing what it does not know", novelty.novelty),
    "photos": ("Photos and files, made from MNIST's validation images", photos.photos),
    "serving": ("The dashboard process", serving.serving),
    "runs": ("The Runs page with a hundred runs", runs_page.runs_page),
    "browser": ("From lifting the pen to the answer", browser.pen_to_answer),
    "start": ("From pressing Train to the first point", start.start),
    "load": ("Many visitors at once, during a training", load.load),
    "training": ("Speed of training", training.time_to_target),
    "best": ("Accuracy of `best`", presets.best),
    "tiny": ("Accuracy of `tiny`", presets.tiny),
}
LONG = {"load", "training", "best", "tiny"}
"""Measured only when they are named, or with --long."""


def main() -> None:
    """Measure the sections named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "sections", nargs="*", metavar="SECTION", help=f"any of {', '.join(SECTIONS)}; default: all that are quick"
    )
    parser.add_argument("--long", action="store_true", help=f"also what takes longer: {', '.join(sorted(LONG))}")
    parser.add_argument(
        "--seeds", type=int, metavar="N", help=f"trainings of each kind, for `training`; default: {training.SEEDS}"
    )
    parser.add_argument(
        "--minutes", type=float, metavar="M", help=f"of each load, for `load`; default: {load.MINUTES:g}"
    )
    options = parser.parse_args()
    unknown = set(options.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"no such section: {', '.join(sorted(unknown))}; choose from {', '.join(SECTIONS)}")
    if options.seeds is not None and options.seeds < 1:
        parser.error(f"--seeds: at least 1. Received: {options.seeds}")
    if options.minutes is not None and options.minutes <= 0:
        parser.error(f"--minutes: more than 0. Received: {options.minutes}")
    quick = [name for name in SECTIONS if options.long or name not in LONG]
    for name in options.sections or quick:
        title, measure = SECTIONS[name]
        print(f"{title} …", flush=True)
        option, value = {"training": ("seeds", options.seeds), "load": ("minutes", options.minutes)}.get(
            name, ("", None)
        )
        figures = measure() if value is None else measure(value)
        for figure in figures:
            print(f"  {figure.name}: {figure.value:,.2f} {figure.unit}")
        if not figures:
            print("  Nothing measured: what this section needs is not here (such as MNIST, pen strokes or a Chromium).")
            continue
        command = f"make bench ARGS={name}" if value is None else f'make bench ARGS="{name} --{option} {value:g}"'
        # `training` takes the number of its seeds, and counts them from 1.
        seeds = range(1, value + 1) if option == "seeds" and value else SEEDS.get(name, ())
        # At once: what fails later costs none of it.
        write(title, figures, command, seeds)


if __name__ == "__main__":
    main()
