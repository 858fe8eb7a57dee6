"""Permission to change the workspace: no visitor has it if TRAZO_READONLY is set, otherwise all who sign in.

`.streamlit/secrets.toml` can limit it to some of those who sign in:

    [trazo]
    editors = ["ada@example.org", "@example.com"]  # without this line, everyone who signs in may make changes
    trust_unverified_emails = false  # true if the provider verifies addresses but does not send `email_verified`

Pages call `may_change()` before they draw a control that changes something, and `permission_note()` once in place of
the first such control. Every action goes through `require_permission()`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import streamlit as st

from core.environment import read_only
from core.errors import ReadOnly, TrazoError
from core.runs.run import Run
from core.workspace import strip_paths
from dashboard.session.markdown import plain
from dashboard.session.sign_in import email, secrets_section, sign_in_buttons, signed_in

_logger = logging.getLogger(__name__)


class NotSignedIn(TrazoError):
    """This visitor has to sign in before making changes."""

    def __init__(self) -> None:
        super().__init__("Sign in to train, promote or delete. You can draw and look around without an account.")


class NotAnEditor(TrazoError):
    """This visitor has signed in, but is not an editor."""

    def __init__(self, address: str | None) -> None:
        super().__init__(
            f"{address or 'This account'} may not make changes here. "
            "Ask the administrator of this dashboard for access."
        )


class EmailNotVerified(TrazoError):
    """This visitor has signed in with the address of an editor, but the provider has not verified it."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"Your sign-in does not say that {address} was verified, so you may not make changes here. Ask the "
            "administrator of this dashboard for access."
        )


def require_permission() -> None:
    """Raise an error that gives the reason if this visitor may not make changes."""
    if read_only():
        raise ReadOnly
    if secrets_section("auth") is None:
        return
    if not signed_in():
        raise NotSignedIn
    if not _is_editor():
        raise NotAnEditor(email())
    _require_verified_email()


def may_change() -> bool:
    """Return whether this visitor may train, stop, resume, promote, delete, import and name."""
    return _refusal() is None


def for_visitor(text: str) -> str:
    """Return a text without the paths of this machine, unless this visitor may make changes."""
    return text if may_change() else strip_paths(text)


def safe_text(problem: object) -> str:
    """Return an error, or a message from a file, without private paths and escaped for Markdown."""
    return plain(for_visitor(str(problem)))


def permission_note(key: str) -> None:
    """Show one line in place of the controls: the reason why they are missing, and how to sign in."""
    refusal = _refusal()
    if refusal is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key=f"permission_note_{key}"):
        st.caption(f":material/lock: {plain(str(refusal))}", width="content")
        if isinstance(refusal, NotSignedIn):
            sign_in_buttons(key)


def attempt(action: Callable[..., object], *arguments: object, runs: Sequence[str] = ()) -> None:
    """Perform the action of a button if this visitor may, and log it; show the error if it fails.

    `runs`: ids of the runs that the action changes, if they are not among the arguments as runs.
    """
    changed = [*runs, *(argument.id for argument in arguments if isinstance(argument, Run))]
    event = {"action": getattr(action, "__name__", str(action)).strip("_"), "runs": changed}
    try:
        require_permission()
        action(*arguments)
        _logger.info("changed", extra=event)
    except TrazoError as error:
        _logger.info("not changed", extra={**event, "why": str(error)})
        st.toast(safe_text(error), icon=":material/error:", duration="long")


def _refusal() -> TrazoError | None:
    try:
        require_permission()
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
    """Raise EmailNotVerified if editors are named by address and this address may belong to another person."""
    section = secrets_section("trazo") or {}
    verified = st.user.get("email_verified")
    trusted = verified is None and section.get("trust_unverified_emails") is True
    if section.get("editors") is not None and verified is not True and not trusted:
        raise EmailNotVerified(email() or "your address")
