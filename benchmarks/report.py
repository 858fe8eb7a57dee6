"""The report: figures with their units, commands and machines, in results.json and RESULTS.md."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

INTRODUCTION = """# Benchmark results

Speed, memory and accuracy of Trazo. `make bench` writes this file and `results.json`; do not edit them. To repeat one
section, run the command above its table. `make bench ARGS=--help` lists all sections.

Three environment variables say where the data is: `TRAZO_MNIST` (MNIST), `TRAZO_PEN_DIGITS` (the pen digits' file)
and `TRAZO_FASHION` (the folder of Fashion-MNIST). A section without its data is skipped.

- *Pen digits* are real handwriting, recorded as pen strokes and replayed on the canvas: the digits of writers 21 to 30,
  on which no model was trained.
- *Rejected* images are those that the novelty detector reports as "not a digit".
- *Close calls* are predictions with a low confidence, for which the Draw page names a second candidate.
- *Redrawn* digits are test images that were traced and drawn again on the canvas.
- *As a drawing* and *as a photo* include the preparation of the ink; *direct to the network* skips it."""
FOLDER = Path(__file__).parent
CPU_INFO = Path("/proc/cpuinfo")
VECTOR_EXTENSIONS = ("avx512_vnni", "avx512f", "avx2", "asimd")
"""Names of vector extensions, widest first; 8-bit inference is faster with wider extensions."""
PACKAGES = ("tensorflow-cpu", "keras", "ai-edge-litert", "numpy", "streamlit", "gradio")


@dataclass(frozen=True)
class Figure:
    """One measured value."""

    name: str
    value: float
    unit: str


def write(title: str, figures: Sequence[Figure], command: str, seeds: Sequence[int]) -> None:
    """Replace one section of results.json, including any note about its age, and rewrite RESULTS.md."""
    file = FOLDER / "results.json"
    results = json.loads(file.read_text()) if file.exists() else {}
    results[title] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "seeds": list(seeds),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores of {processor(CPU_INFO)}",
        "versions": {"python": platform.python_version(), **_versions()},
        "figures": [asdict(figure) for figure in figures],
    }
    file.write_text(json.dumps(results, indent=2) + "\n")
    (FOLDER / "RESULTS.md").write_text(markdown(results))


def processor(cpu_info: Path) -> str:
    """Return the processor's name and widest vector extension; without `cpu_info`, the name that Python knows."""
    try:
        rows = [line.partition(":") for line in cpu_info.read_text().splitlines()]
    except OSError:
        return platform.processor() or "an unknown processor"
    entries = {name.strip(): value.strip() for name, _, value in rows}
    # On ARM, the flags are called "Features", and most processors have no model name.
    flags = f"{entries.get('flags', '')} {entries.get('Features', '')}".split()
    name = entries.get("model name", platform.machine())
    return " ".join([name, *[extension for extension in VECTOR_EXTENSIONS if extension in flags][:1]])


def _versions() -> dict[str, str]:
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except ModuleNotFoundError:
            continue
    return versions


def markdown(results: dict) -> str:
    """Return the report as Markdown."""
    return "\n\n".join([INTRODUCTION, *[_section(title, section) for title, section in results.items()]]) + "\n"


def _section(title: str, section: dict) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in section["versions"].items())
    source = f"`{section['command']}`, {section['date']}, {section['machine']}; {versions}{_seeds(section)}."
    note = [section["note"]] if "note" in section else []
    rows = ["| figure | value |", "|---|---|", *[_row(figure) for figure in section["figures"]]]
    return "\n\n".join([f"## {title}", source, *note, "\n".join(rows)])


def _seeds(section: dict) -> str:
    seeds = section.get("seeds")
    return f"; random seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}" if seeds else ""


def _row(figure: dict) -> str:
    value, unit = figure["value"], figure["unit"]
    count = not unit and float(value).is_integer()
    return f"| {figure['name']} | {f'{value:,.0f}' if count else f'{value:,.2f} {unit}'.strip()} |"
