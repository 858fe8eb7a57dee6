"""Charts of the Your hand and Class pages."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from core.language import tr
from core.personal.class_exams import StudentExam
from dashboard.parts.charts import CORRECT_COLOUR
from dashboard.parts.vega_lite import apply_layout

WRITER_ACCURACIES = (99.6, 99.2, 100.0, 99.2, 99.6, 100.0, 99.2, 90.0, 99.6, 99.6)
"""Percentage of each held-out writer's digits that the shipped model reads correctly; a rejected digit counts as wrong
(`make bench ARGS=hands`).
"""

_ROW_HEIGHT = 24
"""Height in pixels of a student's row in the chart."""


def writers_chart(accuracy: float, interval: tuple[float, float], text_colour: str) -> alt.LayerChart:
    """Draw a person's accuracy and its interval (0..1) among the accuracies in WRITER_ACCURACIES."""
    low, high = (100 * bound for bound in interval)
    x = alt.X(
        "accuracy:Q",
        scale=alt.Scale(domain=[np.floor(min(*WRITER_ACCURACIES, low)), 100.5]),
        title=tr("Digits read correctly (%)"),
        axis=alt.Axis(tickMinStep=1),
    )
    tooltip = [alt.Tooltip("accuracy", title=tr("read correctly (%)"), format=".1f")]
    # Writers with the same accuracy are stacked.
    rows = [WRITER_ACCURACIES[:index].count(writer) for index, writer in enumerate(WRITER_ACCURACIES)]
    row = alt.Y("row:Q", scale=alt.Scale(domain=[-1.5, max(rows) + 0.5]), axis=None)
    others = alt.Chart(pd.DataFrame({"accuracy": WRITER_ACCURACIES, "row": rows})).mark_circle(size=90, opacity=0.7)
    own = pd.DataFrame({"accuracy": [100 * accuracy], "low": [low], "high": [high], "row": [-1.0]})
    person = alt.Chart(own).mark_tick(thickness=4, size=26, color=text_colour)
    rule = alt.Chart(own).mark_rule(strokeWidth=4, opacity=0.4, color=text_colour)
    chart = (
        others.encode(x=x, y=row, tooltip=tooltip)
        + rule.encode(x=alt.X("low:Q", title=tr("Digits read correctly (%)")), x2="high:Q", y=row)
        + person.encode(x=x, y=row, tooltip=tooltip)
    )
    return apply_layout(chart, 150)


def students_chart(students: Sequence[StudentExam], names: Sequence[str], text_colour: str) -> alt.LayerChart:
    """Draw each student's accuracy with its interval. `names`: the names to show."""
    rows = [
        {
            "student": name if student.complete else _unfinished(name, student),
            "accuracy": 100 * float(student.right.mean()),
            "low": 100 * student.interval[0],
            "high": 100 * student.interval[1],
            "right": tr("{right} of {count}", right=int(student.right.sum()), count=student.written),
        }
        for student, name in zip(students, names, strict=True)
        if student.interval
    ]
    table = pd.DataFrame(rows)
    scale = alt.Scale(domain=[np.floor(table["low"].min()), 100])
    base = alt.Chart(table).encode(
        y=alt.Y("student:N", title=None, sort=None, axis=alt.Axis(labelLimit=160, labelOverlap=False)),
        tooltip=[
            alt.Tooltip("student", title=tr("student")),
            alt.Tooltip("right", title=tr("read correctly")),
            alt.Tooltip("low:Q", title=tr("from (%)"), format=".0f"),
            alt.Tooltip("high:Q", title=tr("to (%)"), format=".0f"),
        ],
    )
    rules = base.mark_rule(color=text_colour, opacity=0.45, strokeWidth=2).encode(
        x=alt.X("low:Q", scale=scale, title=tr("Read correctly (%)")), x2="high:Q"
    )
    dots = base.mark_circle(size=110, opacity=1, color=CORRECT_COLOUR).encode(x=alt.X("accuracy:Q", scale=scale))
    return apply_layout(rules + dots, alt.Step(_ROW_HEIGHT))


def _unfinished(name: str, student: StudentExam) -> str:
    return tr("{name} ({written} of {count})", name=name, written=student.written, count=student.prompts)
