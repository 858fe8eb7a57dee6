"""The figure of a map, and the images that a visitor selects on it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.explain.map_figure import COLOURINGS, Dot, Palette, figure, groups, selected_rows
from dashboard.parts.charts import MISTAKE_COLOUR

PALETTE = Palette([f"#00000{digit}" for digit in range(10)], "#111111", "#ffffff")


def random_table(seed: int, count: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    digits = rng.integers(0, 10, (2, count)).astype(np.uint8)
    x, y = rng.integers(-1000, 1000, (2, count)).astype(np.int16)
    return pd.DataFrame({"index": np.arange(count) + 100, "label": digits[0], "predicted": digits[1], "x": x, "y": y})


@given(st.integers(0, 100), st.integers(1, 50), st.sampled_from(list(COLOURINGS)))
def test_a_selected_point_is_the_image_at_its_position(seed: int, count: int, colouring: str) -> None:
    table = random_table(seed, count)
    chosen = groups(table, colouring, PALETTE)
    traces = figure(table, chosen, PALETTE)["data"]

    for curve, trace in enumerate(traces):
        for point, position in enumerate(zip(trace["x"], trace["y"], strict=True)):
            (row,) = selected_rows([{"curve_number": curve, "point_index": point}], chosen)
            assert (table["x"][row], table["y"][row]) == position
    assert sum(len(trace["x"]) for trace in traces) == count


@pytest.mark.parametrize(
    "point",
    [
        {},
        {"curve_number": 0},
        {"curve_number": 99, "point_index": 0},
        {"curve_number": 0, "point_index": -1},
        {"curve_number": "0", "point_index": None},
        {"curve_number": 0, "point_index": 99},
    ],
)
def test_points_that_do_not_exist_are_ignored(point: dict[str, object]) -> None:
    chosen = groups(random_table(1, 20), "label", PALETTE)

    assert selected_rows([point], chosen).size == 0


def test_mistakes_have_their_own_colour() -> None:
    table = random_table(1, 20)

    right, wrong = groups(table, "right", PALETTE)

    assert wrong.colour == MISTAKE_COLOUR
    assert table["label"][wrong.rows].ne(table["predicted"][wrong.rows]).all()
    assert len(right.rows) + len(wrong.rows) == 20


@pytest.mark.parametrize("hollow", [False, True])
def test_plotly_accepts_the_figure_with_a_drawing(hollow: bool) -> None:
    import plotly.graph_objects as go

    table = random_table(2, 30)
    content = figure(table, groups(table, "label", PALETTE), PALETTE, [Dot(5.5, -7.5, "Your picture", hollow)])

    *_, dot = go.Figure(content).data

    assert (dot.x, dot.y) == ((5.5,), (-7.5,))
    assert dot.marker.symbol[0].endswith("open") == hollow


def test_plotly_accepts_many_drawings() -> None:
    import plotly.graph_objects as go

    table = random_table(2, 30)
    drawings = [
        Dot(1, 2, "Ana: a 7, read as 7", hollow=False),
        Dot(3, 4, "Ben: a 7, read as 1", hollow=False, wrong=True),
    ]

    *_, dots = go.Figure(figure(table, groups(table, "label", PALETTE), PALETTE, drawings)).data

    assert list(zip(dots.x, dots.y, dots.hovertext, strict=True)) == [(each.x, each.y, each.title) for each in drawings]
    assert list(dots.marker.color) == [PALETTE.text, MISTAKE_COLOUR]
