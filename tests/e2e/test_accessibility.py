"""Every page meets WCAG 2.2 at levels A and AA while a training runs: light and dark, on a desktop and on a phone.

On a tablet, everything fits.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Browser, Page, expect

from core.lessons.results import LESSON_IDS
from core.personal.hand import create_hand, delete_hand
from core.runs.process import worker_lock
from core.runs.run import Run
from core.workspace import PROJECT, Workspace
from tests.support.axe import load_axe, violations
from tests.support.dashboard_process import DashboardProcess
from tests.support.drawn_digits import SEVEN
from tests.support.navigation import open_within_visit, until_quiet
from tests.support.sweep_files import write_sweep
from tests.support.visit import at_rest, draw
from tests.support.visitor import Visitor
from tests.support.waiting import lasting
from tests.support.written_digits import take_exam

VIEWPORTS = [("light", 1280), ("light", 390), ("dark", 390), ("dark", 1280)]
"""Colour schemes and widths in pixels; a change of colours takes Streamlit a second, a change of width far less."""

SPANISH_VIEWPORTS = [("light", 390), ("dark", 1280)]
"""The same for Spanish; a language changes names and lengths, but no colours."""

FIND_LOW_CONTRAST = (Path(__file__).parent / "chart_contrast.js").read_text(encoding="utf-8")

FIND_CUT_OFF = (Path(__file__).parent / "cut_off.js").read_text(encoding="utf-8")

FIND_FOCUS_PROBLEMS = (Path(__file__).parent / "focus.js").read_text(encoding="utf-8")

# In milliseconds; nothing moves that a visitor could see.
FIND_MOTION = """() => document.getAnimations()
  .filter((animation) => animation.effect.getComputedTiming().activeDuration > 50)
  .map((animation) => animation.animationName ?? animation.transitionProperty ?? animation.id)"""

FIND_MISSED = """() => window.reachable
  .filter((element) => element.isConnected && !window.reached.has(element))
  .map((element) => element.outerHTML.slice(0, 200))"""

IS_COMPLETE = """(scheme) => {
  const charts = [...document.querySelectorAll("[data-testid=stVegaLiteChart]")];
  return getComputedStyle(document.querySelector("[data-testid=stApp]")).colorScheme === scheme
    && charts.every((chart) => chart.querySelector("svg") || !chart.checkVisibility())
    && !document.querySelector("[data-testid=stSkeleton]");
}"""

RUN, RUNNING, SWEEP = "20261129-170000-gentle-heron", "20261129-180000-brave-lynx", "20261129-160000-quiet-otter"


class Place(NamedTuple):
    """A page with its parameters; `shown`: selector of its last part; `act`: what a visitor does there."""

    path: str
    shown: str
    act: Callable[[Page], None] | None = None


def guess(lesson: str) -> Callable[[Page], None]:
    """Return the action that guesses before a lesson, so that it shows the rest."""

    def act(page: Page) -> None:
        buttons = page.locator(f".st-key-guess_{lesson} button")
        buttons.first.click()
        expect(buttons).to_have_count(0)

    return act


def open_panel(page: Page) -> None:
    page.locator(".st-key-data_grid button").first.click()
    # The model refuses some of the small digits that replace a missing MNIST, but gives all ten probabilities.
    expect(page.get_by_role("dialog").locator(".trazo-answer .bar")).to_have_count(10)


def draw_a_seven(page: Page) -> None:
    draw(page, SEVEN, box=1)
    expect(page.locator(".trazo-answer.answered")).to_be_visible()


def choose_a_hand(page: Page) -> None:
    page.locator(".st-key-hand_choice input").click()
    page.get_by_role("option").first.click()
    expect(page.locator("[data-testid=stVegaLiteChart]").first).to_be_visible()


PLACES = {
    "draw": Place("/", "canvas.upper-canvas", draw_a_seven),
    "learn": Place("/learn", "[class*=st-key-lesson_card_]"),
    **{
        f"lesson {number}": Place(f"/learn?lesson={number}", f".st-key-guess_{lesson}", guess(lesson))
        for number, lesson in enumerate(LESSON_IDS, 1)
    },
    "inside": Place("/inside?image=test-3&dataset=digits", ".st-key-neighbours"),
    "hand": Place("/hand", ".st-key-hand_step", choose_a_hand),
    "data": Place("/data", ".st-key-data_grid", open_panel),
    "pen digits": Place("/data?dataset=pen-digits", "[data-testid=stHeading]"),
    "similar": Place("/data?view=similar&image=test-3&dataset=digits", ".st-key-similar_results"),
    "train": Place("/train", ".st-key-stop"),
    "sweeps": Place("/sweeps", f".st-key-sweep_{SWEEP}"),
    "sweep": Place(f"/sweep?id={SWEEP}", ".plot"),
    "runs": Place("/runs", "[data-testid=stDataFrame]"),
    "run": Place(f"/run?id={RUN}", ".st-key-download"),
    "mistakes": Place("/evaluate", ".st-key-mistakes_grid"),
    "calibration": Place("/evaluate?evaluate_view=Calibration", "[data-testid=stVegaLiteChart]"),
    "handwriting": Place("/evaluate?evaluate_view=Handwriting", ".st-key-robustness_figures"),
    "compare": Place(f"/evaluate?evaluate_view=Compare&model={RUN}", "[data-testid=stSelectbox]"),
    "epochs": Place(f"/evaluate?evaluate_view=Epochs&model={RUN}", "[class*=st-key-story_]"),
    "label court": Place(f"/evaluate?evaluate_view=Label+court&model={RUN}", ".st-key-court_bench"),
    # The colours of code are loaded late.
    "model": Place("/model", ".token.keyword"),
    "gradio": Place("/gradio_demo", ".token.keyword"),
    "glossary": Place("/glossary", ".st-key-glossary"),
}


NEEDS_MNIST = ("inside", "mistakes")
"""Places that show MNIST's images."""


