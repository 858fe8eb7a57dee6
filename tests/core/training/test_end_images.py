"""The images that are needed at the end of a run, drawn by a second process."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from core.classifier.detector_samples import MIN_PORTIONS, portion_count
from core.data.datasets import Dataset, load_dataset
from core.runs.registry import create_run
from core.runs.run import Run
from core.training.end_images import DrawingProcess, EndImages, draw_ahead
from core.workspace import Workspace
from tests.support.tiny_training import tiny_config

CONFIG = tiny_config(seed=5)


@pytest.fixture
def run(workspace: Workspace) -> Run:
    return create_run(workspace, CONFIG)


@pytest.fixture
def dataset(workspace: Workspace) -> Dataset:
    return load_dataset("digits", workspace)


@pytest.fixture
def process(run: Run) -> Iterator[DrawingProcess]:
    drawing = DrawingProcess(run)
    yield drawing
    drawing.close()


def test_second_process_draws_the_same_images(process: DrawingProcess, dataset: Dataset) -> None:
    received_images, drawn_images = EndImages(dataset, CONFIG, process=process), EndImages(dataset, CONFIG)

    received = process.get("robustness")

    assert received is not None
    assert received.keys() == drawn_images.robustness.keys()
    assert all(np.array_equal(received[name].images, split.images) for name, split in drawn_images.robustness.items())
    np.testing.assert_array_equal(received_images.portion(1).digits, drawn_images.portion(1).digits)
    np.testing.assert_array_equal(received_images.portion(1).others, drawn_images.portion(1).others)
    np.testing.assert_array_equal(received_images.new_samples, drawn_images.new_samples)


def test_a_stopped_run_gets_only_the_images_that_it_needs(workspace: Workspace) -> None:
    config = tiny_config(synthetic_digits=1000)
    assert portion_count(config) > MIN_PORTIONS
    run = create_run(workspace, config)
    run.stop_file.touch()

    drawing = DrawingProcess(run)
    try:
        assert drawing.get(f"portion {MIN_PORTIONS}") is None
        assert drawing.get(f"portion {MIN_PORTIONS - 1}") is not None
        assert drawing.get("robustness") is not None
    finally:
        drawing.close()


def test_images_are_drawn_locally_if_the_process_is_killed(process: DrawingProcess, dataset: Dataset) -> None:
    process.close()

    images = EndImages(dataset, CONFIG, process=process)

    assert process.get("portion 1000") is None
    np.testing.assert_array_equal(images.portion(0).digits, EndImages(dataset, CONFIG).portion(0).digits)


def test_small_dataset_needs_no_second_process(run: Run) -> None:
    with draw_ahead(run, CONFIG) as process:
        assert process is None
