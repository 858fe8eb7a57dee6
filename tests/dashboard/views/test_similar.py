"""The "Similar" view of the Data page in Streamlit's AppTest."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.data.datasets import Dataset
from core.workspace import PROJECT, Workspace
from dashboard.parts.png import png_bytes
from dashboard.session import cache
from tests.support.clicks import click_on_picture, link_labels, panel_title
from tests.support.drawn_digits import ONE, SEVEN, drawn
from tests.support.markdown import unescape_markdown
from tests.support.page_text import markdown


@pytest.fixture
def digits(workspace: Workspace) -> Dataset:
    """scikit-learn's digits, which are few enough to compare quickly."""
    return cache.dataset("digits")


@pytest.fixture
def page(workspace: Workspace) -> AppTest:
    return AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300)


def open_similar(page: AppTest, **parameters: str) -> AppTest:
    page.switch_page("views/data.py")
    for name, value in {"view": "similar", "dataset": "digits", **parameters}.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception, page.exception[0].value
    return page


def tiles(page: AppTest, split: str = "train") -> list[dict[str, Any]]:
    """Return the tiles of the results."""
    found: list[dict[str, Any]] = json.loads(page.get_by_key(f"similar_{split}").proto.json)["tiles"]
    return found


def text(page: AppTest) -> str:
    parts = [*page.markdown, *page.caption, *page.info, *page.warning]
    return unescape_markdown("\n".join(str(part.value) for part in parts))


def parameters(page: AppTest) -> dict[str, list[str]]:
    stored: dict[str, list[str]] = page.session_state["address_parameters"]
    return stored


def label_of(tile: dict[str, Any]) -> int:
    return int(tile["caption"].partition("\n")[0])


def test_similar_images_have_labels_and_distances(page: AppTest, digits: Dataset) -> None:
    open_similar(page, image="train-20")

    label = int(digits.train.labels[20])
    found = tiles(page)
    distances = [float(tile["caption"].rpartition(" ")[2]) for tile in found]
    assert f"Training image 20, label {label}" in text(page)
    assert len(found) == 24
    assert distances == sorted(distances)
    assert not any("training image 20," in tile["title"] for tile in found)
    assert 20 < sum(label_of(tile) == label for tile in found) < 24
    assert [tile["marked"] for tile in found] == [label_of(tile) != label for tile in found]

    page.segmented_control(key="similar_split").set_value("test").run()
    page.segmented_control(key="similar_count").set_value("48").run()
    page.toggle(key="similar_others").set_value(True).run()

    assert not page.exception
    assert len(tiles(page, "test")) == 48
    assert all("test image" in tile["title"] for tile in tiles(page, "test"))
    assert label not in {label_of(tile) for tile in tiles(page, "test")}
    assert not any(tile["marked"] for tile in tiles(page, "test"))
    assert f"not labelled {label}" in text(page)
    stored = parameters(page)
    assert (stored["split"], stored["count"], stored["others"]) == (["test"], ["48"], ["true"])


def test_a_result_becomes_the_next_query(page: AppTest) -> None:
    open_similar(page, image="train-5")
    first = int(tiles(page)[0]["title"].split()[3].rstrip(","))
    with click_on_picture("similar_train", 0):
        page.run()

    assert panel_title(page).startswith(f"Training image {first:,}, label ")
    assert link_labels(page)[-2:] == ["Look inside", "Open in Draw"]
    page.button(key=f"similar_to_train-{first}").click().run()

    assert not page.exception
    assert f"Training image {first:,}, label" in text(page)
    assert parameters(page)["image"] == [f"train-{first}"]

    page.button(key="random_query").click().run()

    assert not page.exception
    assert parameters(page)["image"][0].startswith("train-")


def test_without_an_image_the_drawing_is_the_query(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    strokes: list[dict[str, Any]] = []
    ink = drawn(SEVEN, height=180, left=60, top=50)

    def show_canvas(*, key: str, on_change: Callable[[], None], **_: Any) -> None:
        picture = "data:image/png;base64," + base64.b64encode(png_bytes(ink)).decode()
        st.session_state[key] = {"drawing": {"raw": {"objects": strokes}, "data": picture}}
        on_change()

    page.run()  # the canvas can only be imported by a running page
    monkeypatch.setattr("dashboard.draw.canvas.st_canvas", show_canvas)
    open_similar(page)
    assert "appear after every stroke" in text(page)

    strokes.append({"path": [["M", 60, 60], ["L", 160, 220]], "strokeWidth": 20})
    page.run()

    assert not page.exception
    assert "The model predicts: 7." in text(page)
    assert sum(label_of(tile) == 7 for tile in tiles(page)) > 12

    ink = drawn(ONE, height=160, left=90, top=60) + drawn(ONE, height=160, left=190, top=60)
    strokes[:] = [{"path": [["M", x, 60], ["L", x, 220]], "strokeWidth": 16} for x in (90, 190)]
    page.run()

    assert "The model predicts: several digits." in text(page)

    page.segmented_control(key="similar_query").set_value("image").run()

    assert not page.exception
    assert "Click an image on any page" in text(page)


@pytest.mark.parametrize("name", ["test-99999", "../etc", "train--1"])
def test_an_unknown_image_is_explained_in_one_sentence(page: AppTest, name: str) -> None:
    open_similar(page, image=name)

    (warning,) = page.warning
    assert "There is no" in warning.value
    assert page.button(key="random_query").label == "Random image"


@pytest.mark.usefixtures("without_mnist")
def test_an_image_from_missing_mnist_is_explained(page: AppTest) -> None:
    open_similar(page, image="test-947", dataset="mnist")

    assert any("MNIST is not on this machine yet" in unescape_markdown(each.value) for each in page.warning)
    assert not any("Data page" in unescape_markdown(text) for text in markdown(page))


def test_a_model_without_features_is_explained(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    load = cache.load_feature_network

    def load_old(bundle: Any) -> Any:
        network = load(bundle)
        network.feature_count = None
        return network

    monkeypatch.setattr(cache, "load_feature_network", load_old)
    cache._feature_index.clear()

    open_similar(page, image="train-5")

    (info,) = page.info
    assert "made by an earlier version of Trazo" in info.value
