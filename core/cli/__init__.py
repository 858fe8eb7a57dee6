"""The command line: parse, call, print. Each command imports what it needs, so that --help answers at once."""

from __future__ import annotations

import argparse
import importlib
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.config import DEFAULT_PRESET, LIMITS, PRESETS
from core.errors import DownloadError, TrazoError
from core.meanings import MEANINGS
from core.workspace import Workspace

_HELP = """Trazo, the handwritten-digit lab, without the dashboard.

  python -m core data download             get MNIST once
  python -m core train                     train the default network and watch it
  python -m core train --epochs 3 --rotation 10
  python -m core runs list                 what was trained
  python -m core runs promote quiet-otter  let the dashboard use that model
  python -m core predict seven.png         read a picture of a digit

Every command has its own --help."""

UNITS = {
    **dict.fromkeys(("rotation", "shear"), "DEGREES"),
    **dict.fromkeys(("label_smoothing", "dropout", "shift", "zoom", "stroke", "noise"), "SHARE"),
    "elastic": "PIXELS",
}
"""What the settings of a training count that are not plain numbers."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status. Errors that a person can mend are one sentence on stderr."""
    options = _parser().parse_args(arguments)
    # The name of a file may hold bytes that are no text.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        module, name = options.command
        command = getattr(importlib.import_module(f"core.cli.{module}"), name)
        status: int = command(options, Workspace.from_environment())
    except TrazoError as error:
        print(f"trazo: {error}", file=sys.stderr)
        for attempt in error.attempts if isinstance(error, DownloadError) else ():
            print(f"  {attempt}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("trazo: Stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, `head` say, has had enough
        sys.stderr.close()
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core", description=_HELP, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_data(commands)
    _add_train(commands)
    _add_runs(commands)
    _add_evaluate(commands)
    _add_predict(commands)
    return parser


def _add_data(commands: Any) -> None:
    data = commands.add_parser("data", help="MNIST: where it is, download it, import a file").add_subparsers(
        required=True, metavar="ACTION"
    )
    data.add_parser("status", help="say which data is in use and from where").set_defaults(
        command=("data", "show_status")
    )
    data.add_parser("download", help="download MNIST into the workspace").set_defaults(command=("data", "download"))
    bring = data.add_parser("import", help="copy MNIST from a file or folder into the workspace")
    bring.add_argument("path", type=Path, help="an .npz file, or a folder with the four IDX files, gzipped or not")
    bring.set_defaults(command=("data", "import_files"))


def _add_train(commands: Any) -> None:
    train = commands.add_parser(
        "train",
        help="train a network and watch it",
        description="Train a network. Ctrl-C stops it and keeps what was learned. "
        "Settings that are not given are those of the preset.",
    )
    train.add_argument(
        "--preset", default=DEFAULT_PRESET, choices=PRESETS, help="The recipe to start from. (default: %(default)s)"
    )
    train.add_argument(
        "--dataset",
        choices=("mnist", "digits"),
        help="mnist (the default), or digits: scikit-learn's 1,797 small ones, which need no download.",
    )
    train.add_argument("--filters", help=f"{MEANINGS['filters']} (as 32,64)")
    train.add_argument("--optimizer", choices=("adam", "sgd"), help=MEANINGS["optimizer"])
    train.add_argument("--schedule", choices=("constant", "one_cycle"), help=MEANINGS["schedule"])
    for name, (low, high) in LIMITS.items():
        kind = int if isinstance(low, int) and isinstance(high, int) else float
        train.add_argument(
            "--" + name.replace("_", "-"),
            dest=name,
            type=kind,
            metavar=UNITS.get(name, "N"),
            help=f"{MEANINGS[name]} ({low:.10g} to {high:.10g})",
        )
    train.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="Also copy the finished model's files (.keras, .tflite, its figures, what it said after each epoch) here.",
    )
    train.set_defaults(command=("train", "train"))


def _add_runs(commands: Any) -> None:
    runs = commands.add_parser("runs", help="list, show, name, stop, resume, promote, delete runs").add_subparsers(
        required=True, metavar="ACTION"
    )
    listing = runs.add_parser("list", help="all runs, newest first")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    listing.set_defaults(command=("runs", "list_all"))
    for name, command, text in (
        ("show", "show", "config, state and metrics of a run"),
        ("resume", "resume", "let a run that broke off, failed or was stopped go on after its last whole epoch"),
        ("delete", "delete", "delete a run's folder; a running one is ended first"),
    ):
        action = runs.add_parser(name, help=text)
        action.add_argument("run", help="a run's id, or its last two words: quiet-otter")
        action.set_defaults(command=("runs", command))
    stopping = runs.add_parser("stop", help="stop a run, or all that run or wait, and keep what was learned")
    stopping.add_argument("run", nargs="?", help="a run's id, or its last two words; default: all of them")
    stopping.set_defaults(command=("runs", "stop"))
    naming = runs.add_parser("name", help="give a run a name that lists show")
    naming.add_argument("run", help="a run's id, or its last two words: quiet-otter")
    naming.add_argument("name", help="the name; an empty one takes it away")
    naming.set_defaults(command=("runs", "name"))
    promoting = runs.add_parser("promote", help="make a run's model the one that the dashboard uses")
    promoting.add_argument("run", help="a run's id or last two words, or 'shipped' for the model that came with Trazo")
    promoting.set_defaults(command=("runs", "promote_run"))


def _add_evaluate(commands: Any) -> None:
    evaluate = commands.add_parser("evaluate", help="how well a model reads its test set")
    evaluate.add_argument(
        "model", nargs="?", help="a run's id or last two words, or 'shipped'; default: the one in use"
    )
    evaluate.set_defaults(command=("models", "evaluate"))


def _add_predict(commands: Any) -> None:
    predict = commands.add_parser("predict", help="read pictures of digits")
    predict.add_argument("files", nargs="+", metavar="FILE", help="pictures: PNG, JPEG and others")
    predict.add_argument("--json", action="store_true", help="one JSON object a line, in the order of the files")
    predict.add_argument(
        "--model",
        metavar="MODEL",
        help="a run's id or last two words, 'shipped', or a folder with a model's files, such as the one of "
        "train --output; default: the model in use",
    )
    predict.set_defaults(command=("models", "predict"))
