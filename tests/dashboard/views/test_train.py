"""The Train page in Streamlit's AppTest."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.config import DEFAULT_PRESET, PRESETS, TrainingConfig, preset, replace_settings
from core.launcher.overview import overview
from core.launcher.queue import advance, submit
from core.runs.active import active_model
from core.runs.registry import create_run, list_runs
from core.runs.run import Run
from core.runs.status import Status
from core.runs.tables import STEP_COLUMNS, append_row
from core.runs.watched import read_watched, write_watched
from core.workspace import PROJECT, Workspace
from dashboard.training.wording import PRESET_DESCRIPTIONS
from tests.support.clicks import click_on_picture, link_labels, panel_title
from tests.support.markdown import unescape_markdown
from tests.support.tiny_training import tiny_config
from tests.support.workers import kill_worker

pytestmark = pytest.mark.usefixtures("idle_workers", "without_mnist")


@pytest.fixture
def page(workspace: Workspace) -> AppTest:
    """The Train page, in the test's workspace."""
    return open_train_page()


def open_train_page() -> AppTest:
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()
    return page.switch_page("views/train.py").run()


def page_text(page: AppTest) -> str:
    """Return all text on the page."""
    parts = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.subheader]
    return unescape_markdown("\n".join(str(part.value) for part in parts))


def shown_metrics(page: AppTest) -> dict[str, str]:
    return {metric.label: str(metric.value) for metric in page.metric}


def watched_tiles(page: AppTest, run: Run) -> list[dict[str, str]]:
    tiles: list[dict[str, str]] = json.loads(page.get_by_key(f"watched_{run.id}").proto.json)["tiles"]
    return tiles


def test_uploaded_mnist_is_used_immediately(page: AppTest, workspace: Workspace, arrays: dict[str, np.ndarray]) -> None:
    file = io.BytesIO()
    np.savez(file, **arrays)
    assert "20 epochs on scikit-learn digits" in page_text(page)

    page.file_uploader(key="upload_mnist").upload("half.npz", file.getvalue()[:1_000_000]).run()
    assert unescape_markdown(page.error[0].value).startswith("half.npz is damaged")
    page.file_uploader(key="upload_mnist").set_value(("mnist.npz", file.getvalue(), "")).run()

    assert not page.exception
    assert not page.warning
    assert not page.error
    assert "1 epoch on MNIST" in page_text(page)
    assert "Changed from the preset" not in page_text(page)
    assert workspace.mnist_file.is_file()


def test_page_without_runs_shows_the_train_button(page: AppTest) -> None:
    assert not page.exception
    assert page.button(key="train").label == "Train"
    assert "No training runs yet" in page_text(page)


def test_without_mnist_runs_use_the_scikit_learn_digits(page: AppTest, workspace: Workspace) -> None:
    assert "on scikit-learn digits (stand-in)" in page_text(page)

    page.button(key="train").click().run()

    (run,) = list_runs(workspace)
    assert run.config() == preset(DEFAULT_PRESET, "digits")
    assert run.status().state == "running"


def test_fast_preset_is_the_default_and_is_described(page: AppTest) -> None:
    cards = page.radio(key="train_preset")
    assert cards.value == "fast"
    assert "39k parameters" in cards.proto.captions[0]


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_has_a_description(name: str) -> None:
    assert PRESET_DESCRIPTIONS[name].endswith(".")


def test_form_shows_the_presets_values_and_limits(page: AppTest) -> None:
    original = PRESETS["original"]
    page.radio(key="train_preset").set_value("original").run()

    epochs = page.number_input(key="train_digits_original_epochs")
    assert (epochs.value, epochs.min, epochs.max) == (original.epochs, 1, 200)
    assert page.number_input(key="train_digits_original_learning_rate").value == original.learning_rate
    assert [page.number_input(key=f"train_digits_original_filters_{block}").value for block in (1, 2, 3)] == [32, 64, 0]
    assert page.slider(key="train_digits_original_rotation").value == 0


