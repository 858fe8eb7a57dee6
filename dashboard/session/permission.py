"""Permission to change the workspace.

Nobody has permission if TRAZO_READONLY is set; otherwise every signed-in visitor does, or everyone if sign-in is not
configured. `.streamlit/secrets.toml` can restrict it to certain users:

    [trazo]
    editors = ["ada@example.org", "@example.com"]  # without this line, everyone who signs in may make changes
    trust_unverified_emails = false  # true if the provider verifies addresses but does not send `email_verified`

Pages call `may_change()` before they draw a control that changes something, and `permission_note()` once in place of
the first such control. Every action goes through `require_permission()`.

In a classroom (TRAZO_CLASSROOM), the teacher's link replaces sign-in: the teacher has permission, and a student may
change only their own hand (the model of their handwriting). Actions that change a hand pass it:
`attempt(..., hand=hand)`, `may_write(hand)`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import streamlit as st

from core.environment import classroom, read_only
from core.errors import ReadOnly, TrazoError
from core.language import Message, tr
from core.personal.hand import Hand
from core.runs.run import Run
from core.workspace import strip_paths
from dashboard.session.classroom import is_teacher
from dashboard.session.hands import chosen_hand
from dashboard.session.markdown import plain
from dashboard.session.sign_in import email, secrets_section, sign_in_buttons, signed_in

_logger = logging.getLogger(__name__)


class NotSignedIn(TrazoError):
    """This visitor has to sign in before making changes."""

    def __init__(self) -> None:
        super().__init__(
            Message("Sign in to train, promote or delete models. You can draw and look around without an account.")
        )


class NotAnEditor(TrazoError):
    """This visitor has signed in, but is not an editor."""

    def __init__(self, address: str | None) -> None:
        super().__init__(
            Message(
                "{account} does not have permission to make changes here. Ask the administrator of this dashboard for "
                "access.",
                account=address or Message("This account"),
            )
        )


class EmailNotVerified(TrazoError):
    """This visitor has signed in with an editor's email address, which the provider has not confirmed as verified."""

    def __init__(self, address: str) -> None:
        super().__init__(
            Message(
                "Your sign-in provider has not confirmed that {address} is verified, so you cannot make "
                "changes here. Ask the administrator of this dashboard for access.",
                address=address,
            )
        )


class TeacherOnly(TrazoError):
    """A student may not do this."""

    def __init__(self) -> None:
        super().__init__(
            Message(
                "Only the teacher can train, promote or delete models, or change other people's hands. You can draw, "
                "take the exam and teach your own hand."
            )
        )


def require_permission(hand: Hand | None = None) -> None:
    """Raise an error that gives the reason if this visitor may not make changes.

    `hand`: the hand that the action changes, if it changes nothing else; students may change their own.
    """
    if read_only():
        raise ReadOnly
    if classroom():
        if not is_teacher() and (hand is None or hand != chosen_hand()):
            raise TeacherOnly
        return
    if secrets_section("auth") is None:
        return
    if not signed_in():
        raise NotSignedIn
    if not _is_editor():
        raise NotAnEditor(email())
    _require_verified_email()


def may_change() -> bool:
    """Return True if this visitor may start, stop, resume, promote, delete and rename runs, and import data."""
    return _refusal() is None


def may_write(hand: Hand | None) -> bool:
    """Return True if this visitor may take exams with a hand and teach it; None stands for a hand yet to be created."""
    return _refusal(hand) is None


def hide_paths(text: str | BaseException) -> str:
    """Return a sentence or an error's message, translated; without local paths if this visitor may not make changes."""
    sentence = tr(text)
    return sentence if may_change() else strip_paths(sentence)


def safe_text(problem: object) -> str:
    """Return the text of `problem` as `hide_paths` does, escaped for Markdown."""
    return plain(hide_paths(problem if isinstance(problem, str | BaseException) else str(problem)))


def permission_note(key: str) -> None:
    """Show one line that says why the controls are missing, with buttons to sign in if that would help."""
    refusal = _refusal()
    if refusal is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key=f"permission_note_{key}"):
        st.caption(f":material/lock: {plain(tr(refusal))}", width="content")
        if isinstance(refusal, NotSignedIn):
            sign_in_buttons(key)


def attempt(
    action: Callable[..., object], *arguments: object, runs: Sequence[str] = (), hand: Hand | None = None
) -> None:
    """Run a button's action if this visitor has permission, and log it; show the error if the action fails.

    `runs`: ids of the runs that the action changes, unless those runs are among the arguments. `hand`: as in
    `require_permission`.
    """
    run_ids = [*runs, *(argument.id for argument in arguments if isinstance(argument, Run))]
    name = getattr(action, "__name__", str(action)).strip("_")
    try:
        require_permission(hand)
        action(*arguments)
        log_change(name, run_ids)
    except TrazoError as error:
        _logger.info("not changed", extra={"action": name, "runs": run_ids, "why": str(error)})
        st.toast(safe_text(error), icon=":material/error:", duration="long")


def log_change(action: str, runs: Sequence[str] = ()) -> None:
    """Log an action that has changed something, and the ids of the runs that it changed; `attempt` calls this."""
    _logger.info("changed", extra={"action": action, "runs": list(runs)})


def _refusal(hand: Hand | None = None) -> TrazoError | None:
    try:
        require_permission(hand)
    except TrazoError as error:
        return error
    return None


def _is_editor() -> bool:
    section = secrets_section("trazo")
    editors = section.get("editors") if section is not None else None
    if editors is None:
        return True
    address = (email() or "").lower()
    return any(
        address == editor or (editor.startswith("@") and address.endswith(editor)) for editor in map(str.lower, editors)
    )


def _require_verified_email() -> None:
    """Raise EmailNotVerified if access is limited to listed editors and the visitor's address is unverified."""
    section = secrets_section("trazo") or {}
    verified = st.user.get("email_verified")
    trusted = verified is None and section.get("trust_unverified_emails") is True
    if section.get("editors") is not None and verified is not True and not trusted:
        raise EmailNotVerified(email() or Message("your address"))
