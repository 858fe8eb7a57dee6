"""Settings to search around that a link to the Sweeps page requests: those of a trial of another sweep."""

from __future__ import annotations

import streamlit as st

from core.errors import SweepError, TrazoError
from core.language import Message
from core.sweeps.control import find_sweep
from core.sweeps.spaces import config_of
from core.sweeps.sweep import Sweep
from dashboard.session import address, state
from dashboard.session.permission import safe_text
from dashboard.session.sweeps import offer_base
from dashboard.sweeps import sweep_cache
from dashboard.sweeps.wording import sweep_title


def load_base_from_url() -> None:
    """Offer the settings of the trial in the URL as those that the form of a new sweep starts from."""
    name = address.value("around")
    if not state.just_opened() or not name:
        return
    try:
        _offer_trial(find_sweep(state.workspace(), name), address.value("trial") or "")
    except TrazoError as error:
        st.warning(safe_text(error), icon=":material/link_off:")


def _offer_trial(sweep: Sweep, number: str) -> None:
    trials = sweep_cache.trials(sweep)
    trial = next((trial for trial in trials.all if str(trial.number) == number), None)
    if trial is None:
        raise SweepError(
            Message(
                "The sweep {sweep} has no trial {trial}. Choose one of its trials.", sweep=sweep.id, trial=number[:60]
            ),
            sweep.id,
        )
    settings = trials.settings
    title = Message("trial {trial} of {sweep}", trial=trial.number, sweep=sweep_title(settings))
    offer_base(title, config_of(settings, trial.settings, settings.base.seed))
