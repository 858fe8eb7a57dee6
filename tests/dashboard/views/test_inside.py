"""The Inside page in Streamlit's AppTest."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.data.datasets import Dataset
from core.ink.drawing import Pixels
from core.runs.run import Run
from core.workspace import PROJECT, Workspace
from dashboard.parts.png import png_bytes
from dashboard.session.drawings import Sketch
from tests.support.drawn_digits import ONE, SEVEN, drawn
from tests.support.kept_features import share_features
from tests.support.markdown import unescape_markdown


@pytest.fixture
def page(workspace: Workspace, shared_folder: Path) -> AppTest:
    share_features(shared_folder, workspace)
    return AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()


def open_inside(page: AppTest, **parameters: str) -> AppTest:
    page.switch_page("views/inside.py")
    for name, value in parameters.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception, page.exception[0].value
    return page


def draw_corner_seven(page: AppTest) -> None:
    """Put a small 7 in the top left corner of the Draw page's canvas."""
    put_on_canvas(page, drawn(SEVEN, height=80, left=10, top=10), [((20, 20), (60, 90))])


def draw_star(page: AppTest) -> None:
    """Draw a star with eight rays, which the model rejects."""
    lines = [[(0.0, 0.0), (1.0, 1.0)], [(1.0, 0.0), (0.0, 1.0)], [(0.0, 0.5), (1.0, 0.5)], [(0.5, 0.0), (0.5, 1.0)]]
    put_on_canvas(page, drawn(lines), [((70, 70), (154, 210))])


def draw_two_ones(page: AppTest) -> None:
    ones = [((x, 60.0), (x, 220.0)) for x in (90.0, 190.0)]
    ink = drawn(ONE, height=160, left=90, top=60) + drawn(ONE, height=160, left=190, top=60)
    put_on_canvas(page, ink, ones)


def put_on_canvas(page: AppTest, ink: Pixels, lines: Sequence[tuple[tuple[float, float], tuple[float, float]]]) -> None:
    picture = "data:image/png;base64," + base64.b64encode(png_bytes(ink)).decode()
    strokes = [{"path": [["M", *start], ["L", *end]], "strokeWidth": 16} for start, end in lines]
    page.session_state["sketch"] = Sketch(strokes=strokes, picture=picture)


def component_data(page: AppTest, key: str) -> dict[str, Any]:
    """Return the data that Python sent to a component."""
    return json.loads(page.get_by_key(key).proto.json)


def text(page: AppTest) -> str:
    parts = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error]
    return unescape_markdown("\n".join(str(part.value) for part in parts))


def test_without_a_drawing_the_page_says_how_to_get_one(page: AppTest) -> None:
    open_inside(page)

    assert "Draw a digit first" in page.info[0].value


def test_the_last_drawing_gets_a_prediction(page: AppTest) -> None:
    draw_corner_seven(page)

    open_inside(page)

    assert component_data(page, "inside_answer")["digit"] == "7"
    assert "Find similar" in [link.proto.label for link in page.get("page_link")]
    assert "Your last drawing" in text(page)


def test_without_centring_a_corner_drawing_is_misread(page: AppTest) -> None:
    draw_corner_seven(page)
    open_inside(page)

    page.toggle(key="step_centre").set_value(False).run()

    assert component_data(page, "all_steps")["digit"] == "7"
    assert component_data(page, "chosen_steps")["digit"] != "7"
    assert "Without centre" in text(page)


def test_an_image_of_the_dataset_opens_by_its_url(page: AppTest, mnist: Dataset) -> None:
    open_inside(page, image="test-947")

    assert f"Test image 947, label {mnist.test.labels[947]}" in text(page)
    assert "when its dataset was made" in text(page)


@pytest.mark.parametrize("name", ["test-10000", "test-x", "../../etc", "exam-3", "test--1", "test-" + "9" * 5000])
def test_an_unknown_image_is_explained_in_one_sentence(page: AppTest, mnist: Dataset, name: str) -> None:
    open_inside(page, image=name)

    assert len(page.warning) == 1
    assert "There is no" in page.warning[0].value
    assert "choose another" in page.warning[0].value


