"""The results of the lessons that a browser stores."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.lessons.results import LESSON_IDS, MAX_STORED, Result, Results, read_results

RESULT = st.builds(
    Result,
    guess=st.sampled_from(["few", "many"]),
    measured=st.dictionaries(st.sampled_from(["lit", "right"]), st.floats(-1e6, 1e6)),
)
RESULTS = st.builds(Results, lessons=st.dictionaries(st.sampled_from(LESSON_IDS), RESULT))


@given(RESULTS)
def test_stored_results_come_back(results: Results) -> None:
    text = results.model_dump_json()

    assert read_results(text) == results
    assert len(text) < MAX_STORED


@given(RESULTS, RESULTS)
def test_newer_results_replace_older_ones(older: Results, newer: Results) -> None:
    merged = older.merged(newer).lessons

    assert merged.keys() == older.lessons.keys() | newer.lessons.keys()
    assert all(merged[lesson] == result for lesson, result in newer.lessons.items())


@given(st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text())))
def test_anything_else_in_the_browser_is_not_a_result(stored: object) -> None:
    assert read_results(stored) == Results()


def test_results_of_unknown_lessons_and_long_texts_are_left_out() -> None:
    assert read_results('{"lessons": {"cooking": {"guess": "few"}}}') == Results()
    assert read_results('{"lessons": {}}' + " " * MAX_STORED) == Results()
