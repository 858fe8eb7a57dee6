"""Ways to damage a run's files: cut, emptied, in the wrong place, or edited by hand into something impossible."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import numpy as np

from core.runs.run import Run

Damage = Callable[[Run], object]
Change = Callable[[np.ndarray], object]


def written(name: str, content: bytes | str) -> Damage:
    """Other contents in a file, which may be missing."""
    return lambda run: (run.folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


def cut_in_half(name: str) -> Damage:
    """What is left when a disk fills up."""

    def cut(run: Run) -> None:
        content = (run.folder / name).read_bytes()
        (run.folder / name).write_bytes(content[: len(content) // 2])

    return cut


def emptied(run: Run) -> None:
    """Every file of the run is there and empty."""
    for path in run.folder.rglob("*"):
        if path.is_file():
            path.write_bytes(b"")


def folder(name: str) -> Damage:
    """A folder where a file should be."""

    def replace(run: Run) -> None:
        (run.folder / name).unlink(missing_ok=True)
        (run.folder / name).mkdir()

    return replace


def file(name: str) -> Damage:
    """A file where a folder should be."""

    def replace(run: Run) -> None:
        shutil.rmtree(run.folder / name)
        (run.folder / name).write_text("no folder")

    return replace


def edited(name: str, *place: str | int, to: object) -> Damage:
    """Another value at a place of a JSON file."""

    def edit(run: Run) -> None:
        whole = part = json.loads((run.folder / name).read_text())
        for step in place[:-1]:
            part = part[step]
        part[place[-1]] = to
        (run.folder / name).write_text(json.dumps(whole))

    return edit


def at_work(value: str, to: object) -> Damage:
    """Another value in the status of a run at work; whoever holds its lock is its worker."""

    def edit(run: Run) -> None:
        edited("status.json", "state", to="running")(run)
        edited("status.json", value, to=to)(run)

    return edit


def arrays(name: str, **changes: Change) -> Damage:
    """Other arrays in an .npz file."""

    def edit(run: Run) -> None:
        with np.load(run.folder / name) as file:
            before = dict(file)
        np.savez(run.folder / name, **before | {array: change(before[array]) for array, change in changes.items()})

    return edit


def lines(name: str, columns: tuple[str, ...], *rows: str) -> Damage:
    """Other rows below the heading of a CSV file."""
    return written(name, "\n".join([",".join(columns), *rows, ""]))


def namesakes(run: Run) -> None:
    """Two runs share the name that the record of the model in use has."""
    shutil.copytree(run.folder, run.folder.with_name(f"20980101-120000-{run.title}"))
    written("../../active.json", json.dumps({"run_id": run.title}))(run)
