"""The label court in a real browser."""

from __future__ import annotations

from contextlib import suppress

from playwright.sync_api import Page, expect

from core.court.verdicts import read_verdicts, verdicts_file
from core.data.datasets import Dataset
from core.workspace import Workspace
from tests.support.dashboard_process import DashboardProcess
from tests.support.visit import Record, at_rest
from tests.support.waiting import wait_until


def press_until_shown(page: Page, key: str, text: str) -> None:
    """Press a key until the page shows this text; on a busy machine, a button appears before it reacts to its key.

    A second press has no effect: the other buttons have other keys.
    """

    def press_shows_text() -> bool:
        page.keyboard.press(key)
        with suppress(AssertionError):
            expect(page.get_by_text(text)).to_be_visible(timeout=5000)
            return True
        return False

    wait_until(press_shows_text, what=text)


def test_three_labels_are_judged_by_key_and_click(
    page: Page, mnist: Dataset, dashboard: DashboardProcess, record: Record
) -> None:
    page.goto("/evaluate?evaluate_view=Label+court")
    expect(page.get_by_text("0 judged")).to_be_visible()
    at_rest(page)
    expect(page.get_by_text("Label", exact=True)).to_have_count(0)  # judged blind

    press_until_shown(page, "3", "1 judged")
    expect(page.get_by_text("Label", exact=True)).to_be_visible()
    at_rest(page)
    press_until_shown(page, "n", "Press its key")
    expect(page.get_by_text("Label", exact=True)).to_have_count(0)
    at_rest(page)

    page.locator(".st-key-court_digits").get_by_role("button", name="8").click()
    expect(page.get_by_text("2 judged")).to_be_visible()
    at_rest(page)
    page.get_by_role("button", name="Next image").click()
    expect(page.get_by_role("button", name="Next image")).to_have_count(0)
    at_rest(page)
    press_until_shown(page, "x", "3 judged")

    verdicts = read_verdicts(verdicts_file(Workspace(dashboard.workspace)))
    assert [verdict.verdict for verdict in verdicts] == [3, 8, "cannot tell"]
    page.reload()
    expect(page.get_by_text("3 judged")).to_be_visible()
    assert not record.page_errors
