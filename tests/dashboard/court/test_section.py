"""The label court in Streamlit's AppTest."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.classifier.bundle import Bundle
from core.court.cases import cases_of_test_set, cases_of_training_set
from core.court.corrected import corrected_accuracy
from core.court.out_of_fold import OutOfFold, labelled_images, write_out_of_fold
from core.court.verdicts import CANNOT_TELL, append_verdict, choices, new_verdict, read_verdicts, verdicts_file
from core.court.votes import published_votes, reviewed_choices
from core.data.datasets import Dataset
from core.errors import BundleError
from core.runs.run import Run
from core.workspace import PROJECT, SHIPPED_BUNDLE, Workspace
from dashboard.session import cache
from tests.support.clicks import click_on_picture, panel_title
from tests.support.evaluate_page import captions
from tests.support.markdown import unescape_markdown


def open_court(**parameters: str) -> AppTest:
    """Open the label court by its URL, as a new visitor."""
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()
    page.switch_page("views/evaluate.py")
    for name, value in {"evaluate_view": "Label court", **parameters}.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception, page.exception[0].value
    return page


def press(page: AppTest, key: str) -> None:
    page.button(key=f"court_{key}").click().run()
    assert not page.exception, page.exception[0].value


def tiles(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def text(page: AppTest) -> str:
    parts = (*page.caption, *page.markdown, *page.success)
    return unescape_markdown("\n".join(str(part.value) for part in parts))


def test_verdicts_survive_a_reload_and_change_the_accuracy(run: Run, workspace: Workspace) -> None:
    evaluation, fingerprint = run.bundle.evaluation(), run.bundle.card().data.fingerprint
    assert fingerprint is not None
    first, second, third = cases_of_test_set(evaluation, fingerprint).order[:3]
    wrong = int(evaluation.labels[first] + 1) % 10
    page = open_court(model=run.id)
    assert "0 judged" in text(page)
    assert not {"Label", "Reviewers", "Reviewers' labels"} & tiles(page).keys()
    assert tiles(page)["Your labels"] == tiles(page)["Original labels"] == f"{evaluation.accuracy:.2%}"

    press(page, str(wrong))
    shown = tiles(page)
    assert (shown["You"], shown["Label"]) == (str(wrong), str(evaluation.labels[first]))
    assert shown["Model"] == str(evaluation.predictions[first])
    press(page, "undo")
    assert "Label" not in tiles(page)
    press(page, str(wrong))
    press(page, "next")
    press(page, "X")
    press(page, "next")
    press(page, str(evaluation.labels[third]))

    page = open_court(model=run.id)
    verdicts = {first: wrong, second: CANNOT_TELL, third: int(evaluation.labels[third])}
    assert choices(read_verdicts(verdicts_file(workspace)), fingerprint, "test") == verdicts
    assert "3 judged" in text(page)
    assert tiles(page)["Your labels"] == f"{corrected_accuracy(evaluation, verdicts).accuracy:.2%}"
    assert "You changed 1 label and left out 1 image." in text(page)
    assert "An image is left out if you can't tell." in text(page)
    assert "reviewers" not in text(page)
    assert captions(page, "court_wrong") == [f"label {evaluation.labels[first]}, you {wrong}"]
    with click_on_picture("court_wrong", 0):
        page.run()
    assert panel_title(page) == f"Test image {first:,}, label {evaluation.labels[first]}"
    assert f"Your verdict: {wrong}." in text(page)


def test_visitors_verdicts_are_not_saved(run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_READONLY", "1")
    page = open_court(model=run.id)

    press(page, "4")

    assert tiles(page)["You"] == "4"
    assert "1 judged" in text(page)
    assert "your verdicts are not saved" in text(page)
    assert not workspace.verdicts.exists()


def test_suspicious_training_labels_can_be_judged(run: Run, workspace: Workspace) -> None:
    dataset = cache.dataset("digits")
    labels = labelled_images(dataset).labels
    probabilities = np.eye(10, dtype=np.float32)[labels]
    probabilities[0] = np.eye(10)[(labels[0] + 1) % 10]
    result = OutOfFold(dataset.fingerprint, "fast", probabilities, labels)
    write_out_of_fold(workspace, "digits", result)
    page = open_court(model=run.id, court_images="training")
    assert "0 judged, 2 to go" in text(page)

    for _ in range(2):
        press(page, "3")
        press(page, "next")

    assert "You have judged all of these images." in text(page)
    (ordinary,) = cases_of_training_set(result).ordinary
    agreement = f"on {int(labels[0] == 3)} of 1 doubtful images and on {int(labels[ordinary] == 3)} of 1 ordinary ones"
    assert agreement in text(page)
    assert "Your labels" not in tiles(page)
    saved = [(verdict.split, verdict.index) for verdict in read_verdicts(verdicts_file(workspace))]
    assert ("train", 0) in saved
    page.segmented_control(key="court_images").set_value("test").run()
    assert "0 judged" in text(page)

    verdicts_file(workspace).unlink()
    verdicts_file(workspace).mkdir()
    page.run()
    assert "cannot be read" in page.error[0].value


def test_published_votes_appear_after_the_verdict(
    workspace: Workspace, mnist: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_features(*_: object) -> None:
        raise BundleError("This model outputs no features.")

    monkeypatch.setattr(cache, "nearest_training_images", no_features)
    evaluation = Bundle(SHIPPED_BUNDLE).evaluation()
    votes = published_votes(mnist.fingerprint, len(evaluation.labels))
    order = cases_of_test_set(evaluation, mnist.fingerprint).order
    voted_index = next(index for index in order if index in votes)
    for index in order[: order.index(voted_index)]:
        append_verdict(workspace, new_verdict(mnist.fingerprint, "test", index, CANNOT_TELL, "shipped", "a test"))
    page = open_court()
    reviewed = corrected_accuracy(evaluation, reviewed_choices(mnist.fingerprint, len(evaluation.labels)))
    assert tiles(page)["Reviewers' labels"] == f"{reviewed.accuracy:.2%}"
    assert "no digit has a majority of the reviewers' votes" in text(page)
    assert "Reviewers" not in tiles(page)

    press(page, "1")

    (tile,) = (metric for metric in page.metric if metric.label == "Reviewers")
    assert f"{votes[voted_index].for_label} for {mnist.test.labels[voted_index]}" in tile.proto.delta_description
    assert "This model outputs no features." in text(page)
