"""Labels of runs: stored, limited in length, and harmless when damaged."""

from __future__ import annotations

import re
import shutil
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.cli import main
from core.errors import RunError, RunNotFound
from core.runs.active import model_names
from core.runs.label import (
    MAX_NAME_CHARACTERS,
    MAX_NOTE_CHARACTERS,
    Label,
    disambiguate,
    label_file,
    read_label,
    write_label,
)
from core.runs.registry import create_run
from core.runs.run import Run
from core.runs.summary import summaries
from core.visible_text import visible_line
from core.workspace import Workspace
from tests.support.tiny_training import tiny_config


@pytest.fixture
def run(workspace: Workspace) -> Run:
    """Return a queued run."""
    return create_run(workspace, tiny_config())


def test_name_and_note_are_stored(run: Run, workspace: Workspace) -> None:
    write_label(workspace, run, "  Wider, with   noise ", "First try.\n\nSecond line. ")

    assert read_label(run) == Label(name="Wider, with noise", note="First try.\n\nSecond line.")
    assert summaries(workspace)[0].name == "Wider, with noise"


def test_run_without_a_name_is_shown_by_its_title(run: Run, workspace: Workspace) -> None:
    write_label(workspace, run, "A name", "")
    write_label(workspace, run, " ", "")

    assert summaries(workspace)[0].name == run.title


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.text(st.characters(), max_size=MAX_NAME_CHARACTERS), st.text(st.characters(), max_size=200))
def test_any_text_is_stored_without_invisible_characters(run: Run, workspace: Workspace, name: str, note: str) -> None:
    stored = write_label(workspace, run, name, note)

    assert read_label(run) == stored
    assert "\n" not in stored.name
    text = re.sub("(?<=[^\\s\0-\x7f])[\u200c\u200d](?=[^\\s\0-\x7f])", "", stored.name + stored.note.replace("\n", ""))
    assert not set(map(unicodedata.category, text)) & {"Cc", "Cf", "Cs"}


@pytest.mark.parametrize(
    "name",
    [
        "\U0001f469\u200d\U0001f3eb",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3",
    ],
)
def test_names_keep_the_joiners_of_emoji_persian_and_sinhala(run: Run, workspace: Workspace, name: str) -> None:
    assert write_label(workspace, run, f"{name}\u200d", name).name == name

    assert read_label(run) == Label(name=name, note=name)
    assert visible_line("An\u200dna \u200d") == "Anna"


@pytest.mark.parametrize(
    ("name", "note"), [("n" * (MAX_NAME_CHARACTERS + 1), ""), ("", "n" * (MAX_NOTE_CHARACTERS + 1))]
)
def test_text_that_is_too_long_is_rejected(run: Run, workspace: Workspace, name: str, note: str) -> None:
    write_label(workspace, run, "Old", "Old note")

    with pytest.raises(RunError, match="shorten it"):
        write_label(workspace, run, name, note)

    assert read_label(run) == Label(name="Old", note="Old note")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"name": 5}', b"\xff\xfe", b'{"name": "' + b"x" * 100_000])
def test_damaged_label_is_ignored(run: Run, workspace: Workspace, content: bytes) -> None:
    label_file(run).write_bytes(content)

    assert read_label(run) == Label()
    assert summaries(workspace)[0].name == run.title


def test_manually_edited_label_is_cut_to_the_limits(run: Run) -> None:
    label_file(run).write_text('{"name": "' + "x" * 500 + '\\nsecond", "note": "' + "y" * 9000 + '"}')

    label = read_label(run)

    assert (len(label.name), len(label.note)) == (MAX_NAME_CHARACTERS, MAX_NOTE_CHARACTERS)


def test_naming_a_deleted_run_does_not_recreate_it(run: Run, workspace: Workspace) -> None:
    shutil.rmtree(run.folder)

    with pytest.raises(RunNotFound):
        write_label(workspace, run, "Ghost", "")

    assert not Path(run.folder).exists()


def test_command_line_names_a_run_and_lists_its_name(
    run: Run, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["runs", "name", run.title, "The wide one"]) == 0
    assert main(["runs", "list"]) == 0
    assert main(["runs", "list", "--json"]) == 0

    out = capsys.readouterr().out
    assert out.count("The wide one") == 3
    assert '"epochs": 1' in out

    assert main(["runs", "name", run.id, ""]) == 0
    assert read_label(run) == Label()


def test_equal_names_are_distinguished_by_ids() -> None:
    names = {"20200101-120000-old-owl": "Wide", "20200102-120000-new-newt": "wide", "20200103-120000-shy-swan": "Deep"}

    assert disambiguate(names) == {
        "20200101-120000-old-owl": "Wide (20200101-120000-old-owl)",
        "20200102-120000-new-newt": "wide (20200102-120000-new-newt)",
        "20200103-120000-shy-swan": "Deep",
    }


def test_models_have_the_names_of_their_runs(run: Run, workspace: Workspace) -> None:
    assert model_names(workspace) == {"shipped": "Shipped model", run.id: run.title}

    write_label(workspace, run, "The wide one", "")
    assert model_names(workspace)[run.id] == "The wide one"

    write_label(workspace, run, "shipped model", "")
    assert model_names(workspace) == {"shipped": "Shipped model", run.id: f"shipped model ({run.id})"}
