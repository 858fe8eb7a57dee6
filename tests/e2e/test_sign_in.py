"""Sign-in with OpenID Connect, in a real browser and with a real provider on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from core.runs.registry import list_runs
from core.workspace import Workspace
from tests.support.dashboard_process import DashboardProcess
from tests.support.oidc_provider import CLIENT_ID, CLIENT_SECRET, OidcProvider
from tests.support.visit import at_rest


@pytest.fixture
def provider() -> Iterator[OidcProvider]:
    provider = OidcProvider()
    provider.start()
    yield provider
    provider.stop()


@pytest.fixture(
    # The test below a prefix covers everything that the test at the root covers.
    params=[pytest.param("", marks=pytest.mark.long, id="at the root"), pytest.param("lab/trazo", id="below a prefix")]
)
def private_dashboard(
    provider: OidcProvider, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[DashboardProcess]:
    """A dashboard whose secrets.toml configures the provider."""
    secrets = tmp_path / ".streamlit" / "secrets.toml"
    secrets.parent.mkdir()
    process = DashboardProcess(tmp_path, HOME=str(tmp_path), STREAMLIT_SERVER_BASE_URL_PATH=request.param)
    if request.param:
        process.url = f"{process.url}/{request.param}"
    # Written after the start, because the redirect URI contains the port; Streamlit reads it when first needed.
    secrets.write_text(
        f"""[auth]
redirect_uri = "{process.url}/oauth2callback"
cookie_secret = "a long random word"
client_id = "{CLIENT_ID}"
client_secret = "{CLIENT_SECRET}"
server_metadata_url = "{provider.metadata_url}"
"""
    )
    yield process
    process.stop()


def test_visitor_browses_freely_and_signs_in_to_train(chromium: Browser, private_dashboard: DashboardProcess) -> None:
    page = chromium.new_context(base_url=f"{private_dashboard.url}/").new_page()
    page.goto("./train")
    at_rest(page)
    train = page.get_by_role("button", name="Train", exact=True)
    expect(page.get_by_text("Sign in to train, promote or delete")).to_be_visible()
    expect(train).to_have_count(0)

    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_text("Signed in as ada@example.org")).to_be_visible()
    page.get_by_role("link", name="Train", exact=True).click()
    expect(train).to_be_visible()
    other_tab = page.context.new_page()
    other_tab.goto("./train")
    still_shown = other_tab.get_by_role("button", name="Train", exact=True)
    expect(still_shown).to_be_visible()

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("Signed in as")).to_have_count(0)
    still_shown.click()

    expect(other_tab.get_by_text("Sign in to train, promote or delete").first).to_be_visible()
    expect(other_tab.get_by_text("Signed in as")).to_have_count(0)
    assert list_runs(Workspace(private_dashboard.workspace)) == []

    page.get_by_role("link", name="Train", exact=True).click()
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Signed in as ada@example.org")).to_be_visible()
    page.context.close()


@pytest.mark.extended
@pytest.mark.parametrize("content", [None, "[auth]".encode("utf-16")], ids=["a folder", "UTF-16"])
def test_pages_work_with_unreadable_secrets(chromium: Browser, tmp_path: Path, content: bytes | None) -> None:
    secrets = tmp_path / ".streamlit" / "secrets.toml"
    secrets.parent.mkdir()
    if content is None:
        secrets.mkdir()  # Docker makes a folder if the file to mount is missing
    else:
        secrets.write_bytes(content)
    dashboard = DashboardProcess(tmp_path, HOME=str(tmp_path))
    try:
        page = chromium.new_page(base_url=dashboard.url)
        page.goto("/train")

        expect(page.get_by_text("Changes are disabled because secrets.toml cannot be read.")).to_be_visible()
        expect(page.get_by_role("button", name="Train", exact=True)).to_have_count(0)
        page.close()
    finally:
        dashboard.stop()
