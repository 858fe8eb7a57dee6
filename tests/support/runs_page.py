"""The Runs page in the tests' hands."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
from streamlit.testing.v1 import AppTest

from core.runs.run import Run
from core.workspace import PROJECT, Workspace
from tests.support.markdown import shown


def copied(run: Run, workspace: Workspace, name: str) -> Run:
    """Copy a run under a name that tells when the copy was created, as in earlier versions."""
    copy = Run(Path(shutil.copytree(run.folder, workspace.runs / name)))
    copy.created_file.unlink()
    return copy


def opened(*ticked: Run, **query: str | list[str]) -> AppTest:
    """The page; with these runs ticked, or as it opens by itself; `query` is that of its address."""
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()
    for name, value in query.items():
        page.query_params[name] = value
    if ticked:
        page.session_state["selected_runs"] = [run.id for run in ticked]
    return page.switch_page("views/runs.py").run()


def address(page: AppTest) -> dict[str, list[str]]:
    """Return the parameters that the page has written to its address."""
    written: dict[str, list[str]] = page.session_state["address_parameters"]
    return {name: values for name, values in written.items() if values}


def texts(page: AppTest) -> str:
    """Everything that is written on the page."""
    parts = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.subheader]
    return shown("\n".join(str(part.value) for part in parts))


def keys(page: AppTest) -> list[str | None]:
    return [button.key for button in page.button]


def states(table: pd.DataFrame) -> list[list[str]]:
    return [list(badges) for badges in table["State"]]
