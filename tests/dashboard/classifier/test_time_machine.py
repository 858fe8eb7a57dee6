"""The time machine on the Evaluate page: a network's predictions after each epoch."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.classifier.bundle import copy_bundle
from core.classifier.learning import NEVER, first_learned, forgetting_events
from core.runs import active
from core.runs.run import Run
from tests.support.evaluate_page import open_evaluate_page, page_text
from tests.support.runs_page import address


@pytest.fixture
def run(run: Run) -> Run:
    """A run of three epochs; after the second, the first twenty images are all predicted as 7."""
    recorded = run.epoch_predictions()
    assert recorded is not None
    lapse = recorded.predictions[-1].copy()
    lapse[:20] = 7
    run.write_epoch_predictions(recorded.up_to(1).with_epoch(2, lapse).with_epoch(3, recorded.predictions[-1]))
    return run


def open_time_machine(run: Run) -> AppTest:
    return open_evaluate_page(evaluate_view="Epochs", model=run.id)


def metrics(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric[-4:]}


def test_slider_starts_at_the_last_epoch(run: Run) -> None:
    page = open_time_machine(run)
    recorded = run.epoch_predictions()
    assert recorded is not None

    assert not page.exception
    (slider,) = page.select_slider
    assert (slider.options, slider.value) == (["1", "2", "3"], 3)
    for position, epoch in ((2, 3), (1, 2), (0, 1)):
        page.select_slider[0].set_value(epoch).run()
        assert not page.exception
        assert address(page).get("epoch") == (None if epoch == 3 else [str(epoch)])
        correct = recorded.correct[position]
        assert metrics(page)["Validation accuracy"] == f"{correct.mean():.2%}"
        assert metrics(page)["Mistakes"] == f"{(~correct).sum()}"
        lost = (recorded.correct[position - 1] & ~correct).sum() if position else 0
        assert metrics(page)["Forgotten"] == str(lost)
    assert len(page.get("vega_lite_chart")) == 2


def test_url_contains_the_epoch(run: Run) -> None:
    page = open_evaluate_page(evaluate_view="Epochs", model=run.id, epoch="2")
    assert page.select_slider[0].value == 2

    for nonsense in ("9", "../2", ""):
        page = open_evaluate_page(evaluate_view="Epochs", model=run.id, epoch=nonsense)
        assert not page.exception
        assert page.select_slider[0].value == 3


@pytest.mark.parametrize(
    "group", ["Forgotten", "Learned first", "Learned, latest first", "Wrong at the end", "Learned in this epoch"]
)
def test_each_group_has_the_expected_number_of_images(run: Run, group: str) -> None:
    recorded = run.epoch_predictions()
    assert recorded is not None
    learned = first_learned(recorded)
    expected = {
        "Forgotten": (forgetting_events(recorded) > 0).sum(),
        "Learned first": (learned == 1).sum(),
        "Learned, latest first": (learned != NEVER).sum(),
        "Wrong at the end": (learned == NEVER).sum(),
        "Learned in this epoch": (recorded.correct[2] & ~recorded.correct[1]).sum(),
    }[group]
    page = open_time_machine(run)

    page.button_group(key=f"story_{run.id}").set_value(group).run()

    assert not page.exception
    assert f"{expected:,} of {len(recorded.labels):,} images" in page_text(page)


def test_bundle_without_epoch_predictions_is_explained(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(active, "SHIPPED_BUNDLE", copy_bundle(run.bundle, tmp_path / "shipped").folder)

    page = open_evaluate_page(evaluate_view="Epochs", model="shipped")

    assert not page.exception
    assert "were not recorded for this model" in page_text(page)


def test_shipped_model_shows_its_recorded_epochs(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = copy_bundle(run.bundle, tmp_path / "shipped", run.epoch_predictions_file)
    monkeypatch.setattr(active, "SHIPPED_BUNDLE", shipped.folder)

    page = open_evaluate_page(evaluate_view="Epochs", model="shipped")

    assert not page.exception
    assert page.select_slider[0].options == ["1", "2", "3"]
    assert metrics(page)["Mistakes"]


def test_run_from_an_earlier_version_is_explained(run: Run) -> None:
    run.epoch_predictions_file.unlink()

    page = open_time_machine(run)

    assert not page.exception
    assert "were not recorded for this model" in page_text(page)


def test_damaged_predictions_show_one_message(run: Run) -> None:
    run.epoch_predictions_file.write_bytes(b"PK\x03\x04")

    page = open_time_machine(run)

    assert not page.exception
    assert re.search(r"answers.npz of .* damaged", page_text(page))


def test_one_epoch_needs_no_slider(run: Run) -> None:
    recorded = run.epoch_predictions()
    assert recorded is not None
    run.write_epoch_predictions(recorded.up_to(1))

    page = open_time_machine(run)

    assert not page.exception
    assert not page.select_slider
    assert "after epoch 1, the only one" in page_text(page)


def test_predictions_on_other_images_have_metrics_but_no_grid(run: Run) -> None:
    recorded = run.epoch_predictions()
    assert recorded is not None
    run.write_epoch_predictions(type(recorded)(recorded.epochs, recorded.predictions, np.roll(recorded.labels, 1)))

    page = open_time_machine(run)

    assert not page.exception
    assert metrics(page)["Mistakes"]
    assert "validated on data that is not on this machine" in page_text(page)
