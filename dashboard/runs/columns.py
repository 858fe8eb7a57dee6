"""The columns of the table of all runs: their names, formats, widths and explanations."""

from __future__ import annotations

import streamlit as st

from core.language import Message, tr
from dashboard.parts.badges import STATE_COLOURS, BadgeColour, cell_colours
from dashboard.runs.metrics import REDRAWN_COLUMN
from dashboard.runs.table import ACTIVE, BASELINE, STATES, difference_column

_BADGES: dict[Message, BadgeColour] = {
    ACTIVE: "primary",
    **{STATES[state]: colour for state, colour in STATE_COLOURS.items()},
    STATES["damaged"]: "red",
    BASELINE: "gray",
}


def format_columns() -> dict:
    """Return the format of each column; together, the columns fit on a laptop screen."""
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    difference = tr("Difference from the baseline, in percentage points; empty for runs tested on different images.")
    return {
        "Run": text(tr("Run"), pinned=True),
        "Page": st.column_config.LinkColumn(
            "", display_text=":material/open_in_new:", width=36, help=tr("Open the run in a new tab")
        ),
        "State": st.column_config.MultiselectColumn(
            tr("State"), options=[tr(badge) for badge in _BADGES], color=cell_colours(_BADGES.values())
        ),
        "Test accuracy": number(tr("Test"), format="%.2f%%", help=tr("Test accuracy"), width=72),
        difference_column("Test accuracy"): number("Δ", format="%+.2f", help=difference, width=54),
        "Validation": number(tr("Validation"), format="%.2f%%", help=tr("Validation accuracy"), width=84),
        difference_column("Validation"): number("Δ", format="%+.2f", help=difference, width=54),
        REDRAWN_COLUMN: number(
            tr(REDRAWN_COLUMN),
            format="%.1f%%",
            help=tr(
                "Accuracy on redrawn digits: up to 1,000 test images that were traced and drawn again on a canvas. It "
                "is the mean of five kinds: typical, tiny, thin pen, thick pen, rotated. See Evaluate."
            ),
        ),
        difference_column(REDRAWN_COLUMN): number("Δ", format="%+.1f", help=difference, width=50),
        "Preset": text(
            tr("Preset"), help=tr("The preset that the run started from, and its data if the runs use different data")
        ),
        "Note": text(tr("Note"), width=110),
        "Parameters": number(tr("Parameters"), format="localized", width=90),
        "Seconds": number(tr("Seconds"), format="localized", help=tr("Training time"), width=76),
        # Translators: a date in the notation of Moment.js.
        "Created": st.column_config.DatetimeColumn(tr("Created"), format=tr("D MMM YY, HH:mm"), width=120),
    }
