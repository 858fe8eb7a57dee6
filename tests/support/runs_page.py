"""Access to the Runs page for tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
from streamlit.testing.v1 import AppTest

from core.runs.run import Run
from core.workspace import PROJECT, Workspace
from tests.support.markdown import unescape_markdown


def copied(run: Run, workspace: Workspace, name: str) -> Run:
    """Copy a run to a folder whose name contains the creation time, as in earlier versions."""
    copy = Run(Path(shutil.copytree(run.folder, workspace.runs / name)))
    copy.created_file.unlink()
    return copy


def open_runs_page(*selected: Run, **query: str | list[str]) -> AppTest:
    """Open the page with these runs selected, or with its default selection; `query` holds the URL parameters."""
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()
    for name, value in query.items():
        page.query_params[name] = value
    if selected:
        page.session_state["selected_runs"] = [run.id for run in selected]
    return page.switch_page("views/runs.py").run()


def address(page: AppTest) -> dict[str, list[str]]:
    """Return the parameters that the page has written to its URL."""
    parameters: dict[str, list[str]] = page.session_state["address_parameters"]
    return {name: values for name, values in parameters.items() if values}


def page_text(page: AppTest) -> str:
    """Return all text on the page."""
    parts = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.subheader]
    return unescape_markdown("\n".join(str(part.value) for part in parts))


def settings_table(page: AppTest) -> pd.DataFrame:
    """Return the table of settings as the browser shows it."""
    return page.table[0].value.rename(columns=unescape_markdown).map(unescape_markdown)


def keys(page: AppTest) -> list[str | None]:
    return [button.key for button in page.button]


def states(table: pd.DataFrame) -> list[list[str]]:
    return [list(badges) for badges in table["State"]]
