"""The training commands, `train` and `sweep`, with options for the training settings and their help."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.config import DEFAULT_PRESET, LIMITS, PRESETS
from core.language import Message, tr
from core.setting_help import SETTING_HELP

_PLACEHOLDERS = {
    **dict.fromkeys(("rotation", "shear"), Message("DEGREES")),
    **dict.fromkeys(("label_smoothing", "dropout", "shift", "zoom", "stroke", "noise"), Message("FRACTION")),
    "elastic": Message("PIXELS"),
}
"""Placeholders that --help shows for the values of these settings; it shows N for all others."""

_SWEEP_HELP = Message("sweep id, or its last two words, such as quiet-otter")
_SHARED_SWEEP_HELP = Message("sweep id")


def add_train(commands: Any) -> None:
    """Add the `train` command."""
    train = commands.add_parser(
        "train",
        help=tr("train a network and show its progress"),
        description=tr(
            "Train a network. Press Ctrl-C to stop and keep the model as it is. "
            "Settings that are not given keep the preset's values."
        ),
    )
    _add_config(train)
    _add_setting(train, "seed")
    train.add_argument(
        "--output",
        type=Path,
        metavar=tr("FOLDER"),
        help=tr("Copy all files of the model to this folder: .keras, .tflite, card, predictions, novelty detector."),
    )
    train.add_argument(
        "--folds",
        type=int,
        metavar="N",
        help=tr(
            "Instead of one model, train N networks, each leaving out one of N folds of the training data, to find "
            "labels that are probably wrong. Review them on the Evaluate page, under Label court. Takes N times as "
            "long. Range: 2 to 20."
        ),
    )
    train.set_defaults(command=("train", "train"))


def add_sweeps(commands: Any) -> None:
    """Add the `sweep` command."""
    sweep = commands.add_parser(
        "sweep", help=tr("search for better settings with many training runs: new, list, show, stop, resume, ...")
    )
    actions = sweep.add_subparsers(required=True, metavar=tr("ACTION"))
    _add_new_sweep(actions)
    listing = actions.add_parser("list", help=tr("list all sweeps, newest first"))
    listing.set_defaults(command=("sweeps", "list_all"))
    for name, text in (
        ("show", Message("show a sweep's trials, the importance of its settings and its winner")),
        ("stop", Message("stop a sweep and its runs; continue it with resume")),
        ("resume", Message("continue a stopped, interrupted or failed sweep")),
        ("delete", Message("stop and delete a sweep; its runs are kept")),
        ("join", Message("join a sweep that another machine created in TRAZO_SWEEP_STORAGE")),
        ("again", Message("retrain with a trial's settings and three other seeds, as ordinary runs")),
    ):
        action = actions.add_parser(name, help=tr(text))
        sweep_help = _SHARED_SWEEP_HELP if name == "join" else _SWEEP_HELP
        action.add_argument("sweep", metavar=tr("sweep"), help=tr(sweep_help))
        action.set_defaults(command=("sweeps", name))
        if name in ("resume", "join"):
            _add_wait(action)
        if name == "again":
            action.add_argument("trial", metavar=tr("trial"), type=int, help=tr("trial number"))
        if name == "show":
            action.add_argument("--json", action="store_true", help=tr("print one JSON object"))


def _add_new_sweep(actions: Any) -> None:
    new = actions.add_parser(
        "new",
        help=tr("start a sweep"),
        description=tr(
            "Search for better settings: train many times with varied settings, prune unpromising trials, and "
            "retrain with the best settings and three other seeds. Settings that are neither varied nor given as "
            "options keep the preset's values."
        ),
    )
    _add_config(new)
    _add_setting(new, "seed", "run-seed")
    new.add_argument(
        "--vary",
        action="append",
        metavar=tr("SETTING=VALUES"),
        help=tr(
            "Vary a setting: learning_rate=1e-4:1e-2:log, dropout=0:0.5, filters=8x16,16x32 or batch_size=64,128. "
            "Repeat for more settings (default: those recommended for the preset)."
        ),
    )
    new.add_argument(
        "--objective",
        action="append",
        choices=("validation-accuracy", "redrawn-accuracy", "parameters", "milliseconds"),
        help=tr("Objective; repeat for a second one (default: validation-accuracy). The first must be an accuracy."),
    )
    new.add_argument(
        "--trials", type=int, metavar="N", help=tr("Number of trials (default: 20; with --hours, no limit).")
    )
    new.add_argument("--hours", type=float, metavar="H", help=tr("Start no new trials after this many hours."))
    new.add_argument("--seeds", type=int, default=1, metavar="N", help=tr("Runs per trial (default: %(default)s)."))
    new.add_argument("--no-pruning", dest="pruning", action="store_false", help=tr("Train every trial to completion."))
    new.add_argument(
        "--seed",
        dest="search_seed",
        type=int,
        default=0,
        metavar="N",
        help=tr("Random seed of the sweep (default: 0)."),
    )
    new.add_argument(
        "--title",
        metavar=tr("TITLE"),
        help=tr("Title of the sweep (default: its preset and varied settings)."),
    )
    _add_wait(new)
    new.set_defaults(command=("sweeps", "new"))


def _add_wait(action: argparse.ArgumentParser) -> None:
    action.add_argument("--wait", action="store_true", help=tr("Wait until the sweep ends, showing its trials."))


def _add_config(command: argparse.ArgumentParser) -> None:
    """Add options for the preset and for every setting except the seed."""
    command.add_argument("--preset", default=DEFAULT_PRESET, choices=PRESETS, help=tr("Preset (default: %(default)s)."))
    command.add_argument(
        "--dataset",
        choices=("mnist", "digits"),
        help=tr("mnist (default), or digits: 1,797 small images from scikit-learn, which need no download."),
    )
    command.add_argument("--filters", metavar="N,N,...", help=f"{_setting_help('filters')} {tr('For example 32,64.')}")
    command.add_argument("--optimizer", choices=("adam", "sgd"), help=_setting_help("optimizer"))
    command.add_argument("--schedule", choices=("constant", "one_cycle"), help=_setting_help("schedule"))
    for name in LIMITS:
        if name != "seed":
            _add_setting(command, name)


def _add_setting(command: argparse.ArgumentParser, name: str, option: str | None = None) -> None:
    low, high = LIMITS[name]
    # Passed as strings, because tr() localises numbers, and the command line takes a decimal point in every language.
    lowest, highest = f"{low:.10g}", f"{high:.10g}"
    limits = tr("Range: {low} to {high}.", low=lowest, high=highest)
    command.add_argument(
        "--" + (option or name.replace("_", "-")),
        dest=name,
        type=int if isinstance(low, int) and isinstance(high, int) else float,
        metavar=tr(_PLACEHOLDERS[name]) if name in _PLACEHOLDERS else "N",
        help=f"{_setting_help(name)} {limits}",
    )


def _setting_help(name: str) -> str:
    return tr(SETTING_HELP[name]).replace("%", "%%")
