"""The class model on the Class page: a model that learns all the digits taught by the class, and its proof."""

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
from core.personal.written import WrittenDigit
from core.runs.active import active_model
from core.runs.fine_tuning import CLASS, read_fine_tuning
from core.runs.run import Run
from dashboard.hands.class_results import class_exams, shown_names
from dashboard.hands.exam import exam_result
from dashboard.hands.fooling import class_attempts
from dashboard.hands.proof import proof_sentence, proof_tiles, show_changes
from dashboard.hands.tuning import has_model_or_show_status, run_link, runs_of, show_start_button
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
"""Column names of the table, in English; the labels of the columns are translated."""


@dataclass(frozen=True)
class _StudentResults:
    """The results of a student's exams with the base model (before) and the class model (after)."""

    name: str
    written: Sequence[WrittenDigit]
    before: ExamResult
    after: ExamResult


def show_class_model(hide_names: bool) -> None:
    """Show the button that fine-tunes a model to the class, the fine-tuning run, and its proof.

    `hide_names`: True to hide the nicknames.
    """
    st.subheader(tr("Class model"), anchor=False)
    students = class_exams()
    digits = sum(written.label is not None for student in students for written in taught(student.hand).values())
    digits += len(won(class_attempts()))
    listing = run_cache.listing()
    runs = runs_of(CLASS, listing)
    show_start_button(CLASS, digits, again=bool(runs), busy=listing.busy)
    if not digits:
        st.caption(tr("Ask your students to teach some digits: step 2 on the Your hand page."))
    if runs and has_model_or_show_status(runs[0]):
        _show_proof(runs[0], students, hide_names)


def _show_proof(run: Run, students: Sequence[StudentExam], hide_names: bool) -> None:
    fine_tuning = read_fine_tuning(run.fine_tuning_file)
    assert fine_tuning is not None
    base = cache.models().get(fine_tuning.base)
    if base is None:
        st.info(tr("The base model was deleted, so there is nothing to compare with."))
        return
    results, without_exam = _judge(run, base, students, hide_names)
    if without_exam:
        names = ", ".join(map(plain, without_exam))
        st.caption(tr("No fresh exam, and therefore no proof: {names}.", names=names))
    if not results:
        st.info(
            tr("The proof needs exams that have not been used for another model. Ask your students to take one."),
            icon=":material/edit_note:",
        )
        return
    before = join_results([student.before for student in results])
    after = join_results([student.after for student in results])
    proof = compare_results(before, after)
    accuracies = [cache.card(bundle).metrics.validation_accuracy for bundle in (base, run.bundle)]
    proof_tiles(proof, before, after, (fine_tuning.base, run.id), accuracies[1] - accuracies[0])
    st.markdown(proof_sentence(proof, CLASS))
    st.dataframe(
        _table(results),
        column_config={str(column): tr(column) for column in _COLUMNS},
        hide_index=True,
        width="stretch",
        key="class_proof",
    )
    show_changes(proof, before, after, [written for student in results for written in student.written], run.id)
    if not keeps_accuracy(*accuracies):
        st.warning(
            tr(
                "The new model's accuracy on other people's digits fell by more than {points:g} points, so it is not "
                "offered. Let the class teach more digits, the same number of each, and fine-tune again.",
                points=100 * MAX_ACCURACY_LOSS,
            ),
            icon=":material/warning:",
        )
    elif not proof.shown or proof.better:
        _show_use_button(run)


def _judge(
    run: Run, base: Bundle, students: Sequence[StudentExam], hide_names: bool
) -> tuple[list[_StudentResults], list[str]]:
    """Return the results of the exams that judge the run, and the names of the students without such an exam."""
    results, without_exam = [], []
    old, new = cache.bundle_predictor(base), cache.bundle_predictor(run.bundle)
    for student, name in zip(students, shown_names(students, hide_names), strict=True):
        try:
            exams = exams_for(student.hand, run.id)
        except HandError:
            without_exam.append(name)
            continue
        before, after = (
            join_results([exam_result(student.hand, exam, predictor) for exam in exams]) for predictor in (old, new)
        )
        results.append(_StudentResults(name, [written for exam in exams for written in exam.written], before, after))
    return results, without_exam


def _table(results: Sequence[_StudentResults]) -> pd.DataFrame:
    """Return a row for each student, with the most changes first."""
    rows = []
    for student in results:
        proof = compare_results(student.before, student.after)
        rows.append(
            {
                "Student": student.name,
                "Digits": proof.digits,
                "Read before": int(student.before.right.sum()),
                "Read after": int(student.after.right.sum()),
                "Newly right": len(proof.fixed),
                "Newly wrong": len(proof.broken),
            }
        )
    table = pd.DataFrame(rows)
    order = np.argsort(-(table["Newly right"] + table["Newly wrong"]).to_numpy(), kind="stable")
    return table.iloc[order]


def _show_use_button(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if active_model(workspace()).run_id == run.id:
            st.badge(tr("In use for everybody"), icon=":material/check:", color="green")
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
