"""The command line. Each command is imported when it is called, so that --help answers at once."""

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
from core.setting_help import SETTING_HELP
from core.workspace import Workspace

_HELP = """Trazo, the handwritten-digit lab, without the dashboard.

  python -m core data download             get MNIST once
  python -m core train                     train the default network and show its progress
  python -m core train --epochs 3 --rotation 10
  python -m core runs list                 list all trainings
  python -m core runs promote quiet-otter  use that model in the dashboard
  python -m core predict seven.png         predict the digit in a picture

Every command has its own --help."""

UNITS = {
    **dict.fromkeys(("rotation", "shear"), "DEGREES"),
    **dict.fromkeys(("label_smoothing", "dropout", "shift", "zoom", "stroke", "noise"), "SHARE"),
    "elastic": "PIXELS",
}
"""Units of settings that are not plain numbers, for --help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status; a TrazoError becomes one sentence on stderr."""
    options = _parser().parse_args(arguments)
    # A file name may have bytes that cannot be encoded.
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
    except BrokenPipeError:  # the reader, such as `head`, has ended
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
    data = commands.add_parser("data", help="show, download or import MNIST").add_subparsers(
        required=True, metavar="ACTION"
    )
    data.add_parser("status", help="show which dataset is in use, and where it is").set_defaults(
        command=("data", "show_status")
    )
    data.add_parser("download", help="download MNIST into the workspace").set_defaults(command=("data", "download"))
    bring = data.add_parser("import", help="copy MNIST from a file or folder into the workspace")
    bring.add_argument("path", type=Path, help="an .npz file, or a folder with the four IDX files (may be gzipped)")
    bring.set_defaults(command=("data", "import_files"))


def _add_train(commands: Any) -> None:
    train = commands.add_parser(
        "train",
        help="train a network and show its progress",
        description="Train a network. Ctrl-C stops it and keeps the model of the last step. "
        "The preset provides every setting that you do not give.",
    )
    train.add_argument(
        "--preset", default=DEFAULT_PRESET, choices=PRESETS, help="The preset to start from (default: %(default)s)."
    )
    train.add_argument(
        "--dataset",
        choices=("mnist", "digits"),
        help="mnist (default), or digits: the 1,797 small images of scikit-learn, which need no download.",
    )
    train.add_argument("--filters", help=f"{SETTING_HELP['filters']} (for example 32,64)")
    train.add_argument("--optimizer", choices=("adam", "sgd"), help=SETTING_HELP["optimizer"])
    train.add_argument("--schedule", choices=("constant", "one_cycle"), help=SETTING_HELP["schedule"])
    for name, (low, high) in LIMITS.items():
        kind = int if isinstance(low, int) and isinstance(high, int) else float
        train.add_argument(
            "--" + name.replace("_", "-"),
            dest=name,
            type=kind,
            metavar=UNITS.get(name, "N"),
            help=f"{SETTING_HELP[name]} ({low:.10g} to {high:.10g})",
        )
    train.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="Copy the model's files (.keras, .tflite, card, evaluation, predictions after each epoch) to this folder.",
    )
    train.set_defaults(command=("train", "train"))


def _add_runs(commands: Any) -> None:
    runs = commands.add_parser("runs", help="list, show, name, stop, resume, promote or delete runs").add_subparsers(
        required=True, metavar="ACTION"
    )
    listing = runs.add_parser("list", help="list all runs, newest first")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    listing.set_defaults(command=("runs", "list_all"))
    for name, command, text in (
        ("show", "show", "show the config, state and metrics of a run"),
        ("resume", "resume", "resume an interrupted, failed or stopped run after its last whole epoch"),
        ("delete", "delete", "delete a run; its training is ended first"),
    ):
        action = runs.add_parser(name, help=text)
        action.add_argument("run", help="a run's id, or its last two words: quiet-otter")
        action.set_defaults(command=("runs", command))
    stopping = runs.add_parser("stop", help="stop one run, or all running and queued runs; their models are kept")
    stopping.add_argument("run", nargs="?", help="a run's id, or its last two words (default: all runs)")
    stopping.set_defaults(command=("runs", "stop"))
    naming = runs.add_parser("name", help="give a run a name")
    naming.add_argument("run", help="a run's id, or its last two words: quiet-otter")
    naming.add_argument("name", help="the name; an empty one removes it")
    naming.set_defaults(command=("runs", "name"))
    promoting = runs.add_parser("promote", help="use a run's model in the dashboard")
    promoting.add_argument("run", help="a run's id or last two words, or 'shipped' for the shipped model")
    promoting.set_defaults(command=("runs", "promote_run"))


def _add_evaluate(commands: Any) -> None:
    evaluate = commands.add_parser("evaluate", help="show the test metrics of a model")
    evaluate.add_argument(
        "model", nargs="?", help="a run's id or last two words, or 'shipped' (default: the model in use)"
    )
    evaluate.set_defaults(command=("models", "evaluate"))


def _add_predict(commands: Any) -> None:
    predict = commands.add_parser("predict", help="predict the digits in pictures")
    predict.add_argument("files", nargs="+", metavar="FILE", help="pictures (PNG, JPEG and others)")
    predict.add_argument("--json", action="store_true", help="one JSON object a line, in the order of the files")
    predict.add_argument(
        "--model",
        metavar="MODEL",
        help="a run's id or last two words, 'shipped', or a folder with a model's files, as train --output writes it "
        "(default: the model in use)",
    )
    predict.set_defaults(command=("models", "predict"))
