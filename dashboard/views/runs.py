"""The Runs page: all trainings in a table, their curves laid over each other, what sets them apart."""

from collections.abc import Sequence

import streamlit as st

from core.errors import TrazoError
from core.runs.registry import list_runs
from core.runs.run import Run
from core.runs.summary import Summary
from core.training import queue
from dashboard.parts.badges import STATE_COLOURS, BadgeColour
from dashboard.parts.headings import heading
from dashboard.runs import actions, link, run_cache, side_by_side, table
from dashboard.runs.csv_export import runs_csv
from dashboard.runs.table import Wanted, difference_title, unambiguous
from dashboard.runs.watching import watch_runs
from dashboard.session import state
from dashboard.session.markdown import plain
from dashboard.session.permission import changes_note, may_change, sentence
from dashboard.training.wording import in_words

POLL_SECONDS = 2.0
BADGES: dict[str, BadgeColour] = {"in use": "primary", **STATE_COLOURS, "damaged": "red", "baseline": "gray"}


def page(polling: bool) -> None:
    """Everything below the heading; drawn again by itself while something runs."""
    try:
        queue.advance(state.workspace())
    except TrazoError as error:
        st.error(sentence(error), icon=":material/error:")
    rows = run_cache.summaries()
    if changing(rows) != polling:
        st.rerun()
    names = unambiguous(rows)
    link.follow_link(names)
    if unknown := state.unknown_runs():
        st.warning(plain(link.unknown_sentence(unknown)), icon=":material/link_off:")
    if not rows:
        st.info("There are no runs yet. Each training that you start is listed here.", icon=":material/table_rows:")
        if st.button("Train a network", type="primary", icon=":material/model_training:", key="to_train"):
            st.switch_page("views/train.py")
        return
    overview(rows, names)


def overview(rows: list[Summary], names: dict[str, str]) -> None:
    """The table with what can be done, and the ticked runs side by side."""
    shown, baseline = controls(rows, names)
    chosen = show_table(shown, names, baseline)
    runs = {run.id: run for run in list_runs(state.workspace())}
    toolbar(rows, shown, chosen, runs)
    for row in chosen:
        if row.problem:
            st.warning(sentence(row.problem), icon=":material/warning:")
    # Also where nothing is ticked: what is not drawn would be forgotten.
    look = side_by_side.look_controls()
    if chosen:
        pinned = [baseline] if baseline and baseline not in chosen else []
        readable = [row.id for row in [*pinned, *chosen] if row.id in runs and not row.problem]
        side_by_side.compare(
            {names[one]: runs[one] for one in readable}, look, names[baseline.id] if baseline else None
        )
    else:
        st.info("Tick one or more runs in the table to see their curves and settings.", icon=":material/check_box:")
    side_by_side.settings_against_results(shown, names, [row.id for row in chosen])


def changing(rows: list[Summary]) -> bool:
    """Whether the page is to be drawn again by itself: something runs, and no question is open.

    A question that is answered while the page is being drawn would be asked again.
    """
    return not state.doomed_runs() and any(row.state in ("queued", "running") for row in rows)


def controls(rows: list[Summary], names: dict[str, str]) -> tuple[list[Summary], Summary | None]:
    """Which runs are listed, in what order, and the baseline; nothing to choose where there is one run alone."""
    if len(rows) == 1:
        return rows, None
    with st.container(horizontal=True, vertical_alignment="bottom", key="runs_controls"):
        text = st.text_input(
            "Find",
            key="find",
            bind="query-params",
            type="search",
            live=True,
            max_chars=100,
            placeholder="Name, note, preset…",
            width=220,
        )
        wanted = filters(text or "")
        order = st.selectbox("Order", list(table.ORDERS), key="order", bind="query-params", width=190)
        baseline = pick_baseline(names)
    shown = table.listed(rows, wanted, order, baseline)
    if len(shown) < len(rows):
        st.caption(f"{len(shown)} of {len(rows)} runs")
    return shown, next((row for row in rows if row.id == baseline), None)


def filters(text: str) -> Wanted:
    """By state, preset and data."""
    with st.popover("Filter", icon=":material/filter_list:", key="filter"):
        return Wanted(
            text,
            tuple(st.multiselect("State", table.STATES, key="state", bind="query-params")),
            tuple(st.multiselect("Preset", table.PRESET_NAMES, key="preset", bind="query-params")),
            tuple(
                st.multiselect(
                    "Data",
                    table.DATASET_NAMES,
                    format_func=lambda dataset: in_words("dataset", dataset),
                    key="data",
                    bind="query-params",
                )
            ),
        )


def pick_baseline(names: dict[str, str]) -> str | None:
    """The run that all others are compared with; it stays at the top."""
    options, remembered = list(names), state.baseline()
    chosen = st.selectbox(
        "Baseline",
        options,
        index=options.index(remembered) if remembered in names else None,
        format_func=names.__getitem__,
        placeholder="None",
        key=f"baseline_{hash(tuple(names.items()))}",
        width=220,
        help="Pins a run to the top of the table, shows how far the others are from it, and draws it dashed.",
    )
    state.choose_baseline(chosen)
    return chosen


