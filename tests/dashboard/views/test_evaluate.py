"""The Evaluate page in Streamlit's AppTest."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.classifier.bundle import Bundle
from core.classifier.calibration import expected_calibration_error
from core.classifier.evaluation import confusion_matrix
from core.runs.active import promote
from core.runs.label import write_label
from core.runs.registry import create_run
from core.runs.run import Run
from core.runs.status import State, Status
from core.workspace import PROJECT, SHIPPED_BUNDLE, Workspace
from dashboard.session.markdown import plain
from tests.support.evaluate_page import captions, open_evaluate_page, page_text
from tests.support.markdown import unescape_markdown
from tests.support.tiny_training import tiny_config

PAGE = str(PROJECT / "dashboard" / "views" / "evaluate.py")


@pytest.fixture
def page(workspace: Workspace) -> AppTest:
    return AppTest.from_file(PAGE, default_timeout=300)


def test_metrics_of_the_shipped_model_match_its_card(page: AppTest) -> None:
    page.run()

    assert not page.exception
    card = Bundle(SHIPPED_BUNDLE).card()
    shown = {metric.label: metric for metric in page.metric}
    assert shown["Test accuracy"].value == f"{card.metrics.test_accuracy:.2%}"
    low, high = card.metrics.test_accuracy_low, card.metrics.test_accuracy_high
    assert shown["Test accuracy"].proto.delta_description == f"95%: {low * 100:.2f}–{high:.2%}"
    table = page.dataframe[0].value
    assert list(table["Digit"]) == list(range(10))
    assert table["Support"].sum() == card.data.test_images


def test_calibration_matches_the_test_predictions(workspace: Workspace) -> None:
    page = open_evaluate_page(evaluate_view="Can I believe it?")

    shown = {metric.label: metric.value for metric in page.metric}
    error = expected_calibration_error(Bundle(SHIPPED_BUNDLE).evaluation())
    assert shown["Calibration error"] == f"{error:.2%}"
    assert 0 <= float(shown["Brier score"]) <= 2
    assert len(page.get("vega_lite_chart")) == 1
    assert [expander.label for expander in page.expander] == ["Statistics for experts"]


def test_questions_come_in_the_order_a_newcomer_asks_them(page: AppTest) -> None:
    page.run()

    assert page.pills(key="evaluate_view").options == [
        "What does it get wrong?",
        "Can I believe it?",
        "Does it read my writing?",
        "Compared with another?",
        "How did it get there?",
        "Label court",
    ]


def test_model_from_an_earlier_version_is_not_calibrated(workspace: Workspace, trained: Run) -> None:
    run = Run(Path(shutil.copytree(trained.folder, workspace.runs / trained.id)))
    card = run.bundle.card().model_dump_json(exclude={"calibration"})
    run.bundle.card_file.write_text(card)

    page = open_evaluate_page(evaluate_view="Calibration", model=trained.id)

    assert not page.exception
    assert "Temperature" not in [metric.label for metric in page.metric]
    assert any("did not calibrate" in caption.value for caption in page.caption)


def test_without_mistakes_none_are_close_calls(workspace: Workspace, trained: Run) -> None:
    run = Run(Path(shutil.copytree(trained.folder, workspace.runs / trained.id)))
    labels = run.bundle.evaluation().labels
    np.savez(run.bundle.evaluation_file, probabilities=np.eye(10, dtype=np.float32)[labels], labels=labels)

    page = open_evaluate_page(evaluate_view="Calibration", model=trained.id)

    assert not page.exception
    notes = {metric.label: metric.proto.delta_description for metric in page.metric}
    assert notes["Close calls"] == "there were no mistakes"


def test_run_can_be_chosen(page: AppTest, workspace: Workspace, trained: Run) -> None:
    shutil.copytree(trained.folder, workspace.runs / trained.id)
    page.run()

    page.selectbox(key="evaluate_model").set_value(trained.id).run()

    assert not page.exception
    assert page.metric[0].value == f"{trained.bundle.card().metrics.test_accuracy:.2%}"
    assert not page.info[1:]


def test_no_mistake_has_a_confidence_of_100_percent(run: Run) -> None:
    evaluation = run.bundle.evaluation()
    probabilities = np.eye(10, dtype=np.float32)[(evaluation.labels + 1) % 10]
    np.savez_compressed(run.bundle.evaluation_file, probabilities=probabilities, labels=evaluation.labels)

    page = open_evaluate_page(model=run.id)

    assert all("(>99.9%)" in caption for caption in captions(page, "mistakes_grid"))


def test_matrix_cell_can_be_chosen_without_a_pointer(run: Run) -> None:
    evaluation = run.bundle.evaluation()
    page = open_evaluate_page(model=run.id)

    page.selectbox(key=f"matrix_cell_{run.id}_None").select_index(0).run()

    matrix = confusion_matrix(evaluation)
    np.fill_diagonal(matrix, 0)
    true, predicted = np.unravel_index(matrix.argmax(), matrix.shape)
    assert f"Label {true}, predicted {predicted}: {matrix.max()}" in page_text(page)


@pytest.mark.usefixtures("without_mnist")
def test_metrics_are_shown_without_the_images(page: AppTest) -> None:
    page.run()

    assert not page.exception
    assert page.metric
    assert any("images cannot be shown" in info.value for info in page.info)


def test_damaged_bundle_shows_one_message(page: AppTest, workspace: Workspace, trained: Run) -> None:
    folder = Path(shutil.copytree(trained.folder, workspace.runs / trained.id))
    page.run()
    Run(folder).bundle.evaluation_file.write_bytes(b"damaged")

    page.selectbox(key="evaluate_model").set_value(trained.id).run()

    assert not page.exception
    assert "evaluation.npz" in unescape_markdown(page.error[0].value)


def test_pages_report_a_missing_model(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("core.runs.active.SHIPPED_BUNDLE", tmp_path / "nothing")
    st.cache_resource.clear()

    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()
    page.switch_page("views/evaluate.py").run()

    assert not page.exception
    assert all("nothing" in error.value for error in page.error)
    assert len(page.error) == 2
    st.cache_resource.clear()


def test_picker_and_sidebar_show_the_name_of_a_run(
    run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_label(workspace, run, "The *wide* one", "")
    promote(workspace, run)
    st.cache_resource.clear()
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()

    page.switch_page("views/evaluate.py").run()

    assert not page.exception
    (picker,) = (box for box in page.selectbox if box.key == "evaluate_model")
    assert picker.options[0].startswith("The *wide* one · ")
    assert picker.options[1].startswith("Shipped model · ")
    (switch,) = page.sidebar.selectbox
    assert switch.options == ["Shipped model", "The *wide* one"]
    assert switch.value == run.id

    monkeypatch.setenv("TRAZO_READONLY", "1")
    page.run()

    assert not page.sidebar.selectbox
    assert r"Active model: The \*wide\* one" in [caption.value for caption in page.sidebar.caption]
    st.cache_resource.clear()


def open_link(model: str) -> AppTest:
    """Open the dashboard's Evaluate page through a link to this model."""
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()
    page.query_params["model"] = model
    return page.switch_page("views/evaluate.py").run()


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("failed", "failed before it had a model"),
        ("stopped", "was stopped before it had a model"),
        ("interrupted", "was interrupted before it had a model"),
        ("finished", "has no model"),
        ("queued", "has no model yet"),
    ],
)
def test_link_to_a_run_without_a_model_explains_why(workspace: Workspace, state: State, reason: str) -> None:
    run = create_run(workspace, tiny_config())
    run.write_status(Status(state=state))

    page = open_link(run.id)

    assert not page.exception
    name = plain(run.title)
    (info,) = (info for info in page.info if "Another model is shown" in info.value)
    assert info.value == f"The run {name} {reason}. Another model is shown."
    assert ("hourglass" in info.icon) == (state == "queued")
    (link,) = page.get("page_link")
    assert link.proto.label == f"Open the run {name}"
    assert link.proto.query_string == f"id={run.id}"


