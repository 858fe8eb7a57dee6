"""Changes to a run's folder that another machine applies to its copy."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ClusterError
from core.training.engines.changes import FileChange, FolderChanges, FolderWatch

ROWS = st.lists(st.binary(max_size=20).map(lambda row: row.replace(b"\n", b",") + b"\n"), max_size=5)
ACTIONS = st.lists(st.tuples(st.sampled_from(["append", "replace", "look"]), ROWS), max_size=12)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A run's folder, and an empty one for its copy."""
    run, copy = tmp_path / "run", tmp_path / "copy"
    run.mkdir()
    copy.mkdir()
    return run, copy


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def replace(path: Path, content: bytes) -> None:
    """Replace a file as `atomic_write` does."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(content)
    temporary.replace(path)


@given(actions=ACTIONS)
def test_copy_of_a_table_follows_appended_and_replaced_rows(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, list[bytes]]]
) -> None:
    run, copy = tmp_path_factory.mktemp("run"), tmp_path_factory.mktemp("copy")
    watch, table = FolderWatch(run), run / "steps.csv"
    table.write_bytes(b"")
    for action, rows in [*actions, ("look", [])]:
        if action == "append":
            with table.open("ab") as file:
                file.writelines(rows)
        elif action == "replace":
            replace(table, b"".join(rows))
        else:
            watch.changes().apply(copy)
            assert contents(copy) == contents(run)


def test_only_new_rows_of_a_table_are_sent(folders: tuple[Path, Path]) -> None:
    run, _ = folders
    watch, table = FolderWatch(run), run / "history.csv"
    table.write_bytes(b"epoch\n1\n")
    assert watch.changes().files == (FileChange("history.csv", b"epoch\n1\n"),)

    with table.open("ab") as file:
        file.write(b"2\n3")  # the last row is incomplete
    assert watch.changes().files == (FileChange("history.csv", b"2\n", offset=8),)
    assert not watch.changes()

    with table.open("ab") as file:
        file.write(b"3\n")
    assert watch.changes().files == (FileChange("history.csv", b"33\n", offset=10),)


def test_known_and_private_files_are_not_sent(folders: tuple[Path, Path]) -> None:
    run, _ = folders
    (run / "teachers").mkdir()
    for name in ("config.json", "teachers/0.tflite"):
        (run / name).write_bytes(b"known")
    watch = FolderWatch(run, seen=True)

    for name in ("stop", "worker.lock", "process.json", ".steps.csv.new", "teachers/.1.tflite.new", "watched.json"):
        (run / name).write_bytes(b"new")

    changes = watch.changes()
    assert [change.name for change in changes.files] == ["watched.json"]
    assert changes.size == 3
    assert {change.name for change in FolderWatch(run).changes().files} > {"config.json", "teachers/0.tflite"}


def test_checkpoint_is_read_first_and_written_last(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    run, copy = folders
    for name in ("answers.npz", "checkpoint.npz", "history.csv"):
        (run / name).write_bytes(b"1\n")

    changes = FolderWatch(run).changes()

    assert changes.files[0].name == "checkpoint.npz"
    replaced_names: list[str] = []
    rename = Path.replace
    monkeypatch.setattr(
        Path, "replace", lambda path, target: (replaced_names.append(target.name), rename(path, target))
    )
    changes.apply(copy)
    assert replaced_names[-1] == "checkpoint.npz"
    assert contents(copy) == contents(run)


def test_bundle_is_sent_whole_when_it_is_replaced(folders: tuple[Path, Path]) -> None:
    run, copy = folders
    watch = FolderWatch(run)
    for version in (b"first", b"second"):
        new = run / ".model-new"
        new.mkdir()
        (new / "card.json").write_bytes(version)
        if (run / "model").exists():
            (run / "model").rename(run / ".model-old")
            assert not watch.changes()  # between two renames
        new.rename(run / "model")

        watch.changes().apply(copy)

        assert contents(copy) == {"model/card.json": version}
        assert not watch.changes()


@pytest.mark.parametrize("name", ["../config.json", "/tmp/file", "model/../../file", "stop", ".new-run", "a/b/c", ""])
def test_unexpected_names_are_rejected(folders: tuple[Path, Path], name: str) -> None:
    _, copy = folders
    valid_change = FileChange("config.json", b"new")

    for changes in (
        FolderChanges((valid_change, FileChange(name, b"new"))),
        FolderChanges((valid_change,), {"card.json": b"new", f"../{name}": b"new"}),
    ):
        with pytest.raises(ClusterError, match="unexpected name"):
            changes.apply(copy)

    assert contents(copy) == {}


def test_changes_that_arrive_twice_are_applied_once(folders: tuple[Path, Path]) -> None:
    _, copy = folders
    first_row, more_rows = FileChange("steps.csv", b"a\n"), FolderChanges((FileChange("steps.csv", b"b\n", offset=2),))
    FolderChanges((first_row,)).apply(copy)

    more_rows.apply(copy)
    more_rows.apply(copy)

    assert (copy / "steps.csv").read_bytes() == b"a\nb\n"
    assert [path.name for path in copy.iterdir()] == ["steps.csv"]


def test_folder_removed_while_it_is_read_is_not_an_error(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = folders
    (run / "teachers").mkdir()
    is_folder = Path.is_dir

    def remove_after_the_check(path: Path) -> bool:
        found = is_folder(path)
        if found:
            path.rmdir()
        return found

    monkeypatch.setattr(Path, "is_dir", remove_after_the_check)

    assert not FolderWatch(run, seen=False).changes()
