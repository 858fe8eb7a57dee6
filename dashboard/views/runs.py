"""The Runs page: a table of all runs; curves of the selected runs, overlaid, and the settings in which they differ."""

from collections.abc import Sequence

import streamlit as st

from core.language import Message, ntr, tr
from core.runs.run import Run
from core.runs.summary import Summary
from dashboard.parts.empty_state import empty_drawing
from dashboard.parts.headings import heading
from dashboard.runs import actions, link, side_by_side, table
from dashboard.runs.columns import format_columns
from dashboard.runs.csv_export import runs_csv
from dashboard.runs.refresh import draw_and_refresh
from dashboard.runs.run_cache import Listing, run_of
from dashboard.runs.table import RunFilter, unique_names
from dashboard.session import address, state
from dashboard.session.markdown import plain
from dashboard.session.permission import may_change, permission_note, safe_text
from dashboard.training.wording import display_value

POLL_SECONDS = 2.0
MAX_SEARCH_LENGTH = 100


def show_page(listing: Listing) -> None:
    """Draw everything below the heading."""
    names = unique_names(listing.rows)
    link.select_runs_from_url(names)
    if unknown := state.unknown_runs():
        st.warning(plain(link.unknown_runs_message(unknown)), icon=":material/link_off:")
    if not listing.rows:
        st.info(tr("There are no runs yet. Every training run you start appears here."), icon=":material/table_rows:")
        if st.button(tr("Train a network"), type="primary", icon=":material/model_training:", key="to_train"):
            st.switch_page("views/train.py")
        empty_drawing("curves")
        return
    show_overview(listing.rows, names)


def show_overview(rows: Sequence[Summary], names: dict[str, str]) -> None:
    """Draw the table with its actions, the comparison of the selected runs, and the charts of all listed runs."""
    listed_rows, baseline = show_list_controls(rows, names)
    selected = show_table(listed_rows, names, baseline)
    show_toolbar(rows, listed_rows, selected)
    for row in selected:
        if row.problem:
            st.warning(safe_text(row.problem), icon=":material/warning:")
    pinned = [baseline] if selected and baseline and baseline not in selected else []
    readable = {names[row.id]: run_of(row) for row in [*pinned, *selected] if not row.problem}
    # Drawn even without a selection, because Streamlit forgets the value of a widget that is not drawn.
    options = side_by_side.choose_chart_options(readable.values())
    if selected:
        side_by_side.compare(readable, options, names[baseline.id] if baseline else None)
    else:
        st.info(
            tr("Select one or more runs in the table to see their curves and settings."), icon=":material/check_box:"
        )
    side_by_side.results_across_runs(listed_rows, names, [row.id for row in selected])
    ids_in_ranges = side_by_side.all_settings_at_once(listed_rows, names, [row.id for row in selected])
    if ids_in_ranges is not None:
        state.select_runs(ids_in_ranges)
        state.redraw_runs_table()
        st.rerun()


def show_list_controls(rows: Sequence[Summary], names: dict[str, str]) -> tuple[list[Summary], Summary | None]:
    """Let the visitor filter and sort the runs and choose a baseline; return the listed runs and the baseline.

    No controls are shown for a single run.
    """
    if len(rows) == 1:
        return list(rows), None
    with st.container(horizontal=True, vertical_alignment="bottom", key="runs_controls"):
        text = st.text_input(
            tr("Find"),
            (address.value("find") or "")[:MAX_SEARCH_LENGTH],
            key="find",
            type="search",
            live=True,
            max_chars=MAX_SEARCH_LENGTH,
            placeholder=tr("Name, note, preset…"),
            width=220,
        )
        run_filter = choose_filters(text or "")
        order = choose_order()
        baseline = choose_baseline(names)
    listed_rows = table.filter_and_sort(rows, run_filter, order, baseline)
    if len(listed_rows) < len(rows):
        st.caption(ntr("{listed} of {count} run", "{listed} of {count} runs", len(rows), listed=len(listed_rows)))
    address.keep(
        find=run_filter.text,
        order=None if order == table.NEWEST else order,
        state=run_filter.states,
        preset=run_filter.presets,
        data=run_filter.datasets,
    )
    return listed_rows, next((row for row in rows if row.id == baseline), None)


def choose_filters(text: str) -> RunFilter:
    """Let the visitor filter by state, preset and dataset; `text` is the search text."""
    datasets = {name: display_value("dataset", name) for name in table.DATASET_NAMES}
    with st.popover(tr("Filter"), icon=":material/filter_list:", key="filter"):
        return RunFilter(
            text,
            choose_filter(tr("State"), "state", {state: tr(label) for state, label in table.STATES.items()}),
            choose_filter(tr("Preset"), "preset", {preset: preset for preset in table.PRESET_NAMES}),
            choose_filter(tr("Dataset"), "data", datasets),
        )


def choose_filter(label: str, key: str, options: dict[str, str]) -> tuple[str, ...]:
    """Show a multiselect box and return the selected values; `options` maps each value to its label."""
    selected = st.multiselect(
        label,
        list(options),
        address.choices(key, options),
        format_func=options.__getitem__,
        placeholder=tr("Choose options"),
        key=key,
    )
    return tuple(selected)


def choose_order() -> str:
    """Let the visitor choose the order of the runs."""
    orders = list(table.ORDERS)
    current = orders.index(address.choice("order", orders, table.NEWEST))
    return st.selectbox(tr("Order"), orders, current, format_func=tr, key="order", width=190)


