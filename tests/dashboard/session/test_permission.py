"""Controls that make changes are shown to visitors with permission; other visitors see a note instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.runs.registry import create_run, list_runs
from core.runs.run import Run
from core.runs.status import Status
from core.workspace import PROJECT, Workspace
from dashboard.session import sign_in
from tests.support.markdown import unescape_markdown
from tests.support.tiny_training import tiny_config

pytestmark = pytest.mark.usefixtures("idle_workers", "without_mnist")

PROVIDER = {"client_id": "trazo", "client_secret": "s", "server_metadata_url": "http://127.0.0.1:9/x"}
AUTH = {"redirect_uri": "http://127.0.0.1:9/oauth2callback", "cookie_secret": "c", **PROVIDER}
EDITORS = {"editors": ["ada@example.org", "@example.com"]}
CONTROLS = {"train", "stop", "resume", "promote", "download_mnist", "delete", "back_to_shipped"}


@pytest.fixture
def run(workspace: Workspace) -> Run:
    """A run that can be resumed."""
    run = create_run(workspace, tiny_config())
    run.write_status(Status(state="interrupted"))
    return run


def open_view(view: str, secrets: dict | None = None, user: dict | None = None) -> AppTest:
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300)
    if secrets:
        page.secrets.update(secrets)
    if user is not None:
        page.user = user
    return page.run().switch_page(f"views/{view}.py").run()


def controls(page: AppTest) -> set[str]:
    assert not page.exception
    return {button.key for button in page.button if button.key} & CONTROLS


def notes(page: AppTest) -> list[str]:
    return [unescape_markdown(caption.value) for caption in page.caption if "material/lock" in caption.value]


def test_by_default_everyone_may_change_things(run: Run) -> None:
    page = open_view("train")

    assert controls(page) == {"train", "resume", "download_mnist"}
    assert notes(page) == []


@pytest.mark.parametrize("view", ["train", "runs"])
def test_read_only_pages_show_a_note_instead_of_the_controls(
    run: Run, view: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAZO_READONLY", "1")

    page = open_view(view)

    assert controls(page) == set()
    assert len(notes(page)) == 1
    assert "switched off here" in notes(page)[0]


def test_visitor_is_not_told_to_download_data(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_READONLY", "1")

    page = open_view("evaluate")

    [text] = [unescape_markdown(info.value) for info in page.info if "images cannot be shown" in info.value]
    assert text.endswith("The data is not on this machine yet. To add it, you need permission to make changes here.")


def test_visitor_sees_sign_in_instead_of_the_controls(run: Run) -> None:
    page = open_view("train", {"auth": AUTH}, {"is_logged_in": False})

    assert controls(page) == set()
    assert "Sign in to train" in notes(page)[0]
    assert [button.label for button in page.button if button.key.startswith("sign_in")] == ["Sign in"]


def test_sign_in_under_a_prefix_requires_streamlits_setting(run: Run) -> None:
    auth = {**AUTH, "redirect_uri": "https://example.org/lab/trazo/oauth2callback"}

    page = open_view("train", {"auth": auth}, {"is_logged_in": False})

    assert [button.label for button in page.button if button.key.startswith("sign_in")] == []
    assert any('server.baseUrlPath = "lab/trazo"' in caption.value for caption in page.caption)


def test_each_named_provider_has_its_own_button(run: Run) -> None:
    auth = {"redirect_uri": "x", "cookie_secret": "c", "google": PROVIDER, "okta": PROVIDER}

    page = open_view("train", {"auth": auth}, {"is_logged_in": False})

    labels = [button.label for button in page.button if button.key.startswith("sign_in")]
    assert labels == ["Sign in with Google", "Sign in with Okta"]


def test_signed_in_user_may_change_things_and_sign_out(run: Run, workspace: Workspace) -> None:
    page = open_view("train", {"auth": AUTH}, {"is_logged_in": True, "email": "ada@example.org"})

    assert "train" in controls(page)
    assert "Signed in as ada@example.org" in [unescape_markdown(caption.value) for caption in page.caption]
    assert page.button(key="sign_out").label == "Sign out"
    page.button(key="train").click().run()
    assert len(list_runs(workspace)) == 2


@pytest.mark.parametrize(
    ("user", "allowed"),
    [
        ({"email": "ada@example.org"}, True),
        ({"email": "Bo@Example.com"}, True),
        ({"email": "eve@example.org"}, False),
        ({"email": "eve@notexample.com"}, False),
        ({}, False),
    ],
)
def test_only_listed_editors_may_change_things(run: Run, user: dict, allowed: bool) -> None:
    secrets = {"auth": AUTH, "trazo": EDITORS}

    page = open_view("train", secrets, {"is_logged_in": True, "email_verified": True, **user})

    assert ("train" in controls(page)) is allowed
    assert (notes(page) == []) is allowed


@pytest.mark.parametrize(
    ("claims", "trust", "allowed"),
    [
        ({"email_verified": True}, False, True),
        ({"email_verified": False}, False, False),
        ({"email_verified": "false"}, False, False),
        ({}, False, False),
        ({}, True, True),
        ({"email_verified": False}, True, False),
    ],
)
def test_editors_need_an_email_verified_by_the_provider(run: Run, claims: dict, trust: bool, allowed: bool) -> None:
    secrets = {"auth": AUTH, "trazo": {**EDITORS, "trust_unverified_emails": trust}}

    page = open_view("train", secrets, {"is_logged_in": True, "email": "ada@example.org", **claims})

    assert ("train" in controls(page)) is allowed
    assert ["has not confirmed that ada@example.org is verified" in note for note in notes(page)] == [True] * (
        not allowed
    )


def test_misconfigured_sign_in_allows_no_changes(run: Run) -> None:
    page = open_view("train", {"auth": {"redirect_uri": "x"}}, {})

    assert controls(page) == set()
    assert len(notes(page)) == 1


@pytest.mark.parametrize("secrets", [{}, {"other": {"key": "value"}}], ids=["no other file", "another file"])
def test_secrets_that_streamlit_does_not_look_for_allow_no_changes(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secrets: dict[str, object]
) -> None:
    # As with `streamlit run` in another folder than the checkout.
    monkeypatch.setattr(sign_in, "CHECKOUT_SECRETS", tmp_path / "secrets.toml")
    sign_in.CHECKOUT_SECRETS.write_text("[auth]\n")

    page = open_view("train", secrets)

    assert controls(page) == set()
    assert any("does not look for Trazo's secrets.toml" in note for note in notes(page))


def test_button_of_an_open_page_respects_a_new_read_only_mode(
    run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_view("train")
    monkeypatch.setenv("TRAZO_READONLY", "1")

    page.button(key="resume").click().run()

    assert not page.exception
    assert run.status().state == "interrupted"
    assert controls(page) == set()
