"""Real training on scikit-learn's digits: the model, the files, and the ways in which training ends."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from core.classifier import detector_samples
from core.classifier.architectures import build_model
from core.classifier.bundle import Bundle, Card, Novelty
from core.classifier.calibration import apply_temperature
from core.classifier.detector_samples import STOPPED_RUN_PORTIONS, Samples
from core.classifier.export import MAX_DIFFERENCE
from core.classifier.fitting import fit_detector
from core.classifier.network import Network
from core.classifier.novelty import Detector
from core.data.datasets import Dataset, Split, load_dataset, normalise
from core.errors import RunError
from core.handwriting.pen_digits import PenDigit
from core.runs.own_drawing import OwnDrawing, write_own_drawing
from core.runs.registry import create_run
from core.runs.run import Run
from core.runs.status import Status
from core.runs.tables import HISTORY_COLUMNS, STEP_COLUMNS
from core.runs.trial import TrialMark, read_trial_result, write_trial_mark
from core.runs.watched import read_watched
from core.training import callbacks, novelty, result
from core.training.callbacks import Journal, StopOnRequest
from core.training.checkpoint import EarlyStoppingState, ResumableEarlyStopping, read_checkpoint, write_checkpoint
from core.training.optimizer import compile_model
from core.training.trainer import Outcome, train_and_evaluate
from core.training.validation import Validation
from core.workspace import Workspace
from tests.support.tiny_training import DETECTOR_FRACTION, tiny_config
from tests.support.waiting import wait_until

PEN_DIGITS = (
    tuple(PenDigit(label, writer, [[(0, 0), (10 * label, 100)]]) for writer in (1, 2) for label in (1, 7, 9)) * 10
)


def test_finished_run_has_a_complete_bundle(trained: Run) -> None:
    status, card, evaluation = trained.status(), trained.bundle.card(), trained.bundle.evaluation()

    assert status.state == "finished"
    assert status.progress == 1.0
    assert trained.bundle.complete
    assert card.run_id == trained.id
    assert card.data.id == "digits"
    assert len(card.data.fingerprint) == 64
    assert card.config == trained.config()
    assert card.config.seed == 42
    assert card.versions.keys() >= {"python", "tensorflow", "keras", "numpy", "ai-edge-litert"}
    assert card.parameters == sum(layer.parameters for layer in card.layers)
    assert evaluation.probabilities.shape == (card.data.test_images, 10)
    assert card.metrics.test_accuracy == evaluation.accuracy > 0.5
    assert card.metrics.test_accuracy_low < card.metrics.test_accuracy < card.metrics.test_accuracy_high


def test_history_has_a_row_for_each_epoch(trained: Run) -> None:
    history, steps = trained.history(), trained.steps()

    assert tuple(history.columns) == HISTORY_COLUMNS
    assert tuple(steps.columns) == STEP_COLUMNS
    assert list(history["epoch"]) == [1, 2]
    assert steps["step"].is_monotonic_increasing
    assert steps["step"].iloc[-1] == history["step"].iloc[-1]
    assert steps["val_accuracy"].notna().any()
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]
    assert (history[["accuracy", "val_accuracy"]].to_numpy() <= 1).all()


def test_card_names_the_best_validation_epoch(trained: Run) -> None:
    history, metrics = trained.history(), trained.bundle.card().metrics
    best = history["val_accuracy"].idxmax()

    assert metrics.best_epoch == history["epoch"][best]
    assert metrics.validation_accuracy == pytest.approx(history["val_accuracy"][best], abs=1e-6)


def test_epoch_predictions_match_the_history(trained: Run, digits: Dataset) -> None:
    predictions, history = trained.epoch_predictions(), trained.history()

    assert predictions is not None
    assert predictions.epochs.tolist() == history["epoch"].tolist()
    assert np.array_equal(predictions.labels, digits.validation.labels)
    assert predictions.correct.mean(axis=1) == pytest.approx(history["val_accuracy"].to_numpy(), abs=1e-5)
    assert trained.epoch_predictions_file.stat().st_size < 10_000


def test_watched_predictions_are_those_of_the_kept_weights(trained: Run) -> None:
    predictions, watched = trained.epoch_predictions(), read_watched(trained.watched_file)

    assert predictions is not None
    assert watched is not None
    assert len(watched.images) == 20
    expected = predictions.predictions[trained.bundle.card().metrics.best_epoch - 1]
    assert [image.prediction.digit for image in watched.images] == [expected[image.index] for image in watched.images]
    assert [image.label for image in watched.images] == [predictions.labels[image.index] for image in watched.images]
    assert watched.drawing is None


def test_keras_file_reproduces_the_evaluation(trained: Run, digits: Dataset) -> None:
    model = keras.models.load_model(trained.bundle.keras_file)

    predictions = model.predict(normalise(digits.test.images), verbose=0)

    calibration = trained.bundle.card().calibration
    assert calibration is not None
    probabilities = apply_temperature(predictions, calibration.temperature)
    differences = np.abs(probabilities - trained.bundle.evaluation().probabilities)
    assert differences.max() <= MAX_DIFFERENCE


@pytest.fixture
def run(workspace: Workspace) -> Run:
    return create_run(workspace, tiny_config())


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits", Workspace(Path("unused")))


@pytest.fixture(scope="module")
def training_without_patience(tmp_path_factory: pytest.TempPathFactory, digits: Dataset) -> tuple[Run, Card]:
    """Return a run of six epochs without early stopping, and its card."""
    run = create_run(Workspace(tmp_path_factory.mktemp("without-patience")), tiny_config())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detector_samples, "_MAX_FRACTION", DETECTOR_FRACTION)
        # The learning rate is so high that the accuracy fluctuates and the last epoch is not the best one.
        outcome = train_and_evaluate(tiny_config(epochs=6, patience=0, learning_rate=0.1), run, digits)
    return run, outcome.card


def test_last_epoch_is_kept_without_early_stopping(training_without_patience: tuple[Run, Card]) -> None:
    run, card = training_without_patience

    history = run.history()
    assert card.metrics.best_epoch == len(history) == 6
    assert card.metrics.validation_accuracy == pytest.approx(history["val_accuracy"].iloc[-1], abs=1e-6)


def test_last_validation_loss_is_that_of_the_saved_model(
    training_without_patience: tuple[Run, Card], digits: Dataset
) -> None:
    run, _ = training_without_patience

    model = keras.models.load_model(run.bundle.keras_file)
    probabilities = np.asarray(model(normalise(digits.validation.images), training=False), np.float64)
    true_class = probabilities[np.arange(len(digits.validation)), digits.validation.labels]
    assert run.history()["val_loss"].iloc[-1] == pytest.approx(-np.log(true_class).mean(), rel=1e-4)


@pytest.fixture(scope="module")
def stopped_training(tmp_path_factory: pytest.TempPathFactory, digits: Dataset) -> tuple[Run, Outcome]:
    """Return a run with synthetic, redrawn and pen digits that was asked to stop during training, and its outcome."""
    run = create_run(Workspace(tmp_path_factory.mktemp("stopped")), tiny_config())
    config = tiny_config(epochs=60, synthetic_digits=200, redrawn_digits=100, pen_digits=2, batch_size=64)
    with ThreadPoolExecutor(1) as pool, pytest.MonkeyPatch.context() as patch:
        patch.setattr(detector_samples, "_SYNTHETIC_PER_PORTION", 20)
        outcome = pool.submit(train_and_evaluate, config, run, digits, PEN_DIGITS)
        wait_until(lambda: run.status().phase == "training" or outcome.done(), what="the start of training")
        run.stop_file.touch()
        return run, outcome.result()


def test_stopped_training_keeps_its_model(stopped_training: tuple[Run, Outcome]) -> None:
    run, outcome = stopped_training

    history = run.history()
    assert outcome.stopped
    assert outcome.card is not None
    assert outcome.card.metrics.epochs == len(history) < 60
    assert outcome.card.metrics.validation_accuracy == pytest.approx(history["val_accuracy"].iloc[-1], abs=1e-6)
    assert run.bundle.complete
    assert outcome.card.novelty is not None
    assert outcome.card.novelty.fitted_briefly
    assert outcome.card.novelty.digits_rejected <= 0.02


def test_training_can_be_stopped_while_digits_are_drawn(run: Run, digits: Dataset) -> None:
    run.stop_file.touch()

    outcome = train_and_evaluate(tiny_config(synthetic_digits=1000), run, digits)

    assert (outcome.card, outcome.stopped) == (None, True)
    assert "Drawing" not in run.status().message
    assert not run.bundle.complete


@pytest.mark.usefixtures("quick_evaluation")
def test_model_survives_edits_to_the_run_files(run: Run, digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = Journal.on_epoch_begin

    def edit_and_begin(journal: Journal, epoch: int, logs: dict[str, float] | None = None) -> None:
        if epoch == 2:
            run.history_file.write_text("nothing\n")
        begin(journal, epoch, logs)

    monkeypatch.setattr(Journal, "on_epoch_begin", edit_and_begin)

    card = train_and_evaluate(tiny_config(epochs=4, patience=0), run, digits).card

    assert card is not None
    assert (card.metrics.epochs, card.metrics.best_epoch) == (4, 4)
    assert run.bundle.complete


def test_drawn_digits_are_added_to_the_training_images(stopped_training: tuple[Run, Outcome], digits: Dataset) -> None:
    run, _ = stopped_training

    assert run.status().steps == math.ceil((len(digits.train) + 200 + 100 + 2 * 60) / 64)


def test_card_names_the_pen_digits_and_their_source(stopped_training: tuple[Run, Outcome], trained: Run) -> None:
    card = stopped_training[0].bundle.card().data.pen_digits

    assert card is not None
    assert (card.digits, card.writers) == (60, 2)
    assert "Alpaydin" in card.source
    assert "CC BY 4.0" in card.source
    assert trained.bundle.card().data.pen_digits is None


def test_run_begun_with_pen_digits_cannot_resume_without_them(run: Run, digits: Dataset) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.compile()
    write_checkpoint(run, model, 1, 1.0, False, None, len(PEN_DIGITS))

    with pytest.raises(RunError, match="core data download pen-digits"):
        train_and_evaluate(tiny_config(pen_digits=2), run, digits)


@pytest.mark.usefixtures("quick_evaluation")
def test_run_begun_without_pen_digits_resumes_without_them(run: Run, digits: Dataset) -> None:
    config = tiny_config(epochs=2, pen_digits=2)
    model = build_model(config.model)
    compile_model(model, config, 10)
    model.optimizer.build(model.trainable_variables)
    write_checkpoint(run, model, 1, 1.0, False, None)

    card = train_and_evaluate(config, run, digits, PEN_DIGITS).card

    assert card is not None
    assert card.data.pen_digits is None
    assert run.status().steps == math.ceil(len(digits.train) / config.batch_size)


def train_and_predict(workspace: Workspace, digits: Dataset, seed: int) -> np.ndarray:
    config = tiny_config(seed=seed, rotation=10.0, zoom=0.1)
    run = create_run(workspace, config)
    train_and_evaluate(config, run, digits)
    return run.bundle.evaluation().probabilities


@pytest.mark.usefixtures("quick_evaluation")
def test_same_seed_gives_the_same_model(workspace: Workspace, digits: Dataset) -> None:
    first, second, other = (train_and_predict(workspace, digits, seed) for seed in (7, 7, 8))

    assert first == pytest.approx(second, abs=1e-4)
    assert np.abs(first - other).max() > 1e-2


@pytest.mark.usefixtures("quick_evaluation")
def test_training_ends_early_when_validation_no_longer_improves(run: Run, digits: Dataset) -> None:
    outcome = train_and_evaluate(tiny_config(epochs=60, patience=2), run, digits)

    history = run.history()
    best = int(history["val_accuracy"].idxmax())
    assert not outcome.stopped
    assert len(history) == best + 1 + 2 < 60


def test_non_finite_loss_is_reported(run: Run, digits: Dataset) -> None:
    # Far above the setting's limit, so that the weights overflow within the first steps.
    exploding_config = tiny_config().model_copy(update={"learning_rate": 1e38})

    with pytest.raises(RunError, match="lower learning rate"):
        train_and_evaluate(exploding_config, run, digits)

    assert not run.bundle.complete


@pytest.mark.usefixtures("quick_evaluation")
def test_run_stopped_at_its_last_step_is_finished(run: Run, digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_at_end_of_epoch(2, monkeypatch)
    own_image = digits.validation.images[0]
    write_own_drawing(run.drawing_file, OwnDrawing(own_image, int(digits.validation.labels[0])))

    outcome = train_and_evaluate(tiny_config(epochs=2, patience=0), run, digits)

    assert not outcome.stopped
    assert outcome.card is not None
    assert outcome.card.metrics.epochs == 2
    watched = read_watched(run.watched_file)
    assert watched is not None
    assert watched.drawing is not None
    probabilities = keras.models.load_model(run.bundle.keras_file)(normalise(own_image[np.newaxis]), training=False)[0]
    assert watched.drawing.confidence == pytest.approx(float(probabilities[watched.drawing.digit]), abs=1e-3)


@pytest.fixture
def quick_evaluation(trained: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reuse another run's detector and skip the robustness metrics, both of which other tests cover."""

    def reuse_detector(bundle: Bundle, *_: Any) -> Novelty:
        shutil.copy(trained.bundle.novelty_file, bundle.novelty_file)
        novelty = trained.bundle.card().novelty
        assert novelty is not None
        return novelty

    monkeypatch.setattr(result, "fit_novelty", reuse_detector)
    skip_robustness(monkeypatch)