def test_damaged_run_is_reported_as_having_no_model(workspace: Workspace) -> None:
    run = create_run(workspace, tiny_config())
    run.status_file.write_text("{")

    page = open_link(run.id)

    assert not page.exception
    assert f"The run {plain(run.title)} has no model. Another model is shown." in [info.value for info in page.info]


def test_url_may_contain_the_last_two_words_of_a_runs_id(run: Run) -> None:
    page = open_evaluate_page(model=run.title)

    assert not page.exception
    assert page.selectbox(key="evaluate_model").value == run.id
    assert not [info for info in page.info if "Another" in info.value]


def test_ambiguous_model_in_the_link_is_reported(run: Run, workspace: Workspace) -> None:
    twin = f"20200101-120000-{run.title}"
    shutil.copytree(run.folder, workspace.runs / twin)

    page = open_evaluate_page(model=run.title)

    assert not page.exception
    (message,) = (info.value for info in page.info if "Several runs" in info.value)
    assert plain(run.id) in message
    assert plain(twin) in message


@pytest.mark.parametrize("view", ["Mistakes", "Epochs"])
def test_images_with_a_different_fingerprint_are_not_shown(run: Run, view: str) -> None:
    """Datasets with the same labels may have different pixels."""
    card = run.bundle.card()
    grid = "mistakes_grid" if view == "Mistakes" else "story_grid_Learned, latest first"
    shown = open_evaluate_page(evaluate_view=view, model=run.id)
    if view == "Epochs":
        shown.button_group(key=f"story_{run.id}").set_value("Learned, latest first").run()
    assert captions(shown, grid)
    data = card.data.model_copy(update={"fingerprint": "0" * 64})
    run.bundle.card_file.write_text(card.model_copy(update={"data": data}).model_dump_json())

    page = open_evaluate_page(evaluate_view=view, model=run.id)
    if view == "Epochs":
        page.button_group(key=f"story_{run.id}").set_value("Learned, latest first").run()

    assert not page.exception
    assert page.metric
    verb = "tested" if view == "Mistakes" else "validated"
    assert f"This model was {verb} on data that is not on this machine" in page_text(page)
    assert "to see its images" not in page_text(page)
    with pytest.raises(KeyError):
        captions(page, grid)
