"""The table of runs with its filters, sort orders and differences from the baseline, and the chart of results."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import preset, replace_settings
from core.runs.label import Label
from core.runs.summary import Summary
from dashboard.parts.vega_lite import POINTS
from dashboard.runs.metrics import METRICS, REDRAWN_COLUMN
from dashboard.runs.scatter import default_x, results_table, scatter_chart, x_choices
from dashboard.runs.table import ORDERS, RunFilter, filter_and_sort, table_content, unique_names
from dashboard.session.markdown import plain
from dashboard.training.wording import REDRAWN_ACCURACY

OWL = Summary(
    id="20260102-120000-old-owl",
    title="old-owl",
    state="finished",
    created=datetime(2026, 1, 2, 12, tzinfo=UTC),
    preset="fast",
    dataset="mnist",
    accuracy=0.99,
    validation_accuracy=0.985,
    drawings=0.9,
    parameters=1000,
    seconds=10.0,
    has_model=True,
    label=Label(name="Wide one", note="With more filters,\nreads fat pens"),
    config=preset("fast"),
)
NEWT = Summary(
    id="20260103-120000-new-newt",
    title="new-newt",
    state="failed",
    created=datetime(2026, 1, 3, 12, tzinfo=UTC),
    preset="tiny",
    dataset="digits",
    seconds=0.0,
    config=replace_settings(preset("tiny"), dropout=0.2),
)
HARE = Summary(
    id="20260104-120000-brave-hare",
    title="brave-hare",
    state="finished",
    created=datetime(2026, 1, 4, 12, tzinfo=UTC),
    preset="best",
    dataset="mnist",
    accuracy=0.995,
    validation_accuracy=0.99,
    parameters=3000,
    seconds=100.0,
    has_model=True,
    promoted=True,
    config=preset("best"),
)
DAMAGED = Summary(
    id="20260105-120000-sad-seal",
    title="sad-seal",
    state=None,
    created=datetime(2026, 1, 5, 12, tzinfo=UTC),
    problem="Damaged.",
)
ROWS = [DAMAGED, HARE, NEWT, OWL]
NAMES = unique_names(ROWS)


@pytest.mark.parametrize(
    ("run_filter", "expected"),
    [
        (RunFilter(), ROWS),
        (RunFilter("WIDE"), [OWL]),
        (RunFilter("fat pens fast"), [OWL]),
        (RunFilter("20260103"), [NEWT]),
        (RunFilter("nothing like it"), []),
        (RunFilter(states=("finished",)), [HARE, OWL]),
        (RunFilter(states=("damaged", "failed")), [DAMAGED, NEWT]),
        (RunFilter(presets=("tiny", "best")), [HARE, NEWT]),
        (RunFilter("hare", datasets=("mnist",)), [HARE]),
    ],
)
def test_only_runs_that_match_every_filter_are_listed(run_filter: RunFilter, expected: list[Summary]) -> None:
    assert filter_and_sort(ROWS, run_filter) == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("Newest first", [DAMAGED, HARE, NEWT, OWL]),
        ("Oldest first", [OWL, NEWT, HARE, DAMAGED]),
        ("Name", [HARE, NEWT, DAMAGED, OWL]),
        ("Test accuracy", [HARE, OWL, DAMAGED, NEWT]),
        (REDRAWN_ACCURACY, [OWL, DAMAGED, HARE, NEWT]),
        ("Fewest parameters", [OWL, HARE, DAMAGED, NEWT]),
        ("Shortest training", [OWL, HARE, DAMAGED, NEWT]),
    ],
)
def test_runs_without_a_value_come_last_in_every_order(order: str, expected: list[Summary]) -> None:
    assert filter_and_sort(ROWS, RunFilter(), order) == expected


@given(st.permutations(ROWS), st.sampled_from(sorted(ORDERS)), st.text(max_size=5), st.sampled_from(ROWS))
def test_baseline_comes_first_once_with_any_filter(
    rows: list[Summary], order: str, text: str, baseline: Summary
) -> None:
    shown = filter_and_sort(rows, RunFilter(text), order, baseline.id)

    assert shown[0] == baseline
    assert len({row.id for row in shown}) == len(shown)


def test_differences_from_the_baseline_are_percentage_points() -> None:
    table = table_content([OWL, HARE, NEWT], NAMES, OWL).set_index("Run")

    assert table.loc["brave-hare", "Test accuracy"] == pytest.approx(99.5)
    assert table.loc["brave-hare", "Δ Test accuracy"] == pytest.approx(0.5)
    assert pd.isna(table.loc["brave-hare", f"Δ {REDRAWN_COLUMN}"])
    assert pd.isna(table.loc["Wide one", "Δ Test accuracy"])
    assert pd.isna(table.loc["new-newt", "Δ Test accuracy"])
    assert table.loc["Wide one", "State"] == ["finished", "baseline"]
    assert table.loc["brave-hare", "State"] == ["finished", "active model"]


def test_accuracies_on_different_images_are_not_compared() -> None:
    digits_run = replace(HARE, dataset="digits")

    table = table_content([OWL, digits_run], NAMES, OWL)

    assert not table.filter(like="Δ").notna().any(axis=None)
    assert table["Preset"].tolist() == ["fast, MNIST", "best, scikit-learn digits"]


def test_preset_column_omits_the_data_if_all_runs_share_it() -> None:
    assert table_content([OWL, HARE, DAMAGED], NAMES)["Preset"].tolist()[:2] == ["fast", "best"]


def test_baseline_without_metrics_has_no_differences() -> None:
    table = table_content([NEWT, OWL], NAMES, NEWT)

    assert table["Δ Test accuracy"].isna().all()


def test_without_a_baseline_there_are_no_differences() -> None:
    assert not [name for name in table_content(ROWS, NAMES) if name.startswith("Δ")]


def test_runs_with_the_same_name_get_unique_names() -> None:
    twin = Summary(
        id="20260106-120000-calm-crow",
        title="calm-crow",
        state="queued",
        created=OWL.created + timedelta(days=4),
        label=Label(name="Wide one"),
    )

    names = unique_names([OWL, twin])

    assert names == {OWL.id: f"Wide one ({OWL.id})", twin.id: f"Wide one ({twin.id})"}


def test_x_axis_offers_metrics_and_differing_settings() -> None:
    table = results_table(ROWS, NAMES)

    assert table["run"].tolist() == ["brave-hare", "Wide one"]
    choices = x_choices(table)
    assert {"Parameters", "Test accuracy", "Epochs", "Preset", "Filters"} <= set(choices)
    assert not {"Data", "Seed"} & set(choices)


@pytest.mark.parametrize("x", ["Parameters", "Filters", "Epochs", "Preset", REDRAWN_ACCURACY])
@pytest.mark.parametrize("y", ["Test accuracy", "Training seconds"])
def test_any_setting_can_be_charted_against_any_metric(x: str, y: str) -> None:
    table = results_table(ROWS, NAMES)
    assert set(METRICS) >= {y}

    chart = scatter_chart(table, x, y, ["Wide one"])

    assert chart["config"]["axis"]["labelFlush"] is False
    assert chart["datasets"][POINTS]["selected"].any()


def test_default_x_axis_is_a_differing_setting() -> None:
    twin = replace(OWL, id="20260107-120000-calm-crow", title="calm-crow", label=Label())
    rows = [OWL, twin, replace(twin, id="3", config=replace_settings(preset("fast"), epochs=5))]
    digits_run = replace(rows[2], dataset="digits", config=replace_settings(preset("fast"), epochs=5, dataset="digits"))

    def default_axis(*rows: Summary) -> str:
        return default_x(results_table(rows, unique_names(rows)), "Test accuracy")

    assert default_axis(OWL, HARE) == "Parameters"
    assert default_axis(*rows) == default_axis(OWL, digits_run) == "Epochs"
    assert default_axis(OWL, replace(twin, seconds=20.0)) == "Training seconds"
    assert default_axis(OWL, twin) == "Parameters"


def test_points_on_different_data_have_different_shapes() -> None:
    digits_run = replace(HARE, dataset="digits", config=replace_settings(preset("best"), dataset="digits"))
    tables = [results_table([OWL, other], NAMES) for other in (HARE, digits_run)]

    same, mixed = (scatter_chart(table, "Parameters", "Test accuracy", []) for table in tables)

    assert same["encoding"]["shape"]["legend"] is None
    assert mixed["encoding"]["shape"]["legend"]
    assert mixed["datasets"][POINTS]["data"].tolist() == ["MNIST", "scikit-learn digits"]


@given(st.text())
def test_plain_text_has_no_meaning_in_markdown(text: str) -> None:
    escaped = plain(text)

    assert "".join(part.replace("\\", "") for part in escaped.split("\\\\")) == text.replace("\\", "")
    assert not any(
        character in "*_`[]<>$:#" and (index == 0 or escaped[index - 1] != "\\")
        for index, character in enumerate(escaped)
    )
