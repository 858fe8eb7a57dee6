"""Which model a page shows, and what people call the models."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from core.classifier.bundle import Bundle, Card
from core.errors import BundleError
from core.runs.active import SHIPPED, active_model
from dashboard.runs import run_cache
from dashboard.session import cache, state
from dashboard.session.markdown import plain
from dashboard.session.permission import sentence


def model_picker(key: str, asked: str | None = None) -> tuple[str, Bundle]:
    """Let the person choose among all models; the one in use comes first, the choice holds across pages.

    `asked`: the model that the page's address names, if any.
    """
    bundles = cache.models()
    called = names_of_models(bundles)
    in_use = active_model(state.workspace()).name
    names = sorted(bundles, key=lambda name: name != in_use)
    remembered = asked if asked in names else state.chosen_model()
    chosen = st.selectbox(
        "Model",
        names,
        index=names.index(remembered) if remembered in names else 0,
        format_func=lambda name: _picker_title(called[name], bundles[name], name == in_use),
        key=key,
    )
    state.choose_model(chosen)
    return chosen, bundles[chosen]


def names_of_models(models: Iterable[str]) -> dict[str, str]:
    """What people call these models; one that was deleted a moment ago goes by its id."""
    names = run_cache.names()
    return {model: names.get(model, model) for model in models}


def model_title(called: str, card: Card) -> str:
    """What a person reads in a list of models."""
    return f"{called} · {card.metrics.test_accuracy:.2%} on {card.data.title}"


def _picker_title(name: str, bundle: Bundle, in_use: bool) -> str:
    try:
        title = model_title(name, cache.card(bundle))
    except BundleError:
        title = f"{name} (damaged)"
    return f"{title} (in use)" if in_use else title


def in_use_note() -> None:
    """Name the model in use in the sidebar, and say when it is not the promoted one."""
    with st.sidebar:
        try:
            active = cache.predictor().current()[0]
        except BundleError as error:
            st.error(sentence(error), icon=":material/error:")
            return
        if active.problem:
            st.warning(sentence(active.problem), icon=":material/warning:")
        if active.name == SHIPPED:
            st.caption("Model in use: the shipped model")
        else:
            st.caption(f"Model in use: {plain(names_of_models([active.name])[active.name])}")
