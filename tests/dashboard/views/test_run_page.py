"""A run's own page in Streamlit's AppTest, and its link to train again."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.config import replace_settings
from core.errors import RunError
from core.launcher.queue import submit
from core.runs.active import active_model, promote
from core.runs.files import MAX_LOG_BYTES, run_files
from core.runs.fine_tuning import CLASS
from core.runs.label import Label, read_label, write_label
from core.runs.process import worker_lock
from core.runs.registry import create_run, list_runs
from core.runs.run import Run
from core.runs.status import Status
from core.runs.tables import HISTORY_COLUMNS, append_row
from core.runs.trial import TrialMark, TrialResult, write_trial_mark, write_trial_result
from core.workspace import PROJECT, Workspace
from dashboard.training.wording import REDRAWN_ACCURACY
from tests.support.fine_tuned import fine_tuned_run
from tests.support.markdown import unescape_markdown
from tests.support.runs_page import settings_table
from tests.support.tiny_training import tiny_config
from tests.support.workers import kill_worker

pytestmark = pytest.mark.usefixtures("without_mnist")


def open_run_page(run_id: str | None) -> AppTest:
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()
    page.switch_page("views/run.py")
    if run_id is not None:
        page.query_params["id"] = run_id
    return page.run()


def train_again(run: Run) -> AppTest:
    """Follow the link from the page of a run to the Train page."""
    page = open_run_page(run.id)
    (query,) = (link.proto.query_string for link in page.get("page_link") if "Train again" in link.proto.label)
    page.query_params.clear()
    page.query_params["again"] = query.removeprefix("again=")
    return page.switch_page("views/train.py").run()


def page_text(page: AppTest) -> str:
    """Return all text on the page."""
    parts = [*page.title, *page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.subheader]
    return unescape_markdown("\n".join(str(part.value) for part in parts))


def metrics(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def keys(page: AppTest) -> set[str | None]:
    return {button.key for button in page.button}


def test_everything_about_a_finished_run_is_on_its_page(run: Run) -> None:
    page = open_run_page(run.id)

    assert not page.exception
    card = run.bundle.card()
    assert metrics(page)["Test accuracy"] == f"{card.metrics.test_accuracy:.2%}"
    assert {"Digits rejected", "Temperature", "Typical", REDRAWN_ACCURACY, "Noise", "Parameters"} <= set(metrics(page))
    assert len(page.get("vega_lite_chart")) == 4  # loss, accuracy, and mistakes on drawings and on altered images
    settings = settings_table(page)
    assert settings.loc["Filters"].tolist() == ["8, 8", "32, 64"]
    assert run.id in page_text(page)
    assert re.search(r"started \d+ \w{3} \d{4}, .+ ended \d+ \w{3} \d{4}, ", page_text(page))
    versions = next(table.value for table in page.table if "Trained with" in table.value)["Trained with"]
    assert unescape_markdown(versions["TensorFlow"]) == card.versions["tensorflow"]
    assert "cores" in versions["Machine"]


def test_run_fine_tuned_to_a_class_names_its_settings(workspace: Workspace) -> None:
    shown = page_text(open_run_page(fine_tuned_run(workspace, CLASS).id))

    assert "with 10 digits written by a class" in shown.replace("*", "")
    assert "the settings of the model it was fine-tuned from" in shown


def test_detector_fitted_on_fewer_samples_is_reported(run: Run) -> None:
    card = run.bundle.card()
    assert card.novelty is not None
    novelty = card.novelty.model_copy(update={"fitted_briefly": True})
    run.bundle.card_file.write_text(card.model_copy(update={"novelty": novelty}).model_dump_json())

    page = open_run_page(run.id)

    assert "detector of non-digits was fitted on fewer samples" in page_text(page)


@pytest.mark.parametrize("name", [None, "", "nobody", "../runs", "/etc/passwd", "a\0b", "*" * 500])
def test_unknown_run_shows_one_message_and_a_link(run: Run, name: str | None) -> None:
    page = open_run_page(name)

    assert not page.exception
    (warning,) = page.warning
    assert len(warning.value) < 300
    assert page.get("page_link")


def test_name_and_note_are_edited_on_the_page(run: Run) -> None:
    page = open_run_page(run.id)

    page.text_input[0].set_value("The [wide](x) one")
    page.text_area[0].set_value("Reads fat pens.\nNot thin ones.")
    page.button(key="label_save").click().run()

    assert read_label(run) == Label(name="The [wide](x) one", note="Reads fat pens.\nNot thin ones.")
    assert page.title[0].value == r"The \[wide\]\(x\) one"
    assert "Not thin ones" in page_text(page)


def test_form_starts_with_a_name_saved_in_another_tab(run: Run, workspace: Workspace) -> None:
    page = open_run_page(run.id)
    write_label(workspace, run, "From elsewhere", "")

    page.run()

    assert page.text_input[0].value == "From elsewhere"


def test_model_is_promoted_from_the_page(run: Run, workspace: Workspace) -> None:
    page = open_run_page(run.id)

    page.button(key="promote").click().run()

    assert active_model(workspace).run_id == run.id
    assert page.button(key="promote").disabled
    assert page.sidebar.selectbox(key="active_model").value == run.id
    assert f"In use: {run.title}" in page_text(page)
    assert "Draw with it" in [link.proto.label for link in page.get("page_link")]

    page.button(key="undo_switch").click().run()

    assert active_model(workspace).run_id is None
    assert page.sidebar.selectbox(key="active_model").value == "shipped"
    assert not page.button(key="promote").disabled
    assert "undo_switch" not in keys(page)


def test_sidebar_switches_the_active_model(run: Run, workspace: Workspace) -> None:
    page = open_run_page(run.id)

    page.sidebar.selectbox(key="active_model").set_value(run.id).run()

    assert active_model(workspace).run_id == run.id
    assert page.button(key="promote").disabled

    page.button(key="close_switch_notice").click().run()
    assert "undo_switch" not in keys(page)
    page.sidebar.selectbox(key="active_model").set_value("shipped").run()
    assert active_model(workspace).run_id is None
    assert "In use: Shipped model" in page_text(page)
    page.switch_page("views/runs.py").run()
    assert "undo_switch" not in keys(page)


def test_switch_to_a_deleted_run_keeps_the_active_model(run: Run, workspace: Workspace) -> None:
    deleted = Path(shutil.copytree(run.folder, run.folder.with_name("20200101-000000-quiet-otter")))
    promote(workspace, run)
    page = open_run_page(run.id)

    box = page.sidebar.selectbox(key="active_model")
    (option,) = [index for index, name in enumerate(box.options) if "quiet-otter" in name]
    shutil.rmtree(deleted)
    box.select_index(option).run()

    assert active_model(workspace).run_id == run.id
    assert len(page.toast) == 1


def test_train_again_starts_with_the_settings_of_the_run(run: Run, workspace: Workspace) -> None:
    run.write_config(replace_settings(run.config(), epochs=9, dropout=0.3, seed=77))
    write_label(workspace, run, "The wide one", "")
    page = train_again(run)

    assert not page.exception
    assert page.title[0].value == "Train"
    assert page.radio(key="train_preset").value == "again"
    assert page.number_input(key="train_again1_epochs").value == 9
    assert page.slider(key="train_again1_dropout").value == 0.3
    assert page.number_input(key="train_again1_seed").value == 77
    assert "The wide one" in page_text(page)


@pytest.mark.usefixtures("idle_workers")
def test_new_run_gets_the_changed_settings(run: Run, workspace: Workspace) -> None:
    page = train_again(run)

    page.number_input(key="train_again1_batch_size").set_value(64).run()
    assert f"Changed from {run.title}: Batch size." in page_text(page)
    page.button(key="train").click().run()

    newest = list_runs(workspace)[0]
    assert newest.config() == replace_settings(run.config(), batch_size=64)


def test_actions_on_a_deleted_run_name_no_command(run: Run) -> None:
    page = open_run_page(run.id)
    shutil.rmtree(run.folder)
    page.button(key="promote").click().run()
    (toast,) = page.toast
    page.query_params.clear()
    page.query_params["again"] = run.id
    page.switch_page("views/train.py").run()

    for message in (toast, page.warning[-1]):
        assert f"There is no run named '{run.id}'. It may have been deleted" in unescape_markdown(message.value)
        assert "python" not in message.value


def test_deletion_asks_for_confirmation(run: Run, workspace: Workspace) -> None:
    page = open_run_page(run.id)

    page.button(key="delete").click().run()
    assert list_runs(workspace) == [run]
    page.button(key="confirm_delete").click().run()

    assert not page.exception
    assert list_runs(workspace) == []


def test_leaving_the_page_keeps_a_run_marked_for_deletion(run: Run) -> None:
    page = open_run_page(run.id)
    page.button(key="delete").click().run()
    assert "confirm_delete" in keys(page)

    page.switch_page("views/glossary.py").run()
    page.switch_page("views/runs.py").run()

    assert "delete" in keys(page)
    assert "confirm_delete" not in keys(page)


@pytest.mark.usefixtures("idle_workers")
def test_run_can_be_stopped_and_resumed_after_an_interruption(workspace: Workspace) -> None:
    run = submit(workspace, tiny_config())
    page = open_run_page(run.id)
    page.button(key="stop").click().run()
    assert run.stop_requested

    kill_worker(run)
    page.run()
    page.button(key="resume").click().run()

    assert run.status().state == "running"
    assert "resume" not in keys(page)


@pytest.mark.parametrize("name", ["status.json", "config.json", "history.csv", "steps.csv", "model/card.json"])
def test_damaged_file_is_reported_and_the_rest_is_shown(run: Run, name: str) -> None:
    (run.folder / name).write_text("{")

    page = open_run_page(run.id)

    assert not page.exception
    assert name.rpartition("/")[2] in unescape_markdown("\n".join(str(warning.value) for warning in page.warning))
    assert "delete" in keys(page)
    assert "Files" in page_text(page)


def test_failed_run_shows_its_message(workspace: Workspace) -> None:
    run = create_run(workspace, tiny_config())
    run.write_status(Status(state="failed", message="The disk is full."))

    page = open_run_page(run.id)

    assert "The disk is full." in page_text(page)
    assert "Nothing was recorded" in page_text(page)


def test_read_only_visitor_sees_everything_but_the_buttons(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_READONLY", "1")

    page = open_run_page(run.id)

    assert not page.exception
    assert keys(page) == set()
    assert len(page.metric) > 5


def test_existing_files_can_be_downloaded(run: Run) -> None:
    run.log_file.write_bytes(b"early\n" + b"x" * MAX_LOG_BYTES)
    run.steps_file.unlink()

    files = {file.name: file for file in run_files(run)}

    assert "steps.csv" not in files
    assert len(files["train.log"].contents()) == MAX_LOG_BYTES
    assert files["config.json"].contents() == run.config_file.read_bytes()
    run.config_file.unlink()
    with pytest.raises(RunError, match="Reload the page"):
        files["config.json"].contents()


def test_run_in_progress_shows_progress_and_time_machine(run: Run, workspace: Workspace) -> None:
    running = create_run(workspace, tiny_config(epochs=9))
    running.write_status(
        Status(
            state="running",
            phase="training",
            epoch=1,
            epochs=9,
            step=3,
            steps=11,
            seconds_left=60,
            images_per_second=1234,
        )
    )
    with worker_lock(running.lock_file):
        page = open_run_page(running.id)
        assert "time_machine" not in expanders(page)
        assert {"Time left": "60 s", "Images per second": "1,234"}.items() <= metrics(page).items()

        recorded = run.epoch_predictions()
        assert recorded is not None
        running.write_epoch_predictions(recorded)
        append_row(running.history_file, HISTORY_COLUMNS, (1, 11, 9.0, 0.2, 0.91, 0.1, 0.95, 1e-3))
        page = open_run_page(running.id)
        assert metrics(page)["Validation accuracy"] == "95.00%"
        assert "time_machine" in expanders(page)
        page.session_state["time_machine"] = page.session_state["run_epochs"] = True
        page.run()

        assert not page.exception
        tables = [table.value for table in page.dataframe]
        assert [list(table["val_accuracy"]) for table in tables if "val_accuracy" in table] == [[0.95]]
        assert page.select_slider[0].options == ["1", "2"]
        assert "Learned and forgotten" in page_text(page)


def test_run_that_failed_without_a_model_keeps_its_time_machine(run: Run) -> None:
    shutil.rmtree(run.bundle.folder)
    run.write_status(Status(state="failed", message="The memory ran out."))

    page = open_run_page(run.id)

    assert not page.exception
    assert "time_machine" in expanders(page)


def expanders(page: AppTest) -> set[str | None]:
    return {expander.key for expander in page.expander}


def test_run_of_a_sweep_says_why_it_has_no_model(run: Run) -> None:
    shutil.rmtree(run.bundle.folder)
    write_trial_mark(run.trial_file, TrialMark(sweep="20261129-120000-quiet-otter", trial=7))
    write_trial_result(run.trial_result_file, TrialResult(validation_accuracy=0.9876, parameters=1234))

    page = open_run_page(run.id)

    assert not page.exception
    assert "Part of trial 7 of the sweep 20261129-120000-quiet-otter. Validation accuracy 98.76%." in page_text(page)
    assert "so that no choice depends on the test set" in page_text(page)
    page.query_params.clear()
    page.query_params["model"] = run.id
    page.switch_page("views/evaluate.py").run()
    assert not page.exception
    assert f"The run {run.title} has no model. Another model is shown." in page_text(page)
    page.switch_page("views/runs.py").run()
    assert not page.exception
