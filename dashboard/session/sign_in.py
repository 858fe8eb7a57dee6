"""Sign-in with OpenID Connect, which `.streamlit/secrets.toml` configures.

Visitors can sign in only if that file has an `[auth]` section, in the format of `st.login`:

    [auth]
    redirect_uri = "https://trazo.example/oauth2callback"
    cookie_secret = "a long random word"
    client_id = "..."
    client_secret = "..."
    server_metadata_url = "https://accounts.google.com/.well-known/openid-configuration"
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st

from core.errors import TrazoError
from core.language import Message, tr
from core.storage import is_gone
from core.workspace import PROJECT
from dashboard.server.prefix import configured_prefix
from dashboard.session.markdown import plain

CHECKOUT_SECRETS = (PROJECT / ".streamlit" / "secrets.toml").resolve()
"""A file that `streamlit run` reads only if it is started in the checkout."""

_DEFAULT_PROVIDER = "default"

_CLAIMS = ("iss", "sub", "iat", "nonce")
"""The provider, the account, the time and the random number of a sign-in, which identify it."""

_signed_out: set[tuple[str, ...]] = set()
"""The claims of ended sign-ins. Streamlit signs out only the tab in which the button was pressed."""

_CALLBACK = "/oauth2callback"
"""Path to which the provider sends a visitor back; Streamlit defines it."""

_CANNOT_BE_READ = Message(
    "Changes are disabled because secrets.toml cannot be read. Ask the administrator of this dashboard to fix it."
)

_NOT_LOOKED_FOR = Message(
    "Changes are disabled because Streamlit does not look for Trazo's secrets.toml in this folder. Ask the "
    "administrator of this dashboard to start it with: python -m dashboard"
)


class SecretsDamaged(TrazoError):
    """The file secrets.toml exists but is not read, so it is unknown whether visitors have to sign in."""

    def __init__(self, message: str = _CANNOT_BE_READ) -> None:
        super().__init__(message)


def secrets_section(name: str) -> Mapping | None:
    """Return a section of secrets.toml, or None if it is missing; raise SecretsDamaged if the file is not read."""
    files = [Path(file) for file in st.get_option("secrets.files")]
    loaded = st.secrets.load_if_toml_exists()
    # Streamlit ignores a file that it cannot read, which would turn sign-in off.
    if not loaded and not all(map(is_gone, files)):
        raise SecretsDamaged
    section: Mapping | None = st.secrets.get(name) if loaded else None
    if section is None and not is_gone(CHECKOUT_SECRETS) and CHECKOUT_SECRETS not in [file.resolve() for file in files]:
        raise SecretsDamaged(_NOT_LOOKED_FOR)
    return section


def signed_in() -> bool:
    """Return True if this visitor is signed in."""
    return bool(st.user.get("is_logged_in")) and _sign_in() not in _signed_out


def email() -> str | None:
    """Return the email address of the signed-in visitor, or None if the provider does not send one."""
    address = st.user.get("email")
    return address if isinstance(address, str) else None


def account() -> None:
    """Show the name of the signed-in visitor and a button to sign out; show nothing if nobody is signed in."""
    if signed_in():
        name = email() or st.user.get("name")
        st.caption(tr("Signed in as {name}", name=plain(str(name))) if name else tr("Signed in as a guest"))
        st.button(tr("Sign out"), icon=":material/logout:", key="sign_out", on_click=_sign_out)


def _sign_out() -> None:
    """End the sign-in in all tabs that use it; without this, the others could still train and delete."""
    _signed_out.add(_sign_in())
    st.logout()


def _sign_in() -> tuple[str, ...]:
    return tuple(str(st.user.get(claim)) for claim in _CLAIMS)


def sign_in_buttons(key: str) -> None:
    """Show a button for each identity provider; `key` distinguishes buttons in different places on a page."""
    prefix = _callback_prefix()
    # Streamlit builds its sign-in URLs from its own prefix setting, which must match the prefix in `redirect_uri`.
    if prefix != configured_prefix():
        setting = f'`server.baseUrlPath = "{prefix.strip("/")}"`'
        st.caption(
            tr(
                "Sign-in needs Streamlit's setting {setting}. Ask the administrator of this dashboard to add it.",
                setting=setting,
            )
        )
        return
    for provider in _providers():
        _sign_in_button(provider, key)


def _providers() -> list[str]:
    """Return the names of the configured identity providers."""
    auth = secrets_section("auth") or {}
    provider_names = [name for name, value in auth.items() if isinstance(value, Mapping) and "client_id" in value]
    return [_DEFAULT_PROVIDER, *provider_names] if "client_id" in auth else provider_names


def _callback_prefix() -> str:
    """Return the prefix in the `redirect_uri` of secrets.toml: `/trazo` for https://example.org/trazo/oauth2callback."""
    path = urlsplit(str((secrets_section("auth") or {}).get("redirect_uri", ""))).path
    return path.removesuffix(_CALLBACK) if path.endswith(_CALLBACK) else configured_prefix()


def _sign_in_button(provider: str, key: str) -> None:
    name = provider.capitalize()
    label = tr("Sign in") if provider == _DEFAULT_PROVIDER else tr("Sign in with {provider}", provider=name)
    arguments = () if provider == _DEFAULT_PROVIDER else (provider,)
    st.button(label, icon=":material/login:", key=f"sign_in_{key}_{provider}", on_click=st.login, args=arguments)
