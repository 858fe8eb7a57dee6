"""Ways to damage a run's files: truncate, empty, replace, or edit them to hold invalid values."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import numpy as np

from core.runs.run import Run

Damage = Callable[[Run], object]
Change = Callable[[np.ndarray], object]


def write_file(name: str, content: bytes | str) -> Damage:
    """Replace the contents of a file, or create the file."""
    return lambda run: (run.folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


def cut_in_half(name: str) -> Damage:
    """Cut a file in half, as a full disk does."""

    def cut(run: Run) -> None:
        content = (run.folder / name).read_bytes()
        (run.folder / name).write_bytes(content[: len(content) // 2])

    return cut


def empty_files(run: Run) -> None:
    """Empty every file of the run."""
    for path in run.folder.rglob("*"):
        if path.is_file():
            path.write_bytes(b"")


def replace_with_folder(name: str) -> Damage:
    """Replace a file with a folder."""

    def replace(run: Run) -> None:
        (run.folder / name).unlink(missing_ok=True)
        (run.folder / name).mkdir()

    return replace


def replace_with_file(name: str) -> Damage:
    """Replace a folder with a file."""

    def replace(run: Run) -> None:
        shutil.rmtree(run.folder / name)
        (run.folder / name).write_text("not a folder")

    return replace


def edit_json(name: str, *path: str | int, to: object) -> Damage:
    """Change the value at a path of keys in a JSON file."""

    def edit(run: Run) -> None:
        content = container = json.loads((run.folder / name).read_text())
        for key in path[:-1]:
            container = container[key]
        container[path[-1]] = to
        (run.folder / name).write_text(json.dumps(content))

    return edit


def edit_running_status(value: str, to: object) -> Damage:
    """Change a value in the status of a run in progress; the test holds the worker's lock."""

    def edit(run: Run) -> None:
        edit_json("status.json", "state", to="running")(run)
        edit_json("status.json", value, to=to)(run)

    return edit


def change_arrays(name: str, **changes: Change) -> Damage:
    """Change arrays in an .npz file."""

    def edit(run: Run) -> None:
        with np.load(run.folder / name) as file:
            arrays = dict(file)
        np.savez(run.folder / name, **arrays | {array: change(arrays[array]) for array, change in changes.items()})

    return edit


def write_rows(name: str, columns: tuple[str, ...], *rows: str) -> Damage:
    """Replace the rows below the header of a CSV file."""
    return write_file(name, "\n".join([",".join(columns), *rows, ""]))


def duplicate_name(run: Run) -> None:
    """Create a second run with the same name, and write that name to the record of the active model."""
    shutil.copytree(run.folder, run.folder.with_name(f"20980101-120000-{run.title}"))
    write_file("../../active.json", json.dumps({"run_id": run.title}))(run)
