"""The parameters in a page's URL, which make a view shareable.

A page has one entry in the browser's history, no matter how often its parameters change. Streamlit's own ways of
writing parameters, `st.query_params` and `bind="query-params"`, would add entries or keep the parameters on the next
page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import streamlit as st

from dashboard.session import state

Option = TypeVar("Option", bound=str)

_TRUE, _FALSE = "true", "false"
_writer = st.components.v2.component(
    "trazo_address", js=(Path(__file__).resolve().parents[1] / "assets" / "address.js").read_text()
)


def keep(**parameters: str | Sequence[str] | None) -> None:
    """Write parameters to the URL of this page; a value of None, "" or an empty sequence removes the parameter."""
    values = {name: [value] if isinstance(value, str) else list(value or []) for name, value in parameters.items()}
    cleaned_values = {name: list(filter(None, each)) for name, each in values.items()}
    state.keep_parameters(cleaned_values)
    _writer(
        key=f"address_{'_'.join(cleaned_values)}", data={"page": state.current_page(), "parameters": cleaned_values}
    )


def all_values(name: str) -> list[str]:
    """Return all values of a parameter, or an empty list if the URL does not contain it."""
    kept_values = state.kept_parameters().get(name)
    return st.query_params.get_all(name) if kept_values is None else kept_values


def value(name: str) -> str | None:
    """Return the last value of a parameter, or None if the URL does not contain it."""
    return next(reversed(all_values(name)), None)


def choice(name: str, options: Mapping[Option, str] | Sequence[Option], default: Option) -> Option:
    """Return the option whose value or label equals the parameter, or else the default."""
    return next(iter(choices(name, options)), default)


def choices(name: str, options: Mapping[Option, str] | Sequence[Option]) -> list[Option]:
    """Return all options whose value or label equals one of the parameter's values."""
    labels = options if isinstance(options, Mapping) else {option: option for option in options}
    requested_values = {text.casefold() for text in all_values(name)}
    return [option for option, label in labels.items() if {option.casefold(), label.casefold()} & requested_values]


def number(name: str, low: float, high: float, default: float) -> float:
    """Return a parameter as a number from `low` to `high`, or the default if the parameter is not such a number."""
    try:
        number = float(value(name) or "")
    except ValueError:
        return default
    return number if low <= number <= high else default


def switch(name: str, default: bool) -> bool:
    """Return a parameter that is "true" or "false" as a bool, or the default for any other value."""
    return {_TRUE: True, _FALSE: False}.get(value(name) or "", default)


def switch_value(on: bool, default: bool) -> str | None:
    """Return the value of a parameter that `switch` reads, or None if `on` is the default."""
    if on == default:
        return None
    return _TRUE if on else _FALSE
