"""The settings of one run: the differences from its preset, and all settings with their meanings."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.config import TrainingConfig, differing, flattened, preset
from core.errors import ConfigError
from dashboard.session.markdown import plain
from dashboard.training.wording import SETTINGS, in_words


def differences_from_preset(config: TrainingConfig, name: str = "This run") -> None:
    """The changed settings, next to those of the preset."""
    try:
        given = preset(config.preset, config.dataset)
    except ConfigError:
        st.caption("This version of Trazo does not have its preset.")
        return
    changed, title = differing([config, given]), f"Preset {config.preset}"
    if not changed:
        st.caption(f"The same as in the preset {config.preset}.")
        return
    st.dataframe(
        pd.DataFrame(
            [[in_words(name, value) for value in pair] for name, pair in changed.items()],
            index=[SETTINGS[name].label for name in changed],
            # A run may be named like this; the columns of a table need different names.
            columns=[name if name != title else "This run", title],
        ),
        width="content",
        height="content",
        key="unlike_preset",
        alt="Differences from the preset",
    )


def all_settings(config: TrainingConfig) -> None:
    """Every setting, in an expander."""
    with st.expander("All settings", icon=":material/list:", key="all_settings"):
        rows = [(SETTINGS[name], plain(in_words(name, value))) for name, value in flattened(config).items()]
        st.table(
            pd.DataFrame(
                {"This run": [value for _, value in rows], "Meaning": [setting.help for setting, _ in rows]},
                index=[setting.label for setting, _ in rows],
            )
        )