@pytest.mark.usefixtures("without_mnist")
def test_without_mnist_one_sentence_says_how_to_get_it(page: AppTest) -> None:
    open_inside(page, image="test-947")

    assert "MNIST is not on this machine yet" in unescape_markdown(page.warning[0].value)


def test_the_stand_in_can_be_opened_without_mnist(page: AppTest) -> None:
    open_inside(page, image="test-3", dataset="digits")

    assert "Test image 3, label" in text(page)


def test_an_unknown_model_in_the_url_is_replaced_and_reported(page: AppTest) -> None:
    draw_corner_seven(page)

    open_inside(page, model="20200101-120000-no-newt")

    assert "no longer exists" in page.info[0].value
    assert component_data(page, "inside_answer")["digit"] == "7"


def test_switching_all_channels_off_changes_the_prediction(page: AppTest) -> None:
    draw_corner_seven(page)
    open_inside(page)

    page.session_state["off_shipped_3"] = list(range(32))
    page.run()

    assert not page.exception
    assert component_data(page, "all_channels")["digit"] == "7"
    assert component_data(page, "chosen_channels") != component_data(page, "all_channels")


def test_the_switch_adds_and_removes_the_shown_channel(page: AppTest, mnist: Dataset) -> None:
    draw_corner_seven(page)
    open_inside(page)

    page.button(key="switch_channel").click().run()
    channels_off = page.session_state["off_shipped_3"]
    page.button(key="measure_accuracy").click().run()
    measured = text(page)
    page.button(key="switch_channel").click().run()

    assert len(channels_off) == 1
    assert f"%** without channel {channels_off[0]}." in measured
    assert page.session_state["off_shipped_3"] == []


def test_all_channels_are_switched_back_on_at_once(page: AppTest) -> None:
    draw_corner_seven(page)
    open_inside(page)
    page.session_state["off_shipped_3"] = [0, 3, 7]
    page.run()

    page.button(key="switch_all_on").click().run()

    assert page.session_state["off_shipped_3"] == []
    assert "With the chosen channels: all" in text(page)


def test_every_layer_can_be_shown(page: AppTest) -> None:
    draw_corner_seven(page)
    open_inside(page)
    layers = page.selectbox(key="layer_shipped")

    for position in range(len(layers.options)):
        page.selectbox(key="layer_shipped").select_index(position).run()

        assert not page.exception
        assert len(component_data(page, "network_overview")["blocks"]) == 6
        layer = page.selectbox(key="layer_shipped").value
        assert component_data(page, f"maps_shipped_{layer}")["tiles"]
        row, column = component_data(page, f"map_shipped_{layer}")["selected"]
        value = component_data(page, f"map_shipped_{layer}")["values"][row][column]
        assert f"{value:.3f}**" in text(page)


@pytest.mark.parametrize(("draw", "verdict"), [(draw_star, "Not a digit"), (draw_two_ones, "Several digits")])
def test_a_rejected_drawing_has_no_digit_anywhere(page: AppTest, draw: Callable, verdict: str) -> None:
    draw(page)

    open_inside(page)
    next(slider for slider in page.slider if str(slider.key).startswith("make_it_step")).set_value(0).run()

    top = component_data(page, "inside_answer")
    assert (top["prompt"], top["title"]) == (verdict, "If it were a digit")
    assert top == component_data(page, "all_steps") == component_data(page, "all_channels")
    for key in ("chosen_steps", "chosen_channels", "make_it_answer", "stress_answer"):
        answer = component_data(page, key)
        assert (answer["digit"], answer["prompt"], answer["title"]) == (None, verdict, "If it were a digit")


def test_a_channel_that_is_off_keeps_its_place_and_says_so(page: AppTest) -> None:
    draw_corner_seven(page)
    open_inside(page)
    place = component_data(page, "map_shipped_3")["selected"]

    page.button(key="switch_channel").click().run()

    value_map = component_data(page, "map_shipped_3")
    assert value_map["selected"] == place != [0, 0]
    assert value_map["values"][place[0]][place[1]] == 0
    assert "This channel is off, so the network gets **0** instead." in text(page)
    page.button(key="switch_channel").click().run()
    assert "This channel is off" not in text(page)


