"""The comparison of two models on the Evaluate page."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.classifier.bundle import Bundle
from core.classifier.comparison import compare
from core.runs.run import Run
from core.workspace import Workspace
from tests.support.evaluate_page import captions, open_evaluate_page, page_text
from tests.support.runs_page import address

OTHER = "20200101-120000-old-owl"


@pytest.fixture
def worse_run(run: Run, workspace: Workspace) -> Run:
    """A copy of the run whose predictions for the first forty images are all wrong."""
    other = Run(Path(shutil.copytree(run.folder, workspace.runs / OTHER)))
    evaluation = run.bundle.evaluation()
    probabilities = evaluation.probabilities.copy()
    probabilities[:40] = np.eye(10)[(evaluation.labels[:40] + 1) % 10]
    np.savez_compressed(other.bundle.evaluation_file, probabilities=probabilities, labels=evaluation.labels)
    return other


def open_comparison(**parameters: str) -> AppTest:
    return open_evaluate_page(evaluate_view="Compare", **parameters)


def test_two_models_tested_on_the_same_data_are_compared(run: Run, worse_run: Run) -> None:
    page = open_comparison(model=run.id, against=OTHER)

    expected = compare(run.bundle.evaluation(), worse_run.bundle.evaluation())
    assert not page.exception
    shown = {metric.label: metric.value for metric in page.metric}
    assert shown["A − B (points)"] == f"{expected.difference * 100:+.2f}"
    assert shown["p-value"] == "< 0.001"
    assert "A is significantly better on these images" in page_text(page)
    assert f"{len(expected.only_first)} images." in page_text(page)
    # The worse model's predictions have a probability of exactly 1.
    assert all(caption.endswith(", >99.9%") for caption in captions(page, "compared_Only A is right"))

    page.button_group(key="compared").set_value("Only B is right").run()
    assert f"{len(expected.only_second)} image" in page_text(page)
    assert not page.exception


def test_identical_predictions_are_reported(run: Run, workspace: Workspace) -> None:
    shutil.copytree(run.folder, workspace.runs / OTHER)

    page = open_comparison(model=run.id, against=OTHER)

    assert "exactly the same images right and wrong" in page_text(page)
    assert not page.exception


def test_url_contains_the_choice(run: Run, worse_run: Run, workspace: Workspace) -> None:
    third = "20200101-130000-new-newt"
    shutil.copytree(run.folder, workspace.runs / third)
    page = open_comparison(model=OTHER, against=third)
    assert (page.selectbox(key="evaluate_model").value, page.selectbox(key="against").value) == (OTHER, third)

    page.selectbox(key="against").set_value(run.id).run()

    assert address(page) == {"model": [OTHER], "evaluate_view": ["Compare"], "against": [run.id]}


def test_link_to_deleted_models_is_explained(run: Run, worse_run: Run) -> None:
    page = open_comparison(model="20190101-000000-gone-goose", against="../../etc")

    assert not page.exception
    assert "The model in this link no longer exists" in page_text(page)

    page = open_comparison(model=run.id, against="../../etc")
    assert not page.exception
    assert "The second model in this link was deleted" in page_text(page)
    assert page.selectbox(key="against").value == OTHER


def test_only_models_tested_on_the_same_images_can_be_chosen(run: Run) -> None:
    page = open_comparison(model=run.id)

    assert not page.exception
    assert "No other model has been tested" in page_text(page)


def test_damaged_model_cannot_be_chosen(run: Run, worse_run: Run) -> None:
    Bundle(worse_run.bundle.folder).evaluation_file.write_bytes(b"damaged")

    page = open_comparison(model=run.id)

    assert not page.exception
    assert "No other model has been tested" in page_text(page)
