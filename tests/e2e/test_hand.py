"""A person takes the exam, teaches their hand, and gets a model of their own, in a real browser."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import Locator, Page, expect

from core.data.datasets import Dataset
from core.launcher.control import delete
from core.personal.exam import answer, exam_file, list_exams, read_exam
from core.personal.hand import Hand, delete_hand, list_hands
from core.personal.taught import taught
from core.runs.registry import list_runs
from core.workspace import Workspace
from tests.support.dashboard_process import DashboardProcess
from tests.support.keyboard_pen import LINES, START, focus_pen, keys, press
from tests.support.slow_server import SlowServer
from tests.support.visit import at_rest
from tests.support.waiting import wait_until
from tests.support.written_digits import write

_SIZE = 280
"""Width of the pad in its own coordinates."""


@pytest.fixture(autouse=True)
def _restore_workspace(dashboard: DashboardProcess) -> Iterator[None]:
    """Remove the hand and its run, which other tests of the shared dashboard do not expect."""
    workspace = Workspace(dashboard.workspace)
    before = {run.id for run in list_runs(workspace)}
    yield
    for hand in list_hands(workspace):
        delete_hand(workspace, hand)
    for run in list_runs(workspace):
        if run.id not in before:
            delete(workspace, run)


def prompt(page: Page) -> Locator:
    return page.locator(".prompt")


def start_teaching_ten(page: Page) -> None:
    """Choose to teach ten digits once the page has loaded, and start."""
    page.get_by_text("2 Teach").click()
    ten = page.get_by_role("radio", name="10", exact=True)
    expect(ten).to_be_visible()
    at_rest(page)
    ten.click()
    expect(ten).to_be_checked()
    page.get_by_role("button", name="Start writing").click()


def write_next(page: Page, seeds: Counter[int], *, enter: bool = True, disturb: Sequence[str] = ()) -> int:
    """Write the digit that the pad asks for, and move on with Enter or by waiting; return the digit.

    `seeds`: the seed of each digit's latest handwriting, so that the order of the prompts does not matter. `disturb`:
    keys to press while the pen is down.
    """
    expect(prompt(page)).to_have_text(re.compile("Write an? [0-9]"))
    digit = int(prompt(page).inner_text().split()[-1])
    paper = page.locator(".paper").bounding_box()
    assert paper is not None
    scale = paper["width"] / _SIZE
    seeds[digit] += 1
    # In one stroke, because on a busy machine a second one might come after the pad has moved on.
    points = [point for stroke in write(digit, seeds[digit]).strokes for point in stroke.points]
    points = [*points[:: max(1, len(points) // 10)], points[-1]]
    page.mouse.move(paper["x"] + points[0][0] * scale, paper["y"] + points[0][1] * scale)
    page.mouse.down()
    for x, y in points[1:]:
        if (x, y) == points[-1]:
            press(page, disturb)
        page.mouse.move(paper["x"] + x * scale, paper["y"] + y * scale)
    page.mouse.up()
    if enter:
        page.keyboard.press("Enter")
    return digit


def write_until(hand: Hand, count: int) -> None:
    """Write the next digits of the hand's exam without the browser, until it has `count` digits."""
    (exam,) = list_exams(hand)
    while len(exam.written) < count:
        assert exam.prompt is not None
        answer(hand, exam, write(exam.prompt, len(exam.written)))
        exam = read_exam(hand, exam.id)


def test_digits_keep_their_labels_if_the_server_responds_late(page: Page, dashboard: DashboardProcess) -> None:
    server = SlowServer(page)
    page.goto("/hand")
    start_teaching_ten(page)
    expect(prompt(page)).to_have_text(re.compile("Write a"))
    at_rest(page)
    page.locator(".paper").click(button="right")  # is not a digit
    expect(page.locator(".back")).to_be_disabled()
    server.holding = True
    seeds: Counter[int] = Counter()
    prompted_digits = [write_next(page, seeds, disturb=["Backspace", "Enter"]), write_next(page, seeds, enter=False)]
    server.release()  # responds to the first digit while the pad waits to see whether the second is complete
    expect(page.locator(".progress")).to_have_text("2 of 10")
    prompted_digits.append(write_next(page, seeds, enter=False))
    page.get_by_role("button", name="Stop here").click()

    expect(page.get_by_text("Taught so far: 3")).to_be_visible()
    (hand,) = list_hands(Workspace(dashboard.workspace))
    digits = list(taught(hand).values())
    assert [written.label for written in digits] == prompted_digits
    expect(page).to_have_url(re.compile(rf"/hand\?hand={hand.id}$"))
    page.reload()
    expect(page.get_by_role("combobox", name="Whose hand?")).to_have_value("My hand")
    last_point = write(prompted_digits[0], 1).strokes[-1].points[-1]
    assert digits[0].strokes[0].points[-1] == pytest.approx(last_point, abs=2)


