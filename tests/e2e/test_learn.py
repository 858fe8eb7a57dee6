"""A person completes every lesson, in a real browser, and finds the results again later."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from playwright.sync_api import Locator, Page, expect

from core.classifier.evaluation import Evaluation
from core.classifier.predictor import Predictor
from core.data.datasets import Dataset
from core.explain.keras_reader import load_network
from core.lessons.examples import bets, clearest, hardest
from core.lessons.fooling import first_different_answer, fooling_path
from core.lessons.results import LESSON_IDS
from core.runs.active import ActivePredictor
from core.workspace import Workspace
from tests.support.dashboard_process import DashboardProcess
from tests.support.visit import at_rest, draw

SMALL_SEVEN = [[(0, 0), (130, 0), (60, 190)]]
STAR = [[(0, 0), (500, 500)], [(500, 0), (0, 500)], [(0, 250), (500, 250)], [(250, 0), (250, 500)]]


@pytest.fixture
def predictor(dashboard: DashboardProcess) -> Predictor:
    """The model that the dashboard uses."""
    return ActivePredictor(Workspace(dashboard.workspace)).current()[1]


@pytest.fixture
def evaluation(predictor: Predictor, mnist: Dataset) -> Evaluation:
    """The model's predictions for the validation images."""
    return Evaluation(predictor.probabilities(mnist.validation.images), mnist.validation.labels)


@pytest.fixture
def steps(predictor: Predictor, evaluation: Evaluation, mnist: Dataset) -> int:
    """The number of steps of the smallest change that turns the clearest 2 into another digit."""
    image = mnist.validation.images[clearest(evaluation, 2)]
    path = fooling_path(load_network(predictor.bundle), image)
    first = first_different_answer(predictor.probabilities(path).argmax(axis=1))
    assert first is not None
    return first


def begin(page: Page, number: int, guess: str) -> None:
    """Make a guess in the open lesson, which must not show its answer yet."""
    expect(page.get_by_role("heading", level=2)).to_contain_text(re.compile(f"^{number} "))
    expect(done(page)).to_have_count(0)
    page.locator(f".st-key-guess_{LESSON_IDS[number - 1]}").get_by_role("button", name=guess).click()
    expect(page.get_by_text("You guessed:")).to_be_visible()


def done(page: Page) -> Locator:
    """Return the message of a finished lesson."""
    return page.get_by_test_id("stAlertContentSuccess")


def open_next_lesson(page: Page) -> None:
    expect(done(page)).to_be_visible()
    page.locator(".st-key-next_lesson button").click()


def paint(page: Page, pixels: Sequence[tuple[int, int]]) -> None:
    """Paint lines through these pixels (row, column) with the mouse, while a finger touches the lower right corner."""
    pad = page.get_by_role("application")
    bounds = pad.bounding_box()
    assert bounds is not None
    size = bounds["width"] / 28
    finger = {"pointerId": 99, "clientX": bounds["x"] + 26.5 * size, "clientY": bounds["y"] + 26.5 * size}
    for position, (row, column) in enumerate(pixels):
        page.mouse.move(bounds["x"] + (column + 0.5) * size, bounds["y"] + (row + 0.5) * size, steps=3)
        if position == 0:
            page.mouse.down()
            for event in ("pointerdown", "pointermove", "pointerup"):
                pad.dispatch_event(event, finger)
    page.mouse.up()


def paint_a_seven(page: Page) -> None:
    begin(page, 1, "31 to 90")
    page.get_by_role("application").click(button="right")  # does not paint
    paint(page, [(5, 7), (5, 19)])
    expect(page.get_by_text("28 of 784 numbers are not 0.")).to_be_visible()  # two rows of 14 pixels
    paint(page, [(5, 19), (12, 15), (22, 11)])


