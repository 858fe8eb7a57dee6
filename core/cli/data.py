"""Commands `data status`, `data download` and `data import`."""

from __future__ import annotations

import argparse

from tqdm import tqdm

from core.data.datasets import available_dataset, load_dataset
from core.data.pen_digits import (
    MEASURING_WRITERS,
    TRAINING_WRITERS,
    download_pen_digits,
    find_pen_digits,
    import_pen_digits,
    measuring_digits,
    training_digits,
)
from core.data.sources import download_mnist, import_mnist
from core.workspace import Workspace

_TITLES = {"mnist": "MNIST", "pen-digits": "Pen digits"}


def show_status(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print the dataset in use and the pen digits, with their sources and sizes."""
    dataset = load_dataset(available_dataset(workspace), workspace)
    print(f"dataset: {dataset.title}, source: {dataset.origin}")
    print(f"{len(dataset.train):,} training, {len(dataset.validation):,} validation, {len(dataset.test):,} test images")
    print(f"fingerprint of the data: {dataset.fingerprint}")
    if dataset.id != "mnist":
        print("MNIST is not on this machine. Download it with: python -m core data download")
    _show_pen_digits(workspace)
    return 0


def _show_pen_digits(workspace: Workspace) -> None:
    path = find_pen_digits(workspace)
    if path is None:
        print("The pen digits are not on this machine. Download them with: python -m core data download pen-digits")
        return
    training, measuring = training_digits(workspace), measuring_digits(workspace)
    print(f"pen digits: {len(training) + len(measuring):,}, source: {path}")
    print(f"{len(training):,} by {_writers(TRAINING_WRITERS)} for training")
    print(f"{len(measuring):,} by {_writers(MEASURING_WRITERS)} for measuring")


def _writers(writers: range) -> str:
    return f"writers {writers[0]} to {writers[-1]}"


def download(options: argparse.Namespace, workspace: Workspace) -> int:
    """Download a dataset with a progress bar."""
    title = _TITLES[options.dataset]
    fetch = download_mnist if options.dataset == "mnist" else download_pen_digits
    with tqdm(unit="B", unit_scale=True, desc=title) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total or None
            bar.update(done - bar.n)

        path = fetch(workspace, show)
    print(f"{title}: saved to {path}")
    return 0


def import_files(options: argparse.Namespace, workspace: Workspace) -> int:
    """Copy a dataset into the workspace."""
    copy = import_mnist if options.dataset == "mnist" else import_pen_digits
    print(f"{_TITLES[options.dataset]}: saved to {copy(options.path, workspace)}")
    return 0
