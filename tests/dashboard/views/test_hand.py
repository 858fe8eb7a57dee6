"""The Your hand page in Streamlit's AppTest."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.classifier.bundle import Bundle
from core.classifier.predictor import Predictor
from core.personal.archive import export_hand
from core.personal.exam import answer, list_exams, start_exam
from core.personal.hand import Hand, create_hand, delete_hand, hand_name, list_hands
from core.personal.result import examine
from core.personal.taught import taught
from core.runs.registry import list_runs
from core.workspace import PROJECT, SHIPPED_BUNDLE, Workspace
from dashboard.hands.charts import WRITER_ACCURACIES
from dashboard.parts.png import png_bytes
from dashboard.session.drawings import Sketch
from tests.support.drawn_digits import SEVEN, drawn
from tests.support.fine_tuned import fine_tuned_run
from tests.support.markdown import unescape_markdown
from tests.support.written_digits import take_exam, teach_digits, write

EXAM, TEACH, TUNE = "1 Exam", "2 Teach", "3 Fine-tune and prove"


@pytest.fixture
def hand(workspace: Workspace) -> Hand:
    return create_hand(workspace, "Ana")


def open_page(step: str = EXAM, hand: Hand | None = None) -> AppTest:
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()
    if hand:
        page.session_state["chosen_hand"] = hand.id
    page.switch_page("views/hand.py").run()
    if step != EXAM:
        page.segmented_control(key="hand_step").set_value(step).run()
    assert not page.exception, page.exception[0].value
    return page


def text(page: AppTest) -> str:
    parts = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.success, *page.subheader]
    return unescape_markdown("\n".join(str(part.value) for part in parts))


def tiles(page: AppTest) -> dict[str, str]:
    return {metric.label: str(metric.value) for metric in page.metric}


def pad(page: AppTest, key: str) -> dict[str, Any]:
    return json.loads(page.get_by_key(key).proto.json)


def seven() -> str:
    """Return a 7 as the canvas sends it."""
    return "data:image/png;base64," + base64.b64encode(png_bytes(drawn(SEVEN))).decode()


def test_first_visitor_starts_the_exam_of_a_new_hand(workspace: Workspace) -> None:
    page = open_page()
    assert "about two minutes" in text(page)

    page.button(key="start_exam").click().run()

    (hand,) = list_hands(workspace)
    assert hand_name(hand) == "My hand"
    (file,) = hand.exams.glob("*.jsonl")
    shown = pad(page, f"exam_{file.stem}")
    assert (len(shown["prompts"]), shown["done"]) == (50, 0)
    assert page.selectbox(key="hand_choice").value == hand.id


def test_url_keeps_the_chosen_hand(workspace: Workspace, hand: Hand) -> None:
    exam = start_exam(hand)
    other = create_hand(workspace, "Ben")
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()
    page.query_params["hand"] = hand.id  # as after a reload

    page.switch_page("views/hand.py").run()

    assert page.selectbox(key="hand_choice").value == hand.id
    assert pad(page, f"exam_{exam.id}")["done"] == 0
    page.selectbox(key="hand_choice").set_value(other.id).run()
    assert page.selectbox(key="hand_choice").value == other.id
    assert page.session_state["address_parameters"]["hand"] == [other.id]
    page.switch_page("views/glossary.py").run()
    page.query_params["hand"] = hand.id  # the Back button
    page.switch_page("views/hand.py").run()
    assert page.selectbox(key="hand_choice").value == hand.id
    delete_hand(workspace, hand)
    page.run()
    assert page.selectbox(key="hand_choice").value is None
    assert page.session_state["address_parameters"]["hand"] == []
    assert not page.exception


def test_exam_result_counts_the_digits_that_the_model_reads(hand: Hand) -> None:
    exam = take_exam(hand)

    page = open_page(hand=hand)

    shown = tiles(page)
    result = examine(Predictor(Bundle(SHIPPED_BUNDLE)), exam.written)
    assert shown["Read correctly"] == f"{(result.right).sum()} of 50"
    assert shown["Misread"] == str(result.misread.sum())
    assert shown["Not answered"] == str(result.verdicts.count("not_a_digit"))
    assert result.right.sum() > 40
    assert "Among other people" in text(page)


def test_hands_are_created_renamed_and_deleted(workspace: Workspace, hand: Hand) -> None:
    page = open_page()
    page.text_input(key="new_hand_name").set_value("Ben")
    page.button(key="FormSubmitter:new_hand-Create").click().run()
    assert {hand_name(each) for each in list_hands(workspace)} == {"Ana", "Ben"}
    ben = next(each for each in list_hands(workspace) if hand_name(each) == "Ben")
    assert page.selectbox(key="hand_choice").value == ben.id

    page.session_state[f"menu_{ben.id}"] = True  # open the menu
    page.run()
    page.text_input(key="rename_hand_name").set_value("Ana")
    page.button(key="FormSubmitter:rename_hand-Rename").click().run()
    assert "There is a hand with this name already" in unescape_markdown(page.toast[0].value)
    assert page.button(key=f"delete_{ben.id}").disabled
    page.checkbox(key=f"delete_sure_{ben.id}").check().run()
    page.button(key=f"delete_{ben.id}").click().run()

    assert page.selectbox(key="hand_choice").value is None
    assert [hand_name(each) for each in list_hands(workspace)] == ["Ana"]
    assert not page.exception


def test_a_hand_is_imported_from_a_file(workspace: Workspace, hand: Hand) -> None:
    teach_digits(hand, 3)
    archive = export_hand(hand)
    page = open_page()

    page.file_uploader(key="import_hand").upload("hand.zip", archive[:200]).run()
    assert "damaged" in page.toast[0].value
    page.file_uploader(key="import_hand").upload("hand.zip", archive).run()

    assert not page.exception
    imported = next(each for each in list_hands(workspace) if each.id != hand.id)
    assert len(taught(imported)) == 3
    assert page.selectbox(key="hand_choice").value == imported.id


def test_new_visitor_does_not_get_another_persons_hand(workspace: Workspace) -> None:
    other = create_hand(workspace, "My hand")

    page = open_page()
    assert page.selectbox(key="hand_choice").value is None
    page.button(key="start_exam").click().run()

    (own,) = (hand for hand in list_hands(workspace) if hand != other)
    assert hand_name(own) == "My hand 2"
    assert not list(other.exams.glob("*"))


def test_a_damaged_hand_can_be_deleted(workspace: Workspace, hand: Hand) -> None:
    (workspace.personal / "lost+found").mkdir()
    hand.record_file.write_text("{")

    page = open_page(hand=hand)

    assert "damaged" in page.error[0].value
    page.session_state[f"menu_{hand.id}"] = True  # open the menu
    page.run()
    page.checkbox(key=f"delete_sure_{hand.id}").check().run()
    page.button(key=f"delete_{hand.id}").click().run()
    assert list_hands(workspace) == []
    assert not page.exception


def test_an_exam_can_be_discarded(hand: Hand) -> None:
    exam = start_exam(hand)
    answer(hand, exam, write(1))
    page = open_page(hand=hand)

    page.button(key="discard_exam").click().run()

    assert list_exams(hand) == []
    assert page.button(key="start_exam").label == "Start the exam"


def test_a_taught_digit_is_relabelled_and_removed(hand: Hand) -> None:
    teach_digits(hand, 10)
    page = open_page(TEACH, hand)
    assert "Taught so far: 10" in text(page)
    page.session_state["chosen_tiles"] = {f"taught_{hand.id}": 0}
    page.run()
    newest = list(taught(hand))[-1]

    page.button(key="label_3").click().run()
    assert taught(hand)[newest].label == 3
    page.button(key="forget").click().run()

    assert newest not in taught(hand)
    assert not page.exception


def test_teaching_prompts_for_each_digit_equally_often(hand: Hand) -> None:
    page = open_page(TEACH, hand)
    # In one message, as from a visitor who presses both before the page reruns.
    page.segmented_control(key="teaching_count").set_value(20)
    page.button(key="start_teaching").click().run()

    (_, prompts, _) = page.session_state["teaching_prompts"]
    assert sorted(prompts) == sorted([*range(10), *range(10)])


def test_fine_tuning_needs_taught_digits(hand: Hand) -> None:
    page = open_page(TUNE, hand)

    assert "Teach some digits first" in page.info[0].value


def test_fine_tuning_starts_a_run_from_the_active_model(
    workspace: Workspace, hand: Hand, idle_workers: Callable[[], None]
) -> None:
    teach_digits(hand, 10)
    page = open_page(TUNE, hand)

    page.button(key="fine_tune").click().run()

    (run,) = list_runs(workspace)
    assert run.config().preset == "fine-tuned"
    assert run.status().state == "running"
    assert page.button(key="fine_tune").disabled


def test_proof_compares_models_and_the_choice_can_be_undone(workspace: Workspace, hand: Hand) -> None:
    teach_digits(hand, 10)
    run = fine_tuned_run(workspace, hand.id)
    page = open_page(TUNE, hand)
    assert "Take one first" in page.info[0].value
    take_exam(hand)
    page.run()

    assert tiles(page)["Before"] == tiles(page)["After"]
    assert tiles(page)["Newly right and newly wrong"] == "0 and 0"
    assert "Not proven" in text(page)
    page.button(key="use_for_hand").click().run()
    assert hand.record().model == run.id
    assert f"Ana is read by {run.title}" in text(page)
    page.button(key="back").click().run()
    assert hand.record().model is None

    fine_tuned_run(workspace, hand.id)
    page.run()
    assert "Take a new one" in text(page)


def test_page_of_a_fine_tuned_run_says_where_it_comes_from(workspace: Workspace, hand: Hand) -> None:
    run = fine_tuned_run(workspace, hand.id)
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()
    page.switch_page("views/run.py")
    page.query_params["id"] = run.id
    page.run()

    assert not page.exception
    assert "Fine-tuned from Shipped model with 10 digits written by one person" in text(page).replace("*", "")


def test_drawing_is_taught_with_one_tap(workspace: Workspace, hand: Hand) -> None:
    page = open_page(hand=hand)
    page.session_state["sketch"] = Sketch(
        strokes=[{"path": [["M", 80, 80], ["L", 180, 80], ["L", 120, 220]], "strokeWidth": 16}], picture=seven()
    )
    page.switch_page("views/draw.py").run()
    page.button(key="meant_7").click().run()
    (written,) = taught(hand).values()
    assert (written.label, written.predicted, written.model) == (7, 7, "shipped")

    page.button(key="undo_lesson").click().run()
    assert taught(hand) == {}
    page.button(key="meant_None").click().run()
    assert [each.label for each in taught(hand).values()] == [None]

    page.button(key="undo_lesson").click().run()
    page.button(key="meant_7").click().run()
    ben = create_hand(workspace, "Ben")
    page.session_state["chosen_hand"] = ben.id
    page.run()
    assert "undo_lesson" not in {button.key for button in page.button}  # this drawing was taught to Ana's hand
    assert page.button(key="meant_7").label == "7"

    delete_hand(workspace, ben)
    page.run()
    assert not page.exception
    assert "meant_7" not in {button.key for button in page.button}


def test_visitors_without_permission_see_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_READONLY", "1")

    page = open_page()

    assert "Changes are switched off here" in text(page)
    assert "start_exam" not in {button.key for button in page.button}


def test_other_peoples_accuracies_match_the_benchmark() -> None:
    results = json.loads((PROJECT / "benchmarks" / "results.json").read_text())
    figures = results["Fine-tuning to one person's handwriting"]["figures"]
    measured = [each["value"] for each in figures if each["name"].endswith("read correctly before fine-tuning")][
        : len(WRITER_ACCURACIES)
    ]

    assert measured == pytest.approx(WRITER_ACCURACIES, abs=0.05)
