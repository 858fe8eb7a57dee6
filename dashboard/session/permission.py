"""Permission to change the workspace: nobody has it if TRAZO_READONLY is set, else everybody who signs in.

Signing in is asked for only where `.streamlit/secrets.toml` has an `[auth]` section, as `st.login` describes it:

    [auth]
    redirect_uri = "https://trazo.example/oauth2callback"
    cookie_secret = "a long random word"
    client_id = "..."
    client_secret = "..."
    server_metadata_url = "https://accounts.google.com/.well-known/openid-configuration"

    [trazo]
    editors = ["ada@example.org", "@example.com"]  # without this line, everybody who signs in may change things
    trust_unverified_emails = false  # true: the provider does not say that it has verified them, and has

Pages ask `may_change()` before they draw a control that changes something, and draw `changes_note()` once where the
first of these controls would be. What a control does goes through `require_permission()`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st

from core.environment import read_only
from core.errors import ReadOnly, TrazoError
from core.runs.run import Run
from core.workspace import strip_paths
from dashboard.server.prefix import configured_prefix
from dashboard.session.markdown import plain

DEFAULT_PROVIDER = "default"

_CALLBACK = "/oauth2callback"
"""Path at which Streamlit takes the provider's answer."""

_logger = logging.getLogger(__name__)


class NotSignedIn(TrazoError):
    """This visitor has to sign in before he changes anything."""

    def __init__(self) -> None:
        super().__init__("Sign in to train, promote or delete; drawing and looking need no account.")


class SecretsDamaged(TrazoError):
    """There is a secrets.toml, but nobody can tell whether it asks for sign-in."""

    def __init__(self) -> None:
        super().__init__("Changes are off, as secrets.toml cannot be read; whoever runs this dashboard has to mend it.")


class NotAnEditor(TrazoError):
    """This visitor has signed in, but is not among those who may change things."""

    def __init__(self, email: str | None) -> None:
        super().__init__(
            f"{email or 'This account'} may draw and look, but change nothing here; ask whoever runs this dashboard."
        )


class EmailNotVerified(TrazoError):
    """This visitor has signed in with an address of an editor that nobody has verified."""

    def __init__(self, email: str) -> None:
        super().__init__(
            f"Your sign-in does not say that {email} was verified, so you may change nothing here; ask whoever runs "
            "this dashboard."
        )


def require_permission() -> None:
    """Raise the error that says why this visitor may change nothing; do nothing where he may."""
    if read_only():
        raise ReadOnly
    if _secrets("auth") is None:
        return
    if not _signed_in():
        raise NotSignedIn
    if not _is_editor():
        raise NotAnEditor(_email())
    _require_verified_email()


def may_change() -> bool:
    """Whether this visitor may change things: train, stop, resume, promote, delete, import, name."""
    return _refusal() is None


def for_visitor(text: str) -> str:
    """Return a text without the paths of this machine, unless this visitor may change things."""
    return text if may_change() else strip_paths(text)


def sentence(problem: object) -> str:
    """Return an error, or a message from a file, as this visitor may see it, escaped for Markdown."""
    return plain(for_visitor(str(problem)))


def changes_note(key: str) -> None:
    """One line that says why the controls are not there, with the way to sign in; nothing where they are."""
    refusal = _refusal()
    if refusal is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key=f"changes_note_{key}"):
        st.caption(f":material/lock: {plain(str(refusal))}", width="content")
        if isinstance(refusal, NotSignedIn):
            _sign_in_buttons(key)


def account() -> None:
    """Who is signed in, and the way out; nothing where nobody is."""
    if _signed_in():
        st.caption(f"Signed in as {plain(str(_email() or st.user.get('name') or 'a guest'))}")
        st.button("Sign out", icon=":material/logout:", key="sign_out", on_click=st.logout)


def providers() -> list[str]:
    """The identity providers that are configured, by name; none where nobody has to sign in."""
    auth = _secrets("auth") or {}
    named = [name for name, value in auth.items() if isinstance(value, Mapping) and "client_id" in value]
    return [DEFAULT_PROVIDER, *named] if "client_id" in auth else named


def _signed_in() -> bool:
    return bool(st.user.get("is_logged_in"))


def _refusal() -> TrazoError | None:
    try:
        require_permission()
    except TrazoError as error:
        return error
    return None


def _sign_in_buttons(key: str) -> None:
    prefix = _callback_prefix()
    # Streamlit names its sign-in addresses from the root, so it has to know the prefix.
    if prefix != configured_prefix():
        setting = f'`server.baseUrlPath = "{prefix.strip("/")}"`'
        st.caption(f"Sign-in needs Streamlit's setting {setting}. Ask the person who runs this dashboard to add it.")
        return
    for provider in providers():
        _sign_in_button(provider, key)


def _callback_prefix() -> str:
    """Return the prefix in the `redirect_uri` of secrets.toml: `/trazo` for https://example.org/trazo/oauth2callback."""
    path = urlsplit(str((_secrets("auth") or {}).get("redirect_uri", ""))).path
    return path.removesuffix(_CALLBACK) if path.endswith(_CALLBACK) else configured_prefix()


def _sign_in_button(provider: str, key: str) -> None:
    label = "Sign in" if provider == DEFAULT_PROVIDER else f"Sign in with {provider.capitalize()}"
    arguments = () if provider == DEFAULT_PROVIDER else (provider,)
    st.button(label, icon=":material/login:", key=f"sign_in_{key}_{provider}", on_click=st.login, args=arguments)


def _is_editor() -> bool:
    section = _secrets("trazo")
    editors = section.get("editors") if section is not None else None
    if editors is None:
        return True
    email = (_email() or "").lower()
    return any(email == one or (one.startswith("@") and email.endswith(one)) for one in map(str.lower, editors))


def _require_verified_email() -> None:
    """Raise EmailNotVerified where editors are named by their addresses and this one may be somebody else's."""
    section = _secrets("trazo") or {}
    verified = st.user.get("email_verified")
    trusted = verified is None and section.get("trust_unverified_emails") is True
    if section.get("editors") is not None and verified is not True and not trusted:
        raise EmailNotVerified(_email() or "your address")


def _email() -> str | None:
    email = st.user.get("email")
    return email if isinstance(email, str) else None


def _secrets(section: str) -> Mapping | None:
    """A section of secrets.toml; None where there is no such file or section. Raises SecretsDamaged."""
    if not st.secrets.load_if_toml_exists():
        # Streamlit takes a file that it cannot read for no file: whoever asked for sign-in would not get it.
        if any(Path(file).exists() for file in st.get_option("secrets.files")):
            raise SecretsDamaged
        return None
    found: Mapping | None = st.secrets.get(section)
    return found


def attempt(action: Callable[..., object], *arguments: object, runs: Sequence[str] = ()) -> None:
    """Do what a button asks for, if this visitor may, and log it; show the error if it fails.

    `runs`: ids of the runs that the action changes, if they are not among the arguments as runs.
    """
    changed = [*runs, *(part.id for part in arguments if isinstance(part, Run))]
    event = {"action": getattr(action, "__name__", str(action)).strip("_"), "runs": changed}
    try:
        require_permission()
        action(*arguments)
        _logger.info("changed", extra=event)
    except TrazoError as error:
        _logger.info("not changed", extra={**event, "why": str(error)})
        st.toast(sentence(error), icon=":material/error:", duration="long")
