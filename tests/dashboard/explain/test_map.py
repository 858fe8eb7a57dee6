"""The map on the Data and Inside pages."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.data.datasets import load_dataset
from core.explain import embedding_map
from core.explain.embedding_map import compute_map
from core.explain.map_file import bundle_fingerprint, map_file, write_map
from core.explain.neighbours import load_feature_network
from core.launcher.map_process import is_computing
from core.runs.active import promote
from core.runs.run import Run
from core.workspace import PROJECT, Workspace
from tests.support.markdown import unescape_markdown
from tests.support.waiting import wait_until

LANDMARKS = 60


@pytest.fixture(scope="module")
def small_map(trained: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a small map, computed with the trained run's network."""
    file = tmp_path_factory.mktemp("map") / "map.npz"
    network, train = load_feature_network(trained.bundle), load_dataset("digits", Workspace(file.parent)).train
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedding_map, "MAX_LANDMARKS", LANDMARKS)
        write_map(file, compute_map(network, trained.bundle.card(), train, bundle_fingerprint(trained.bundle)))
    return file


@pytest.fixture
def active_map(small_map: Path, run: Run, workspace: Workspace, without_mnist: None) -> Path:
    """Promote a run with a small map, and return the map's file."""
    promote(workspace, run)
    file = map_file(workspace, "digits", bundle_fingerprint(run.bundle))
    file.parent.mkdir()
    return Path(shutil.copyfile(small_map, file))


@pytest.fixture
def page(workspace: Workspace) -> AppTest:
    return AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()


def open_data_map(page: AppTest) -> None:
    page.switch_page("views/data.py")
    page.query_params["view"] = "map"
    page.run()


def traces(page: AppTest) -> list[dict[str, Any]]:
    """Return the traces of the only map on a page."""
    (chart,) = page.get("plotly_chart")
    assert not page.exception
    return json.loads(chart.proto.spec)["data"]


def count_points(traces: list[dict[str, Any]]) -> int:
    return sum(len(trace["hovertext"]) for trace in traces)


def text(page: AppTest) -> str:
    assert not page.exception, page.exception[0].value
    parts = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error]
    return unescape_markdown("\n".join(str(part.value) for part in parts))


def test_data_page_shows_the_map_of_each_split(active_map: Path, page: AppTest, workspace: Workspace) -> None:
    page.switch_page("views/data.py").run()
    assert not page.get("plotly_chart")

    page.session_state["data_view"] = "map"
    page.run()
    assert [trace["name"] for trace in traces(page)] == [str(digit) for digit in range(10)]
    assert count_points(traces(page)) == len(load_dataset("digits", workspace).validation)

    page.segmented_control(key="data_map_colour").set_value("right")
    page.segmented_control(key="data_map_split").set_value("train").run()
    assert {trace["name"] for trace in traces(page)} <= {"Right", "Wrong"}
    assert count_points(traces(page)) == LANDMARKS

    (box,) = (box for box in page.selectbox if box.label == "Group")
    box.select("Right").run()
    assert re.search(r"\d+ images selected, 0 misread", text(page))


def test_inside_page_shows_the_picture_on_the_map(active_map: Path, page: AppTest, run: Run) -> None:
    page.switch_page("views/inside.py")
    page.query_params.update({"image": "test-3", "dataset": "digits", "model": run.id})
    page.run()

    page.toggle(key="show_map").set_value(True).run()

    *digits, dot = traces(page)
    assert count_points(digits) == LANDMARKS
    assert (dot["name"], len(dot["x"])) == ("Your picture", 1)


def test_a_damaged_map_is_computed_again(
    active_map: Path, page: AppTest, run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = active_map.read_bytes()
    active_map.write_bytes(complete[: len(complete) // 2])
    # The process ends without writing a map.
    monkeypatch.setattr(sys, "executable", "/bin/false")

    open_data_map(page)
    wait_until(lambda: not is_computing(workspace, run.bundle, "digits"), what="the end of the process")
    page.run()
    assert "The map could not be computed" in text(page)

    active_map.write_bytes(complete)
    page.run()
    assert len(traces(page)) == 10


def test_an_unwritable_cache_is_explained(run: Run, without_mnist: None, page: AppTest) -> None:
    (run.folder.parent.parent / "cache").touch()

    open_data_map(page)

    assert "there is a file where a folder should be" in text(page)


def test_visitors_of_a_read_only_dashboard_cannot_compute_a_map(
    workspace: Workspace, without_mnist: None, page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAZO_READONLY", "1")

    open_data_map(page)

    assert "The map of this model has not been computed yet" in text(page)
    assert "Changes are switched off here" in text(page)
    assert not workspace.root.exists()
