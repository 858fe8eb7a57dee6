"""The novelty detector of a run: fitted on all of the recipe's samples, or on fewer if the run is asked to stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from core.classifier.bundle import Bundle, Novelty
from core.classifier.detector_samples import PORTIONS, STOPPED_RUN_PORTIONS, Samples, portion_count
from core.classifier.fitting import fit_detector
from core.classifier.network import Network, NetworkOutput
from core.classifier.novelty import Detector
from core.config import TrainingConfig
from core.data.datasets import Dataset
from core.ink.drawing import Pixels
from core.runs.run import Run
from core.storage import atomic_write
from core.training.end_images import EndImages

_Fit = Callable[[Sequence[Samples], Callable[[], None]], Detector]


class _StopRequested(Exception):
    """The run was asked to stop while its detector was being fitted."""


def fit_novelty(
    bundle: Bundle,
    network: Network,
    outputs: NetworkOutput,
    dataset: Dataset,
    images: EndImages,
    config: TrainingConfig,
    run: Run,
) -> Novelty:
    """Fit the detector to a bundle's network, evaluate it, and write it into the bundle.

    `outputs`: the network's outputs for the validation split.
    """
    validation = dataset.validation.images

    def fit(portions: Sequence[Samples], check: Callable[[], None]) -> Detector:
        return fit_detector(
            network, dataset.train, portions, validation, outputs, [images.other_handwriting], config.seed, check
        )

    detector, fitted_briefly = _fit_until_stopped(fit, images, portion_count(config), run)
    novelty = save_detector(detector, bundle, network, validation, outputs, images.new_samples)
    return novelty.model_copy(update={"fitted_briefly": fitted_briefly})


def save_detector(
    detector: Detector, bundle: Bundle, network: Network, validation: Pixels, outputs: NetworkOutput, samples: Pixels
) -> Novelty:
    """Evaluate a detector, and write it into the bundle.

    `outputs`: the network's outputs for the `validation` images. `samples`: new out-of-distribution samples.
    """
    with atomic_write(bundle.novelty_file) as temporary:
        detector.save(temporary)
    return Novelty(
        digits_rejected=float((detector(validation, outputs) > 0).mean()),
        out_of_distribution_rejected=float((detector(samples, network(samples)) > 0).mean()),
    )


def _fit_until_stopped(fit: _Fit, images: EndImages, portions: int, run: Run) -> tuple[Detector, bool]:
    """Fit the detector; return it, and True if the run was asked to stop and only STOPPED_RUN_PORTIONS were used."""
    if portions == PORTIONS:
        return fit(_draw(images, portions, _do_nothing), _do_nothing), False
    check = partial(_raise_if_stopped, run)
    try:
        return fit(_draw(images, portions, check), check), False
    except _StopRequested:
        return fit(_draw(images, STOPPED_RUN_PORTIONS, _do_nothing), _do_nothing), True


def _draw(images: EndImages, portions: int, check: Callable[[], None]) -> list[Samples]:
    samples = []
    for index in range(portions):
        check()
        samples.append(images.portion(index))
    return samples


def _raise_if_stopped(run: Run) -> None:
    if run.stop_file.exists():
        raise _StopRequested


def _do_nothing() -> None:
    """Ignore requests to stop."""
