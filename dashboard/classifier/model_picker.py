"""The choice of a model on Evaluate and Model, and the names of all models."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import streamlit as st

from core.classifier.bundle import Bundle, Card
from core.errors import BundleError, RunError, RunNotFound
from core.runs.active import SHIPPED, active_model
from core.runs.label import name_of
from core.runs.registry import find_run
from core.runs.run import Run
from dashboard.runs import run_cache
from dashboard.session import address, cache, state
from dashboard.session.markdown import plain
from dashboard.session.permission import safe_text

# States of a run without a model. A finished or damaged run should have one.
_NO_MODEL = {
    "queued": "has no model yet",
    "running": "has no model yet",
    "stopped": "was stopped before it had a model",
    "failed": "failed before it had a model",
    "interrupted": "was interrupted before it had a model",
}


def model_picker(key: str) -> tuple[str, Bundle]:
    """Let the visitor choose among all models; return the name and the bundle of the chosen one.

    The page's address decides first, then the choice on another page, then the model in use.
    """
    bundles = cache.models()
    titles = names_of_models(bundles)
    in_use = active_model(state.workspace()).name
    names = sorted(bundles, key=lambda name: name != in_use)
    asked = _asked_model(names, key)
    remembered = asked if asked in names else state.chosen_model()
    chosen = st.selectbox(
        "Model",
        names,
        index=names.index(remembered) if remembered in names else 0,
        format_func=lambda name: _picker_title(titles[name], bundles[name], name == in_use),
        key=key,
    )
    state.choose_model(chosen)
    address.keep(model=chosen)
    return chosen, bundles[chosen]


def names_of_models(models: Iterable[str]) -> dict[str, str]:
    """Return the display names of these models; a run that was just deleted keeps its id."""
    names = run_cache.names()
    return {model: names.get(model, model) for model in models}


def model_title(name: str, card: Card) -> str:
    """Return a model's line in a list of models."""
    return f"{name} · {card.metrics.test_accuracy:.2%} on {card.data.title}"


def in_use_note() -> None:
    """Name the model in use in the sidebar; warn where the promoted model could not be used."""
    with st.sidebar:
        try:
            active = cache.predictor().current()[0]
        except BundleError as error:
            st.error(safe_text(error), icon=":material/error:")
            return
        if active.problem:
            st.warning(safe_text(active.problem), icon=":material/warning:")
        if active.name == SHIPPED:
            st.caption("Model in use: the shipped model")
        else:
            st.caption(f"Model in use: {plain(names_of_models([active.name])[active.name])}")


def _asked_model(names: Collection[str], key: str) -> str | None:
    """Return the model that the address names, by a run's id or its last two words; say so if there is none."""
    asked = address.value("model")
    # Once the visitor has chosen, the address follows the choice.
    if not asked or asked in names or key in st.session_state:
        return asked
    try:
        run = find_run(state.workspace(), asked)
    except RunNotFound:
        st.info("The model in this address no longer exists. Another one is shown.", icon=":material/link_off:")
        return None
    except RunError as error:  # several runs share these two words
        st.info(safe_text(f"{error} Another model is shown."), icon=":material/link_off:")
        return None
    if not run.bundle.complete:
        _say_no_model(run)
    return run.id


def _say_no_model(run: Run) -> None:
    """Say that a run has no model, and link to its page."""
    name = plain(name_of(run))
    try:
        status = run.status()
    except RunError:  # the run's page explains the damage
        reason, over = "has no model", True
    else:
        reason, over = _NO_MODEL.get(status.state, "has no model"), status.over
    st.info(
        f"The run {name} {reason}. Another model is shown.",
        icon=":material/do_not_disturb_on:" if over else ":material/hourglass_empty:",
    )
    with st.container(horizontal=True):
        st.page_link(
            "views/run.py",
            label=f"Open the run {name}",
            icon=":material/open_in_full:",
            query_params={"id": run.id},
            width="content",
        )


def _picker_title(name: str, bundle: Bundle, in_use: bool) -> str:
    try:
        title = model_title(name, cache.card(bundle))
    except BundleError:
        title = f"{name} (damaged)"
    return f"{title} (in use)" if in_use else title
