"""The active model in the sidebar, where visitors with permission can switch it, and the notice after a switch."""

from __future__ import annotations

import streamlit as st

from core.errors import BundleError, RunNotFound
from core.language import tr
from core.personal.hand import hand_name
from core.runs.active import SHIPPED
from core.runs.registry import find_run
from dashboard.runs import run_cache
from dashboard.runs.actions import promote_run
from dashboard.session import cache, state
from dashboard.session.hands import chosen_hand, current_model
from dashboard.session.markdown import plain
from dashboard.session.permission import may_change, safe_text

_SWITCH = "active_model"


def show_active_model() -> None:
    """Show the active model in the sidebar, and a warning if the promoted model could not be loaded.

    Visitors who may make changes get a select box that switches to another model.
    """
    with st.sidebar:
        try:
            active = cache.predictor().current()[0]
        except BundleError as error:
            st.error(safe_text(error), icon=":material/error:")
            return
        if active.problem:
            st.warning(safe_text(active.problem), icon=":material/warning:")
        models = run_cache.usable_models()
        if may_change() and len(models) > 1:
            _show_switch(active.name, models)
        elif active.name == SHIPPED:
            st.caption(tr("Active model: the shipped model"))
        else:
            st.caption(tr("Active model: {model}", model=plain(run_cache.model_name(active.name))))
        _show_hand()


def _show_hand() -> None:
    """Show the hand that the visitor has chosen, and its model, which reads the drawings on the Draw page."""
    hand = chosen_hand()
    if hand is None:
        return
    model, _ = current_model()
    caption = plain(hand_name(hand))
    if hand.record().model is not None:
        reader = plain(run_cache.model_name(model.name))
        caption = tr("{hand} is read by {model}", hand=caption, model=reader)
    st.caption(f":material/front_hand: {caption}")
    if model.problem:
        st.warning(safe_text(model.problem), icon=":material/warning:")


def _show_switch(active: str, models: tuple[str, ...]) -> None:
    # Another visitor may have switched the model, so the box always starts with the active model.
    st.session_state[_SWITCH] = active
    names = run_cache.display_names((*models, active))
    st.selectbox(
        tr("Active model"),
        names,
        format_func=names.__getitem__,
        key=_SWITCH,
        on_change=_switch,
        help=tr(
            "The model that reads digits on every page, in the Gradio demo and in the API. A hand can have a model of "
            "its own."
        ),
    )


def _switch() -> None:
    _promote(st.session_state[_SWITCH])


def _promote(name: str) -> None:
    """Make the model with this name the active model; show an error if its run was deleted in the meantime."""
    try:
        run = None if name == SHIPPED else find_run(state.workspace(), name)
    except RunNotFound as error:
        st.toast(safe_text(error), icon=":material/error:", duration="long")
        return
    promote_run(run)


def show_switch_notice(page: str) -> None:
    """Show the notice after a switch, floating above the page; it stays until the visitor leaves the page.

    `page`: path of the page that is about to be drawn.
    """
    # The container exists on every page, so that a notice does not move the page's elements.
    with st.container(key="switch_notice", horizontal=True, vertical_alignment="center"):
        switch = state.model_switch()
        if switch is None or page != state.current_page():
            state.forget_model_switch()
            return
        previous, current = switch
        in_use = tr("In use: {model}", model=plain(run_cache.model_name(current)))
        st.markdown(f":material/check: **{in_use}**", width="content")
        if page:
            st.page_link("views/draw.py", label=tr("Draw with it"), icon=":material/draw:", width="content")
        st.button(
            tr("Undo"), icon=":material/undo:", type="tertiary", key="undo_switch", on_click=_undo, args=(previous,)
        )
        st.button(
            tr("Close"),
            icon=":material/close:",
            type="tertiary",
            key="close_switch_notice",
            on_click=state.forget_model_switch,
        )


def _undo(previous: str) -> None:
    _promote(previous)
    state.forget_model_switch()
