"""Commands `data status`, `data download` and `data import`."""

from __future__ import annotations

import argparse

from tqdm import tqdm

from core.data.datasets import available_dataset, load_dataset
from core.data.pen_digits import (
    HELD_OUT_WRITERS,
    TRAINING_WRITERS,
    download_pen_digits,
    find_pen_digits,
    held_out_digits,
    import_pen_digits,
    training_digits,
)
from core.data.sources import download_mnist, import_mnist
from core.language import Message, tr
from core.workspace import Workspace

_TITLES = {"mnist": Message("MNIST"), "pen-digits": Message("Pen digits")}


def show_status(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print the dataset in use and the pen digits, with their sources and sizes."""
    dataset = load_dataset(available_dataset(workspace), workspace)
    print(tr("dataset: {title}, source: {source}", title=tr(dataset.title), source=tr(dataset.origin)))
    print(
        tr(
            "{training:,} training, {validation:,} validation, {test:,} test images",
            training=len(dataset.train),
            validation=len(dataset.validation),
            test=len(dataset.test),
        )
    )
    print(tr("fingerprint of the data: {fingerprint}", fingerprint=dataset.fingerprint))
    if dataset.id != "mnist":
        print(tr("MNIST is not on this machine. Download it with: python -m core data download"))
    _show_pen_digits(workspace)
    return 0


def _show_pen_digits(workspace: Workspace) -> None:
    path = find_pen_digits(workspace)
    if path is None:
        print(tr("The pen digits are not on this machine. Download them with: python -m core data download pen-digits"))
        return
    training, held_out = training_digits(workspace), held_out_digits(workspace)
    print(tr("pen digits: {count:,}, source: {source}", count=len(training) + len(held_out), source=path))
    print(
        tr(
            "{count:,} by writers {first} to {last} for training",
            count=len(training),
            first=TRAINING_WRITERS[0],
            last=TRAINING_WRITERS[-1],
        )
    )
    print(
        tr(
            "{count:,} by writers {first} to {last} for measuring",
            count=len(held_out),
            first=HELD_OUT_WRITERS[0],
            last=HELD_OUT_WRITERS[-1],
        )
    )


def download(options: argparse.Namespace, workspace: Workspace) -> int:
    """Download a dataset with a progress bar."""
    title = tr(_TITLES[options.dataset])
    fetch = download_mnist if options.dataset == "mnist" else download_pen_digits
    with tqdm(unit="B", unit_scale=True, desc=title) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total or None
            bar.update(done - bar.n)

        path = fetch(workspace, show)
    print(tr("{title}: saved to {path}", title=title, path=path))
    return 0


def import_files(options: argparse.Namespace, workspace: Workspace) -> int:
    """Copy a dataset into the workspace."""
    copy = import_mnist if options.dataset == "mnist" else import_pen_digits
    path = copy(options.path, workspace)
    print(tr("{title}: saved to {path}", title=_TITLES[options.dataset], path=path))
    return 0
