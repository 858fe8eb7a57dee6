"""Pieces that several pages draw: headings, the data banner, digit grids, figures."""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import numpy as np
import streamlit as st
from PIL import Image

from core.classifier.bundle import Metrics
from core.data.sources import download_mnist
from core.errors import DownloadError, TrazoError
from core.runs.run import Run, Status
from core.workspace import mnist_location
from dashboard import state
from dashboard.permission import may_change, require_permission

_logger = logging.getLogger(__name__)
_ASSETS = Path(__file__).parent / "assets"
_grid = st.components.v2.component(
    "trazo_digit_grid",
    html='<div class="grid"></div>',
    css=(_ASSETS / "digit_grid.css").read_text(),
    js=(_ASSETS / "digit_grid.js").read_text(),
)


def heading(title: str, sentence: str) -> None:
    """The page's title and the sentence that tells a newcomer what he sees."""
    st.title(title, anchor=False)
    st.markdown(sentence)


def address(path: str, *, full: bool = False) -> str:
    """The address of what lies beside the pages, as the browser sees it, below a proxy's prefix, too.

    `full` adds the scheme and the host.
    """
    page = urlsplit(st.context.url or "")
    # One slash only: a path that begins with two would name another machine.
    place = "/" + f"{page.path.rpartition('/')[0]}/{path}".lstrip("/")
    return f"{page.scheme}://{page.netloc}{place}" if full else place


def data_banner(problem: str | None) -> None:
    """Say that a stand-in takes MNIST's place, why, and offer the download; nothing where MNIST is there."""
    if problem is None:
        return
    with st.container(border=True, key="data_banner"):
        st.warning(
            "These are scikit-learn's 1,797 small digits, standing in for MNIST until it is on this machine.",
            icon=":material/cloud_off:",
        )
        st.caption(problem)
        if not may_change():
            st.caption("Only someone who may change things on this dashboard can do that.")
        if (
            mnist_location() is None
            and may_change()
            and st.button("Download MNIST (11 MB)", icon=":material/download:", key="download_mnist")
        ):
            _download()


def _download() -> None:
    bar = st.progress(0.0, "Looking for MNIST…")

    def show(done: int, total: int) -> None:
        share = min(done / total, 1.0) if total else 0.0
        bar.progress(share, f"{done / 2**20:.1f} MB of {total / 2**20:.1f} MB")

    try:
        require_permission()
        download_mnist(state.workspace(), show)
    except TrazoError as error:
        bar.empty()
        st.error(str(error), icon=":material/error:")
        if isinstance(error, DownloadError):
            with st.expander("What each source answered"):
                for attempt in error.attempts:
                    st.markdown(f"- {attempt}")
        return
    st.rerun()


