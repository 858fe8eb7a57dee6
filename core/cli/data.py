"""Commands `data status`, `data download` and `data import`."""

from __future__ import annotations

import argparse

from tqdm import tqdm

from core.data.datasets import available_dataset, load_dataset
from core.data.sources import download_mnist, import_mnist
from core.workspace import Workspace


def show_status(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print the dataset in use, its source and its size."""
    dataset = load_dataset(available_dataset(workspace), workspace)
    print(f"dataset: {dataset.title}, source: {dataset.origin}")
    print(f"{len(dataset.train):,} training, {len(dataset.validation):,} validation, {len(dataset.test):,} test images")
    print(f"fingerprint of the data: {dataset.fingerprint}")
    if dataset.id != "mnist":
        print("MNIST is not on this machine. Download it with: python -m core data download")
    return 0


def download(options: argparse.Namespace, workspace: Workspace) -> int:
    """Download MNIST with a progress bar."""
    with tqdm(unit="B", unit_scale=True, desc="MNIST") as bar:

        def show(done: int, total: int) -> None:
            bar.total = total or None
            bar.update(done - bar.n)

        path = download_mnist(workspace, show)
    print(f"MNIST was saved to {path}")
    return 0


def import_files(options: argparse.Namespace, workspace: Workspace) -> int:
    """Copy MNIST into the workspace."""
    print(f"MNIST was saved to {import_mnist(options.path, workspace)}")
    return 0
