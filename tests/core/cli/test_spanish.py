"""The command line speaks the language of the terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.cli import main
from core.environment import terminal_language
from core.language import ENGLISH, Message, set_language_finder
from core.personal.hand import create_hand
from core.personal.taught import teach
from core.sweeps.records import Progress, SweepStatus
from core.workspace import PROJECT, Workspace
from tests.support.sweep_files import write_sweep
from tests.support.written_digits import write

_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """Return a function that runs a command in a locale, and returns its exit status and its output."""

    def run_command(locale: str, *arguments: str) -> tuple[int, str]:
        set_variables(monkeypatch, LANG=locale)
        try:
            status = main(arguments)
        except SystemExit as error:
            status = int(error.code or 0)
        return status, "".join(capsys.readouterr())

    yield run_command
    set_language_finder(lambda: ENGLISH)


def set_variables(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8", "LANGUAGE": "es"}, "en"),
        ({"LC_ALL": "POSIX", "LANG": "es_ES.UTF-8"}, "en"),
        ({"LANG": "es_MX.UTF-8"}, "es"),
        ({"LC_MESSAGES": "es_ES", "LANG": "en_US.UTF-8"}, "es"),
        ({"LC_ALL": "en_GB.UTF-8", "LC_MESSAGES": "es_ES", "LANG": "es_ES"}, "en"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "fi:es:en"}, "es"),
        ({"LANG": "es_ES.UTF-8", "LANGUAGE": "en:es"}, "en"),
        ({"LANG": "fi_FI.UTF-8"}, "en"),
    ],
)
def test_language_variables_work_as_in_gettext(
    variables: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_variables(monkeypatch, **variables)

    assert terminal_language() == language


def test_help_and_argparse_errors_are_translated(command: Command) -> None:
    _, spanish = command("es_ES.UTF-8", "--help")
    _, english = command("C", "--help")

    assert spanish.startswith("uso: python -m core [-h] ORDEN ...")
    assert "python -m core predict seven.png         predecir el dígito de una imagen\n" in spanish
    assert english.startswith("usage: python -m core [-h] COMMAND ...")
    assert "python -m core predict seven.png         predict the digit in a picture\n" in english
    status, error = command("es_ES.UTF-8", "runs", "show")
    assert status == 2
    assert "error: faltan los siguientes argumentos: entrenamiento" in error
    assert "Intervalo: de 0 a 0.5." in command("es_ES.UTF-8", "train", "--help")[1]


def test_errors_and_numbers_are_translated(command: Command, workspace: Workspace) -> None:
    assert command("es_ES.UTF-8", "train", "--folds", "1", "--dataset", "digits") == (
        1,
        "trazo: --folds debe estar entre 2 y 20. Valor recibido: 1.\n",
    )
    status, metrics = command("es_ES.UTF-8", "evaluate")
    assert status == 0
    assert "exactitud en prueba: 99,64\N{NO-BREAK SPACE}% (" in metrics
    assert "147.882 parámetros" in metrics
    assert "test accuracy 99.64% (" in command("C", "evaluate")[1]


def test_counts_have_a_singular_and_a_plural(command: Command, workspace: Workspace) -> None:
    hand = create_hand(workspace, "Anna")
    teach(hand, write(7))
    assert "enseñado: 1 dígito (0: 0," in command("es_ES.UTF-8", "hand", "show", "Anna")[1]

    teach(hand, write(8))
    assert "enseñados: 2 dígitos (0: 0," in command("es_ES.UTF-8", "hand", "show", "Anna")[1]


def test_json_is_english(command: Command, workspace: Workspace, tmp_path: Path) -> None:
    missing = str(tmp_path / "absent.png")

    _, line = command("es_ES.UTF-8", "predict", "--json", missing)
    _, text = command("es_ES.UTF-8", "predict", missing)

    assert json.loads(line)["error"] == f"The file {missing} cannot be read: No such file or directory."
    assert text.startswith(f"{missing}: No se puede leer el archivo")
    assert "no existe ese archivo o carpeta" in text


def test_sweep_messages_are_english_sentences_in_json(command: Command, workspace: Workspace) -> None:
    sweep = write_sweep(workspace, 1)
    sweep.write_status(SweepStatus(state="finished", message=Message("Finished. Trial {trial} is the best.", trial=7)))
    pruned = Message("Pruned after {fraction:.0%} of its training.", fraction=0.4)
    trial = sweep.progress().trials[0].model_copy(update={"message": pruned})
    sweep.write_progress(Progress(trials=(trial,)))

    _, line = command("es_ES.UTF-8", "sweep", "show", "--json", sweep.id)

    assert json.loads(line)["message"] == "Finished. Trial 7 is the best."
    assert json.loads(line)["trials"][0]["message"] == "Pruned after 40% of its training."


def test_english_help_does_not_load_babel() -> None:
    code = (
        "import atexit, sys; from core.cli import main; atexit.register(lambda: print('babel' in sys.modules)); main()"
    )
    process = subprocess.run(
        [sys.executable, "-c", code, "--help"], cwd=PROJECT, env={"LANG": "C.UTF-8"}, capture_output=True, text=True
    )

    assert process.stdout.startswith("usage: ")
    assert process.stdout.endswith("\nFalse\n")