def test_hand_is_taught_by_keyboard(page: Page, dashboard: DashboardProcess) -> None:
    page.goto("/hand")
    start_teaching_ten(page)
    expect(prompt(page)).to_have_text(re.compile("Write a"))
    at_rest(page)
    focus_pen(page)
    prompted_digits, at = [], START
    for count in range(2):
        expect(page.locator(".progress")).to_have_text(f"{count} of 10")
        prompted_digits.append(int(prompt(page).inner_text().split()[-1]))
        pressed, at = keys(LINES[prompted_digits[-1]], at)
        press(page, [*pressed, "Enter"])
    expect(page.locator(".progress")).to_have_text("2 of 10")
    page.get_by_role("button", name="Stop here").click()

    expect(page.get_by_text("Taught so far: 2")).to_be_visible()
    (hand,) = list_hands(Workspace(dashboard.workspace))
    written = list(taught(hand).values())
    assert [digit.label for digit in written] == prompted_digits
    assert [len(digit.strokes) for digit in written] == [len(LINES[digit]) for digit in prompted_digits]


@pytest.mark.extended
def test_a_person_gets_a_model_of_their_own(page: Page, dashboard: DashboardProcess, mnist: Dataset) -> None:
    server = SlowServer(page)
    page.goto("/hand")
    page.get_by_role("button", name="Start the exam").click()
    expect(prompt(page)).to_have_text(re.compile("Write a"))
    at_rest(page)
    server.holding_requests = True  # writing does not wait for the server
    seeds: Counter[int] = Counter()
    prompted_digits = [write_next(page, seeds) for _ in range(3)]
    expect(page.locator(".progress")).to_have_text("3 of 50")
    server.release()
    page.get_by_role("button", name="Undo the last digit").click()
    expect(page.locator(".progress")).to_have_text("2 of 50")
    seeds[prompted_digits[-1]] -= 1
    (hand,) = list_hands(Workspace(dashboard.workspace))
    (exam,) = list_exams(hand)
    # The pad's messages pass through this process, which forwards them only while it queries the browser.
    wait_until(lambda: page.title() and "taken back" in exam_file(hand, exam.id).read_text(), what="the last message")
    write_until(hand, 47)
    for title in ("Glossary", "Your hand"):
        page.get_by_test_id("stSidebarNavLink").get_by_text(title, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.locator(".progress")).to_have_text("47 of 50")
    prompted_digits += [write_next(page, seeds) for _ in range(3)]

    expect(page.get_by_test_id("stMetricLabel").filter(has_text="Read correctly")).to_be_visible()
    (exam,) = list_exams(hand)
    assert [*exam.prompts[:3], *exam.prompts[47:]] == prompted_digits
    assert [written.label for written in exam.written] == list(exam.prompts)

    start_teaching_ten(page)
    seeds = Counter(dict.fromkeys(range(10), 100))
    for _ in range(10):
        write_next(page, seeds)
    page.get_by_role("button", name="Show what was taught").click()
    expect(page.get_by_text("Taught so far: 10")).to_be_visible()
    assert sorted(written.label or 0 for written in taught(hand).values()) == list(range(10))

    page.get_by_text("3 Fine-tune and prove").click()
    page.get_by_role("button", name="Fine-tune", exact=True).click()
    expect(page.get_by_role("heading", name="Proof")).to_be_visible()
    page.get_by_role("button", name="Use for this hand").click()
    expect(page.get_by_text("Draw with it")).to_be_visible()
    expect(page.get_by_text(re.compile("My hand is read by")).first).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
