"""The Runs page: all trainings in a table, their curves laid over each other, what sets them apart."""

import pandas as pd
import streamlit as st

from core.config import TrainingConfig, differing, flattened
from core.errors import RunError, TrazoError
from core.runs.registry import Summary, find_run, list_runs, promote, summaries
from core.runs.run import Run
from core.training import launcher
from dashboard import curves, state
from dashboard.components import STATE_COLOURS, BadgeColour, attempt, heading
from dashboard.training_form import SETTINGS

POLL_SECONDS = 2.0
# Another tab or the command line may start something.
IDLE_SECONDS = 5.0
BADGES: dict[str, BadgeColour] = {"in use": "primary", **STATE_COLOURS, "damaged": "red"}


def page(polling: bool) -> None:
    """Everything below the heading; drawn again by itself while something runs."""
    try:
        launcher.advance(state.workspace())
    except TrazoError as error:
        st.error(str(error), icon=":material/error:")
    rows = summaries(state.workspace())
    if changing(rows) != polling:
        st.rerun()
    if not rows:
        st.info("There are no runs yet. Each training that you start is listed here.", icon=":material/table_rows:")
        st.page_link("views/train.py", label="Train a network", icon=":material/model_training:", width="content")
        return
    chosen = table(rows)
    runs = {run.id: run for run in list_runs(state.workspace())}
    toolbar(rows, chosen, runs)
    for row in chosen:
        if row.problem:
            st.warning(row.problem, icon=":material/warning:")
    if not chosen:
        st.info("Tick one or more runs in the table to see their curves and settings.", icon=":material/check_box:")
        return
    names = unambiguous(rows)
    compare({names[row.id]: runs[row.id] for row in chosen if row.id in runs and not row.problem})


def changing(rows: list[Summary]) -> bool:
    """Whether the page is to be drawn again by itself: something runs, and no question is open.

    A question that is answered while the page is being drawn would be asked again.
    """
    return not state.doomed_runs() and any(row.state in ("queued", "running") for row in rows)


def unambiguous(rows: list[Summary]) -> dict[str, str]:
    """A name for each run's id: its title, or the whole id where two runs share a title."""
    titles = [row.title for row in rows]
    return {row.id: row.title if titles.count(row.title) == 1 else row.id for row in rows}


def table(rows: list[Summary]) -> list[Summary]:
    """All runs; returns those that are ticked."""
    names = unambiguous(rows)
    remembered = state.selected_runs()
    ticked = [rows[0].id] if remembered is None else remembered
    content = pd.DataFrame(
        {
            "Run": [names[row.id] for row in rows],
            "State": [badges(row) for row in rows],
            "Test accuracy": [None if row.accuracy is None else row.accuracy * 100 for row in rows],
            "Validation": [None if row.validation_accuracy is None else row.validation_accuracy * 100 for row in rows],
            "As drawings": [None if row.drawings is None else row.drawings * 100 for row in rows],
            "Parameters": pd.array([row.parameters for row in rows], "Int64"),
            "Seconds": [row.seconds or None for row in rows],
            "Data": [row.dataset for row in rows],
            "Preset": [row.preset for row in rows],
            "When": [row.created.replace(tzinfo=None) for row in rows],
        }
    )
    ids = tuple(row.id for row in rows)
    with st.container(key="runs_table"):
        event = st.dataframe(
            content,
            hide_index=True,
            placeholder="–",
            on_select="rerun",
            selection_mode="multi-row",
            selection_default={"selection": {"rows": [index for index, one in enumerate(ids) if one in ticked]}},
            # A selection counts rows: when runs come or go, the table is a new one with the same runs ticked.
            key=f"runs_{hash(ids)}",
            alt="All runs, newest first",
            column_config={
                "Run": st.column_config.TextColumn(pinned=True),
                "State": st.column_config.MultiselectColumn(options=list(BADGES), color=list(BADGES.values())),
                "Test accuracy": st.column_config.NumberColumn(format="%.2f %%"),
                "Validation": st.column_config.NumberColumn(format="%.2f %%", help="Validation accuracy"),
                "As drawings": st.column_config.NumberColumn(
                    format="%.1f %%",
                    help="Of up to 1,000 test images, traced and drawn again on a canvas, how many were read rightly: "
                    "mean of five kinds (usual, tiny, thin pen, fat pen, turned); see the Evaluate page.",
                ),
                "Parameters": st.column_config.NumberColumn(format="localized"),
                "Seconds": st.column_config.NumberColumn(format="%.0f s", help="Of training"),
                "When": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm", width=140),
            },
        )
    chosen = [rows[index] for index in event.selection.rows if index < len(rows)]
    state.select_runs([row.id for row in chosen])
    return chosen


def badges(row: Summary) -> list[str]:
    """The state of a run, and whether its model is in use."""
    return [row.state or "damaged", *(["in use"] if row.promoted else [])]


