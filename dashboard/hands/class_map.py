"""The map of the class's drawings on the Class page."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.classifier.bundle import Bundle
from core.data.datasets import CLASSES
from core.errors import TrazoError
from core.language import tr
from dashboard.explain import map_cache
from dashboard.explain.map import show_map
from dashboard.explain.map_figure import Dot
from dashboard.hands.class_results import class_exams, shown_names
from dashboard.session import cache
from dashboard.session.permission import safe_text


@st.fragment
def show_class_map(hide_names: bool) -> None:
    """Show, on demand, where the class's drawings lie among the images that the active model learned from.

    `hide_names`: True to hide the nicknames.
    """
    st.subheader(tr("Map"), anchor=False)
    st.caption(
        tr(
            "Each small dot is a training image; images that look alike to the model lie close together. The large "
            "dots are the drawings of the newest exams: orange if they are misread, hollow if the model rejects them "
            "as not a digit."
        )
    )
    # Not shown by default, because it loads a large library.
    if not st.toggle(tr("Show the map"), key="show_class_map"):
        return
    try:
        active = cache.predictor().current()[0]
        dataset_id = cache.card(active.bundle).config.dataset
        dots = _dots(hide_names, active.bundle, dataset_id)
        show_map(active.bundle, active.name, dataset_id, key="class_map", dots=dots)
    except TrazoError as error:
        st.info(safe_text(error), icon=":material/info:")


def _dots(hide_names: bool, bundle: Bundle, dataset_id: str) -> list[Dot]:
    students = class_exams()
    images = [student.images for student in students]
    positions = map_cache.place(bundle, dataset_id, np.concatenate(images)) if images else None
    if positions is None:
        return []
    drawings = [
        (name, label, digit)
        for student, name in zip(students, shown_names(students, hide_names), strict=True)
        for label, digit in zip(student.labels.tolist(), student.digits.tolist(), strict=True)
    ]
    return [
        Dot(x, y, _title(name, label, digit), hollow=digit == CLASSES, wrong=digit not in (label, CLASSES))
        for (x, y), (name, label, digit) in zip(positions.tolist(), drawings, strict=True)
    ]


def _title(name: str, label: int, digit: int) -> str:
    if digit == CLASSES:
        return tr("{name}: a {digit}, no answer", name=name, digit=label)
    return tr("{name}: a {digit}, read as {read}", name=name, digit=label, read=digit)
