"""The helpers of the browser tests draw and record correctly."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.support.visit import Record, draw

CANVAS = """
<canvas class="upper-canvas" width="280" height="280" style="margin: 40px"></canvas>
<script>
  const events = window.events = [];
  const canvas = document.querySelector("canvas");
  for (const kind of ["mousedown", "mousemove", "mouseup"])
    canvas.addEventListener(kind, (event) => events.push([kind, event.offsetX, event.offsetY, event.buttons]));
</script>
"""


def test_requests_to_other_hosts_are_recorded(page: Page, record: Record) -> None:
    page.goto("/api/health")
    assert record.hosts == {"127.0.0.1"}

    page.goto("about:blank")
    page.evaluate("fetch('http://elsewhere.invalid/', {mode: 'no-cors'}).catch(() => null)")

    assert record.foreign_hosts == {"elsewhere.invalid"}
    record.hosts.clear()


def test_page_errors_are_recorded(page: Page, record: Record) -> None:
    page.goto("about:blank")

    page.evaluate("console.error('the console'); setTimeout(() => { throw new Error('the script') })")
    with page.expect_event("console"):
        page.evaluate("console.error('afterwards')")

    assert record.console_errors == ["the console", "afterwards"]
    assert [error for error in record.page_errors if "the script" in error]


def test_strokes_are_drawn_one_by_one_inside_the_canvas(page: Page) -> None:
    page.set_content(CANVAS)

    draw(page, [[(0, 0), (500, 500)], [(500, 0), (0, 500)]])

    events = page.evaluate("events")
    downs = [[round(x), round(y)] for kind, x, y, _ in events if kind == "mousedown"]
    ups = [[round(x), round(y)] for kind, x, y, _ in events if kind == "mouseup"]
    assert downs == [[42, 42], [238, 42]]
    assert ups == [[238, 238], [42, 238]]
