"""The report: each figure with its unit and its command, as Markdown and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

HEAD = (
    "Written by `make bench`; don't edit. What it measures with is named by `TRAZO_MNIST`, `TRAZO_STROKES` (the file "
    "of pen strokes) and `TRAZO_FASHION` (the folder of Fashion-MNIST's files)."
)
FOLDER = Path(__file__).parent
PROCESSORS = Path("/proc/cpuinfo")
VECTORS = ("avx512_vnni", "avx512f", "avx2", "asimd")
"""How much a processor computes at once, most first; eight bits are read the faster for it."""
PACKAGES = ("tensorflow-cpu", "keras", "ai-edge-litert", "numpy", "streamlit", "gradio")


@dataclass(frozen=True)
class Figure:
    """One measured value."""

    name: str
    value: float
    unit: str


def write(title: str, figures: Sequence[Figure], command: str, seeds: Sequence[int]) -> None:
    """Put a section's figures into results.json and RESULTS.md; all others stay."""
    file = FOLDER / "results.json"
    results = json.loads(file.read_text()) if file.exists() else {}
    results[title] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "seeds": list(seeds),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores of {processor(PROCESSORS)}",
        "versions": {"python": platform.python_version(), **_versions()},
        "figures": [asdict(figure) for figure in figures],
    }
    file.write_text(json.dumps(results, indent=2) + "\n")
    (FOLDER / "RESULTS.md").write_text(_markdown(results))


def processor(file: Path) -> str:
    """The processor's name and the widest of VECTORS that it has, from Linux' list; elsewhere what Python knows."""
    try:
        rows = [line.partition(":") for line in file.read_text().splitlines()]
    except OSError:
        return platform.processor() or "an unknown processor"
    known = {name.strip(): value.strip() for name, _, value in rows}
    # ARM's list calls them features, and has no name for most of its processors.
    abilities = f"{known.get('flags', '')} {known.get('Features', '')}".split()
    name = known.get("model name", platform.machine())
    return " ".join([name, *[ability for ability in VECTORS if ability in abilities][:1]])


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except ModuleNotFoundError:
            continue
    return found


def _of_seeds(section: dict) -> str:
    seeds = section.get("seeds")
    return f"; seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}" if seeds else ""


def _markdown(results: dict) -> str:
    lines = ["# What was measured", "", HEAD]
    for title, section in results.items():
        machine = ", ".join(f"{name} {number}" for name, number in section["versions"].items())
        lines += [
            "",
            f"## {title}",
            "",
            f"`{section['command']}`, {section['date']}, {section['machine']}; {machine}{_of_seeds(section)}.",
            "",
        ]
        lines += ["| figure | value |", "|---|---|"]
        lines += [f"| {row['name']} | {row['value']:,.2f} {row['unit']} |" for row in section["figures"]]
    return "\n".join(lines) + "\n"
