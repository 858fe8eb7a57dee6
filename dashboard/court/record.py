"""The verdicts so far: the number that agree with the label, and the images whose label they contradict."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection

import streamlit as st

from core.court.verdicts import CANNOT_TELL, Choice
from core.language import tr
from dashboard.court.docket import Case, Docket
from dashboard.parts.digit_grid import digit_grid
from dashboard.parts.picture_panel import show_samples_panel

_COLUMNS = ("split", "index", "label", "verdict", "prediction")


def show_record(docket: Docket, verdicts: dict[int, Choice], model: str) -> None:
    """Show the agreement with the labels, and the images whose label the visitor contradicts.

    `model`: name of the model that reads a clicked image.
    """
    st.subheader(tr("Your verdicts"), anchor=False)
    ordinary = {number for number in verdicts if number in docket.cases.ordinary}
    doubtful = verdicts.keys() - ordinary
    st.markdown(
        tr(
            "You agree with the label on {doubtful_agreed:,} of {doubtful:,} doubtful images and on "
            "{ordinary_agreed:,} of {ordinary:,} ordinary ones.",
            doubtful_agreed=_count_agreements(docket, verdicts, doubtful),
            doubtful=len(doubtful),
            ordinary_agreed=_count_agreements(docket, verdicts, ordinary),
            ordinary=len(ordinary),
        )
    )
    judged = [(docket.case(number), choice) for number, choice in verdicts.items()]
    wrong = [(case, choice) for case, choice in judged if choice not in (case.label, CANNOT_TELL)]
    if wrong:
        clicked = digit_grid(
            [case.image for case, _ in wrong],
            key="court_wrong",
            captions=[tr("label {label}, you {verdict}", label=case.label, verdict=choice) for case, choice in wrong],
            titles=[case.title for case, _ in wrong],
            tile=84,
        )
        if clicked is not None:
            case, choice = wrong[clicked]
            note = tr("Your verdict: {verdict}.", verdict=choice)
            show_samples_panel([(case.split, case.index)], docket.dataset.id, model, note)
    st.download_button(
        tr("Verdicts as CSV"),
        _table(judged),
        file_name="verdicts.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def _count_agreements(docket: Docket, verdicts: dict[int, Choice], numbers: Collection[int]) -> int:
    """Return the number of verdicts that agree with the label."""
    return sum(verdicts[number] == docket.label(number) for number in numbers)


def _table(judged: list[tuple[Case, Choice]]) -> str:
    """Return a CSV table with one row per verdict."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows((case.split, case.index, case.label, choice, case.prediction) for case, choice in judged)
    return text.getvalue()