def choose_baseline(names: dict[str, str]) -> str | None:
    """Let the visitor choose the run that all other runs are compared with; return its id, or None."""
    options, remembered = list(names), state.baseline()
    chosen = st.selectbox(
        tr("Baseline"),
        options,
        index=options.index(remembered) if remembered in names else None,
        format_func=names.__getitem__,
        placeholder=tr("None"),
        key=f"baseline_{hash(tuple(names.items()))}",
        width=220,
        help=tr(
            "Pins a run to the top of the table, shows how the other runs differ from it, and draws its curves dashed."
        ),
    )
    state.choose_baseline(chosen)
    return chosen


def show_table(rows: list[Summary], names: dict[str, str], baseline: Summary | None) -> list[Summary]:
    """Draw the table and return the selected runs; write them to the address."""
    remembered = state.selected_runs()
    default = [row.id for row in rows[:1]] if remembered is None else remembered
    ids = tuple(row.id for row in rows)
    with st.container(key="runs_table"):
        event = st.dataframe(
            table.table_content(rows, names, baseline),
            hide_index=True,
            placeholder="–",
            on_select="rerun",
            selection_mode="multi-row",
            selection_default={"selection": {"rows": [row for row, run_id in enumerate(ids) if run_id in default]}},
            # A selection consists of row numbers, so a table with different rows needs a different key.
            key=f"runs_{state.table_version(ids)}",
            alt=tr("All listed runs"),
            column_config=format_columns(),
        )
    selected = [rows[index] for index in event.selection.rows if index < len(rows)]
    selected_ids = [row.id for row in selected]
    if selected_ids != [run_id for run_id in ids if run_id in default]:
        state.remember_unknown_runs([])
    # A filter hides selected runs, but does not deselect them.
    state.select_runs(selected_ids + [run_id for run_id in default if run_id in names and run_id not in ids])
    link.write_to_url(state.selected_runs() or [], baseline.id if baseline else None)
    return selected


def show_toolbar(rows: Sequence[Summary], listed_rows: list[Summary], selected: list[Summary]) -> None:
    """Draw the actions on the selected runs."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(selected) == 1:
            st.page_link(
                "views/run.py",
                label=tr("Open"),
                icon=":material/open_in_full:",
                query_params={"id": selected[0].id},
                width="content",
                help=tr("This run's page: name and note, metrics, curves, log and files."),
            )
        if may_change():
            show_change_buttons(rows, selected)
        show_download_button(selected)
        st.download_button(
            tr("Table as CSV"),
            data=lambda: runs_csv(listed_rows),
            file_name="runs.csv",
            mime="text/csv",
            icon=":material/table_view:",
            key="export_table",
            on_click="ignore",
            help=tr("The listed runs with all metrics and settings, as a CSV file."),
        )
    permission_note("runs")


def show_change_buttons(rows: Sequence[Summary], selected: list[Summary]) -> None:
    """Draw the buttons that promote, stop, resume and delete the selected runs, or demote the promoted one."""
    active_runs = [run_of(row) for row in selected if row.state in ("queued", "running")]
    runs = [run_of(row) for row in selected]
    only_run = single_run_with_model(selected)
    actions.promote_button(run_of(only_run) if only_run else None, primary=False)
    if active_runs:
        st.button(
            tr("Stop"),
            icon=":material/stop:",
            key="stop_selected",
            help=tr("Stops training and keeps the model."),
            on_click=actions.stop,
            args=(active_runs,),
        )
    st.button(
        tr("Resume"),
        icon=":material/resume:",
        key="resume",
        disabled=not runs or not all(actions.can_resume(run) for run in runs),
        help=tr("Continues an interrupted, failed or stopped run after its last completed epoch."),
        on_click=actions.resume,
        args=(runs,),
    )
    if st.button(tr("Delete"), icon=":material/delete:", key="delete", disabled=not selected):
        state.mark_for_deletion([row.id for row in selected])
        st.rerun()
    if any(row.promoted for row in rows):
        st.button(
            tr("Back to the shipped model"),
            icon=":material/undo:",
            key="back_to_shipped",
            on_click=actions.promote_run,
            args=(None,),
        )


def single_run_with_model(selected: list[Summary]) -> Summary | None:
    """Return the selected run if exactly one run is selected and has a model, or else None."""
    return selected[0] if len(selected) == 1 and selected[0].has_model else None


def show_download_button(selected: list[Summary]) -> None:
    """Draw the button that downloads a model; it is enabled if exactly one run is selected and has a model."""
    only_run = single_run_with_model(selected)
    run: Run | None = run_of(only_run) if only_run else None
    st.download_button(
        tr("Download model"),
        data=run.bundle.zip_bytes if run else b"",
        file_name=f"{run.id}.zip" if run else None,
        mime="application/zip",
        icon=":material/download:",
        key="download",
        disabled=run is None,
        help=tr("All files of the model in one ZIP file: .keras, .tflite, card, predictions, novelty detector.")
        if run
        else tr("Select one run that has a model."),
    )


heading(
    Message("Runs"),
    tr("Every training run, newest first. Select several runs to overlay their curves and compare their settings."),
)
runs_to_delete = state.runs_to_delete()
draw_and_refresh(show_page, lambda listing: listing.busy, POLL_SECONDS, paused=bool(runs_to_delete))
# Opened outside the refreshing fragment, because Streamlit fails if a fragment with a timer opens a dialog.
if runs_to_delete:
    actions.confirm_deletion(runs_to_delete)
