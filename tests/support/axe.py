"""axe-core, which finds violations of WCAG 2.2, levels A and AA, on a page."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

_RUN = """(tags) => axe
  .run(document, { runOnly: tags, resultTypes: ["violations"] })
  .then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes
    .map(({ target, html, failureSummary }) => [id, target.flat().join(" > "), html.slice(0, 300), failureSummary])))
"""


def load_axe(page: Page) -> None:
    """Load axe on every page that this tab opens from now on, and in its frames."""
    page.add_init_script(AXE_SCRIPT)


def violations(page: Page) -> list[str]:
    """Return the violations on a page and in its frames: the rule, the element, and how to fix it."""
    found: list[list[str]] = page.evaluate(_RUN, _TAGS)
    return ["\n".join(each) for each in found]
