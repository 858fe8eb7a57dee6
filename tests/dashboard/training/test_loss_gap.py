"""The sentence about a training loss above the validation loss names the settings that cause it."""

from __future__ import annotations

import pandas as pd
import pytest

from core.config import PRESETS, replace_settings
from core.runs.tables import STEP_COLUMNS
from dashboard.training.loss_gap import explain_loss_gap


def steps(loss: float, val_loss: float | None) -> pd.DataFrame:
    # The last row, like most rows, has no validation loss.
    rows = [(5, 1, 1.0, loss, 0.9, val_loss, 0.9, 900.0), (9, 1, 1.0, 0.01, 0.9, None, None, 900.0)]
    return pd.DataFrame(rows, columns=list(STEP_COLUMNS), dtype=float)


def test_gap_is_explained_by_the_settings_in_use() -> None:
    several_causes = replace_settings(PRESETS["fast"], dropout=0.2, rotation=9, label_smoothing=0.1)

    assert explain_loss_gap(steps(0.5, 0.1), PRESETS["fast"]) == (
        "The training loss lies above the validation loss because only training uses label smoothing."
    )
    sentence = explain_loss_gap(steps(0.5, 0.1), several_causes)
    assert sentence is not None
    assert sentence.endswith("label smoothing, augmentation and dropout.")


@pytest.mark.parametrize(("loss", "val_loss"), [(0.1, 0.1), (0.1, 0.5), (0.5, None)])
def test_no_sentence_is_shown_without_a_gap(loss: float, val_loss: float | None) -> None:
    assert explain_loss_gap(steps(loss, val_loss), PRESETS["fast"]) is None


def test_no_sentence_is_shown_if_no_setting_causes_the_gap() -> None:
    assert explain_loss_gap(steps(0.5, 0.1), PRESETS["original"]) is None
    assert explain_loss_gap(steps(0.5, 0.1).head(0), PRESETS["fast"]) is None
