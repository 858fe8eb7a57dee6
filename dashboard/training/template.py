"""Settings requested by a link to the Train page: those of a run or preset, and an augmentation."""

from __future__ import annotations

import streamlit as st

from core.config import DEFAULT_PRESET, LIMITS, PRESETS, AugmentationConfig, preset, replace_settings
from core.errors import TrazoError
from core.language import Message
from core.runs.label import display_name
from core.runs.registry import find_run
from dashboard.session import address, state
from dashboard.session.permission import safe_text


def load_template_from_url(dataset_id: str) -> None:
    """Offer the settings given in the URL: those of a run or preset, with at least the given augmentation."""
    run_id, augmentation = address.value("again"), _augmentation_from_url()
    if not state.just_opened() or not (run_id or augmentation):
        return
    try:
        if run_id:
            run = find_run(state.workspace(), run_id)
            base_id, title, config = run.id, display_name(run), run.config()
            source = Message("the run {run}", run=title)
        else:
            title = base_id = address.choice("preset", list(PRESETS), DEFAULT_PRESET)
            source, config = Message("the {preset} preset", preset=title), preset(title, dataset_id)
    except TrazoError as error:
        st.warning(safe_text(error), icon=":material/link_off:")
        return
    if augmentation:
        base_id += "".join(f"&{name}={value:g}" for name, value in augmentation.items())
        title = Message("{title}, augmented", title=title)
        source = Message("{source}, with the augmentation in the link", source=source)
        settings = {name: max(getattr(config.augmentation, name), value) for name, value in augmentation.items()}
        config = replace_settings(config, **settings)
    state.offer_template(base_id, title, source, config)


def _augmentation_from_url() -> dict[str, float]:
    """Return the augmentation settings given in the URL that are within their limits and above 0."""
    settings = {name: address.number(name, *LIMITS[name], 0.0) for name in AugmentationConfig.model_fields}
    return {name: value for name, value in settings.items() if value}
