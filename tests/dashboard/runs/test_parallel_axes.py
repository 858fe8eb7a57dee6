"""Parallel coordinates: scales, ticks, and the lines within the selected ranges."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.runs.parallel_axes import Line, accuracy_axis, chart_data, choice_axis, number_axis, shades, within

VALUES = st.lists(st.floats(1e-6, 1e6) | st.none(), min_size=1, max_size=20)


@given(values=VALUES, logarithmic=st.booleans())
def test_all_values_and_ticks_lie_on_the_axis(values: list[float | None], logarithmic: bool) -> None:
    axis = number_axis("rate", "Rate", values, logarithmic=logarithmic)

    assert axis.low < axis.high
    positions = [value for value in axis.values if value is not None] + [value for value, _ in axis.ticks]
    assert all(axis.low - 1e-9 <= position <= axis.high + 1e-9 for position in positions)
    assert len({text for _, text in axis.ticks}) == len(axis.ticks)


@given(accuracies=st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_higher_accuracy_is_higher_on_the_axis(accuracies: list[float]) -> None:
    axis = accuracy_axis("accuracy", "Accuracy", accuracies)

    ordered = sorted(range(len(accuracies)), key=lambda index: accuracies[index])
    positions = [axis.values[index] or 0.0 for index in ordered]
    assert positions == sorted(positions)
    assert [value for value, _ in axis.ticks] == sorted(value for value, _ in axis.ticks)


def test_logarithmic_ticks_are_round_numbers() -> None:
    axis = number_axis("rate", "Rate", [0.001, 0.1], logarithmic=True, limits=(0.0001, 0.1))

    assert [text for _, text in axis.ticks] == ["0.0001", "0.0003", "0.001", "0.003", "0.01", "0.03", "0.1"]
    assert axis.values == (-3, -1)


def test_choices_keep_their_order_before_unknown_values() -> None:
    axis = choice_axis("filters", "Filters", ["16, 32", None, "8, 16", "3"], ["8, 16", "16, 32"])

    assert [text for _, text in axis.ticks] == ["8, 16", "16, 32", "3"]
    assert axis.values == (1, None, 0, 2)
    assert axis.texts == ("16, 32", "–", "8, 16", "3")


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        (None, [True, True, True]),
        ({"a": [1.5, None]}, [False, True, False]),
        ({"a": [None, 1.5], "b": [None, None]}, [True, False, False]),
        ({"a": "damaged", "unknown": [0, 1], "b": [1]}, [True, True, True]),
    ],
)
def test_lines_are_filtered_by_the_ranges(ranges: dict | None, expected: list[bool]) -> None:
    axes = [number_axis("a", "A", [1, 2, None]), number_axis("b", "B", [5, 6, 7])]

    assert within(axes, ranges) == expected


def test_chart_is_json_with_the_best_line_on_top() -> None:
    axes = [accuracy_axis("accuracy", "Accuracy", [0.5, 0.99, None]), number_axis("size", "Size", [1, 2, 3])]
    lines = [Line(name, shade) for name, shade in zip("abc", shades(axes[0]), strict=True)]

    chart = json.loads(json.dumps(chart_data(axes, lines), allow_nan=False))

    assert [line["name"] for line in chart["lines"]] == ["c", "a", "b"]
    assert chart["lines"][0]["texts"] == ["–", "3"]
    assert chart["lines"][0]["values"][0] is None
