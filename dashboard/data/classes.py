"""The Classes tab: class balance and mean images."""

from __future__ import annotations

import streamlit as st

from core.data.datasets import Dataset, class_counts
from core.language import number, tr
from dashboard.data.samples import choose_split
from dashboard.parts import charts
from dashboard.parts.chart_text import by_digit
from dashboard.parts.digit_grid import digit_grid
from dashboard.parts.show_chart import show_chart
from dashboard.parts.theme import text_colour
from dashboard.session import cache


@st.fragment
def show_classes(data: Dataset) -> None:
    """Show the number of images and the mean image of each digit."""
    split = choose_split("classes_split")
    counts = class_counts(data.split(split))
    st.subheader(tr("Class balance"), anchor=False)
    numbers = by_digit([number(count, ",") for count in counts])
    show_chart(
        charts.class_balance(counts, text_colour()),
        alt=tr("Number of images of each digit: {numbers}.", numbers=numbers),
    )
    st.subheader(tr("Mean images"), anchor=False)
    st.caption(tr("The mean of all images of each digit. Bright pixels have ink in most images."))
    digit_grid(
        cache.class_means(data, split),
        key="data_means",
        captions=[f"{digit} · {number(count, ',')}" for digit, count in enumerate(counts)],
        tile=72,
        clickable=False,
    )
