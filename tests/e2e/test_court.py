"""The label court in a real browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from core.court.verdicts import read_verdicts, verdicts_file
from core.data.datasets import Dataset
from core.workspace import Workspace
from tests.support.dashboard_process import DashboardProcess
from tests.support.visit import Record, at_rest


def test_three_labels_are_judged_by_key_and_click(
    page: Page, mnist: Dataset, dashboard: DashboardProcess, record: Record
) -> None:
    page.goto("/evaluate?evaluate_view=Label+court")
    expect(page.get_by_text("0 judged")).to_be_visible()
    at_rest(page)
    expect(page.get_by_text("Label", exact=True)).to_have_count(0)  # judged blind

    page.keyboard.press("3")
    expect(page.get_by_text("1 judged")).to_be_visible()
    expect(page.get_by_text("Label", exact=True)).to_be_visible()
    at_rest(page)
    page.keyboard.press("n")
    expect(page.get_by_text("Label", exact=True)).to_have_count(0)
    at_rest(page)

    page.locator(".st-key-court_digits").get_by_role("button", name="8").click()
    expect(page.get_by_text("2 judged")).to_be_visible()
    at_rest(page)
    page.get_by_role("button", name="Next image").click()
    expect(page.get_by_role("button", name="Next image")).to_have_count(0)
    at_rest(page)
    page.keyboard.press("x")
    expect(page.get_by_text("3 judged")).to_be_visible()

    verdicts = read_verdicts(verdicts_file(Workspace(dashboard.workspace)))
    assert [verdict.verdict for verdict in verdicts] == [3, 8, "cannot tell"]
    page.reload()
    expect(page.get_by_text("3 judged")).to_be_visible()
    assert not record.page_errors
