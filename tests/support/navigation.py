"""Opening another page of the dashboard within a visit, which spares Chromium a second of CPU time."""

from __future__ import annotations

from urllib.parse import urlparse

from playwright.sync_api import Page

# Opens an address as a step back in the browser's history does. Resolves once the page has begun to change.
_OPEN = """address => new Promise((resolve, reject) => {
  const app = document.querySelector("[data-testid=stApp]");
  new MutationObserver((_, observer) => (observer.disconnect(), resolve())).observe(app, {
    attributeFilter: ["data-test-script-state"],
    childList: true,
    subtree: true,
  });
  setTimeout(() => reject(new Error(`${address} did not open`)), 60000);
  history.replaceState(null, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
})"""

# Resolves once nothing on the page has changed for a moment and no script has been running.
_QUIET = """() => new Promise((resolve) => {
  const app = document.querySelector("[data-testid=stApp]");
  let timer;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => (app.dataset.testScriptState === "notRunning" ? done() : wait()), 250);
  };
  const observer = new MutationObserver(wait);
  const done = () => (observer.disconnect(), resolve());
  observer.observe(document.body, { childList: true, subtree: true, characterData: true });
  wait();
})"""


def open_within_visit(page: Page, address: str) -> None:
    """Open an address, and wait until the page no longer changes."""
    # A page reads the parameters of its address only when it is opened, and Streamlit may skip a page in between
    # that the visitor leaves before it was run.
    if urlparse(address).path == urlparse(page.url).path:
        page.evaluate(_OPEN, "/glossary" if urlparse(page.url).path != "/glossary" else "/learn")
        until_quiet(page)
    page.evaluate(_OPEN, address)
    until_quiet(page)


def until_quiet(page: Page) -> None:
    """Wait until nothing on the page has changed for a moment."""
    page.evaluate(_QUIET)
