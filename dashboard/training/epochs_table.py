"""The numbers behind a run's learning curves: a table with a row for each epoch."""

from __future__ import annotations

import streamlit as st

from core.errors import RunError
from core.language import tr
from core.runs.run import Run
from dashboard.session.permission import safe_text


def epochs_table(run: Run) -> None:
    """Show the table in an expander, which reads the file only while it is open."""
    title = tr("Results by epoch")
    with st.expander(title, icon=":material/table_chart:", key="run_epochs", on_change="rerun") as table:
        if not table.open:
            return
        try:
            history = run.history()
        except RunError as error:
            st.warning(safe_text(error), icon=":material/warning:")
            return
        number = st.column_config.NumberColumn
        st.dataframe(
            history[["epoch", "loss", "val_loss", "accuracy", "val_accuracy"]],
            hide_index=True,
            width="content",
            column_config={
                "epoch": number(tr("Epoch")),
                "loss": number(tr("Training loss"), format="%.4f"),
                "val_loss": number(tr("Validation loss"), format="%.4f"),
                "accuracy": number(tr("Training accuracy"), format="percent"),
                "val_accuracy": number(tr("Validation accuracy"), format="percent"),
            },
            alt=tr("Loss and accuracy after each epoch"),
        )
