"""The commands, their options and their help. Option values are checked by the commands themselves."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.cli.training_arguments import add_sweeps, add_train
from core.language import Message, tr

_TITLE = Message("Trazo, the handwritten-digit lab, on the command line.")
_EXAMPLES = (
    ("data download", Message("download MNIST once")),
    ("train", Message("train the default network and show its progress")),
    ("train --epochs 3 --rotation 10", None),
    ("runs list", Message("list all runs")),
    ("runs promote quiet-otter", Message("make that run's model the active model")),
    ("sweep new --preset fast", Message("search for better settings with many training runs")),
    ("hand tune Anna", Message("fine-tune the active model to Anna's handwriting")),
    ("predict seven.png", Message("predict the digit in a picture")),
    ("export --format onnx", Message("write the active model as an ONNX file")),
)
_MORE = Message("Run any command with --help to see its options.")

_EXAMPLE_WIDTH = 24
"""Width of the examples' column, in characters; a longer example has no explanation."""

_RUN = Message("run id, or its last two words, such as quiet-otter")
_MODEL = Message(
    "run id, or its last two words, such as quiet-otter; or 'shipped'; or a folder from train --output "
    "(default: the active model)"
)


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; its `command` is a module of core.cli and a function in it."""
    parser = argparse.ArgumentParser(
        prog="python -m core", description=_description(), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar=tr("COMMAND"))
    _add_data(commands)
    add_train(commands)
    _add_runs(commands)
    add_sweeps(commands)
    _add_hand(commands)
    _add_evaluate(commands)
    _add_predict(commands)
    _add_exports(commands)
    _add_map(commands)
    return parser


def _description() -> str:
    examples = "\n".join(
        f"  python -m core {command}" if text is None else f"  python -m core {command:{_EXAMPLE_WIDTH}}  {tr(text)}"
        for command, text in _EXAMPLES
    )
    return f"{tr(_TITLE)}\n\n{examples}\n\n{tr(_MORE)}"


def _add_data(commands: Any) -> None:
    data = commands.add_parser("data", help=tr("show, download or import MNIST and the pen digits"))
    actions = data.add_subparsers(required=True, metavar=tr("ACTION"))
    status = actions.add_parser("status", help=tr("show the datasets on this machine and their locations"))
    status.set_defaults(command=("data", "show_status"))
    download = actions.add_parser("download", help=tr("download a dataset into the workspace"))
    _add_dataset(download)
    download.set_defaults(command=("data", "download"))
    import_command = actions.add_parser("import", help=tr("copy a dataset from a file or folder into the workspace"))
    _add_dataset(import_command)
    import_command.add_argument(
        "path",
        type=Path,
        metavar=tr("path"),
        help=tr(
            "MNIST: an .npz file, or a folder with the four IDX files, gzipped or not; pen digits: UCI's file in "
            "UNIPEN format, or pen_digits.jsonl.gz from another workspace"
        ),
    )
    import_command.set_defaults(command=("data", "import_files"))


def _add_dataset(action: argparse.ArgumentParser) -> None:
    action.add_argument(
        "dataset",
        nargs="?",
        choices=("mnist", "pen-digits"),
        default="mnist",
        help=tr("dataset (default: %(default)s)"),
    )


def _add_runs(commands: Any) -> None:
    runs = commands.add_parser("runs", help=tr("list, show, name, stop, resume, promote or delete runs"))
    actions = runs.add_subparsers(required=True, metavar=tr("ACTION"))
    listing = actions.add_parser("list", help=tr("list all runs, newest first"))
    listing.add_argument("--json", action="store_true", help=tr("print one JSON object per line"))
    listing.set_defaults(command=("runs", "list_all"))
    for name, text in (
        ("show", Message("show the settings, state and metrics of a run")),
        ("resume", Message("resume an interrupted, failed or stopped run from its last completed epoch")),
        ("delete", Message("stop and delete a run")),
    ):
        action = actions.add_parser(name, help=tr(text))
        _add_run(action, tr(_RUN))
        action.set_defaults(command=("runs", name))
    stop = actions.add_parser("stop", help=tr("stop one run, or all running and queued runs, and keep their models"))
    _add_run(stop, tr("run id, or its last two words, such as quiet-otter (default: all runs)"), nargs="?")
    stop.set_defaults(command=("runs", "stop"))
    name_command = actions.add_parser("name", help=tr("give a run a name"))
    _add_run(name_command, tr(_RUN))
    name_command.add_argument("name", metavar=tr("name"), help=tr("new name; an empty one removes the name"))
    name_command.set_defaults(command=("runs", "name"))
    promote_command = actions.add_parser("promote", help=tr("make a run's model the active model of the dashboard"))
    _add_run(
        promote_command, tr("run id, or its last two words, such as quiet-otter; or 'shipped' for the shipped model")
    )
    promote_command.set_defaults(command=("runs", "promote_run"))


def _add_run(action: argparse.ArgumentParser, text: str, nargs: str | None = None) -> None:
    action.add_argument("run", metavar=tr("run"), help=text, nargs=nargs)


def _add_hand(commands: Any) -> None:
    hand = commands.add_parser(
        "hand", help=tr("list, show, export, import or delete hands, or fine-tune a model to one")
    )
    actions = hand.add_subparsers(required=True, metavar=tr("ACTION"))
    listing = actions.add_parser("list", help=tr("list all hands, oldest first"))
    listing.add_argument("--json", action="store_true", help=tr("print one JSON object per line"))
    listing.set_defaults(command=("hand", "list_all"))
    show = actions.add_parser("show", help=tr("show what a hand has taught, and how well its digits are read"))
    export = actions.add_parser(
        "export", help=tr("write a hand to one file, to import it elsewhere, and print its path")
    )
    delete = actions.add_parser("delete", help=tr("delete everything written in a hand; its models remain"))
    tune = actions.add_parser("tune", help=tr("fine-tune a model to a hand and show the progress"))
    for action, name in ((show, "show"), (export, "export"), (delete, "delete"), (tune, "tune")):
        action.add_argument("hand", metavar=tr("hand"), help=tr("name or id of a hand"))
        action.set_defaults(command=("hand", name))
    export.add_argument(
        "file", metavar=tr("file"), nargs="?", type=Path, help=tr("file to write (default: hand-NAME.zip)")
    )
    tune.add_argument(
        "--model",
        metavar=tr("MODEL"),
        help=tr(
            "run id, or its last two words, such as quiet-otter; or 'shipped' "
            "(default: the active model, or what it was fine-tuned from)"
        ),
    )
    import_command = actions.add_parser("import", help=tr("create a hand from an exported file"))
    import_command.add_argument(
        "file",
        metavar=tr("file"),
        type=Path,
        help=tr("file written by `hand export` or the Your hand page"),
    )
    import_command.set_defaults(command=("hand", "import_file"))


def _add_evaluate(commands: Any) -> None:
    evaluate = commands.add_parser("evaluate", help=tr("show the test metrics of a model"))
    _add_known_model(evaluate)
    evaluate.set_defaults(command=("models", "evaluate"))


def _add_predict(commands: Any) -> None:
    predict = commands.add_parser("predict", help=tr("predict the digits in pictures"))
    predict.add_argument("files", nargs="+", metavar=tr("FILE"), help=tr("picture, such as PNG or JPEG"))
    predict.add_argument(
        "--json", action="store_true", help=tr("print one JSON object per line, in the order of the files")
    )
    predict.add_argument("--number", action="store_true", help=tr("read multi-digit numbers, such as 42"))
    predict.add_argument("--model", metavar=tr("MODEL"), help=tr(_MODEL))
    predict.set_defaults(command=("models", "predict"))


def _add_exports(commands: Any) -> None:
    export = commands.add_parser("export", help=tr("write a model in another format and print the file's path"))
    _add_model(export)
    export.add_argument(
        "--format",
        required=True,
        choices=("onnx", "savedmodel", "zip"),
        help=tr(
            "onnx; savedmodel: a ZIP archive for TensorFlow; zip: the .tflite file with a program that reads pictures"
        ),
    )
    export.set_defaults(command=("exports", "export"))
    parity = commands.add_parser("parity", help=tr("compare all ways of running a model on the same pictures"))
    _add_model(parity)
    parity.add_argument("--picture", type=Path, metavar=tr("FILE"), help=tr("compare the ways on this picture, too"))
    parity.set_defaults(command=("exports", "parity"))


def _add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument("model", metavar=tr("model"), nargs="?", help=tr(_MODEL))


def _add_known_model(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "model",
        metavar=tr("model"),
        nargs="?",
        help=tr("run id, or its last two words, such as quiet-otter; or 'shipped' (default: the active model)"),
    )


def _add_map(commands: Any) -> None:
    map_command = commands.add_parser("map", help=tr("compute a model's map of its training images, as the pages do"))
    _add_known_model(map_command)
    map_command.set_defaults(command=("models", "compute_map"))
