"""The "Near duplicates" view of the Data page in Streamlit's AppTest."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.explain.duplicates_file import duplicates_file
from core.explain.near_duplicates import SPLIT_PAIRS
from core.launcher.duplicates_process import is_searching
from core.workspace import PROJECT, Workspace
from dashboard.explain.near_duplicates import SCOPES
from dashboard.session import cache
from tests.support.clicks import click_on_picture
from tests.support.markdown import unescape_markdown
from tests.support.waiting import wait_until


@pytest.fixture
def page(workspace: Workspace) -> AppTest:
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300)
    page.switch_page("views/data.py")
    page.query_params["view"] = "duplicates"
    page.query_params["dataset"] = "digits"
    return page


def tiles(page: AppTest, scope: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(page.get_by_key(f"pairs_{scope}").proto.json)["tiles"]
    return found


def text(page: AppTest) -> str:
    parts = [*page.markdown, *page.caption, *page.info, *page.error]
    return unescape_markdown("\n".join(str(part.value) for part in parts))


def test_pairs_are_found_once_and_shown(page: AppTest, workspace: Workspace) -> None:
    data = cache.dataset("digits")
    page.run()
    assert "1,797 images of this dataset have not been compared yet" in text(page)

    page.button(key="find_duplicates").click().run()
    wait_until(lambda: not is_searching(workspace, data))
    page.run()

    assert not page.exception
    assert "**0** identical pairs" in text(page)
    found = tiles(page, "train")
    distances = [float(tile["caption"].rpartition(" ")[2]) for tile in found]
    assert len(found) == 48
    assert distances == sorted(distances)

    page.selectbox(key="pairs_splits").set_value("test-train").run()
    page.toggle(key="pairs_different").set_value(True).run()

    found = tiles(page, "test-train")
    assert found
    assert all(tile["marked"] and " and " in tile["caption"] for tile in found)
    assert all(tile["caption"].startswith("test ") for tile in found)

    index = int(found[0]["caption"].split()[1])
    with click_on_picture("pairs_test-train", 0):
        page.run()
    assert [option.split(" image ")[0] for option in page.segmented_control(key="panel_image").options] == [
        "Test",
        "Training",
    ]
    page.button(key=f"similar_to_test-{index}").click().run()

    assert not page.exception
    assert f"Test image {index}, label" in text(page)


def test_a_new_search_is_offered_for_a_damaged_file(page: AppTest, workspace: Workspace) -> None:
    path = duplicates_file(workspace, cache.dataset("digits"))
    path.parent.mkdir(parents=True)
    path.write_bytes(b"PK damaged")

    page.run()

    assert not page.exception
    assert page.button(key="find_duplicates").label == "Find near duplicates"


def test_visitors_without_permission_see_why(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_READONLY", "1")

    page.run()

    assert not page.exception
    assert "Changes are switched off here" in text(page)
    assert "find_duplicates" not in {button.key for button in page.button}


def test_every_pair_of_splits_can_be_chosen() -> None:
    assert {names for _, names in SCOPES.values()} == set(SPLIT_PAIRS)
