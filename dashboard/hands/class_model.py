"""The class model on the page Class: a model that learns all that the class has taught, and its proof for each hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from core.classifier.bundle import Bundle
from core.errors import HandError
from core.language import Message, tr
from core.personal.class_exams import StudentExam
from core.personal.fooling import won
from core.personal.proof import compare_results, exams_for
from core.personal.result import ExamResult, join_results
from core.personal.taught import taught
from core.personal.tuning import MAX_ACCURACY_LOSS, keeps_accuracy
from core.personal.written import Written
from core.runs.active import active_model
from core.runs.fine_tuning import CLASS, read_fine_tuning
from core.runs.run import Run
from dashboard.hands.class_results import class_exams, shown_names
from dashboard.hands.exam import exam_result
from dashboard.hands.fooling import class_attempts
from dashboard.hands.proof import proof_sentence, proof_tiles, show_changes
from dashboard.hands.tuning import run_link, runs_of, show_end, show_start
from dashboard.runs import run_cache
from dashboard.runs.actions import promote_run
from dashboard.session import cache
from dashboard.session.markdown import plain
from dashboard.session.state import workspace

_COLUMNS = (
    Message("Student"),
    Message("Digits"),
    Message("Read before"),
    Message("Read after"),
    Message("Newly right"),
    Message("Newly wrong"),
)
"""Columns of the table, which are in English; their labels are translated."""


@dataclass(frozen=True)
class _Judged:
    """A student's exams, as the model before and the class model read them."""

    name: str
    written: Sequence[Written]
    before: ExamResult
    after: ExamResult


def show_class_model(hidden: bool) -> None:
    """Show the button that fine-tunes a model to the class, the run that does it, and its proof.

    `hidden`: the nicknames are hidden.
    """
    st.subheader(tr("Class model"), anchor=False)
    students = class_exams()
    digits = sum(written.label is not None for student in students for written in taught(student.hand).values())
    digits += len(won(class_attempts()))
    listing = run_cache.listing()
    runs = runs_of(CLASS, listing)
    show_start(CLASS, digits, again=bool(runs), busy=listing.busy)
    if not digits:
        st.caption(tr("Ask your students to teach some digits: step 2 on the page Your hand."))
    if runs and show_end(runs[0]):
        _show_proof(runs[0], students, hidden)


def _show_proof(run: Run, students: Sequence[StudentExam], hidden: bool) -> None:
    fine_tuning = read_fine_tuning(run.fine_tuning_file)
    assert fine_tuning is not None
    base = cache.models().get(fine_tuning.base)
    if base is None:
        st.info(tr("The model before the fine-tuning was deleted, so there is nothing to compare with."))
        return
    judged, waiting = _judge(run, base, students, hidden)
    if waiting:
        names = ", ".join(map(plain, waiting))
        st.caption(tr("Without a fresh exam, and so without a proof: {names}.", names=names))
    if not judged:
        st.info(
            tr("The proof needs exams that have judged no other model. Ask your students to take one."),
            icon=":material/edit_note:",
        )
        return
    before = join_results([each.before for each in judged])
    after = join_results([each.after for each in judged])
    proof = compare_results(before, after)
    accuracies = [cache.card(bundle).metrics.validation_accuracy for bundle in (base, run.bundle)]
    proof_tiles(proof, before, after, (fine_tuning.base, run.id), accuracies[1] - accuracies[0])
    st.markdown(proof_sentence(proof, CLASS))
    st.dataframe(
        _table(judged),
        column_config={str(column): tr(column) for column in _COLUMNS},
        hide_index=True,
        width="stretch",
        key="class_proof",
    )
    show_changes(proof, before, after, [each for one in judged for each in one.written], run.id)
    if not keeps_accuracy(*accuracies):
        st.warning(
            tr(
                "The new model reads other people's digits worse by more than {points:g} points, so it is not offered. "
                "Let the class teach more digits, the same number of each, and fine-tune again.",
                points=100 * MAX_ACCURACY_LOSS,
            ),
            icon=":material/warning:",
        )
    elif not proof.shown or proof.better:
        _show_use(run)


def _judge(run: Run, base: Bundle, students: Sequence[StudentExam], hidden: bool) -> tuple[list[_Judged], list[str]]:
    """Return the exams that judge the run, and the names of the students who have none."""
    judged, waiting = [], []
    old, new = cache.bundle_predictor(base), cache.bundle_predictor(run.bundle)
    for student, name in zip(students, shown_names(students, hidden), strict=True):
        try:
            exams = exams_for(student.hand, run.id)
        except HandError:
            waiting.append(name)
            continue
        before, after = (
            join_results([exam_result(student.hand, exam, predictor) for exam in exams]) for predictor in (old, new)
        )
        judged.append(_Judged(name, [each for exam in exams for each in exam.written], before, after))
    return judged, waiting


def _table(judged: Sequence[_Judged]) -> pd.DataFrame:
    """Return a row for each student, those with the most changes first."""
    rows = []
    for each in judged:
        proof = compare_results(each.before, each.after)
        rows.append(
            {
                "Student": each.name,
                "Digits": proof.digits,
                "Read before": int(each.before.right.sum()),
                "Read after": int(each.after.right.sum()),
                "Newly right": len(proof.fixed),
                "Newly wrong": len(proof.broken),
            }
        )
    table = pd.DataFrame(rows)
    order = np.argsort(-(table["Newly right"] + table["Newly wrong"]).to_numpy(), kind="stable")
    return table.iloc[order]


def _show_use(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if active_model(workspace()).run_id == run.id:
            st.badge(tr("Reads for everybody"), icon=":material/check:", color="green")
        else:
            st.button(
                tr("Use for everybody"),
                type="primary",
                icon=":material/groups:",
                key="use_for_all",
                on_click=promote_run,
                args=(run,),
            )
        run_link(run)
