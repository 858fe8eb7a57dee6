"""The Runs page in Streamlit's AppTest. Selecting rows requires a browser; see tests/e2e/test_runs.py."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable

import psutil
import pytest
from streamlit.testing.v1 import AppTest

from core.classifier.bundle import Bundle
from core.launcher.queue import advance, submit
from core.runs.active import active_model, promote
from core.runs.label import write_label
from core.runs.registry import create_run, list_runs
from core.runs.run import Run
from core.runs.status import Status
from core.workspace import PROJECT, Workspace
from dashboard.runs import run_cache
from tests.support.markdown import unescape_markdown
from tests.support.runs_page import copied, keys, open_runs_page, page_text, settings_table, states
from tests.support.tiny_training import tiny_config
from tests.support.waiting import wait_until
from tests.support.workers import kill_worker


def test_without_runs_the_page_links_to_train(workspace: Workspace) -> None:
    page = open_runs_page()

    assert not page.exception
    assert "no runs yet" in page_text(page)
    page.button(key="to_train").click().run()
    assert page.title[0].value == "Train"


def test_all_runs_are_listed_newest_first(run: Run, workspace: Workspace) -> None:
    copied(run, workspace, "20200101-120000-old-owl")

    table = open_runs_page().dataframe[0].value

    card = run.bundle.card()
    assert table["Run"].tolist() == [run.title, "old-owl"]
    assert states(table) == [["finished"], ["finished"]]
    assert table["Test accuracy"].tolist() == pytest.approx([card.metrics.test_accuracy * 100] * 2)
    assert table["Parameters"].tolist() == [card.parameters] * 2
    assert table["Created"].dt.year.tolist()[1] == 2020


def test_settings_are_named_the_same_on_all_pages(run: Run) -> None:
    config = tiny_config(dataset="mnist", schedule="one_cycle", optimizer="sgd")
    run.write_config(config)
    run.bundle.card_file.write_text(run.bundle.card().model_copy(update={"config": config}).model_dump_json())
    model = AppTest.from_file(str(PROJECT / "dashboard" / "views" / "model.py"), default_timeout=300).run()
    model.selectbox(key="model_choice").set_value(run.id).run()

    settings = settings_table(open_runs_page())[run.title]

    assert settings[["Optimizer", "Learning rate schedule"]].tolist() == ["SGD with momentum", "one cycle"]
    facts = model.table[1].value.iloc[:, 0][settings.index]
    assert {name: unescape_markdown(value) for name, value in facts.items()} == settings.to_dict()


def test_promotion_elsewhere_changes_the_revision(run: Run, workspace: Workspace) -> None:
    shipped_revision = run_cache.revision()

    promote(workspace, run)
    promoted_revision = run_cache.revision()
    promote(workspace, None)

    assert run_cache.revision() == shipped_revision != promoted_revision


def test_newest_run_is_shown_with_its_curves_and_settings(run: Run) -> None:
    page = open_runs_page()

    assert len(page.get("vega_lite_chart")) == 2
    settings = settings_table(page)
    assert settings.loc["Epochs"].tolist() == ["2", "15"]
    assert settings.loc["Filters", run.title] == "8, 8"
    assert "Batch size" not in settings.index


def test_only_differing_settings_are_listed(run: Run, workspace: Workspace) -> None:
    other = copied(run, workspace, "20200101-120000-old-owl")
    other.write_config(tiny_config(epochs=9, filters=(16,)))

    settings = settings_table(open_runs_page(run, other))

    assert settings.to_dict() == {
        run.title: {"Epochs": "2", "Filters": "8, 8"},
        "old-owl": {"Epochs": "9", "Filters": "16"},
    }


def test_runs_with_the_same_settings_show_a_message(run: Run, workspace: Workspace) -> None:
    other = copied(run, workspace, "20200101-120000-old-owl")

    assert "same settings" in page_text(open_runs_page(run, other))


def test_runs_with_the_same_name_are_shown_by_id(run: Run, workspace: Workspace) -> None:
    other = copied(run, workspace, f"20200101-120000-{run.title}")

    page = open_runs_page(run, other)

    assert not page.exception
    assert page.dataframe[0].value["Run"].tolist() == [run.id, other.id]


def test_model_is_promoted_and_replaced_by_the_shipped_one(run: Run, workspace: Workspace) -> None:
    page = open_runs_page()
    assert "back_to_shipped" not in keys(page)

    page.button(key="promote").click().run()

    assert active_model(workspace).run_id == run.id
    assert states(page.dataframe[0].value) == [["finished", "active model"]]
    assert page.button(key="promote").disabled

    page.button(key="back_to_shipped").click().run()

    assert active_model(workspace).run_id is None


def test_deletion_asks_for_confirmation_and_can_be_cancelled(run: Run, workspace: Workspace) -> None:
    page = open_runs_page()

    page.button(key="delete").click().run()
    assert run.id in page_text(page)
    assert list_runs(workspace) == [run]

    page.button(key="keep").click().run()
    assert list_runs(workspace) == [run]
    assert "confirm_delete" not in keys(page)


def test_confirmed_deletion_deletes_the_run(run: Run, workspace: Workspace) -> None:
    promote(workspace, run)
    page = open_runs_page()

    page.button(key="delete").click().run()
    page.button(key="confirm_delete").click().run()

    assert list_runs(workspace) == []
    assert active_model(workspace).run_id is None
    assert "no runs yet" in page_text(page)


def test_damaged_run_shows_its_problem_and_can_be_deleted(run: Run, workspace: Workspace) -> None:
    damaged = create_run(workspace, tiny_config())
    damaged.status_file.write_text('{"state": "runn')
    long_ago = time.time() - 60
    os.utime(damaged.status_file, (long_ago, long_ago))

    page = open_runs_page(damaged)

    assert not page.exception
    assert re.search(r"status.json of .* damaged", page_text(page))
    assert page.button(key="promote").disabled
    page.button(key="delete").click().run()
    page.button(key="confirm_delete").click().run()
    assert list_runs(workspace) == [run]


def test_damaged_curves_do_not_affect_the_rest_of_the_page(run: Run) -> None:
    run.history_file.write_text("nothing,of,use\n")

    page = open_runs_page()

    assert not page.exception
    assert re.search(r"history.csv of .* damaged", page_text(page))
    assert not page.button(key="promote").disabled


@pytest.mark.usefixtures("idle_workers")
def test_deleting_a_run_in_progress_stops_it(workspace: Workspace) -> None:
    submit(workspace, tiny_config())
    page = open_runs_page()
    process = list_runs(workspace)[0].process()
    assert process is not None

    page.button(key="delete").click().run()
    page.button(key="confirm_delete").click().run()

    wait_until(
        lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE, what="the end of the process"
    )
    assert list_runs(workspace) == []


@pytest.mark.usefixtures("idle_workers")
def test_interrupted_run_is_resumed_from_the_page(workspace: Workspace) -> None:
    submit(workspace, tiny_config())
    page = open_runs_page()
    (run,) = list_runs(workspace)
    assert page.button(key="resume").disabled
    kill_worker(run)
    page.run()
    assert not page.button(key="resume").disabled

    page.button(key="resume").click().run()

    assert not page.exception
    assert run.status().state == "running"


@pytest.mark.usefixtures("idle_workers")
def test_no_page_starts_a_queued_run(workspace: Workspace) -> None:
    waiting = create_run(workspace, tiny_config())

    assert states(open_runs_page().dataframe[0].value) == [["queued"]]
    for view in ("train", "run"):
        page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()
        page.query_params["id"] = waiting.id
        assert not page.switch_page(f"views/{view}.py").run().exception

    assert waiting.status().state == "queued"
    assert advance(workspace) == waiting
    assert states(open_runs_page().dataframe[0].value) == [["running"]]


@pytest.mark.usefixtures("idle_workers")
@pytest.mark.parametrize("view", ["runs", "train", "run"])
def test_page_reads_each_run_at_most_once(
    run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, view: str
) -> None:
    for number in range(30):
        copied(run, workspace, f"20200101-{number:06}-old-owl")
    queued = [create_run(workspace, tiny_config(seed=seed)) for seed in range(3)]
    submit(workspace, tiny_config())
    reads = count_reads(monkeypatch)
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()
    page.query_params["id"] = run.id

    page.switch_page(f"views/{view}.py").run()

    assert not page.exception
    # Runs that are shown in detail may be read more often.
    assert len({run_id for (run_id, _), count in reads.items() if count > 1}) <= 2, reads
    reads.clear()
    page.run()
    assert not page.exception
    assert {run_id for run_id, _ in reads} <= {run.id, queued[0].id, list_runs(workspace)[0].id}, reads


def count_reads(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, str]]:
    """Count how often the status and the config of each run are read."""
    reads: Counter[tuple[str, str]] = Counter()

    def counted(name: str, read: Callable[[Run], object]) -> Callable[[Run], object]:
        def count_and_read(run: Run) -> object:
            reads[run.id, name] += 1
            return read(run)

        return count_and_read

    for name in ("status", "config"):
        monkeypatch.setattr(Run, name, counted(name, getattr(Run, name)))
    return reads


def test_run_that_failed_before_its_first_step_has_no_curves(workspace: Workspace) -> None:
    create_run(workspace, tiny_config()).write_status(Status(state="failed", message="No disk."))

    page = open_runs_page()

    assert not page.exception
    assert "Nothing has been recorded for these runs." in page_text(page)


def test_name_appears_in_the_table_and_above_the_settings(run: Run, workspace: Workspace) -> None:
    write_label(workspace, run, "The *wide* one", "Reads fat pens.")

    page = open_runs_page()

    assert page.dataframe[0].value[["Run", "Note"]].to_numpy().tolist() == [["The *wide* one", "Reads fat pens."]]
    assert list(settings_table(page).columns) == ["The *wide* one", "Preset original"]


def test_run_named_like_its_preset_is_shown(run: Run, workspace: Workspace) -> None:
    write_label(workspace, run, "Preset original", "")

    assert list(settings_table(open_runs_page()).columns) == ["This run", "Preset original"]


def test_finished_runs_are_read_again_only_after_a_change(
    run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []
    read_card = Bundle.card
    monkeypatch.setattr(Bundle, "card", lambda bundle: reads.append(bundle.folder) or read_card(bundle))
    page = open_runs_page()
    assert run.bundle.folder in reads

    reads.clear()
    page.run()
    assert run.bundle.folder not in reads

    write_label(workspace, run, "Named meanwhile", "")
    page.run()
    assert page.dataframe[0].value["Run"].tolist() == ["Named meanwhile"]


def test_page_reads_a_hundred_finished_runs_only_once(
    run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(99):
        folder = workspace.runs / f"20200101-{number:06}-old-owl"
        shutil.copytree(run.folder, folder, copy_function=os.link)
    assert len(open_runs_page().dataframe[0].value) == 100
    bundles_read: list[Bundle] = []
    card = Bundle.card
    monkeypatch.setattr(Bundle, "card", lambda bundle: bundles_read.append(bundle) or card(bundle))

    page = open_runs_page()

    assert len(page.dataframe[0].value) == 100
    # The selected run and the shipped model in the sidebar may be read more often.
    assert len({bundle.folder for bundle in bundles_read}) <= 2


def test_read_only_visitor_can_compare_runs(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_READONLY", "1")

    page = open_runs_page()

    assert not page.exception
    assert not {"promote", "resume", "delete"} & set(keys(page))
    assert len(page.get("vega_lite_chart")) == 2
