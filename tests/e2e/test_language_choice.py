"""A visitor gets pages in their language, in a real browser."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.support.dashboard_process import DashboardProcess
from tests.support.visit import at_rest


def expect_language(page: Page, code: str, first_page: str) -> None:
    """Wait for pages in a language; `first_page` is the Draw page's name in it."""
    expect(page.get_by_test_id("stSidebarNavLink").get_by_text(first_page, exact=True)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", code)


def test_link_and_switch_choose_a_language_that_is_kept(page: Page) -> None:
    page.goto("/glossary?lang=es")
    expect_language(page, "es", "Dibujar")
    assert "lang=" not in page.url

    page.reload()
    expect_language(page, "es", "Dibujar")

    at_rest(page)
    page.get_by_role("button", name="English").click()
    expect_language(page, "en", "Draw")

    page.goto("/glossary")
    expect_language(page, "en", "Draw")


def test_browser_chooses_the_language_of_a_first_visit(chromium: Browser, dashboard: DashboardProcess) -> None:
    with chromium.new_context(base_url=dashboard.url, locale="es-MX") as context:
        page = context.new_page()
        page.goto("/glossary")
        expect_language(page, "es", "Dibujar")
    with chromium.new_context(base_url=dashboard.url, locale="fi") as context:
        page = context.new_page()
        page.goto("/glossary")
        expect_language(page, "en", "Draw")