def show_table(rows: list[Summary], names: dict[str, str], baseline: Summary | None) -> list[Summary]:
    """The listed runs; returns those that are ticked."""
    remembered = state.selected_runs()
    ticked = [row.id for row in rows[:1]] if remembered is None else remembered
    ids = tuple(row.id for row in rows)
    with st.container(key="runs_table"):
        event = st.dataframe(
            table.table_content(rows, names, baseline),
            hide_index=True,
            placeholder="–",
            on_select="rerun",
            selection_mode="multi-row",
            selection_default={"selection": {"rows": [index for index, one in enumerate(ids) if one in ticked]}},
            # A selection counts rows: when runs come or go, the table is a new one with the same runs ticked.
            key=f"runs_{state.table_number(ids)}",
            alt="All runs that are listed",
            column_config=column_looks(),
        )
    chosen = [rows[index] for index in event.selection.rows if index < len(rows)]
    now = [row.id for row in chosen]
    if now != [one for one in ids if one in ticked]:
        state.remember_unknown_runs([])
    # Ticks of runs that are not listed right now are kept.
    state.select_runs(now + [one for one in ticked if one in names and one not in ids])
    link.keep_link(state.selected_runs() or [], baseline.id if baseline else None)
    return chosen


def column_looks() -> dict:
    """How each column shows its values: narrow, so that what sets runs apart fits a laptop's screen."""
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    points = "Percentage points more than the baseline; none where a run was tested on other images than that one."
    return {
        "Run": text(pinned=True),
        "Page": st.column_config.LinkColumn(
            "", display_text=":material/open_in_new:", width=36, help="Everything about this run, in a new tab"
        ),
        "State": st.column_config.MultiselectColumn(options=list(BADGES), color=list(BADGES.values())),
        "Test accuracy": number("Test", format="%.2f%%", help="Test accuracy", width=72),
        difference_title("Test accuracy"): number("Δ", format="%+.2f", help=points, width=54),
        "Validation": number(format="%.2f%%", help="Validation accuracy", width=84),
        difference_title("Validation"): number("Δ", format="%+.2f", help=points, width=54),
        "As drawings": number(
            "Drawings",
            format="%.1f%%",
            width=78,
            help="Of up to 1,000 test images, traced and drawn again on a canvas, how many were read rightly: "
            "mean of five kinds (usual, tiny, thin pen, fat pen, turned); see the Evaluate page.",
        ),
        difference_title("As drawings"): number("Δ", format="%+.1f", help=points, width=50),
        "Preset": text(help="What the training started from, and its data where runs differ in them"),
        "Note": text(width=150),
        "Parameters": number(format="localized", width=90),
        "Seconds": number(format="localized", help="Of training", width=76),
        "When": st.column_config.DatetimeColumn(format="D MMM YY, HH:mm", width=112),
    }


def toolbar(rows: list[Summary], shown: list[Summary], chosen: list[Summary], runs: dict[str, Run]) -> None:
    """What can be done with the ticked runs."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(chosen) == 1:
            st.page_link(
                "views/run.py",
                label="Open",
                icon=":material/open_in_full:",
                query_params={"id": chosen[0].id},
                width="content",
                help="Everything about this run: its name and note, figures, curves, log and files.",
            )
        if may_change():
            change_buttons(rows, chosen, runs)
        download_model(chosen, runs)
        st.download_button(
            "Table as CSV",
            data=lambda: runs_csv(shown),
            file_name="runs.csv",
            mime="text/csv",
            icon=":material/table_view:",
            key="export_table",
            on_click="ignore",
            help="The listed runs with all their figures and settings, as a CSV file.",
        )
    changes_note("runs")


def change_buttons(rows: list[Summary], chosen: list[Summary], runs: dict[str, Run]) -> None:
    """Promote, resume, stop, delete."""
    ticked = [runs[row.id] for row in chosen if row.id in runs]
    only = chosen[0] if len(chosen) == 1 and chosen[0].has_model and ticked else None
    if st.button(
        "Promote",
        icon=":material/rocket_launch:",
        key="promote",
        disabled=only is None or only.promoted,
        help="Use this model on every page, in the Gradio demo and in the API, at once."
        if only
        else "Tick one run that has a model.",
    ):
        actions.use(ticked[0])
        st.rerun()
    if any(row.state in ("queued", "running") for row in chosen):
        st.button(
            "Stop",
            icon=":material/stop:",
            key="stop_ticked",
            help="Ends the training and keeps what was learned.",
            on_click=actions.stop,
            args=([runs[row.id] for row in chosen if row.state in ("queued", "running") and row.id in runs],),
        )
    st.button(
        "Resume",
        icon=":material/resume:",
        key="resume",
        disabled=not ticked or not all(actions.can_go_on(run) for run in ticked),
        help="Let a run that broke off, failed or was stopped go on after its last whole epoch.",
        on_click=actions.resume,
        args=(ticked,),
    )
    if st.button("Delete", icon=":material/delete:", key="delete", disabled=not chosen):
        state.doom_runs([row.id for row in chosen])
        st.rerun()
    if any(row.promoted for row in rows) and st.button(
        "Back to the shipped model", icon=":material/undo:", key="back_to_shipped"
    ):
        actions.use(None)
        st.rerun()


def download_model(chosen: Sequence[Summary], runs: dict[str, Run]) -> None:
    """The model of the one ticked run."""
    run = runs.get(chosen[0].id) if len(chosen) == 1 and chosen[0].has_model else None
    st.download_button(
        "Download",
        data=run.bundle.zip_bytes if run else b"",
        file_name=f"{run.id}.zip" if run else None,
        mime="application/zip",
        icon=":material/download:",
        key="download",
        disabled=run is None,
        help="The model as .keras and .tflite, its card and its test answers, in one ZIP file."
        if run
        else "Tick one run that has a model.",
    )


heading(
    "Runs",
    "Every training you started, newest first. Tick several to lay their curves over each other and to see what "
    "sets them apart.",
)
seen = run_cache.mark()
polling = changing(run_cache.summaries())
with st.container(key="refreshing"):
    st.fragment(page, run_every=POLL_SECONDS if polling else None)(polling)
# Not in the fragment: Streamlit's page breaks when a fragment that draws itself again opens a dialog.
if doomed := state.doomed_runs():
    actions.confirm_deletion(doomed)
elif not polling:
    watch_runs(seen)