def png_source(image: np.ndarray) -> str:
    """A uint8 image (h, w) or (h, w, 3) as a data URI, for `<img>` and image columns."""
    buffer = io.BytesIO()
    # Made for each page anew: speed counts for more than the last fifth of the size.
    Image.fromarray(image).save(buffer, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def enlarged(image: np.ndarray, factor: int = 8) -> np.ndarray:
    """Each pixel as a square of `factor` pixels, so that no browser blurs it."""
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def digit_grid(
    images: np.ndarray | Sequence[np.ndarray],
    *,
    key: str,
    captions: Sequence[str] = (),
    titles: Sequence[str] = (),
    tile: int = 64,
    selected: int | None = None,
    clickable: bool = True,
) -> int | None:
    """Show images uint8 (n, h, w) as a grid that fits any screen; returns the position that was just clicked.

    `captions` stand below the images, `titles` are said on hover and to screen readers. `tile`: least width in pixels.
    """
    tiles = [
        {
            "source": png_source(image),
            "caption": captions[index] if captions else "",
            "title": titles[index] if titles else (captions[index] if captions else f"image {index + 1}"),
        }
        for index, image in enumerate(images)
    ]
    result = _grid(
        key=key,
        data={"tiles": tiles, "tile": tile, "selected": selected, "clickable": clickable},
        on_clicked_change=lambda: None,
    )
    clicked = result.clicked
    return int(clicked) if clicked is not None else None


def picture(image: np.ndarray, width: int) -> str:
    """HTML of one image (h, w), its pixels sharp, at most `width` pixels wide."""
    style = f"width:100%;max-width:{width}px;image-rendering:pixelated;border-radius:4px"
    return f'<img alt="the image, enlarged" src="{png_source(image)}" style="{style}">'


def ink_colour() -> str:
    """The colour of text inside charts: Streamlit's theme reaches their axes, but not their marks."""
    return "#e6eeec" if st.context.theme.type == "dark" else "#17211f"


def pixel_table(image: np.ndarray) -> None:
    """An image (28, 28) as a table of its values 0..255, each on its own shade; scrolls sideways on a phone."""
    rows = "".join(
        "<tr>"
        + "".join(
            f'<td style="background:rgb({value},{value},{value});color:{ink}">{value}</td>'
            for value, ink in ((value, "#000" if value > 127 else "#bbb") for value in row)
        )
        + "</tr>"
        for row in image
    )
    st.html(
        "<style>.pixels{overflow-x:auto}.pixels table{border-collapse:collapse;font:10px/1 monospace}"
        ".pixels td{width:24px;min-width:24px;height:20px;padding:0;text-align:center;border:1px solid #8883}</style>"
        f'<div class="pixels"><table aria-label="pixel values">{rows}</table></div>'
    )


BadgeColour = Literal["primary", "gray", "blue", "green", "orange", "red"]
STATE_COLOURS: dict[str, BadgeColour] = {
    "queued": "gray",
    "running": "blue",
    "finished": "green",
    "stopped": "orange",
    "failed": "red",
    "interrupted": "red",
}


def state_badge(run: Run, status: Status) -> None:
    """The state of a run as a coloured word."""
    if status.state == "running" and run.stopping:
        st.badge("Stopping…", color="orange")
        return
    st.badge(status.state.capitalize(), color=STATE_COLOURS[status.state])


FIGURE_WIDTH = 150


def figure(label: str, value: str, note: str, explanation: str | None = None) -> None:
    """One figure with a note below it; FIGURE_WIDTH is the least width of a grid's columns for them."""
    st.metric(label, value, border=True, delta_description=note, help=explanation, height="stretch")


WHAT_TEST_ACCURACY_IS = (
    "Share of test images read rightly, measured once, at the end of the training. On endlessly many such images it "
    "would lie in the 95% interval 19 times out of 20 (Wilson, 1927)."
)
WHAT_VALIDATION_ACCURACY_IS = (
    "On training images held back to judge epochs and settings by; the test accuracy is the fair figure."
)


def accuracy_interval(metrics: Metrics) -> str:
    """The 95 % interval of a test accuracy, short enough for a figure's note."""
    return f"95%: {metrics.test_accuracy_low * 100:.2f}–{metrics.test_accuracy_high:.2%}"


def in_epochs(number: int) -> str:
    """So many epochs, in words."""
    return "1 epoch" if number == 1 else f"{number} epochs"


def duration(seconds: float | None) -> str:
    """Seconds in few characters, for a phone shows no more of a figure; a dash where there are none yet."""
    if seconds is None:
        return "–"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    if minutes < 120:
        return f"{minutes:.1f} min" if minutes < 10 else f"{minutes:.0f} min"
    return f"{minutes / 60:.1f} h"


def attempt(action: Callable[..., object], *arguments: object) -> None:
    """Do what a button asks for, where this visitor may; where that cannot be, show the sentence."""
    runs = [part.id for part in arguments if isinstance(part, Run)]
    event = {"action": getattr(action, "__name__", str(action)).strip("_"), "runs": runs}
    try:
        require_permission()
        action(*arguments)
        _logger.info("changed", extra=event)
    except TrazoError as error:
        _logger.info("not changed", extra={**event, "why": str(error)})
        st.toast(str(error), icon=":material/error:", duration="long")