def skip_robustness(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result, "measure_robustness", lambda *_: None)


def stop_at_end_of_epoch(epoch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask every run to stop just before the last step of an epoch ends."""
    stop_at_step(lambda steps: epoch * steps, monkeypatch)


def stop_at_step(step: Callable[[int], int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask every run to stop just before a step ends; `step(steps_per_epoch)` returns the number of that step."""
    on_train_batch_end = StopOnRequest.on_train_batch_end

    def request_and_check(callback: StopOnRequest, batch: int, logs: dict[str, float] | None = None) -> None:
        if int(callback.model.optimizer.iterations) == step(callback.params["steps"]):
            callback._run.stop_file.touch()
        on_train_batch_end(callback, batch, logs)

    monkeypatch.setattr(StopOnRequest, "on_train_batch_end", request_and_check)


@pytest.mark.usefixtures("quick_evaluation")
@pytest.mark.parametrize("synthetic_digits", [0, 600])
def test_run_stopped_right_after_resume_keeps_its_checkpoint(
    run: Run, digits: Dataset, monkeypatch: pytest.MonkeyPatch, synthetic_digits: int
) -> None:
    config = tiny_config(epochs=3, patience=0, synthetic_digits=synthetic_digits)
    stop_at_end_of_epoch(1, monkeypatch)
    first_outcome = train_and_evaluate(config, run, digits)
    history, checkpoint = run.history(), read_checkpoint(run)
    # The request came at the last step of the epoch, so that epoch is complete.
    assert first_outcome.stopped
    assert checkpoint is not None
    assert (checkpoint.epoch, checkpoint.done) == (1, False)
    assert run.stop_file.exists()
    shutil.rmtree(run.bundle.folder)  # as if the worker had been killed before it saved the model

    outcome = train_and_evaluate(config, run, digits)

    assert outcome.stopped
    assert first_outcome.card is not None
    assert outcome.card is not None
    assert outcome.card.metrics.epochs == 1
    assert outcome.card.metrics.validation_loss == pytest.approx(first_outcome.card.metrics.validation_loss, abs=1e-5)
    assert run.history().equals(history)


@pytest.mark.usefixtures("quick_evaluation")
def test_run_stopped_right_after_resume_keeps_a_newer_model(
    run: Run, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny_config(epochs=3, patience=0)
    stop_at_step(lambda steps: 2 * steps - 1, monkeypatch)
    old_card = train_and_evaluate(config, run, digits).card
    assert old_card is not None
    assert (old_card.metrics.epochs, Status.model_validate_json(run.status_file.read_bytes()).epochs_done) == (2, 1)
    assert 0.9 < old_card.metrics.last_epoch_fraction < 1
    model = run.bundle.tflite_file.read_bytes()

    outcome = train_and_evaluate(config, run, digits)

    assert outcome == Outcome(old_card, stopped=True)
    assert run.bundle.tflite_file.read_bytes() == model
    assert len(run.history()) == 2


@pytest.mark.usefixtures("quick_evaluation")
def test_model_older_than_the_checkpoint_is_replaced(
    run: Run, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(callback: StopOnRequest, batch: int, logs: dict[str, float] | None = None) -> None:
        if int(callback.model.optimizer.iterations) > 2 * callback.params["steps"]:
            raise KeyboardInterrupt

    config = tiny_config(epochs=4, patience=0)
    stop_at_end_of_epoch(1, monkeypatch)
    train_and_evaluate(config, run, digits)
    run.stop_file.unlink()
    monkeypatch.setattr(StopOnRequest, "on_train_batch_end", interrupt)
    with pytest.raises(KeyboardInterrupt):
        train_and_evaluate(config, run, digits)
    checkpoint = read_checkpoint(run)
    assert checkpoint is not None
    assert (run.bundle.card().metrics.epochs, checkpoint.epoch) == (1, 2)
    run.stop_file.touch()

    outcome = train_and_evaluate(config, run, digits)

    assert outcome.stopped
    assert outcome.card is not None
    assert outcome.card.metrics.epochs == 2
    assert run.bundle.card() == outcome.card


@pytest.mark.usefixtures("quick_evaluation")
def test_stop_at_the_moment_of_early_stopping_is_ignored(
    run: Run, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The network learns nothing: the second epoch is no better than the first.
    config = tiny_config(epochs=9, patience=1).model_copy(update={"learning_rate": 1e-12})
    stop_at_end_of_epoch(2, monkeypatch)

    outcome = train_and_evaluate(config, run, digits)

    checkpoint = read_checkpoint(run)
    assert not outcome.stopped
    assert checkpoint is not None
    assert (checkpoint.epoch, checkpoint.done) == (2, True)


def test_run_stopped_while_its_detector_is_fitted_can_resume(
    run: Run, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny_config(synthetic_digits=100)
    skip_robustness(monkeypatch)
    monkeypatch.setattr(detector_samples, "_DIGITS_PER_KIND", 20)
    monkeypatch.setattr(detector_samples, "_SYNTHETIC_PER_PORTION", 20)
    portions: list[int] = []

    def fit_and_stop(network: Network, train: Split, samples: Sequence[Samples], *others: Any) -> Detector:
        portions.append(len(samples))
        if len(portions) == 1:
            run.stop_file.touch()
        return fit_detector(network, train, samples, *others)

    monkeypatch.setattr(novelty, "fit_detector", fit_and_stop)

    stopped_outcome = train_and_evaluate(config, run, digits)

    assert portions == [5, STOPPED_RUN_PORTIONS]
    assert stopped_outcome.stopped
    assert stopped_outcome.card is not None
    assert stopped_outcome.card.novelty is not None
    assert stopped_outcome.card.novelty.fitted_briefly
    run.stop_file.unlink()

    resumed_outcome = train_and_evaluate(config, run, digits)

    assert portions == [5, STOPPED_RUN_PORTIONS, 5]
    assert not resumed_outcome.stopped
    assert resumed_outcome.card is not None
    assert resumed_outcome.card.novelty is not None
    assert not resumed_outcome.card.novelty.fitted_briefly
    assert resumed_outcome.card.metrics.validation_loss == pytest.approx(
        stopped_outcome.card.metrics.validation_loss, abs=1e-5
    )
    assert len(run.history()) == 1


@pytest.mark.usefixtures("quick_evaluation")
def test_accuracy_is_known_before_the_detector_is_fitted(
    run: Run, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses: list[Status] = []
    fit_novelty = result.fit_novelty

    def record_status(*arguments: Any) -> Novelty:
        statuses.append(Status.model_validate_json(run.status_file.read_text()))
        return fit_novelty(*arguments)

    monkeypatch.setattr(result, "fit_novelty", record_status)

    card = train_and_evaluate(tiny_config(), run, digits).card

    assert card is not None
    (status,) = statuses
    assert status.test_accuracy == card.metrics.test_accuracy
    assert status.message == "Fitting the detector of non-digits."


@pytest.mark.usefixtures("quick_evaluation")
def test_training_seconds_exclude_the_evaluation(run: Run, digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    delay, clock, evaluate = [0.0], time.perf_counter, Validation.evaluate
    monkeypatch.setattr(callbacks.time, "perf_counter", lambda: clock() + delay[0])

    def evaluate_slowly(validation: Validation, model: keras.Model) -> tuple[float, float]:
        delay[0] += 10_000
        return evaluate(validation, model)

    monkeypatch.setattr(Validation, "evaluate", evaluate_slowly)

    card = train_and_evaluate(tiny_config(), run, digits).card

    assert card is not None
    assert 0 < card.seconds < 10_000


@pytest.mark.usefixtures("quick_evaluation")
def test_winner_is_measured_like_its_trial(run: Run, digits: Dataset) -> None:
    mark = TrialMark(sweep="a", trial=1, winner=True, measurements=("redrawn_accuracy",))
    write_trial_mark(run.trial_file, mark)

    card = train_and_evaluate(tiny_config(), run, digits).card

    trial_result = read_trial_result(run.trial_result_file)
    assert card is not None
    assert trial_result is not None
    assert trial_result.validation_accuracy == card.metrics.validation_accuracy
    assert trial_result.redrawn_accuracy is not None


def test_state_of_early_stopping_is_restored(run: Run) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.compile()
    weights = [np.full((2, 2), 7, np.float32), np.full(2, 7, np.float32)]
    write_checkpoint(
        run, model, 4, 1.0, False, EarlyStoppingState(wait=2, best_accuracy=0.9, best_epoch=1, best_weights=weights)
    )
    checkpoint = read_checkpoint(run)
    assert checkpoint is not None

    early_stopping = ResumableEarlyStopping(3, checkpoint.early_stopping)
    early_stopping.set_model(model)
    early_stopping.on_train_begin()
    early_stopping.on_epoch_end(4, {"val_accuracy": 0.89})

    assert model.stop_training
    early_stopping.on_train_end()
    assert early_stopping.best_epoch == 1
    assert all(np.array_equal(one, other) for one, other in zip(model.get_weights(), weights, strict=True))
