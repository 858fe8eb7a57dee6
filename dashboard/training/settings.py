"""The settings of one run: in what they differ from their preset, and all of them with what they do."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.config import TrainingConfig, differing, flattened, preset
from core.errors import ConfigError
from dashboard.session.markdown import plain
from dashboard.training.wording import SETTINGS, in_words


def differences_from_preset(config: TrainingConfig, name: str = "This run") -> None:
    """The settings that were changed, under the run's name, beside those of the preset."""
    try:
        given = preset(config.preset, config.dataset)
    except ConfigError:
        st.caption("Its preset is not one of today's.")
        return
    changed, title = differing([config, given]), f"Preset {config.preset}"
    if not changed:
        st.caption(f"Just as the preset {config.preset} has them.")
        return
    st.dataframe(
        pd.DataFrame(
            [[in_words(name, value) for value in pair] for name, pair in changed.items()],
            index=[SETTINGS[name].label for name in changed],
            # A person may have given the run this very name; a table's columns need two.
            columns=[name if name != title else "This run", title],
        ),
        width="content",
        height="content",
        key="unlike_preset",
        alt="What differs from the preset",
    )


def all_settings(config: TrainingConfig) -> None:
    """Every setting, in an expander."""
    with st.expander("All settings", icon=":material/list:", key="all_settings"):
        rows = [(SETTINGS[name], plain(in_words(name, value))) for name, value in flattened(config).items()]
        st.table(
            pd.DataFrame(
                {"This run": [value for _, value in rows], "What it does": [setting.help for setting, _ in rows]},
                index=[setting.label for setting, _ in rows],
            )
        )
