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
  python -m core sweep new --preset fast   search for better settings with many trainings
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
    _add_sweeps(commands)
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
    _add_config(train)
    _add_setting(train, "seed")
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


def _add_config(command: argparse.ArgumentParser) -> None:
    """Add the preset and all settings but the seed."""
    command.add_argument("--preset", default=DEFAULT_PRESET, choices=PRESETS, help="Preset (default: %(default)s).")
    command.add_argument(
        "--dataset",
        choices=("mnist", "digits"),
        help="mnist (default), or digits: 1,797 small images from scikit-learn, which need no download.",
    )
    command.add_argument("--filters", metavar="N,N,...", help=f"{SETTING_HELP['filters']} For example 32,64.")
    command.add_argument("--optimizer", choices=("adam", "sgd"), help=SETTING_HELP["optimizer"])
    command.add_argument("--schedule", choices=("constant", "one_cycle"), help=SETTING_HELP["schedule"])
    for name in LIMITS:
        if name != "seed":
            _add_setting(command, name)


def _add_setting(command: argparse.ArgumentParser, name: str, option: str | None = None) -> None:
    low, high = LIMITS[name]
    command.add_argument(
        "--" + (option or name.replace("_", "-")),
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


def _add_sweeps(commands: Any) -> None:
    sweep = commands.add_parser(
        "sweep", help="search for better settings with many trainings: new, list, show, stop, resume, ..."
    )
    actions = sweep.add_subparsers(required=True, metavar="ACTION")
    _add_new_sweep(actions)
    listing = actions.add_parser("list", help="list all sweeps, newest first")
    listing.set_defaults(command=("sweeps", "list_all"))
    for name, text in (
        ("show", "show the trials, the importance of settings and the winner of a sweep"),
        ("stop", "stop a sweep and its runs; resume goes on"),
        ("resume", "go on with a sweep that was stopped or interrupted, or that failed"),
        ("delete", "stop and delete a sweep; its runs are kept"),
        ("join", "take part in a sweep that another machine has created in TRAZO_SWEEP_STORAGE"),
        ("again", "train the settings of a trial again with three other seeds, as ordinary runs"),
    ):
        action = actions.add_parser(name, help=text)
        ending = "" if name == "join" else ", or its last two words, such as quiet-otter"
        action.add_argument("sweep", help=f"sweep id{ending}")
        action.set_defaults(command=("sweeps", name))
        if name in ("resume", "join"):
            _add_wait(action)
        if name == "again":
            action.add_argument("trial", type=int, help="number of the trial")
        if name == "show":
            action.add_argument("--json", action="store_true", help="print one JSON object")


def _add_new_sweep(actions: Any) -> None:
    new = actions.add_parser(
        "new",
        help="start a sweep",
        description="Search for better settings: train many times with varied settings, prune hopeless trials, and "
        "train the best settings again with three other seeds. Settings that are not varied come from the preset.",
    )
    _add_config(new)
    _add_setting(new, "seed", "run-seed")
    new.add_argument(
        "--vary",
        action="append",
        metavar="SETTING=VALUES",
        help="Vary a setting: learning_rate=1e-4:1e-2:log, dropout=0:0.5, filters=8x16,16x32 or batch_size=64,128. "
        "Repeat for more settings (default: the preset's own list).",
    )
    new.add_argument(
        "--objective",
        action="append",
        choices=("validation-accuracy", "redrawn-accuracy", "parameters", "milliseconds"),
        help="Objective; repeat for a second one (default: validation-accuracy). The first one is an accuracy.",
    )
    new.add_argument("--trials", type=int, metavar="N", help="Number of trials (default: 20; with --hours, no limit).")
    new.add_argument("--hours", type=float, metavar="H", help="Begin no trial after this time.")
    new.add_argument("--seeds", type=int, default=1, metavar="N", help="Runs of each trial (default: %(default)s).")
    new.add_argument("--no-pruning", dest="pruning", action="store_false", help="Train every trial to its end.")
    new.add_argument(
        "--seed", dest="search_seed", type=int, default=0, metavar="N", help="Random seed of the sweep (default: 0)."
    )
    new.add_argument("--title", help="Title of the sweep (default: its preset and varied settings).")
    _add_wait(new)
    new.set_defaults(command=("sweeps", "new"))


def _add_wait(action: argparse.ArgumentParser) -> None:
    action.add_argument("--wait", action="store_true", help="Show the trials until the sweep ends.")


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
