"""The view "Near duplicates" of the Data page: pairs of images that look almost the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.data.datasets import CLASSES, Dataset, Split
from core.explain.near_duplicates import NEAR, NearDuplicates, Pairs, identical
from core.language import Message, tr
from core.launcher import duplicates_process
from dashboard.data.paging import choose_page
from dashboard.explain.csv_lists import pairs_csv
from dashboard.parts.digit_grid import tile_grid
from dashboard.parts.picture_panel import show_samples_panel
from dashboard.parts.png import png_data_uri
from dashboard.session import address, cache, state
from dashboard.session.permission import attempt, may_change, permission_note

PAGE_SIZE = 48
"""Pairs per page."""

CSV_PAIRS = 1000
"""Maximum number of pairs in the CSV file, nearest first."""

SCOPES = {
    "train": (Message("Within training"), ("train", "train")),
    "test": (Message("Within test"), ("test", "test")),
    "validation": (Message("Within validation"), ("validation", "validation")),
    "test-train": (Message("Test and training"), ("test", "train")),
    "validation-train": (Message("Validation and training"), ("validation", "train")),
    "test-validation": (Message("Test and validation"), ("test", "validation")),
}

_NAMES = {
    "train": Message("train {index}"),
    "validation": Message("validation {index}"),
    "test": Message("test {index}"),
}
"""The short names of images, by split."""

_POLL_SECONDS = 1.0
_DIVIDER = 1
"""Width of the line between the images of a pair, in image pixels."""


@dataclass(frozen=True)
class Scope:
    """The splits of the pairs: `first` and `second`, and their names."""

    first: Split
    second: Split
    names: tuple[str, str]

    def labels(self, pairs: Pairs) -> tuple[np.ndarray, np.ndarray]:
        """Return the labels of both images of each pair."""
        return self.first.labels[pairs.first], self.second.labels[pairs.second]


def show_near_duplicates(data: Dataset) -> None:
    """Show the closest pairs of images, or offer to find them."""
    st.markdown(
        tr(
            "Each image with the one that looks most like it, nearest pairs first. The distance compares their "
            "blurred pixels: it is 0 for identical images and {distance:.1f} for images with no ink in common.",
            distance=2**0.5,
        )
    )
    duplicates = cache.near_duplicates(data)
    if duplicates is None:
        _offer_search(data)
    else:
        _show_pairs(data, duplicates)


def _offer_search(data: Dataset) -> None:
    """Offer to find the pairs, or wait for the process that is finding them."""
    workspace = state.workspace()
    if duplicates_process.is_searching(workspace, data):
        _wait(data)
        return
    if duplicates_process.has_failed(workspace, data):
        st.error(tr("The last search ended without a result. Search again."), icon=":material/error:")
    st.info(
        tr(
            "The {count:,} images of this dataset have not been compared yet. Comparing them takes about a minute "
            "and is needed only once.",
            count=len(data.train) + len(data.validation) + len(data.test),
        ),
        icon=":material/difference:",
    )
    permission_note("duplicates")
    if may_change():
        st.button(
            tr("Find near duplicates"),
            icon=":material/search:",
            key="find_duplicates",
            on_click=attempt,
            args=(duplicates_process.start_search, workspace, data),
        )


@st.fragment(run_every=_POLL_SECONDS)
def _wait(data: Dataset) -> None:
    """Show that the search is running, and the pairs as soon as they are found."""
    if not duplicates_process.is_searching(state.workspace(), data):
        st.rerun()
    st.info(
        tr(
            "Comparing all images with each other. The pairs will appear here; you can use the other pages in the "
            "meantime."
        ),
        icon=":material/hourglass_top:",
    )


@st.fragment
def _show_pairs(data: Dataset, duplicates: NearDuplicates) -> None:
    """Let the visitor filter the pairs, and show a page of them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        scope_name = st.selectbox(
            tr("Splits"),
            list(SCOPES),
            index=list(SCOPES).index(address.choice("splits", list(SCOPES), "train")),
            format_func=lambda name: tr(SCOPES[name][0]),
            key="pairs_splits",
            width=240,
        )
        digits = st.pills(
            tr("Digits"),
            list(range(CLASSES)),
            selection_mode="multi",
            key="pairs_digits",
            help=tr("Show pairs with one of these labels. Straight 1s look much alike, so they come first."),
        )
        different = st.toggle(
            tr("Different labels only"), value=address.switch("different", False), key="pairs_different"
        )
    address.keep(splits=None if scope_name == "train" else scope_name, different=address.switch_value(different, False))
    names = SCOPES[scope_name][1]
    scope = Scope(data.split(names[0]), data.split(names[1]), names)
    st.markdown(_summary(scope, duplicates[names]))
    pairs = duplicates[names].select(_chosen_pairs(scope, duplicates[names], different, digits))
    nearest = pairs.select(slice(CSV_PAIRS))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        page = choose_page(len(pairs), PAGE_SIZE, key=f"pairs_page_{scope_name}_{different}_{digits}")
        st.download_button(
            "CSV",
            lambda: pairs_csv(scope.names, nearest, *scope.labels(nearest)),
            f"near-duplicates-{scope_name}.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="pairs_csv",
            help=tr("The {nearest:,} nearest of these {count:,} pairs.", nearest=len(nearest), count=len(pairs)),
        )
    if not len(pairs):
        st.caption(tr("There are no such pairs."))
        return
    _show_grid(scope, pairs.select(page), data.id, key=f"pairs_{scope_name}")


