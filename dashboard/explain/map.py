"""The map of the data: images that look alike to the network lie close together; selecting dots shows their images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pandas as pd
import streamlit as st

from core.catalogues import ENGLISH
from core.classifier.bundle import Bundle
from core.data.datasets import SPLITS, Dataset
from core.errors import TrazoError
from core.explain.embedding_map import MAX_LANDMARKS
from core.explain.map_file import bundle_fingerprint
from core.ink.drawing import Pixels
from core.language import Message, language, ntr, number, tr
from core.launcher.map_process import is_computing, start_map
from dashboard.explain import map_cache
from dashboard.explain.map_figure import COLOURINGS, Dot, Group, Palette, figure, groups, selected_rows
from dashboard.parts.sample_grid import Samples, sample_grid
from dashboard.parts.splits import SPLIT_TITLES
from dashboard.parts.theme import digit_colours, ink_colour, page_colour
from dashboard.session import cache, state
from dashboard.session.client import is_phone
from dashboard.session.permission import may_change, permission_note, require_permission, safe_text

_THUMBNAILS = 36
"""Maximum number of selected images to show."""

_TITLES = {
    "train": Message("training image {index}, label {label}, read as {predicted}"),
    "validation": Message("validation image {index}, label {label}, read as {predicted}"),
    "test": Message("test image {index}, label {label}, read as {predicted}"),
}

_POLL_SECONDS = 1.0
"""Time between two checks of whether the map has been computed."""

_COMPUTING = Message("Computing the map. This takes a few seconds to a minute, because other work goes first.")

_HINT = Message(
    "Draw a line around some dots to see their images. The buttons above the map zoom, and switch from this lasso to a "
    "box, or to the arrows, which move the map and select single dots. Click a name in the legend to hide its dots."
)
_PHONE_HINT = Message(
    "Tap a dot for its label, and again to see its image. The buttons above the map zoom, and switch to a lasso or a "
    "box, which select several dots. Tap a name in the legend to hide its dots."
)

_PLOTLY_WORDS = (
    *(Message("Zoom"), Message("Pan"), Message("Box Select"), Message("Lasso Select")),
    *(Message("Zoom in"), Message("Zoom out"), Message("Reset axes")),
)
"""The names of Plotly's buttons, as in its own dictionaries."""


def show_data_map(data: Dataset) -> None:
    """Show the active model's map of a dataset."""
    try:
        active = cache.predictor().current()[0]
    except TrazoError as error:
        st.info(safe_text(error), icon=":material/info:")
        return
    st.markdown(
        tr(
            "Each dot is an image. Images that look alike to the active model lie close together: the ten digits "
            "form islands, and a dot on the wrong island is a digit that the model misreads or a doubtful label."
        )
    )
    show_map(active.bundle, active.name, data.id, key="data_map", splits=SPLITS)


@st.fragment
def show_map_section(bundle: Bundle, image: Pixels, rejected: bool, model: str) -> None:
    """Show the map of the images that a model was trained on, with the place of an image uint8 (28, 28)."""
    st.subheader(tr("Map"), anchor=False)
    try:
        dataset_id = cache.card(bundle).config.dataset
        cache.dataset(dataset_id)
    except TrazoError as error:
        st.info(safe_text(error), icon=":material/info:")
        return
    st.markdown(
        tr(
            "Each small dot is a training image, and images that look alike to the network lie close together. The "
            "large dot is your picture; it is hollow if the network says that it is not a digit."
        )
    )
    # Not shown immediately, because it loads a large library.
    if not st.toggle(tr("Show the map"), key="show_map"):
        return
    try:
        place = map_cache.place(bundle, dataset_id, image[np.newaxis])
    except TrazoError as error:
        st.info(safe_text(error), icon=":material/info:")
        return
    dots = [] if place is None else [Dot(x, y, tr("Your picture"), rejected) for x, y in place.tolist()]
    show_map(bundle, model, dataset_id, key="inside_map", dots=dots)


