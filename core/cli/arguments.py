"""The commands, their options and their help. Option values are checked by the commands themselves."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.config import DEFAULT_PRESET, LIMITS, PRESETS
from core.setting_help import SETTING_HELP

_HELP = """Trazo, the handwritten-digit lab, on the command line.

  python -m core data download             download MNIST once
  python -m core train                     train the default network and show its progress
  python -m core train --epochs 3 --rotation 10
  python -m core runs list                 list all runs
  python -m core runs promote quiet-otter  make that run's model the active model
  python -m core hand tune Anna            fine-tune the active model to Anna's handwriting
  python -m core predict seven.png         predict the digit in a picture
  python -m core export --format onnx      write the active model as an ONNX file

Run any command with --help to see its options."""

_UNITS = {
    **dict.fromkeys(("rotation", "shear"), "DEGREES"),
    **dict.fromkeys(("label_smoothing", "dropout", "shift", "zoom", "stroke", "noise"), "FRACTION"),
    "elastic": "PIXELS",
}
"""Units of settings that are not plain numbers, for --help."""

_RUN = "run id, or its last two words, such as quiet-otter"


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; its `command` is a module of core.cli and a function in it."""
    parser = argparse.ArgumentParser(
        prog="python -m core", description=_HELP, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_data(commands)
    _add_train(commands)
    _add_runs(commands)
    _add_hand(commands)
    _add_evaluate(commands)
    _add_predict(commands)
    _add_exports(commands)
    _add_map(commands)
    return parser


def _add_data(commands: Any) -> None:
    data = commands.add_parser("data", help="show, download or import MNIST and the pen digits")
    actions = data.add_subparsers(required=True, metavar="ACTION")
    status = actions.add_parser("status", help="show the datasets on this machine and their locations")
    status.set_defaults(command=("data", "show_status"))
    download = actions.add_parser("download", help="download a dataset into the workspace")
    _add_dataset(download)
    download.set_defaults(command=("data", "download"))
    importing = actions.add_parser("import", help="copy a dataset from a file or folder into the workspace")
    _add_dataset(importing)
    importing.add_argument(
        "path",
        type=Path,
        help="MNIST: an .npz file, or a folder with the four IDX files, gzipped or not; "
        "pen digits: UCI's file in UNIPEN format, or the file in a workspace",
    )
    importing.set_defaults(command=("data", "import_files"))


def _add_dataset(action: argparse.ArgumentParser) -> None:
    action.add_argument(
        "dataset", nargs="?", choices=("mnist", "pen-digits"), default="mnist", help="dataset (default: %(default)s)"
    )


def _add_train(commands: Any) -> None:
    train = commands.add_parser(
        "train",
        help="train a network and show its progress",
        description="Train a network. Press Ctrl-C to stop and keep the model as it is. "
        "Options that you do not set come from the preset.",
    )
    train.add_argument("--preset", default=DEFAULT_PRESET, choices=PRESETS, help="Preset (default: %(default)s).")
    train.add_argument(
        "--dataset",
        choices=("mnist", "digits"),
        help="mnist (default), or digits: 1,797 small images from scikit-learn, which need no download.",
    )
    train.add_argument("--filters", metavar="N,N,...", help=f"{SETTING_HELP['filters']} For example 32,64.")
    train.add_argument("--optimizer", choices=("adam", "sgd"), help=SETTING_HELP["optimizer"])
    train.add_argument("--schedule", choices=("constant", "one_cycle"), help=SETTING_HELP["schedule"])
    for name in LIMITS:
        _add_setting(train, name)
    train.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="Copy the model's files to this folder: .keras, .tflite, card, evaluation, predictions after each epoch.",
    )
    train.add_argument(
        "--folds",
        type=int,
        metavar="N",
        help="Instead of one model, train N networks, each without one of N parts of the training data, to find labels "
        "that are probably wrong. Judge them on the Evaluate page, under Label court. Takes N times as long. "
        "Range: 2 to 20.",
    )
    train.set_defaults(command=("train", "train"))


def _add_setting(train: argparse.ArgumentParser, name: str) -> None:
    low, high = LIMITS[name]
    train.add_argument(
        "--" + name.replace("_", "-"),
        dest=name,
        type=int if isinstance(low, int) and isinstance(high, int) else float,
        metavar=_UNITS.get(name, "N"),
        help=f"{SETTING_HELP[name]} Range: {low:.10g} to {high:.10g}.",
    )


