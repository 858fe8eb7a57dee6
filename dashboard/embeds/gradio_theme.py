"""The theme of the Gradio demo: the dashboard's colours and font."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.workspace import PROJECT

if TYPE_CHECKING:
    import gradio as gr

_SHADES = (50, 100, 200, 300, 400, 500, 600, 700, 800, 900)
"""Names of a Gradio hue's shades from light to dark; the darkest, 950, repeats 900."""

_GREYS = (
    *("#f2f5f4", "#e5ecea", "#d5dedb", "#b9c5c1", "#8f9d99"),
    *("#66736f", "#56605d", "#33403d", "#1c2523", "#121817"),
)
"""The greenish greys of the pages, for the parts of Gradio that a theme does not name individually."""


def dashboard_theme() -> gr.Theme:
    """Return the theme of `.streamlit/config.toml`, light and dark, in Gradio's terms."""
    import gradio as gr

    config = _theme_config()
    light, dark, radius = config["light"], config["dark"], config["baseRadius"]
    green = _hue("green", light["chartSequentialColors"])
    grey = _hue("grey", _GREYS)
    # Streamlit's own font is Source Sans. Gradio has a copy with these two weights, so no other server is contacted.
    font = gr.themes.LocalFont("Source Sans Pro", weights=(400, 700))
    theme = gr.themes.Default(
        primary_hue=green,
        secondary_hue=green,
        neutral_hue=grey,
        font=[font, "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    return theme.set(
        **_colours(light, suffix=""),
        **_colours(dark, suffix="_dark"),
        **dict.fromkeys(("block_radius", "container_radius", "input_radius"), radius),
        **dict.fromkeys(("button_small_radius", "button_medium_radius", "button_large_radius"), radius),
        **dict.fromkeys(
            ("block_shadow", "block_label_shadow", "shadow_drop", "shadow_drop_lg", "input_shadow"), "none"
        ),
        button_border_width="1px",
    )


def _hue(name: str, shades: Sequence[str]) -> gr.themes.Color:
    import gradio as gr

    names = (f"c{shade}" for shade in _SHADES)
    return gr.themes.Color(name=name, **dict(zip(names, shades, strict=True)), c950=shades[-1])


def _theme_config() -> dict[str, Any]:
    return dict(tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"])


def _colours(colours: dict[str, Any], suffix: str) -> dict[str, str]:
    """Return the colours of one mode as arguments of `Theme.set`; their names end with `suffix`."""
    page, panel, text = colours["backgroundColor"], colours["secondaryBackgroundColor"], colours["textColor"]
    primary, border, link = colours["primaryColor"], colours["borderColor"], colours["linkColor"]
    faint = f"color-mix(in srgb, {text} 72%, {page})"  # as faint as captions on the pages
    groups = (
        (page, ("body_background_fill", "background_fill_primary", "block_background_fill", "input_background_fill")),
        (panel, ("background_fill_secondary", "block_label_background_fill", "button_secondary_background_fill_hover")),
        (text, ("body_text_color", "block_label_text_color", "button_secondary_text_color", "table_text_color")),
        (faint, ("body_text_color_subdued", "block_info_text_color")),
        (border, ("border_color_primary", "block_border_color", "input_border_color", "button_secondary_border_color")),
        (primary, ("button_primary_background_fill", "button_primary_border_color", "border_color_accent")),
        (link, ("link_text_color", "link_text_color_hover", "link_text_color_active", "loader_color")),
    )
    roles = {role: colour for colour, names in groups for role in names}
    roles |= {
        "button_secondary_background_fill": page,
        "button_primary_text_color": "white",
        "button_primary_background_fill_hover": f"color-mix(in srgb, {primary} 88%, black)",
        "stat_background_fill": primary,
    }
    return {role + suffix: colour for role, colour in roles.items()}
