"""A walk through every page of the real dashboard."""

from __future__ import annotations

import psutil
import pytest
from playwright.sync_api import Page, Route, expect

from core.workspace import PROJECT
from tests.support.dashboard_process import DashboardProcess
from tests.support.visit import Record, at_rest


def test_every_page_opens_without_errors_or_tensorflow(page: Page, dashboard: DashboardProcess, record: Record) -> None:
    page.goto("/")
    at_rest(page)
    links = page.get_by_test_id("stSidebarNavLink")
    # The pages of one run and one sweep are reached from the lists; only the teacher of a class sees the Class page.
    unlisted = ("run", "sweep", "classroom")
    views = [path for path in (PROJECT / "dashboard" / "views").glob("[!_]*.py") if path.stem not in unlisted]
    expect(links).to_have_count(len(views))

    for position in range(links.count()):
        # The link's text starts with the name of its icon.
        name = links.nth(position).inner_text().split("\n")[-1]
        links.nth(position).click()
        # The first page greets the visitor with the product's name.
        expect(page.get_by_role("heading", level=1)).to_contain_text("Trazo" if name == "Draw" else name)
        at_rest(page)
        expect(page.get_by_test_id("stException")).to_have_count(0)

    assert not record.page_errors
    mapped_files = {region.path for region in psutil.Process(dashboard.process.pid).memory_maps()}
    assert any("streamlit" in path or "numpy" in path for path in mapped_files)
    assert not [path for path in mapped_files if "tensorflow" in path]


def test_all_ten_digits_fit_on_a_phone_without_scrolling(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/data")
    at_rest(page)

    digits = page.get_by_role("toolbar", name="Digits")

    expect(digits.get_by_role("button")).to_have_count(10)
    assert digits.evaluate("row => row.scrollWidth <= row.clientWidth")


FOLLOW_TITLE = """
  window.places = [];
  const follow = () => {
    const title = document.querySelector("h1");
    if (title) {
      const { x, y } = title.getBoundingClientRect();
      window.places.push(`${x}, ${y}`);
    }
    requestAnimationFrame(follow);
  };
  requestAnimationFrame(follow);
"""


@pytest.mark.parametrize("path", ["/", "/glossary"])
def test_title_does_not_move_while_its_page_loads(page: Page, path: str) -> None:
    page.add_init_script(FOLLOW_TITLE)
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    at_rest(page)

    assert len(set(page.evaluate("window.places"))) == 1


PLACES = """
  () => Object.fromEntries(
    [...document.querySelectorAll("[data-testid=stMain] [data-testid=stElementContainer][class*=st-key-]")]
      .map((element) => [element.className.match(/st-key-\\S+/)[0], Math.round(element.getBoundingClientRect().y)])
  )
"""


def test_nothing_on_data_moves_when_the_scripts_of_its_elements_arrive_late(page: Page) -> None:
    page.goto("/glossary")
    at_rest(page)
    late: list[Route] = []
    page.route("**/static/js/*.js", lambda route: late.append(route))
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Data").click()
    boxes = page.get_by_test_id("stMain").get_by_test_id("stSkeleton")
    expect(page.locator(".st-key-data_split").get_by_test_id("stSkeleton")).to_be_visible()
    at_rest(page)
    places = page.evaluate(PLACES)

    page.unroute("**/static/js/*.js")

    expect(boxes).to_have_count(0)
    at_rest(page)
    assert page.evaluate(PLACES) == pytest.approx(places, abs=1)
    assert late