def _add_runs(commands: Any) -> None:
    runs = commands.add_parser("runs", help="list, show, name, stop, resume, promote or delete runs")
    actions = runs.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="list all runs, newest first")
    listing.add_argument("--json", action="store_true", help="print one JSON object per line")
    listing.set_defaults(command=("runs", "list_all"))
    for name, text in (
        ("show", "show the settings, state and metrics of a run"),
        ("resume", "resume an interrupted, failed or stopped run from its last completed epoch"),
        ("delete", "stop and delete a run"),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument("run", help=_RUN)
        action.set_defaults(command=("runs", name))
    stop = actions.add_parser("stop", help="stop one run, or all running and queued runs, and keep their models")
    stop.add_argument("run", nargs="?", help=f"{_RUN} (default: all runs)")
    stop.set_defaults(command=("runs", "stop"))
    naming = actions.add_parser("name", help="give a run a name")
    naming.add_argument("run", help=_RUN)
    naming.add_argument("name", help="new name; an empty one removes the name")
    naming.set_defaults(command=("runs", "name"))
    promoting = actions.add_parser("promote", help="make a run's model the active model of the dashboard")
    promoting.add_argument("run", help=f"{_RUN}; or 'shipped' for the shipped model")
    promoting.set_defaults(command=("runs", "promote_run"))


def _add_hand(commands: Any) -> None:
    hand = commands.add_parser("hand", help="list, show, export, import or delete hands, or fine-tune a model to one")
    actions = hand.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="list all hands, oldest first")
    listing.add_argument("--json", action="store_true", help="print one JSON object per line")
    listing.set_defaults(command=("hand", "list_all"))
    show = actions.add_parser("show", help="show what a hand has taught, and how well its digits are read")
    export = actions.add_parser("export", help="write a hand to one file, to import it elsewhere, and print its path")
    delete = actions.add_parser("delete", help="delete all that was written by a hand; its models remain")
    tune = actions.add_parser("tune", help="fine-tune a model to a hand and show the progress")
    for action, name in ((show, "show"), (export, "export"), (delete, "delete"), (tune, "tune")):
        action.add_argument("hand", help="name or id of a hand")
        action.set_defaults(command=("hand", name))
    export.add_argument("file", nargs="?", type=Path, help="file to write (default: hand-NAME.zip)")
    tune.add_argument(
        "--model",
        metavar="MODEL",
        help=f"{_RUN}; or 'shipped' (default: the active model, or what it was fine-tuned from)",
    )
    importing = actions.add_parser("import", help="create a hand from an exported file")
    importing.add_argument("file", type=Path, help="file that `hand export` or the page Your hand has written")
    importing.set_defaults(command=("hand", "import_file"))


def _add_evaluate(commands: Any) -> None:
    evaluate = commands.add_parser("evaluate", help="show the test metrics of a model")
    evaluate.add_argument("model", nargs="?", help=f"{_RUN}; or 'shipped' (default: the active model)")
    evaluate.set_defaults(command=("models", "evaluate"))


def _add_predict(commands: Any) -> None:
    predict = commands.add_parser("predict", help="predict the digits in pictures")
    predict.add_argument("files", nargs="+", metavar="FILE", help="picture, such as PNG or JPEG")
    predict.add_argument(
        "--json", action="store_true", help="print one JSON object per line, in the order of the files"
    )
    predict.add_argument("--number", action="store_true", help="read numbers of several digits, such as 42")
    predict.add_argument(
        "--model",
        metavar="MODEL",
        help=f"{_RUN}; or 'shipped'; or a folder from train --output (default: the active model)",
    )
    predict.set_defaults(command=("models", "predict"))


def _add_exports(commands: Any) -> None:
    export = commands.add_parser("export", help="write a model in another format and print the file's path")
    _add_model(export)
    export.add_argument(
        "--format",
        required=True,
        choices=("onnx", "savedmodel", "zip"),
        help="onnx; savedmodel: a ZIP archive for TensorFlow; zip: the .tflite file with a program that reads pictures",
    )
    export.set_defaults(command=("exports", "export"))
    parity = commands.add_parser("parity", help="compare all ways of running a model on the same pictures")
    _add_model(parity)
    parity.add_argument("--picture", type=Path, metavar="FILE", help="compare them on this picture, too")
    parity.set_defaults(command=("exports", "parity"))


def _add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "model", nargs="?", help=f"{_RUN}; or 'shipped'; or a folder from train --output (default: the active model)"
    )


def _add_map(commands: Any) -> None:
    map_command = commands.add_parser("map", help="compute a model's map of its training images, as the pages do")
    map_command.add_argument("model", nargs="?", help=f"{_RUN}; or 'shipped' (default: the active model)")
    map_command.set_defaults(command=("models", "compute_map"))