def draw_in_a_corner(page: Page) -> None:
    begin(page, 2, "Much worse")
    expect(page.locator("canvas.upper-canvas")).to_be_visible()
    at_rest(page)
    draw(page, SMALL_SEVEN, margin=0.06)
    page.get_by_test_id("stButtonGroup").get_by_text("7", exact=True).click()


def turn_the_filter(page: Page) -> None:
    begin(page, 3, "Vertical strokes")
    # A number outside the range becomes the nearest one inside it, and an empty field 0.
    corner = page.get_by_label("Filter, row 3, column 3")
    for typed, shown in (("-99", "-9"), ("", "0"), ("99", "9")):
        corner.fill(typed)
        corner.blur()
        expect(corner).to_have_value(shown)
    for column in (1, 2, 3):
        for row, number in ((1, -1), (2, 1), (3, 1)):
            page.get_by_label(f"Filter, row {row}, column {column}").fill(str(number))


def find_a_learning_rate(page: Page) -> None:
    begin(page, 4, "0.05")
    page.get_by_role("slider", name="Your learning rate").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")


def learn_from_more_images(page: Page) -> None:
    begin(page, 5, "Between 3 and 8 in 10")
    page.locator(".st-key-lesson_images").get_by_text("1000").click()


def read_hard_digits(page: Page, labels: Sequence[int], mistakes: int) -> None:
    begin(page, 6, "I will")
    for position, label in enumerate(labels, 1):
        expect(page.get_by_text(f"Digit {position} of {len(labels)}.")).to_be_visible()
        page.locator(f".st-key-read_{label} button").click()
    count_field = page.locator(".st-key-lesson_counted input")
    count_field.fill(str(mistakes))
    count_field.press("Enter")


def bet(page: Page, right: Sequence[bool]) -> None:
    begin(page, 7, "Fewer than 1 in 10")
    for position, is_right in enumerate(right, 1):
        expect(page.get_by_text(f"Bet {position} of {len(right)}.")).to_be_visible()
        page.locator(f".st-key-bet_{10 if is_right else 0} button").click()


def fool(page: Page, steps: int) -> None:
    begin(page, 8, "Visibly")
    expect(page.locator("canvas.upper-canvas")).to_be_visible()
    at_rest(page)
    draw(page, STAR)
    page.get_by_role("slider", name="Change in each pixel").focus()
    for _ in range(steps):
        page.keyboard.press("ArrowRight")


@pytest.mark.extended
def test_every_lesson_can_be_completed(page: Page, evaluation: Evaluation, steps: int) -> None:
    hard_images, bet_images = hardest(evaluation, 20, 6), bets(evaluation, 10, 7)
    right = evaluation.predictions == evaluation.labels
    wrong = int((~right[hard_images]).sum())
    page.goto("/learn?lesson=1")

    for lesson in (paint_a_seven, draw_in_a_corner, turn_the_filter, find_a_learning_rate, learn_from_more_images):
        lesson(page)
        open_next_lesson(page)
    read_hard_digits(page, evaluation.labels[hard_images].tolist(), wrong)
    open_next_lesson(page)
    bet(page, right[bet_images].tolist())
    open_next_lesson(page)
    fool(page, steps)
    expect(done(page)).to_be_visible()

    page.get_by_role("button", name="What I found out").click()
    expect(page.get_by_text(f"I read 20 correctly, and the model {20 - wrong}")).to_be_visible()
    expect(page.get_by_text("and the model read it.")).to_be_visible()
    expect(page.get_by_role("button", name="Print this page")).to_be_visible()
    page.goto("/learn")
    expect(page.get_by_text("8 of 8 lessons done")).to_be_visible()
    page.get_by_role("button", name="What I found out").click()
    page.get_by_role("button", name="Delete my results").click()
    page.get_by_role("button", name="Delete them now").click()
    expect(page.get_by_text("Nothing yet.")).to_be_visible()
    page.goto("/learn")
    expect(page.get_by_text("0 of 8 lessons done")).to_be_visible()