def test_every_page_is_checked() -> None:
    views = {view.stem for view in (PROJECT / "dashboard" / "views").glob("[!_]*.py")}
    checked = {urlparse(place.path).path.strip("/") or "draw" for place in PLACES.values()}

    # Only the teacher of a class sees the page Class; test_classroom.py checks it.
    assert checked == views - {"classroom"}


@pytest.fixture(scope="module")
def _work(trained: Run, dashboard: DashboardProcess) -> Iterator[None]:
    """A finished run, one that trains, a sweep, and a hand with an exam, in the workspace of the dashboard."""
    workspace = Workspace(dashboard.workspace)
    shutil.copytree(trained.folder, workspace.runs / RUN)
    running = Run(Path(shutil.copytree(trained.folder, workspace.runs / RUNNING)))
    shutil.rmtree(running.bundle.folder)
    running.write_status(running.status().model_copy(update={"state": "running", "ended": None, "epochs": 10}))
    sweep = write_sweep(workspace, 20, sweep_id=SWEEP)
    hand = create_hand(workspace, "Ada")
    take_exam(hand)
    with worker_lock(running.lock_file):
        yield
        # While its worker seems to live, so that the dashboard does not record an interruption in it.
        shutil.rmtree(running.folder)
    delete_hand(workspace, hand)
    for folder in (sweep.folder, workspace.runs / RUN):
        shutil.rmtree(folder)


@pytest.fixture(scope="module", params=["en", "es"])
def visit(
    chromium: Browser, dashboard: DashboardProcess, _work: None, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """A tab for all places, because each new one takes Chromium a second of CPU time; in English or Spanish."""
    visitor = Visitor(chromium, dashboard.url)
    page = visitor.context.new_page()
    load_axe(page)
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"/glossary?lang={request.param}")
    expect(page.locator("html")).to_have_attribute("lang", request.param)
    at_rest(page)
    yield page
    visitor.context.close()


@pytest.mark.extended
@pytest.mark.parametrize("place", PLACES)
def test_page_meets_wcag(visit: Page, place: str, request: pytest.FixtureRequest) -> None:
    if place in NEEDS_MNIST:
        request.getfixturevalue("mnist")
    is_english = visit.locator("html").get_attribute("lang") == "en"
    open_place(visit, place)
    if is_english:
        assert visit.evaluate(FIND_MOTION) == []
        visit.keyboard.press("Tab")
        assert visit.evaluate(FIND_FOCUS_PROBLEMS) == []
        # On a tablet, the sidebar stays open and columns are narrow.
        visit.set_viewport_size({"width": 820, "height": 900})
        assert lasting(lambda: visit.evaluate(FIND_CUT_OFF)) == []
    expect_no_problems(visit, VIEWPORTS if is_english else SPANISH_VIEWPORTS)


@pytest.mark.usefixtures("_work")
@pytest.mark.parametrize("place", ["draw", "runs"])
def test_tab_reaches_every_control(page: Page, place: str) -> None:
    path, shown, _ = PLACES[place]
    page.goto(path)
    expect(page.locator(shown).first).to_be_visible()
    at_rest(page)
    page.keyboard.press("Tab")
    page.evaluate(FIND_FOCUS_PROBLEMS)

    for _ in range(3):
        for _ in range(page.evaluate("window.reachable.length")):
            page.keyboard.press("Tab")
        if not (missed := page.evaluate(FIND_MISSED)):
            break
    assert missed == []


def open_place(page: Page, place: str) -> None:
    """Open a page within the visit, on a desktop, and do there what a visitor does."""
    path, shown, act = PLACES[place]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})
    open_within_visit(page, path)
    expect(page.locator(shown).first).to_be_visible()
    if act:
        act(page)
        until_quiet(page)
    page.wait_for_function(IS_COMPLETE, arg="light")


def expect_no_problems(page: Page, viewports: list[tuple[str, int]]) -> None:
    for scheme, width in viewports:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 900})
        assert problems(page, scheme) == [], f"{scheme}, {width} pixels wide"


def problems(page: Page, scheme: str) -> list[str]:
    """Return the violations on a page, and low contrasts in its charts, once it is shown completely."""
    page.wait_for_function(IS_COMPLETE, arg=scheme)
    at_rest(page)
    return lasting(lambda: [*violations(page), *page.evaluate(FIND_LOW_CONTRAST)])
