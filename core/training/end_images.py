"""The images that a run needs at its end: for fitting the novelty detector, and for measuring robustness.

They do not depend on the network, so a second process can draw them while the network is being trained:
`python -m core.training.end_images RUN_DIR` writes them to standard output.
"""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import IO, Any

from core.classifier.detector_samples import PORTIONS, Samples, draw_other_handwriting, draw_portion, portion_count
from core.classifier.robustness import draw_robustness_images
from core.config import TrainingConfig
from core.data.datasets import Dataset, Split, load_dataset
from core.data.pen_digits import available_held_out_digits, available_training_digits
from core.environment import python_environment
from core.errors import TrazoError
from core.handwriting.out_of_distribution import out_of_distribution_samples
from core.handwriting.pen_digits import PenDigit
from core.ink.drawing import Pixels
from core.runs.run import Run
from core.runs.trial import read_search_marker
from core.workspace import PROJECT, Workspace

_EVALUATION_SAMPLES = 500
"""Number of new out-of-distribution samples on which the detector is evaluated."""

_THRESHOLD_DIGITS = 500
"""Number of synthetic digits, and of pen digits, for setting the threshold; drawing them takes less than a second."""


class DrawingProcess:
    """A process that draws a run's images; a thread receives them, so that the process never blocks on a full pipe."""

    def __init__(self, run: Run) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "core.training.end_images", str(run.folder)],
            cwd=PROJECT,
            env=python_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        self._queue: SimpleQueue[tuple[str, Any] | None] = SimpleQueue()
        self._received: dict[str, Any] = {}
        assert self._process.stdout is not None
        Thread(target=self._receive, args=(self._process.stdout,), daemon=True).start()

    def get(self, name: str) -> Any:
        """Wait for the images with this name and return them, or None if the process ends without sending them."""
        while name not in self._received:
            item = self._queue.get()
            if item is None:
                self._queue.put(None)  # for the next call
                return None
            self._received[item[0]] = item[1]
        return self._received[name]

    def close(self) -> None:
        """Kill the process."""
        self._process.kill()
        self._process.wait()

    def _receive(self, stream: IO[bytes]) -> None:
        # The stream ends early if the process is killed or fails; its traceback is then in the run's log.
        try:
            with stream, suppress(EOFError, OSError, pickle.UnpicklingError, MemoryError):
                while True:
                    self._queue.put(pickle.load(stream))
        finally:
            self._queue.put(None)


@contextmanager
def draw_ahead(run: Run, config: TrainingConfig) -> Iterator[DrawingProcess | None]:
    """Draw a run's images in a second process while the with block runs.

    Yield None for scikit-learn's small dataset, for a sweep's search run (which needs no images), and if no
    process can be started.
    """
    if config.dataset == "digits" or read_search_marker(run.trial_file):
        yield None
        return
    try:
        process = DrawingProcess(run)
    except OSError as error:
        print(f"No second process could be started to draw this run's images ahead of time: {error}", flush=True)
        yield None
        return
    try:
        yield process
    finally:
        process.close()


class EndImages:
    """The images of a run: received from the process that draws them, or drawn on demand."""

    def __init__(
        self,
        dataset: Dataset,
        config: TrainingConfig,
        training_digits: Sequence[PenDigit] = (),
        held_out_digits: Sequence[PenDigit] = (),
        process: DrawingProcess | None = None,
    ) -> None:
        """`training_digits`: pen digits to fit the detector on; `held_out_digits`: those for measuring robustness."""
        drawings = _drawings(dataset, config, training_digits, held_out_digits)
        self._process = process
        self._draw = {name: cache(draw) for name, draw in drawings.items()}

    def portion(self, index: int) -> Samples:
        """Return a portion of the samples that the detector is fitted on."""
        portion: Samples = self._get(_portion_name(index))
        return portion

    @property
    def new_samples(self) -> Pixels:
        """Out-of-distribution samples on which the detector is evaluated."""
        samples: Pixels = self._get("new samples")
        return samples

    @property
    def other_handwriting(self) -> Pixels:
        """Digits in handwriting unlike the dataset's, for the detector's threshold."""
        digits: Pixels = self._get("other handwriting")
        return digits

    @property
    def robustness(self) -> Mapping[str, Split]:
        """The images that `draw_robustness_images` returns."""
        images: Mapping[str, Split] = self._get("robustness")
        return images

    def _get(self, name: str) -> Any:
        images = self._process.get(name) if self._process else None
        return self._draw[name]() if images is None else images


def _drawings(
    dataset: Dataset,
    config: TrainingConfig,
    training_digits: Sequence[PenDigit],
    held_out_digits: Sequence[PenDigit],
) -> dict[str, Callable[[], Any]]:
    """Return one drawing function per set of images; a run that is stopped needs only the first few."""
    validation, seed = dataset.validation.images, config.seed
    new_sample_count = min(_EVALUATION_SAMPLES, len(validation))

    def portions(first: int, end: int) -> dict[str, Callable[[], Any]]:
        return {
            _portion_name(index): partial(draw_portion, dataset.train, seed, index, training_digits)
            for index in range(first, end)
        }

    return {
        **portions(0, PORTIONS),
        "other handwriting": partial(draw_other_handwriting, _THRESHOLD_DIGITS, seed + 2, training_digits),
        "new samples": partial(out_of_distribution_samples, new_sample_count, validation, seed + 1),
        "robustness": lambda: draw_robustness_images(dataset.test, held_out_digits),
        **portions(PORTIONS, portion_count(config)),
    }


def _portion_name(index: int) -> str:
    return f"portion {index}"


def load_pen_digits(config: TrainingConfig, workspace: Workspace) -> tuple[tuple[PenDigit, ...], tuple[PenDigit, ...]]:
    """Return the pen digits to train on, if the config uses them, and the held-out ones; none if the file is missing.

    Raises DataError if the config needs the pen digits and their file is damaged.
    """
    training = available_training_digits(workspace) if config.pen_digits else ()
    return training, available_held_out_digits(workspace)


def main(folder: Path, stream: IO[bytes]) -> None:
    """Draw the images of the run in `folder`, and write each set to the stream together with its name."""
    run = Run(folder)
    config = run.config()
    workspace = Workspace.from_environment()
    dataset = load_dataset(config.dataset, workspace)
    unneeded_after_stop = {_portion_name(index) for index in range(PORTIONS, portion_count(config))}
    for name, draw in _drawings(dataset, config, *load_pen_digits(config, workspace)).items():
        if name in unneeded_after_stop and run.stop_file.exists():
            break
        pickle.dump((name, draw()), stream)
        stream.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # exit if the worker has exited
    with suppress(TrazoError):  # the worker hits the same error and reports it
        main(Path(sys.argv[1]), sys.stdout.buffer)