def toolbar(rows: list[Summary], chosen: list[Summary], runs: dict[str, Run]) -> None:
    """What can be done with the ticked runs."""
    run = runs.get(chosen[0].id) if len(chosen) == 1 and chosen[0].has_model else None
    only_one = None if run else "Tick one run that has a model."
    with st.container(horizontal=True):
        if st.button(
            "Promote",
            icon=":material/rocket_launch:",
            key="promote",
            disabled=run is None or chosen[0].promoted,
            help=only_one or "Use this model on every page, in the Gradio demo and in the API, at once.",
        ):
            attempt(promote, state.workspace(), run)
            st.rerun()
        st.download_button(
            "Download",
            data=run.bundle.zip_bytes if run else b"",
            file_name=f"{run.id}.zip" if run else None,
            mime="application/zip",
            icon=":material/download:",
            key="download",
            disabled=run is None,
            help=only_one or "The model as .keras and .tflite, its card and its test answers, in one ZIP file.",
        )
        st.button(
            "Resume",
            icon=":material/resume:",
            key="resume",
            disabled=not can_go_on(chosen, runs),
            help="Let a run that broke off or was stopped go on after its last whole epoch.",
            on_click=resume,
            args=([runs[row.id] for row in chosen if row.id in runs],),
        )
        if st.button("Delete", icon=":material/delete:", key="delete", disabled=not chosen):
            state.doom_runs([row.id for row in chosen])
            st.rerun()
        if any(row.promoted for row in rows) and st.button(
            "Back to the shipped model", icon=":material/undo:", key="back_to_shipped"
        ):
            attempt(promote, state.workspace(), None)
            st.rerun()


def resume(chosen: list[Run]) -> None:
    """Let these runs go on."""
    for run in chosen:
        attempt(launcher.resume, state.workspace(), run)


def can_go_on(chosen: list[Summary], runs: dict[str, Run]) -> bool:
    """Whether every ticked run, and at least one, can be resumed."""
    try:
        return bool(chosen) and all(launcher.resumable(runs[row.id], runs[row.id].status()) for row in chosen)
    except (KeyError, RunError):  # deleted a moment ago, or damaged
        return False


@st.dialog("Delete for good?", icon=":material/delete:", on_dismiss=state.spare_runs)
def confirm_deletion(run_ids: list[str]) -> None:
    """Ask once more; what is deleted cannot be brought back."""
    st.markdown(
        "These runs and their models will be gone; there is no way to bring them back. One at work ends at once:"
    )
    for run_id in run_ids:
        st.markdown(f"- `{run_id}`")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep", key="keep"):
            state.spare_runs()
            st.rerun()
        if st.button("Delete", type="primary", key="confirm_delete"):
            state.spare_runs()
            for run_id in run_ids:
                attempt(delete, run_id)
            st.rerun()


def delete(run_id: str) -> None:
    """Delete one run; if it is at work, it ends."""
    launcher.delete(state.workspace(), find_run(state.workspace(), run_id))


def compare(runs: dict[str, Run]) -> None:
    """Curves over each other, and the settings that differ."""
    points, configs = [], {}
    for name, run in runs.items():
        try:
            configs[name] = run.config()
            points.append(curves.curve_points(name, run.steps(), run.history(), run.status().steps))
        except RunError as error:
            st.warning(str(error), icon=":material/warning:")
    if points:
        overlaid(pd.concat(points))
        settings(configs)


def overlaid(points: pd.DataFrame) -> None:
    """Loss and accuracy of all ticked runs."""
    if points.empty:
        st.caption("Nothing was recorded in these runs yet.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Dots: validation after each epoch. Thin lines: training, every few steps.", width="content")
        skip = st.toggle(
            "Leave out the first epoch", key="runs_skip", help="It changes so much that later ones look flat."
        )
    for column, measure in zip(st.columns(2), curves.MEASURES, strict=True):
        with column, st.container(key=f"overlaid_{measure}"):
            st.markdown(f"**{measure.capitalize()}**")
            st.altair_chart(
                curves.overlaid_curves(points, measure, 1.0 if skip and points["epoch"].max() > 1 else 0.0),
                width="stretch",
                alt=f"{measure} over the epochs, a colour for each ticked run",
            )


def settings(configs: dict[str, TrainingConfig]) -> None:
    """The settings of one run, or those in which several differ, side by side."""
    if len(configs) == 1:
        st.subheader("Settings", anchor=False)
        values = {name: [value] for name, value in flattened(*configs.values()).items()}
    else:
        st.subheader("What differs", anchor=False)
        values = differing(list(configs.values()))
        if not values:
            st.caption("These runs have the same settings.")
            return
    content = pd.DataFrame(
        [[shown(value) for value in row] for row in values.values()],
        index=[SETTINGS[name].label for name in values],
        columns=list(configs),
    )
    st.dataframe(content, width="content", height="content", key="settings", alt="Settings of the ticked runs")


def shown(value: object) -> str:
    """A setting's value as text."""
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


heading(
    "Runs",
    "Every training you started, newest first. Tick several to lay their curves over each other and to see what "
    "sets them apart.",
)
polling = changing(summaries(state.workspace()))
pause = POLL_SECONDS if polling else IDLE_SECONDS
st.fragment(page, run_every=None if state.doomed_runs() else pause)(polling)
# Not in the fragment: Streamlit's page breaks when a fragment that draws itself again opens a dialog.
if doomed := state.doomed_runs():
    confirm_deletion(doomed)