@st.fragment
def show_map(
    bundle: Bundle,
    model: str,
    dataset_id: str,
    *,
    key: str,
    splits: Sequence[str] = ("train",),
    dots: Sequence[Dot] = (),
) -> None:
    """Show a model's map of a dataset, or have it computed; selecting dots shows their images.

    `splits`: the splits that the visitor can choose. `dots`: drawings on the map. `key`: prefix of the widget keys.
    """
    try:
        # Checked before the file is read, because the map may be finished in between.
        computing = is_computing(state.workspace(), bundle, dataset_id)
        data_map = map_cache.embedding_map(bundle, dataset_id)
        if data_map is None:
            _wait_for_map(bundle, dataset_id, computing, key)
            return
        split, colouring = _choose(splits, key, is_training_data=dataset_id == cache.card(bundle).config.dataset)
        table = map_cache.points(bundle, dataset_id, split)
        images = cache.dataset(dataset_id).split(split).images
    except TrazoError as error:
        st.info(safe_text(error), icon=":material/info:")
        return
    if table is None:  # removed in the meantime
        st.rerun()
    palette = Palette(digit_colours(), ink_colour(), page_colour())
    legend = groups(table, colouring, palette)
    content = figure(table, legend, palette, dots, on_phone=is_phone())
    # A new key for each figure, because a selection identifies points by their position.
    description = ntr("Map of {count:,} image", "Map of {count:,} images", len(table))
    points = _draw(content, f"{key}_{split}_{colouring}_{data_map.fingerprint[:8]}", description)
    rows = selected_rows(points, legend)
    if not len(rows):
        rows = _choose_group(legend, f"{key}_{split}_{colouring}_group")
    selection = table.iloc[rows]
    if selection.empty:
        st.caption(tr(_PHONE_HINT if is_phone() else _HINT))
        return
    _show_selection(selection, Samples(images, split, dataset_id, model), key)


def _choose(splits: Sequence[str], key: str, *, is_training_data: bool) -> tuple[str, str]:
    """Let the visitor choose the split, if there are several, and the colouring.

    `is_training_data`: whether the model was trained on this dataset.
    """
    split = splits[0]
    with st.container(horizontal=True, gap="medium"):
        if len(splits) > 1:
            split = st.segmented_control(
                tr("Images"),
                splits,
                default="validation",
                format_func=lambda name: tr(SPLIT_TITLES[name]),
                required=True,
                key=f"{key}_split",
                help=_split_help(is_training_data=is_training_data),
            )
        colouring = st.segmented_control(
            tr("Colour"),
            list(COLOURINGS),
            default="label",
            format_func=lambda name: tr(COLOURINGS[name]),
            required=True,
            key=f"{key}_colour",
        )
    return split, colouring


def _split_help(*, is_training_data: bool) -> str:
    sentences = [tr("At most {limit:,} training images are shown.", limit=MAX_LANDMARKS)]
    if is_training_data:
        sentences.append(tr("The model has learned only from training images."))
    return " ".join(sentences)


def _draw(content: dict[str, Any], key: str, alt: str) -> Sequence[dict[str, Any]]:
    """Draw a figure and return the selected points; `alt` describes it to screen readers."""
    event = st.plotly_chart(
        content,
        theme=None,
        key=key,
        on_select="rerun",
        selection_mode=("lasso", "box", "points"),
        alt=alt,
        config={
            "displayModeBar": True,
            "displaylogo": False,
            "modeBarButtonsToRemove": ["autoScale2d", "toImage"],
            **_plotly_language(),
        },
    )
    return cast("Sequence[dict[str, Any]]", event["selection"]["points"])


def _plotly_language() -> dict[str, Any]:
    """Return the part of Plotly's configuration that translates the names of its buttons."""
    if language() == ENGLISH:
        return {}
    return {"locale": language(), "locales": {language(): {"dictionary": {word: tr(word) for word in _PLOTLY_WORDS}}}}


