"""A hand is exported to one file, complete but without its workspace's ids, and is never partially imported."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import HandError, ReadOnly, StorageError
from core.json_lines import append_records
from core.personal import archive as module
from core.personal.archive import ELSEWHERE, archive_name, export_hand, import_hand
from core.personal.exam import Exam, answer, list_exams, read_exam, sealed_fingerprints, start_exam, take_back
from core.personal.hand import MAX_NAME_LENGTH, Hand, create_hand, delete_hand, hand_name, list_hands
from core.personal.proof import JudgedExam
from core.personal.taught import forget, relabel, taught, teach
from core.personal.written import fingerprint
from core.workspace import Workspace
from tests.support.full_disk import fill_disk
from tests.support.written_digits import any_written, write

RUN_ID = "20261129-130522-quiet-otter"
DAMAGED = "damaged, or it is not a hand that Trazo has exported"


@pytest.fixture
def hand(workspace: Workspace) -> Hand:
    """A hand with two taught digits, an unfinished exam that has judged a run, and a model."""
    hand = create_hand(workspace, "Anna")
    for digit in (3, 7, 1):
        teach(hand, write(digit).model_copy(update={"model": RUN_ID}))
    first, second, _ = taught(hand)
    forget(hand, first)
    relabel(hand, second, None)
    exam = start_exam(hand)
    for seed in range(3):
        answer(hand, exam, write(0, seed).model_copy(update={"model": RUN_ID}))
        exam = read_exam(hand, exam.id)
    take_back(hand, exam)
    append_records(hand.proofs_file, [JudgedExam(exam=exam.id, run=RUN_ID, time=5)])
    hand.write_record(hand.record().model_copy(update={"model": RUN_ID, "previous": RUN_ID}))
    return hand


@pytest.fixture
def other_workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "other")


def contents(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def without_model(exam: Exam) -> tuple:
    return exam.id, exam.prompts, [written.model_copy(update={"model": ELSEWHERE}) for written in exam.written]


def test_imported_hand_equals_the_exported_one(hand: Hand, other_workspace: Workspace) -> None:
    imported = import_hand(other_workspace, export_hand(hand))

    assert list_hands(other_workspace) == [imported]
    assert imported.id != hand.id
    assert (imported.record().name, imported.record().created) == ("Anna", hand.record().created)
    assert (imported.record().model, imported.record().previous) == (None, None)
    expected = {key: written.model_copy(update={"model": ELSEWHERE}) for key, written in taught(hand).items()}
    assert taught(imported) == expected
    assert list(map(without_model, list_exams(imported))) == list(map(without_model, list_exams(hand)))
    assert [path.name for path in other_workspace.personal.iterdir()] == [imported.id]
    # A round trip changes nothing else.
    assert export_hand(imported) == export_hand(hand)


def test_archive_reveals_nothing_about_its_workspace(hand: Hand, workspace: Workspace) -> None:
    removed_line = hand.taught_file.read_text().splitlines()[0]
    texts = b"\n".join(contents(export_hand(hand)).values()).decode()

    assert removed_line.split('"points"')[1][:40] not in texts
    for secret in (RUN_ID, hand.id, str(workspace.root)):
        assert secret not in texts
    assert archive_name(hand) == "hand-anna.zip"


def test_imported_exams_stay_sealed_and_marked_as_used(hand: Hand, other_workspace: Workspace) -> None:
    imported = import_hand(other_workspace, export_hand(hand))

    (exam,) = list_exams(imported)
    assert sealed_fingerprints([exam]) == set(map(fingerprint, list_exams(hand)[0].written))
    with pytest.raises(HandError, match="belongs to an exam"):
        teach(imported, exam.written[0], sealed_fingerprints([exam]))
    assert json.loads(imported.proofs_file.read_text()) == {"exam": exam.id, "run": ELSEWHERE, "time": 5}


def test_taken_name_gets_a_number(hand: Hand, workspace: Workspace) -> None:
    archive = export_hand(hand)
    long_named_hand = create_hand(workspace, "x" * MAX_NAME_LENGTH)

    names = [hand_name(import_hand(workspace, each)) for each in (archive, archive, export_hand(long_named_hand))]

    assert names == ["Anna 2", "Anna 3", "x" * (MAX_NAME_LENGTH - 2) + " 2"]


@settings(max_examples=15)
@given(st.lists(any_written, max_size=4), st.text(st.characters(exclude_categories=("Cs",)), max_size=60))
def test_every_taught_digit_survives(tmp_path_factory: pytest.TempPathFactory, digits: list, name: str) -> None:
    workspace = Workspace(tmp_path_factory.mktemp("hands"))
    hand = create_hand(workspace, "Anna")
    for digit in digits:
        teach(hand, digit)
    files = contents(export_hand(hand))
    header = json.loads(files["hand.json"]) | {"name": name}

    imported = import_hand(workspace, zipped(files | {"hand.json": json.dumps(header).encode()}))

    assert list(map(fingerprint, taught(imported).values())) == list(map(fingerprint, digits))
    assert 0 < len(hand_name(imported)) <= MAX_NAME_LENGTH


EXAM = "exams/20261129-130522-abcdef.jsonl"
MALFORMED: dict[str, Callable[[dict[str, bytes]], dict[str, bytes]]] = {
    "unknown entry": lambda files: files | {"notes.txt": b""},
    "path outside the folder": lambda files: files | {"../../evil.jsonl": b"", "exams/../../evil.jsonl": b""},
    "absolute path": lambda files: files | {"/etc/evil": b""},
    "exam with a path": lambda files: files | {"exams/20261129-130522-abcdef/../x.jsonl": b""},
    "no header": lambda files: {name: content for name, content in files.items() if name != "hand.json"},
    "no log": lambda files: {name: content for name, content in files.items() if name != "taught.jsonl"},
    "another kind": lambda files: files | {"hand.json": b'{"kind":"run","version":1,"name":"a","created":0}'},
    "damaged line": lambda files: files | {"taught.jsonl": files["taught.jsonl"] + b'{"kind":"taught"'},
    "damaged exam": lambda files: files | {EXAM: b'{"kind":"started","prompts":[],"time":0}\n'},
    "exam without its start": lambda files: files | {EXAM: b""},
    "damaged proof": lambda files: files | {"proofs.jsonl": b"{}"},
}


@pytest.mark.parametrize("malformed", MALFORMED)
def test_malformed_archive_is_refused_as_a_whole(malformed: str, hand: Hand, other_workspace: Workspace) -> None:
    files = MALFORMED[malformed](contents(export_hand(hand)))

    with pytest.raises(HandError, match=DAMAGED):
        import_hand(other_workspace, zipped(files))

    assert not other_workspace.root.exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_zip_bombs_and_unsupported_archives_are_refused(
    hand: Hand, other_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = contents(export_hand(hand))
    bomb = zipped(files | {EXAM: bytes(module.MAX_CONTENT_BYTES)})
    assert len(bomb) < 100_000
    with pytest.raises(HandError, match="larger than 32 MB"):
        import_hand(other_workspace, bomb)
    with pytest.raises(HandError, match="too large for a hand"):
        import_hand(other_workspace, bytes(module.MAX_ARCHIVE_BYTES + 1))
    # These methods decompress without a limit on memory.
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with pytest.raises(HandError, match=DAMAGED):
            import_hand(other_workspace, zipped(files, method))
    duplicated = io.BytesIO(export_hand(hand))
    with zipfile.ZipFile(duplicated, "a") as archive:
        archive.writestr("hand.json", files["hand.json"])
    with pytest.raises(HandError, match=DAMAGED):
        import_hand(other_workspace, duplicated.getvalue())
    later_version = files | {"hand.json": files["hand.json"].replace(b'"version": 1', b'"version": 2')}
    with pytest.raises(HandError, match="later version of Trazo"):
        import_hand(other_workspace, zipped(later_version))
    monkeypatch.setattr(module, "MAX_TAUGHT", 1)
    with pytest.raises(HandError, match="more than 1 taught digits"):
        import_hand(other_workspace, zipped(files))
    assert not other_workspace.root.exists()


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4),
    st.floats(0, 1) | st.just(1.0),
)
def test_mutated_archive_is_imported_or_refused(
    tmp_path_factory: pytest.TempPathFactory, mutations: list[tuple[float, int]], kept_fraction: float
) -> None:
    workspace = Workspace(tmp_path_factory.mktemp("hands"))
    hand = create_hand(workspace, "Anna")
    teach(hand, write(3))
    start_exam(hand)
    archive = bytearray(export_hand(hand))
    for position, value in mutations:
        archive[int(position * len(archive))] = value

    imported = []
    with suppress(HandError):
        imported.append(import_hand(workspace, bytes(archive[: round(kept_fraction * len(archive))])))

    assert sorted(path.name for path in workspace.personal.iterdir()) == sorted(each.id for each in [hand, *imported])


def test_full_disk_leaves_no_partial_import(hand: Hand, small_disk: Path) -> None:
    archive, workspace = export_hand(hand), Workspace(small_disk)
    existing = create_hand(workspace, "Ben")
    fill_disk(small_disk / "filler")

    with pytest.raises(StorageError, match="disk is full"):
        import_hand(workspace, archive)

    assert list(workspace.personal.iterdir()) == [existing.folder]
    (small_disk / "filler").unlink()
    assert hand_name(import_hand(workspace, archive)) == "Anna"


def test_read_only_workspace_exports_but_does_not_import(
    hand: Hand, other_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = export_hand(hand)
    monkeypatch.setenv("TRAZO_READONLY", "1")

    assert export_hand(hand) == archive
    with pytest.raises(ReadOnly):
        import_hand(other_workspace, archive)


def test_failure_to_export_a_hand_is_explained(
    hand: Hand, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, "MAX_CONTENT_BYTES", 100)
        with pytest.raises(HandError, match="too large to export as one file"):
            export_hand(hand)
    delete_hand(workspace, hand)

    with pytest.raises(HandError, match="deleted"):
        export_hand(hand)
