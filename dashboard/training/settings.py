"""A run's settings: its differences from the preset, and all settings with their meanings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from core.config import TrainingConfig, differing_settings, flatten_settings, preset
from core.errors import ConfigError
from core.language import tr
from dashboard.session.markdown import plain
from dashboard.training.wording import SETTINGS, display_value


def differences_from_preset(config: TrainingConfig, name: str | None = None) -> None:
    """Show the settings that differ from the preset, next to the preset's values; `name`: the run's name."""
    if config.fine_tuned:
        st.caption(
            tr("These are the settings of the model it was fine-tuned from, which trained for more than one epoch.")
        )
        return
    try:
        original = preset(config.preset, config.dataset)
    except ConfigError:
        st.caption(tr("This version of Trazo does not have the run's preset."))
        return
    changed = differing_settings([config, original])
    title = tr("Preset {preset}", preset=config.preset)
    if not changed:
        st.caption(tr("Same as the {preset} preset.", preset=config.preset))
        return
    # A run may have the same name as the preset's column, but the columns of a table need different names.
    columns = [name if name and name != title else tr("This run"), title]
    settings_table(changed, columns, tr("Differences from the preset"))


def settings_table(values: Mapping[str, Sequence[object]], columns: Sequence[str], alt: str) -> None:
    """Show the values of settings, with a column for each run; long names wrap, so that none is cut off."""
    with st.container(key="settings_table"):
        st.table(
            pd.DataFrame(
                [[plain(display_value(name, value)) for value in row] for name, row in values.items()],
                index=[tr(SETTINGS[name].label) for name in values],
                columns=[plain(column) for column in columns],
            ),
            width="content",
            alt=alt,
        )


def all_settings(config: TrainingConfig) -> None:
    """Show every setting in an expander."""
    with st.expander(tr("All settings"), icon=":material/list:", key="all_settings"):
        rows = [(SETTINGS[name], plain(display_value(name, value))) for name, value in flatten_settings(config).items()]
        st.table(
            pd.DataFrame(
                {
                    tr("This run"): [value for _, value in rows],
                    tr("Meaning"): [tr(setting.help) for setting, _ in rows],
                },
                index=[tr(setting.label) for setting, _ in rows],
            )
        )
