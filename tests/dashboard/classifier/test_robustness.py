"""Evaluate and Runs show the accuracy on redrawn digits and the effect of disputed labels."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.classifier import robustness_curves
from core.classifier.bundle import Bundle, Robustness, copy_bundle
from core.classifier.disputed import DISPUTED_INDICES
from core.classifier.robustness_curves import KINDS, RobustnessCurve
from core.data.datasets import Dataset
from core.runs.registry import create_run
from core.runs.run import Run
from core.runs.status import Status
from core.workspace import PROJECT, SHIPPED_BUNDLE, Workspace
from dashboard.runs.metrics import REDRAWN_COLUMN
from tests.support.markdown import unescape_markdown
from tests.support.tiny_training import tiny_config


def open_page(view: str, run: Run) -> AppTest:
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()
    page.switch_page(f"views/{view}.py").run()
    return page.selectbox(key="evaluate_model").set_value(run.id).run() if view == "evaluate" else page


def open_handwriting(run: Run) -> AppTest:
    return open_page("evaluate", run).pills(key="evaluate_view").set_value("Handwriting").run()


ROBUSTNESS = Robustness(
    images=1000,
    canvas=0.99,
    tiny=0.98,
    thin_pen=0.97,
    fat_pen=0.96,
    turned=0.9,
    shifted=0.7,
    shrunk=0.8,
    noisy=0.85,
    blurred=0.95,
)


@pytest.fixture
def run(workspace: Workspace) -> Run:
    """A finished run with the shipped model and measured robustness."""
    run = create_run(workspace, tiny_config())
    run.write_status(Status(state="finished", message="Finished."))
    copy_bundle(Bundle(SHIPPED_BUNDLE), run.bundle.folder)
    return change_card(run, robustness=ROBUSTNESS)


def change_card(run: Run, **values: object) -> Run:
    """Change the run's card and return the run."""
    run.bundle.card_file.write_text(run.bundle.card().model_copy(update=values).model_dump_json())
    return run


def page_text(page: AppTest) -> str:
    return unescape_markdown("\n".join(str(part.value) for part in [*page.markdown, *page.caption]))


def test_evaluate_shows_the_redrawn_accuracies(run: Run) -> None:
    page = open_handwriting(run)

    assert not page.exception
    shown = {metric.label: metric.value for metric in page.metric}
    assert shown["Thin pen"] == "97.0%"
    assert shown["Shifted by 4 px"] == "70.0%"
    assert "On average, 4.0 of 100 were misread" in page_text(page)
    assert len(page.get("vega_lite_chart")) == 2
    assert "drew with a pen" not in page_text(page)
    assert "Half the contrast" not in shown  # not measured, as in cards from earlier versions


def test_curves_are_measured_on_request(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    steady_curve = RobustnessCurve(levels=(0, 1), accuracies=(0.99, 0.98))
    falling_curve = RobustnessCurve(levels=(1, 0.5), accuracies=(1, 0.8))
    limit_curve = RobustnessCurve(levels=(0, 1), accuracies=(0.9, 0.8))
    curves = dict.fromkeys(KINDS, steady_curve) | {"shrunk": falling_curve, "turned": limit_curve}
    monkeypatch.setattr(robustness_curves, "measure_curves", lambda *_: curves)
    page = open_handwriting(change_card(run, config=tiny_config()))

    page.button(key="measure_curves").click().run()

    assert not page.exception
    assert len(page.get("vega_lite_chart")) == 2 + len(KINDS)
    assert "90 of 100 are read down to 75% of the size" in page_text(page)
    assert "90 of 100 are read up to 0°" in page_text(page)
    assert page_text(page).count("over the whole range") == len(KINDS) - 2


def test_optional_measurement_is_shown_if_present(run: Run) -> None:
    page = open_handwriting(change_card(run, robustness=ROBUSTNESS.model_copy(update={"faded": 0.94})))

    assert {metric.label: metric.value for metric in page.metric}["Half the contrast"] == "94.0%"


def test_pen_stroke_accuracy_is_shown_if_measured(run: Run) -> None:
    change_card(run, robustness=ROBUSTNESS.model_copy(update={"pen_strokes": 0.987}))

    assert "98.7%" in page_text(open_handwriting(run))


def test_card_from_an_earlier_version_shows_not_measured(run: Run) -> None:
    page = open_handwriting(change_card(run, robustness=None))

    assert not page.exception
    assert "Not measured" in page_text(page)
    assert "Thin pen" not in {metric.label for metric in page.metric}


def test_runs_table_shows_the_redrawn_accuracy(run: Run) -> None:
    page = open_page("runs", run)

    assert page.dataframe[0].value[REDRAWN_COLUMN].tolist() == pytest.approx([96.0])


def test_run_without_measurement_has_an_empty_cell(run: Run) -> None:
    page = open_page("runs", change_card(run, robustness=None))

    assert not page.exception
    assert page.dataframe[0].value[REDRAWN_COLUMN].isna().all()


def test_disputed_labels_are_marked_among_mnist_mistakes(run: Run, mnist: Dataset) -> None:
    probabilities = np.eye(10, dtype=np.float32)[mnist.test.labels]
    for index in (5, DISPUTED_INDICES[0]):
        probabilities[index] = np.roll(probabilities[index], 1)
    np.savez(run.bundle.evaluation_file, probabilities=probabilities, labels=mnist.test.labels)

    page = open_page("evaluate", run)

    assert not page.exception
    assert "One of them is among this model's mistakes" in page_text(page)
    assert "with them: 99.98%, without them: 99.99%" in page_text(page)
    # The grid is a custom component, so its data is in its protobuf message.
    (grid,) = (element for element in page.get("bidi_component") if element.key == "mistakes_grid")
    assert str(grid.proto).count("label disputed") == 1


def test_other_data_has_no_disputed_labels(run: Run) -> None:
    data = run.bundle.card().data.model_copy(update={"fingerprint": "0" * 64})

    assert "Northcutt" not in page_text(open_page("evaluate", change_card(run, data=data)))
