"""The images that are needed at the end of a run, drawn by a second process."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.classifier.detector_samples import PORTIONS, portion_count
from core.data.datasets import Dataset, load_dataset
from core.runs.registry import create_run
from core.runs.run import Run
from core.training.end_images import DrawingProcess, EndImages, draw_ahead
from core.workspace import PROJECT, Workspace
from tests.support.tiny_training import tiny_config
from tests.support.waiting import PATIENCE_SECONDS

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
    np.testing.assert_array_equal(
        received_images.portion(1).out_of_distribution, drawn_images.portion(1).out_of_distribution
    )
    np.testing.assert_array_equal(received_images.new_samples, drawn_images.new_samples)


def test_a_stopped_run_gets_only_the_images_that_it_needs(workspace: Workspace) -> None:
    config = tiny_config(synthetic_digits=1000)
    assert portion_count(config) > PORTIONS
    run = create_run(workspace, config)
    run.stop_file.touch()

    drawing = DrawingProcess(run)
    try:
        assert drawing.get(f"portion {PORTIONS}") is None
        assert drawing.get(f"portion {PORTIONS - 1}") is not None
        assert drawing.get("robustness") is not None
    finally:
        drawing.close()


def test_images_are_drawn_locally_if_the_process_is_killed(process: DrawingProcess, dataset: Dataset) -> None:
    process.close()

    images = EndImages(dataset, CONFIG, process=process)

    assert process.get("portion 1000") is None
    np.testing.assert_array_equal(images.portion(0).digits, EndImages(dataset, CONFIG).portion(0).digits)


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux enforces a limit on a process's memory (RLIMIT_AS).")
def test_images_too_large_for_the_memory_end_the_wait(run: Run, tmp_path: Path) -> None:
    program = tmp_path / "sends_256_MiB"
    program.write_text(
        "#!/bin/sh\nprintf '\\200\\004B\\000\\000\\000\\020'\nexec cat /dev/zero\n"
    )  # the start of a pickle
    program.chmod(0o700)
    script = """
        import resource, sys
        from pathlib import Path
        from core.runs.run import Run
        from core.training.end_images import DrawingProcess
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + 2**27, used + 2**27))
        sys.executable = sys.argv[1]
        print(DrawingProcess(Run(Path(sys.argv[2]))).get("robustness"))
    """

    command = [sys.executable, "-c", textwrap.dedent(script), str(program), str(run.folder)]
    process = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
    )

    assert process.stdout.strip() == "None", process.stderr


def test_small_dataset_needs_no_second_process(run: Run) -> None:
    with draw_ahead(run, CONFIG) as process:
        assert process is None
