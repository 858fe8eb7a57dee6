"""The live curve has few points; each covers enough images, and together they cover every step."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.datasets import load_dataset
from core.runs.registry import create_run
from core.runs.run import Run
from core.training import callbacks, live_curve
from core.training.callbacks import Journal
from core.training.live_curve import MIN_POINT_IMAGES, LiveCurve
from core.training.trainer import train_and_evaluate
from core.workspace import Workspace
from tests.support.tiny_training import tiny_config

DAY_SECONDS = 24 * 3600
STEP_SECONDS = 0.5


def test_day_long_curve_has_a_few_thousand_points(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tiny_config(epochs=24)
    run, now = create_run(workspace, config), 0.0
    clock = SimpleNamespace(perf_counter=lambda: now, time=lambda: now)
    monkeypatch.setattr(callbacks, "time", clock)
    monkeypatch.setattr(live_curve, "time", clock)
    monkeypatch.setattr(type(run), "write_status", lambda *_, **__: None)  # slow, and not tested here
    steps = int(DAY_SECONDS / config.epochs / STEP_SECONDS)
    journal = Journal(
        run,
        SimpleNamespace(evaluate_sample=lambda _: (0.5, 0.9), watch=lambda: None),
        config,
        steps * config.batch_size,
    )
    journal.set_model(SimpleNamespace(stop_training=False))

    journal.on_train_begin()
    for epoch in range(config.epochs):
        journal.on_epoch_begin(epoch)
        for batch in range(steps):
            now += STEP_SECONDS
            journal.on_train_batch_end(batch, {"loss": 0.5, "accuracy": 0.9})

    curve = run.steps()
    assert len(curve) < 7000
    assert run.steps_file.stat().st_size < 2**20
    assert curve["epoch"].unique().tolist() == list(range(1, config.epochs + 1))
    assert curve["seconds"].iloc[0] <= MIN_POINT_IMAGES / config.batch_size * STEP_SECONDS
    assert curve["step"].iloc[-1] == config.epochs * steps


@dataclass(frozen=True)
class Training:
    """A training run: the steps in each epoch (fewer in the last if it is stopped) and the duration of each step.

    `images_in_epoch`: the last batch of an epoch may be smaller.
    """

    batch_size: int
    images_in_epoch: int
    steps: tuple[int, ...]
    seconds: tuple[float, ...]
    accuracies: np.ndarray = field(compare=False)

    def images(self, step: int) -> int:
        """Return the number of images in the first `step` steps of an epoch."""
        return min(step * self.batch_size, self.images_in_epoch)


@st.composite
def trainings(draw: st.DrawFn) -> Training:
    steps_per_epoch = draw(st.integers(1, 40))
    steps = [steps_per_epoch] * draw(st.integers(0, 2)) + [draw(st.integers(1, steps_per_epoch))]
    # Fast, normal, and slow steps: a slow step takes longer than the minimum time between two points.
    durations = st.sampled_from([0.001, 0.1, 1.0, 30.0])
    seconds = draw(st.lists(durations, min_size=sum(steps), max_size=sum(steps)))
    accuracies = np.random.default_rng(draw(st.integers(0, 9))).random(sum(steps))
    batch_size = draw(st.sampled_from([8, 128, 512, 2048]))
    images_in_epoch = (steps_per_epoch - 1) * batch_size + draw(st.integers(1, batch_size))
    return Training(batch_size, images_in_epoch, tuple(steps), tuple(seconds), accuracies)


def write_curve(run: Run, training: Training) -> None:
    """Add all steps to a live curve, with Keras's running means."""
    curve = LiveCurve(run, training.batch_size, training.images_in_epoch, lambda _: (0.3, 0.8))
    now, step = 0.0, 0
    for epoch, steps in enumerate(training.steps):
        curve.begin_epoch(epoch + 1, step, now)
        accuracies = training.accuracies[step : step + steps]
        for done in range(1, steps + 1):
            now += training.seconds[step]
            step += 1
            mean = float(np.average(accuracies[:done], weights=batch_sizes(training, done)))
            curve.add_step(done, now, {"loss": 2 * mean, "accuracy": mean}, last=done == steps)


def batch_sizes(training: Training, steps: int) -> np.ndarray:
    """Return the number of images in each of the first steps of an epoch."""
    return np.diff([training.images(step) for step in range(steps + 1)])


@given(trainings())
def test_each_point_has_enough_images_and_no_step_is_missing(training: Training) -> None:
    with TemporaryDirectory() as folder:
        run = create_run(Workspace(Path(folder)), tiny_config())
        write_curve(run, training)
        curve = run.steps()

    ends = list(itertools.accumulate(training.steps))
    for number, (end, steps) in enumerate(zip(ends, training.steps, strict=True)):
        points = curve[curve["epoch"] == number + 1]
        assert points["step"].iloc[-1] == end
        starts = [0, *(points["step"] - (end - steps))]
        if training.images(steps) >= MIN_POINT_IMAGES:
            assert np.diff([training.images(step) for step in starts]).min() >= MIN_POINT_IMAGES
        else:
            assert len(points) == 1
        accuracies, sizes = training.accuracies[end - steps : end], batch_sizes(training, steps)
        expected = [
            np.average(accuracies[first:last], weights=sizes[first:last]) for first, last in itertools.pairwise(starts)
        ]
        assert points["accuracy"].to_numpy() == pytest.approx(expected, abs=1e-4)
        assert points["loss"].to_numpy() == pytest.approx(2 * np.array(expected), abs=1e-4)
    assert curve["seconds"].iloc[-1] == pytest.approx(sum(training.seconds), abs=1e-4)


def test_small_last_point_is_merged_into_the_previous_one(workspace: Workspace) -> None:
    run = create_run(workspace, tiny_config())

    # Points after 4 and 8 steps of 128 images; two steps are left.
    write_curve(run, Training(128, 1280, (10,), (1.0,) * 10, np.array([0.5] * 4 + [0.7] * 4 + [1.0] * 2)))

    curve = run.steps()
    assert curve["step"].tolist() == [4, 10]
    assert curve["accuracy"].tolist() == pytest.approx([0.5, 0.8])
    assert curve["images_per_second"].tolist() == pytest.approx([128, 128], rel=0.01)
    assert curve["val_accuracy"].tolist() == [0.8, 0.8]


def test_training_on_a_stalled_machine_has_no_point_of_one_batch(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, seconds = tiny_config(epochs=2, patience=0, batch_size=16), itertools.count()
    run = create_run(workspace, config)
    # The clock advances by a second each time it is read.
    clock = SimpleNamespace(perf_counter=lambda: float(next(seconds)), time=lambda: 1e9)
    monkeypatch.setattr(callbacks, "time", clock)
    monkeypatch.setattr(live_curve, "time", clock)
    monkeypatch.setattr("core.training.trainer.save_bundle", lambda *_: SimpleNamespace(novelty=None))

    train_and_evaluate(config, run, load_dataset("digits", workspace))

    curve = run.steps()
    assert len(curve) > 2
    assert np.diff([0, *curve["step"]]).min() * config.batch_size >= MIN_POINT_IMAGES
    assert curve.groupby("epoch")["step"].max().tolist() == run.history()["step"].tolist()