def _choose_group(entries: Sequence[Group], key: str) -> np.ndarray:
    """Let a visitor who cannot use a lasso choose an entry of the legend; return its rows, int64 (n,)."""
    rows = {entry.name: entry.rows for entry in entries}
    name = st.selectbox(tr("Group"), list(rows), index=None, placeholder=tr("Choose a group"), key=key, width=240)
    return rows[name] if name is not None else np.empty(0, np.int64)


def _show_selection(selection: pd.DataFrame, samples: Samples, key: str) -> None:
    """Show the number of selected images by label, a download button, and thumbnails, mistakes first."""
    wrong = selection["label"].ne(selection["predicted"])
    with st.container(horizontal=True, vertical_alignment="center"):
        summary = ntr(
            "**{count:,} image selected, {wrong:,} misread.**",
            "**{count:,} images selected, {wrong:,} misread.**",
            len(selection),
            wrong=int(wrong.sum()),
        )
        st.markdown(f"{summary} {_counts(selection)}")
        st.download_button(
            tr("Download as CSV"),
            _csv(selection, samples.split),
            f"map-{samples.split}.csv",
            "text/csv",
            key=f"{key}_csv",
            on_click="ignore",
            icon=":material/download:",
        )
    thumbnails = selection.loc[wrong.sort_values(ascending=False, kind="stable").index[:_THUMBNAILS]]
    if len(thumbnails) < len(selection):
        st.caption(tr("The first {shown} of them, misread images first.", shown=len(thumbnails)))
    rows = list(thumbnails[["index", "label", "predicted"]].itertuples(index=False, name=None))
    sample_grid(
        samples,
        thumbnails["index"].to_numpy(),
        key=f"{key}_grid_{samples.split}",
        captions=[
            str(label) if label == predicted else tr("{label}, read as {predicted}", label=label, predicted=predicted)
            for _, label, predicted in rows
        ],
        titles=[
            tr(_TITLES[samples.split], index=index, label=label, predicted=predicted)
            for index, label, predicted in rows
        ],
        tile=72,
    )


def _counts(selection: pd.DataFrame) -> str:
    """Return the number of images of each label, the most frequent first."""
    counts = selection["label"].value_counts()
    return tr(
        "Labels: {counts}", counts=", ".join(f"{digit} ({number(count, ',')})" for digit, count in counts.items())
    )


def _csv(selection: pd.DataFrame, split: str) -> bytes:
    table = selection.copy()
    table.insert(1, "split", split)
    return table.to_csv(index=False, lineterminator="\n").encode()


def _wait_for_map(bundle: Bundle, dataset_id: str, computing: bool, key: str) -> None:
    """Have the map computed and wait for it; explain if this is not possible."""
    name = f"map_{bundle_fingerprint(bundle)}_{dataset_id}"
    if not computing:
        if not may_change():
            st.info(tr("The map of this model has not been computed yet."), icon=":material/map:")
            permission_note(key)
            return
        if state.computation_requested(name):
            st.warning(
                tr("The map could not be computed. Its log is in the workspace's cache folder."),
                icon=":material/warning:",
            )
            if not st.button(tr("Try again"), key=f"{key}_again"):
                return
        try:
            require_permission()
            start_map(state.workspace(), bundle, dataset_id)
        except TrazoError as error:
            st.warning(safe_text(error), icon=":material/warning:")
            return
        state.request_computation(name)
    st.info(tr(_COMPUTING), icon=":material/hourglass_top:")
    _poll(bundle, dataset_id)


@st.fragment(run_every=_POLL_SECONDS)
def _poll(bundle: Bundle, dataset_id: str) -> None:
    """Rerun the page when the process has ended."""
    try:
        computing = is_computing(state.workspace(), bundle, dataset_id)
    except TrazoError:  # the run has been deleted; the page then reports it
        computing = False
    if not computing:
        st.rerun()
