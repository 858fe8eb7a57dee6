"""The model picker of the Evaluate, Model, Inside and Data pages."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from core.classifier.bundle import Bundle, Card
from core.errors import BundleError, RunError, RunNotFound
from core.language import Message, tr
from core.runs.active import active_model
from core.runs.label import display_name
from core.runs.registry import find_run
from core.runs.run import Run
from dashboard.runs import run_cache
from dashboard.session import address, cache, state
from dashboard.session.markdown import plain
from dashboard.session.permission import safe_text

_NO_MODEL = Message("The run {name} has no model. Another model is shown.")
_NO_MODEL_YET = Message("The run {name} has no model yet. Another model is shown.")
# A sentence for each state of a run. A finished run of a sweep's search has no model.
_MISSING_MODEL = {
    "queued": _NO_MODEL_YET,
    "running": _NO_MODEL_YET,
    "finished": _NO_MODEL,
    "stopped": Message("The run {name} was stopped before it had a model. Another model is shown."),
    "failed": Message("The run {name} failed before it had a model. Another model is shown."),
    "interrupted": Message("The run {name} was interrupted before it had a model. Another model is shown."),
}


def model_picker(key: str) -> tuple[str, Bundle]:
    """Let the visitor choose among all models; return the name and the bundle of the chosen model.

    The default is the model in the page's URL, else the model chosen on another page, else the active model.
    """
    bundles = cache.models()
    titles = run_cache.display_names(bundles)
    active = active_model(state.workspace()).name
    names = sorted(bundles, key=lambda name: name != active)
    requested = _requested_model(names, key)
    default = requested if requested in names else state.chosen_model()
    chosen = st.selectbox(
        tr("Model"),
        names,
        index=names.index(default) if default in names else 0,
        format_func=lambda name: _picker_title(titles[name], bundles[name], name == active),
        key=key,
    )
    state.choose_model(chosen)
    address.keep(model=chosen)
    return chosen, bundles[chosen]


def model_title(name: str, card: Card) -> str:
    """Return a model's title in a list of models."""
    return tr(
        "{name} · {accuracy:.2%} on {data}",
        name=name,
        accuracy=card.metrics.test_accuracy,
        data=tr(card.data.title),
    )


def _requested_model(names: Collection[str], key: str) -> str | None:
    """Return the model named in the URL, or None. The URL contains a run's id or its last two words.

    Show a message if there is no such model.
    """
    requested = address.value("model")
    # Once the visitor has chosen a model, the URL contains that choice.
    if not requested or requested in names or key in st.session_state:
        return requested
    try:
        run = find_run(state.workspace(), requested)
    except RunNotFound:
        st.info(tr("The model in this link no longer exists, so another one is shown."), icon=":material/link_off:")
        return None
    except RunError as error:  # the ids of several runs end with these two words
        st.info(safe_text(Message("{error} Another model is shown.", error=error)), icon=":material/link_off:")
        return None
    if not run.bundle.complete:
        _explain_missing_model(run)
    return run.id


def _explain_missing_model(run: Run) -> None:
    """Explain why a run has no model, and link to its page."""
    name = plain(display_name(run))
    try:
        status = run.status()
    except RunError:  # the run's page explains the damage
        sentence, ended = _NO_MODEL, True
    else:
        sentence, ended = _MISSING_MODEL.get(status.state, _NO_MODEL), status.has_ended
    st.info(
        tr(sentence, name=name),
        icon=":material/do_not_disturb_on:" if ended else ":material/hourglass_empty:",
    )
    with st.container(horizontal=True):
        st.page_link(
            "views/run.py",
            label=tr("Open the run {name}", name=name),
            icon=":material/open_in_full:",
            query_params={"id": run.id},
            width="content",
        )


def _picker_title(name: str, bundle: Bundle, is_active: bool) -> str:
    try:
        title = model_title(name, cache.card(bundle))
    except BundleError:
        title = tr("{name} (damaged)", name=name)
    return tr("{model} (active)", model=title) if is_active else title
