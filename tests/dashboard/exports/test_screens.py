"""Gradio's function and the API give the same answers as the predictor of the active model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from core.classifier.number_reader import read_digit
from core.exports.parity import Answers
from core.ink.photo import ink_from_picture
from core.runs.active import ActivePredictor
from core.workspace import Workspace
from dashboard.exports.screens import api_answers, gradio_answers
from dashboard.server.pictures import PicturePool
from tests.support.fuzzing import drawn_seven, drawn_seventeen, encoded


@pytest.mark.parametrize("ask", [gradio_answers, api_answers])
def test_answers_match_the_active_model(ask: Callable[..., Answers], workspace: Workspace) -> None:
    predictor = ActivePredictor(workspace)
    pictures = [encoded(drawn_seven(side=200)), encoded(drawn_seventeen())]

    answers = ask(lambda: predictor, PicturePool(), pictures)

    expected = [read_digit(predictor.current()[1], ink_from_picture(picture)) for picture in pictures]
    assert answers.verdicts == [reading.verdict for reading in expected]
    assert answers.probabilities == pytest.approx(np.stack([reading.probabilities for reading in expected]), abs=1e-6)
    assert answers.milliseconds > 0
