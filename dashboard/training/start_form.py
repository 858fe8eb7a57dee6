"""The form on the Train page that starts a run: a preset, one button, and all settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from core.config import TrainingConfig, preset
from core.data.datasets import TITLES
from core.data.pen_digits import pen_digits_found
from core.language import Message, ntr, tr
from core.launcher.teachers import missing_teachers
from core.runs.snapshot import Snapshot
from core.runs.summary import Summary
from dashboard.session import state
from dashboard.session.markdown import plain
from dashboard.session.sweeps import offer_base
from dashboard.training.form import changed_labels, settings_form
from dashboard.training.preset_cards import choose_preset


def show_start_form(dataset_id: str, rows: Sequence[Summary], submit: Callable[[TrainingConfig], None]) -> None:
    """Show the presets, the Train button, which calls `submit`, and all settings.

    `dataset_id`: the available dataset. `rows`: all runs, newest first.
    """
    chosen, template = choose_preset(rows, dataset_id)
    summary = st.container(gap="xsmall")
    button = st.container()
    with st.expander(tr("More settings"), icon=":material/tune:", expanded=template is not None, key="train_settings"):
        defaults = template.config if template else preset(chosen, dataset_id)
        datasets = list(dict.fromkeys([dataset_id, "digits"]))
        if defaults.dataset in datasets:  # MNIST may have been deleted since that run
            datasets = list(dict.fromkeys([defaults.dataset, *datasets]))
        config = settings_form(defaults, datasets, template.form_key if template else None)
    if button.button(tr("Train"), type="primary", icon=":material/play_arrow:", key="train", width="stretch"):
        submit(config)
    if button.button(
        tr("Search around this"),
        icon=":material/travel_explore:",
        type="tertiary",
        key="search_around",
        help=tr("Trains many times with small changes to these settings, to find out which changes help."),
    ):
        title = template.title if template else Message("the preset {preset}", preset=chosen)
        changed = changed_labels(defaults, config)
        offer_base(Message("{title}, changed", title=title) if changed else title, config)
        st.switch_page("views/sweeps.py")
    with summary:  # filled after `submit`, because that may have queued the teachers
        if template:
            source = plain(tr(template.source))
            st.caption(tr("These settings are from {source}. Change any you like.", source=source))
        _show_description(config)
        if settings := ", ".join(changed_labels(defaults, config)):
            st.caption(
                tr("Changed from {title}: {settings}.", title=plain(tr(template.title)), settings=settings)
                if template
                else tr("Changed from the preset: {settings}.", settings=settings)
            )


def _show_description(config: TrainingConfig) -> None:
    """Describe the run that Train would start."""
    data = tr(TITLES[config.dataset])
    if config.patience:
        sentences = [
            ntr("Up to {count:,} epoch on {data}.", "Up to {count:,} epochs on {data}.", config.epochs, data=data),
            ntr(
                "Training ends early after {count:,} epoch without an improvement in validation accuracy; the model "
                "from the best epoch is kept.",
                "Training ends early after {count:,} epochs without an improvement in validation accuracy; the model "
                "from the best epoch is kept.",
                config.patience,
            ),
        ]
    else:
        sentences = [
            ntr("{count:,} epoch on {data}.", "{count:,} epochs on {data}.", config.epochs, data=data),
            tr("The model from the last epoch is kept."),
        ]
    if config.teachers:
        sentences.append(_describe_teachers(config))
    if config.pen_digits and not pen_digits_found(state.workspace()):
        sentences.append(
            tr(
                "The pen digits are not on this machine, so the run trains without them; you can get them on the Data "
                "page."
            )
        )
    st.caption(" ".join(sentences))


def _describe_teachers(config: TrainingConfig) -> str:
    """Return a sentence with the number of teachers and the number that must be trained first."""
    missing = len(missing_teachers(Snapshot.of(state.workspace()), config))
    if not missing:
        return ntr(
            'Learns from a teacher with the "large" preset: already trained or queued.',
            'Learns from {count} teachers with the "large" preset: already trained or queued.',
            config.teachers,
        )
    if missing < config.teachers:
        return tr(
            'Learns from {teachers} teachers with the "large" preset: {missing} must be trained first.',
            teachers=config.teachers,
            missing=missing,
        )
    return ntr(
        'Learns from a teacher with the "large" preset: to be trained first.',
        'Learns from {count} teachers with the "large" preset: to be trained first.',
        config.teachers,
    )