def test_any_digit_can_be_asked_about(page: AppTest) -> None:
    draw_corner_seven(page)
    open_inside(page)

    page.pills(key="why_shipped_7").set_value(1).run()

    assert not page.exception
    assert "counts for the 1" in component_data(page, "why_maps")["tiles"][0]["caption"]
    assert "integrated gradients" in text(page)


def test_the_sanity_check_shows_a_map_for_each_shuffled_layer(page: AppTest) -> None:
    draw_corner_seven(page)
    open_inside(page)

    page.button(key="sanity_check").click().run()

    assert not page.exception
    captions = [tile["caption"] for tile in component_data(page, "sanity_maps")["tiles"]]
    assert len(captions) == 7
    assert all("similarity" in caption for caption in captions)


def test_an_image_becomes_another_digit_step_by_step(page: AppTest) -> None:
    draw_corner_seven(page)
    open_inside(page)

    page.pills(key="make_it_shipped_7").set_value(1).run()
    changed = component_data(page, "make_it_answer")["digit"]
    step = next(slider for slider in page.slider if str(slider.key).startswith("make_it_step_shipped_1"))
    last = step.value
    step.set_value(0).run()
    unchanged = component_data(page, "make_it_answer")["digit"]
    next(button for button in page.button if button.label == "Apply a step").click().run()

    assert not page.exception
    assert (changed, unchanged) == ("1", "7")
    assert f"Step 1 of {last}" in text(page)


def test_a_search_without_a_result_says_how_far_it_went(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.explain.counterfactual._find_change", lambda *_: None)
    draw_corner_seven(page)

    open_inside(page)

    assert not page.exception
    assert "The search found no change of up to 60% of the ink" in text(page)


@pytest.mark.parametrize("search", ["counterfactual.change_into", "why.integrated_gradients"])
def test_a_step_does_not_repeat_a_search(page: AppTest, monkeypatch: pytest.MonkeyPatch, search: str) -> None:
    draw_corner_seven(page)
    open_inside(page)

    monkeypatch.delattr(f"dashboard.explain.{search}")
    next(button for button in page.button if button.label == "Undo a step").click().run()

    assert not page.exception


def test_a_slider_of_the_stress_dial_shows_its_curve(page: AppTest) -> None:
    draw_corner_seven(page)
    open_inside(page)
    unchanged = component_data(page, "stress_answer")
    assert "The form is filled in" not in text(page)

    page.slider(key="stress_slant").set_value(40.0).run()  # the setting ends at 30

    assert not page.exception
    assert page.selectbox(key="stress_curve").value == "slant"
    assert component_data(page, "stress_answer") != unchanged
    assert "a 7" in text(page)
    assert "up to these amounts, as far as the settings allow" in text(page)


def test_the_train_form_takes_the_augmentation_from_a_link(page: AppTest) -> None:
    page.switch_page("views/train.py")
    for name, value in {"preset": "fast", "rotation": "25", "noise": "0.2", "shear": "900"}.items():
        page.query_params[name] = value
    page.run()

    assert not page.exception
    settings = {slider.label: slider.value for slider in page.slider}
    assert (settings["Rotation (degrees)"], settings["Noise (fraction)"]) == (25.0, 0.2)
    assert settings["Shear (degrees)"] == 0.0
    assert "the fast preset, with the augmentation in the link" in text(page)


def test_a_training_image_is_its_own_nearest_neighbour(page: AppTest, mnist: Dataset) -> None:
    open_inside(page, image="train-5")

    first, *others = component_data(page, "neighbours")["tiles"]
    assert first["title"] == f"training image 5, label {mnist.train.labels[5]}"
    assert first["caption"].endswith("distance 0.0")
    assert len(others) == 11


def test_similar_images_need_the_dataset(page: AppTest, without_mnist: None) -> None:
    draw_corner_seven(page)

    open_inside(page)

    assert any("MNIST is not on this machine yet" in info.value for info in page.info)
    assert "These training images" not in text(page)
    assert "Each small dot" not in text(page)


def test_a_damaged_network_still_shows_prediction_and_steps(page: AppTest, run: Run) -> None:
    run.bundle.keras_file.write_bytes(b"damaged")
    draw_corner_seven(page)

    open_inside(page, model=run.id)

    (warning,) = page.warning
    assert "damaged" in warning.value
    assert component_data(page, "inside_answer")["bars"]
    assert component_data(page, "all_steps")["bars"]