def test_run_gets_the_settings_of_the_form(page: AppTest, workspace: Workspace) -> None:
    page.radio(key="train_preset").set_value("original").run()
    for name, value in {
        "epochs": 3,
        "batch_size": 64,
        "patience": 0,
        "seed": 7,
        "filters_2": 0,
        "dense_units": 32,
    }.items():
        page.number_input(key=f"train_digits_original_{name}").set_value(value)
    page.number_input(key="train_digits_original_learning_rate").set_value(0.01)
    page.slider(key="train_digits_original_dropout").set_value(0.25)
    page.slider(key="train_digits_original_rotation").set_value(10.0)
    page.run()
    assert "Changed from the preset: Epochs, Batch size" in page_text(page)

    page.button(key="train").click().run()

    config = list_runs(workspace)[0].config()
    assert (config.epochs, config.batch_size, config.patience, config.seed) == (3, 64, 0, 7)
    assert (config.model.filters, config.model.dense_units, config.model.dropout) == ((32,), 32, 0.25)
    assert config.learning_rate == 0.01
    assert config.augmentation.rotation == 10


def test_new_preset_fills_the_form(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRESETS, "brief", TrainingConfig(preset="brief", epochs=2, seed=5))
    page = open_train_page()

    page.radio(key="train_preset").set_value("brief").run()
    page.button(key="train").click().run()

    config = list_runs(workspace)[0].config()
    assert (config.preset, config.epochs, config.seed) == ("brief", 2, 5)


def test_run_waits_for_its_teachers(page: AppTest, workspace: Workspace) -> None:
    page.radio(key="train_preset").set_value("tiny").run()
    page.number_input(key="train_digits_tiny_teachers").set_value(2).run()
    assert 'Learns from 2 teachers with the "large" preset: to be trained first.' in page_text(page)
    assert "Changed from the preset: Teachers" in page_text(page)

    page.button(key="train").click().run()

    student, *teachers = list_runs(workspace)
    assert student.config() == replace_settings(preset("tiny", "digits"), teachers=2)
    assert [run.config().preset for run in teachers] == ["large", "large"]
    assert overview(workspace).waiting == (teachers[0], student)
    assert "will start when its teachers are trained" in page.toast[0].value
    assert 'Learns from 2 teachers with the "large" preset: already trained or queued.' in page_text(page)
    page.number_input(key="train_digits_tiny_teachers").set_value(3).run()
    assert 'Learns from 3 teachers with the "large" preset: 1 must be trained first.' in page_text(page)
    # Both teachers have this note: the one that is running and the one that is waiting.
    assert page_text(page).count(f"; teaches {student.title}") == 2


def test_second_run_waits_and_can_be_removed(page: AppTest, workspace: Workspace) -> None:
    page.button(key="train").click().run()
    page.button(key="train").click().run()

    (waiting,) = overview(workspace).waiting
    assert "Waiting" in page_text(page)
    assert waiting.title in page_text(page)

    page.button(key=f"remove_{waiting.id}").click().run()

    assert len(list_runs(workspace)) == 1
    assert "Waiting" not in page_text(page)