def _summary(scope: Scope, pairs: Pairs) -> str:
    """Return a sentence with the numbers of identical pairs and near duplicates."""
    first, second = scope.labels(pairs)
    near = pairs.distances <= NEAR
    return tr(
        "**{identical:,}** identical pairs, **{near:,}** near duplicates (distance up to {distance}), {ones:,} of them "
        "1s; **{different:,}** near duplicates have different labels.",
        identical=np.count_nonzero(identical(pairs, scope.first, scope.second)),
        near=np.count_nonzero(near),
        distance=NEAR,
        ones=np.count_nonzero(near & (first == 1) & (second == 1)),
        different=np.count_nonzero(near & (first != second)),
    )


def _chosen_pairs(scope: Scope, pairs: Pairs, different: bool, digits: list[int]) -> np.ndarray:
    """Return a mask of the pairs with different labels (if `different`) and a label in `digits` (unless empty)."""
    first, second = scope.labels(pairs)
    mask = first != second if different else np.ones(len(pairs), bool)
    return mask & (np.isin(first, digits) | np.isin(second, digits)) if digits else mask


def _show_grid(scope: Scope, pairs: Pairs, dataset: str, key: str) -> None:
    """Show pairs in a grid; a click opens the panel of both images."""
    first_name, second_name = scope.names
    first, second = scope.labels(pairs)
    st.caption(tr("Click a pair to see how the active model reads both images."))
    clicked = tile_grid(
        [
            png_data_uri(_side_by_side(scope.first.images[left], scope.second.images[right]))
            for left, right in zip(pairs.first, pairs.second, strict=True)
        ],
        key=key,
        captions=[
            f"{tr(_NAMES[first_name], index=left)} · {tr(_NAMES[second_name], index=right)}\n{_label_text(a, b)}\n"
            + tr("distance {distance:.3f}", distance=distance)
            for left, right, a, b, distance in zip(
                pairs.first, pairs.second, first, second, pairs.distances, strict=True
            )
        ],
        tile=150,
        aspect=2 + _DIVIDER / 28,
        marked=np.flatnonzero(first != second).tolist(),
    )
    if clicked is not None:
        pair = (first_name, int(pairs.first[clicked])), (second_name, int(pairs.second[clicked]))
        show_samples_panel(pair, dataset)


def _label_text(first: int, second: int) -> str:
    if first == second:
        return tr("both labelled {label}", label=first)
    return tr("labelled {first} and {second}", first=first, second=second)


def _side_by_side(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    divider = np.full((len(first), _DIVIDER), 128, np.uint8)
    return np.hstack([first, divider, second])
