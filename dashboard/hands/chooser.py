"""The hand chooser: choose, create, import, export, rename and delete hands."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from core.errors import HandError, TrazoError
from core.language import Message, tr
from core.personal.archive import MAX_ARCHIVE_BYTES, archive_name, export_hand, import_hand
from core.personal.hand import Hand, create_hand, delete_hand, free_name, hand_name, list_hands, rename_hand
from dashboard.server.library_internals import discard_uploads
from dashboard.session import address
from dashboard.session.hands import choose_hand, chosen_hand, chosen_id
from dashboard.session.markdown import plain
from dashboard.session.permission import attempt, safe_text
from dashboard.session.state import just_opened, workspace

DEFAULT_NAME = Message("My hand")
"""Name of the first hand of a visitor who has not named it."""

_CHOICE = "hand_choice"
_PARAMETER = "hand"
"""URL parameter with the id of the chosen hand. Students have links of their own (session/classroom.py)."""


def show_chooser() -> Hand | None:
    """Show the select box of hands and the menu of the chosen one; return that hand, or None if none can be used.

    The chosen hand is in the page's URL, so that a reload does not lose it.
    """
    hands = {hand.id: hand for hand in list_hands(workspace())}
    requested = hands.get(address.value(_PARAMETER) or "") if just_opened() else None
    if requested and requested.id != chosen_id():
        choose_hand(requested)
        st.rerun()  # the sidebar names the hand, too
    selected = hands.get(chosen_id() or "")
    address.keep(**{_PARAMETER: selected.id if selected else None})
    with st.container(horizontal=True, vertical_alignment="bottom", key="hand_chooser"):
        if hands:
            st.session_state[_CHOICE] = selected.id if selected else None
            names = {hand_id: hand_name(hand) for hand_id, hand in hands.items()}
            st.selectbox(
                tr("Whose hand?"),
                names,
                format_func=names.__getitem__,
                index=None,
                placeholder=tr("Choose a hand"),
                key=_CHOICE,
                on_change=lambda: choose_hand(hands.get(st.session_state[_CHOICE])),
                width=280,
            )
        with st.popover(tr("New hand"), icon=":material/person_add:"):
            _show_name_form("new_hand", "", tr("Create"), _create)
            st.divider()
            st.file_uploader(
                tr("Or import a hand that was exported as a ZIP file"),
                type="zip",
                key="import_hand",
                max_upload_size=MAX_ARCHIVE_BYTES // 2**20,
                on_change=_import,
            )
        if selected:
            # Each hand has its own menu, so that a second press on Delete cannot reach another hand.
            menu = st.popover(
                tr("Export, rename or delete"),
                icon=":material/more_horiz:",
                key=f"menu_{selected.id}",
                on_change="rerun",
            )
            if menu.open:
                with menu:
                    _show_menu(selected)
    try:
        if selected:
            selected.record()
    except HandError as error:
        st.error(safe_text(error), icon=":material/error:")
        return None
    return selected


def _show_menu(hand: Hand) -> None:
    try:
        _show_export(hand)
        st.divider()
        _show_name_form("rename_hand", hand.record().name, tr("Rename"), partial(rename_hand, workspace(), hand))
        st.divider()
    except HandError:  # a damaged hand can only be deleted
        pass
    st.markdown(
        tr(
            "Deleting removes everything that {name} has written here: the exams and the taught digits. Models that "
            "learned from them stay on the Runs page and can be deleted there.",
            name=plain(hand_name(hand)),
        )
    )
    sure = st.checkbox(tr("Yes, delete it for good"), key=f"delete_sure_{hand.id}")
    st.button(
        tr("Delete"),
        icon=":material/delete:",
        key=f"delete_{hand.id}",
        disabled=not sure,
        on_click=attempt,
        args=(delete_hand, workspace(), hand),
    )


def chosen_or_new_hand() -> Hand:
    """Return the chosen hand, or a new one with DEFAULT_NAME; raises TrazoError if it cannot be created."""
    hand = chosen_hand()
    if hand is None:
        hand = create_hand(workspace(), free_name(workspace(), tr(DEFAULT_NAME)))
        choose_hand(hand)
    return hand


def _show_name_form(key: str, name: str, action: str, submit: Callable[[str], None]) -> None:
    with st.form(key, border=False):
        st.text_input(tr("Name"), name, max_chars=40, key=f"{key}_name", placeholder=tr("First name or nickname"))
        st.form_submit_button(action, on_click=lambda: attempt(submit, st.session_state[f"{key}_name"]))


def _show_export(hand: Hand) -> None:
    st.markdown(tr("Everything written in this hand, as one file that another installation of Trazo can import."))
    try:
        archive = export_hand(hand)
    except TrazoError as error:
        st.error(safe_text(error), icon=":material/error:")
        return
    st.download_button(
        tr("Export"),
        archive,
        archive_name(hand),
        mime="application/zip",
        icon=":material/download:",
        key="export_hand",
        on_click="ignore",
    )


def _import() -> None:
    file = st.session_state["import_hand"]
    if file is not None:
        attempt(_import_archive, file.getvalue())
        discard_uploads([file])


def _import_archive(archive: bytes) -> None:
    choose_hand(import_hand(workspace(), archive))


def _create(name: str) -> None:
    choose_hand(create_hand(workspace(), name))