def test_runs_that_train_concurrently_are_all_shown(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_WORKERS", "2")
    monkeypatch.setattr("core.launcher.room.available_memory", lambda: 64 * 2**30)
    older, newer = submit(workspace, tiny_config()), submit(workspace, tiny_config())

    page = open_train_page()

    text = page_text(page)
    assert text.index(newer.title) < text.index("Also training")
    assert f"**{older.title}**" in [unescape_markdown(label) for label in link_labels(page)]
    page.button(key=f"stop_{older.id}").click().run()
    assert (older.stop_requested, newer.stop_requested) == (True, False)
    assert page.button(key=f"stop_{older.id}").disabled


def test_stop_button_responds_immediately(page: AppTest, workspace: Workspace) -> None:
    page.button(key="train").click().run()
    (run,) = list_runs(workspace)
    starting = json.loads(page.get_by_key(f"start_steps_{run.id}").proto.json)
    assert starting["steps"][starting["current"]] == "Starting Python"
    assert unescape_markdown(page.toast[0].value) == f"{run.title} has started."

    page.button(key="stop").click().run()

    assert run.stop_requested
    assert page.button(key="stop").label == "Stopping…"
    assert page.button(key="stop").disabled


def test_every_session_shows_the_same_run_with_its_progress(page: AppTest, workspace: Workspace) -> None:
    page.button(key="train").click().run()
    (run,) = list_runs(workspace)
    append_row(run.steps_file, STEP_COLUMNS, (5, 1, 1.0, 2.0, 0.3, 2.1, 0.25, 1234.0))
    status = Status(
        state="running", phase="training", epoch=2, epochs=15, step=3, steps=11, images_per_second=1234, seconds_left=75
    )
    run.write_status(status)

    assert page.run().toggle(key="train_skip_short").value is False  # one completed epoch is only a dot
    for session in (page, open_train_page()):
        assert run.title in page_text(session)
        assert shown_metrics(session)["Images per second"] == "1,234"
        assert shown_metrics(session)["Time left"] == "75 s"
        assert len(session.get("vega_lite_chart")) == 2

    run.write_status(status.model_copy(update={"seconds_left": None}))
    assert shown_metrics(page.run())["Time left"] == "Estimating"

    run.stop_file.touch()
    assert shown_metrics(page.run())["Time left"] == "–"


def test_test_accuracy_is_shown_during_detector_fitting(page: AppTest, workspace: Workspace) -> None:
    page.button(key="train").click().run()
    (run,) = list_runs(workspace)
    status = Status(state="running", phase="saving", epoch=1, epochs=1, step=5, steps=5, seconds_left=0)
    run.write_status(status.model_copy(update={"message": "Fitting.", "test_accuracy": 0.9917}))

    page.run()

    assert shown_metrics(page)["Test accuracy"] == "99.17%"
    assert "Time left" not in shown_metrics(page)
    (progress,) = page.get("progress")
    assert unescape_markdown(progress.proto.text) == "Fitting."


def test_killed_worker_is_reported_and_no_page_starts_the_next(page: AppTest, workspace: Workspace) -> None:
    page.button(key="train").click().run()
    page.button(key="train").click().run()
    before = overview(workspace)
    assert before.latest is not None
    kill_worker(before.latest)

    page.run()

    assert "Interrupted" in page_text(page)
    assert overview(workspace).waiting == before.waiting

    advance(workspace)
    page.run()

    assert before.waiting[0].title in page_text(page)
    assert overview(workspace).latest == before.waiting[0]


def test_finished_run_shows_its_result_and_can_be_promoted(run: Run, page: AppTest, workspace: Workspace) -> None:
    metrics = run.bundle.card().metrics
    assert shown_metrics(page)["Test accuracy"] == f"{metrics.test_accuracy:.2%}"
    assert shown_metrics(page)["Validation accuracy"] == f"{metrics.validation_accuracy:.2%}"

    tiles = watched_tiles(page, run)
    assert len(tiles) == 20
    assert {tile["verdict"] for tile in tiles} <= {"right", "wrong"}
    watched = read_watched(run.watched_file)
    assert watched is not None
    with click_on_picture(f"watched_{run.id}", 3, "dashboard.training.watched._watched"):
        page.run()
    assert panel_title(page) == f"Validation image {watched.images[3].index:,}, label {watched.images[3].label}"
    write_watched(run.watched_file, watched.model_copy(update={"images": watched.images[:1]}))
    assert len(watched_tiles(page.run(), run)) == 1
    relabelled_image = watched.images[0].model_copy(update={"label": (watched.images[0].label + 1) % 10})
    write_watched(run.watched_file, watched.model_copy(update={"images": (relabelled_image,)}))
    assert f"watched_{run.id}" not in [element.key for element in page.run().get("bidi_component")]

    page.button(key="promote").click().run()

    assert active_model(workspace).run_id == run.id
    assert "promote" not in [button.key for button in page.button]


def test_failed_run_shows_its_message(workspace: Workspace) -> None:
    run = create_run(workspace, tiny_config())
    run.log_file.write_text("Traceback: the whole story")
    run.write_status(Status(state="failed", message="The loss became infinite."))

    page = open_train_page()

    assert "The loss became infinite." in page_text(page)


def test_damaged_run_leaves_the_page_usable(workspace: Workspace) -> None:
    run = create_run(workspace, tiny_config())
    run.write_status(Status(state="finished"))
    run.config_file.write_text("{")

    page = open_train_page()

    assert not page.exception
    assert re.search(r"config.json of .* damaged", page_text(page))
    assert not page.button(key="train").disabled
