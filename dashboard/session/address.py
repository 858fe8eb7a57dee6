"""The parameters in a page's address, which make a view shareable.

A page has one entry in the browser's history, however often its parameters change. Streamlit's own ways to write
parameters, `st.query_params` and `bind="query-params"`, add entries or carry parameters over to the next page.
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
    """Write parameters to the address of this page; None, "" and an empty sequence remove one."""
    values = {name: [value] if isinstance(value, str) else list(value or []) for name, value in parameters.items()}
    written = {name: list(filter(None, each)) for name, each in values.items()}
    state.keep_parameters(written)
    _writer(key=f"address_{'_'.join(written)}", data={"page": state.current_page(), "parameters": written})


def all_values(name: str) -> list[str]:
    """Return all values of a parameter, an empty list if it is not in the address."""
    kept = state.kept_parameters().get(name)
    return st.query_params.get_all(name) if kept is None else kept


def value(name: str) -> str | None:
    """Return the last value of a parameter, None if it is not in the address."""
    return next(reversed(all_values(name)), None)


def choice(name: str, options: Mapping[Option, str] | Sequence[Option], default: Option) -> Option:
    """Return the option whose value or label is the parameter, or the default."""
    return next(iter(choices(name, options)), default)


def choices(name: str, options: Mapping[Option, str] | Sequence[Option]) -> list[Option]:
    """Return all options whose value or label is among the values of a parameter."""
    labels = options if isinstance(options, Mapping) else {option: option for option in options}
    given = {text.casefold() for text in all_values(name)}
    return [option for option, label in labels.items() if {option.casefold(), label.casefold()} & given]


def number(name: str, low: float, high: float, default: float) -> float:
    """Return a parameter as a number from `low` to `high`, or the default."""
    try:
        given = float(value(name) or "")
    except ValueError:
        return default
    return given if low <= given <= high else default


def switch(name: str, default: bool) -> bool:
    """Return a parameter that is "true" or "false" as a bool, or the default."""
    return {_TRUE: True, _FALSE: False}.get(value(name) or "", default)


def switched(on: bool, default: bool) -> str | None:
    """Return the parameter that `switch` reads, None for the default."""
    return None if on == default else _TRUE if on else _FALSE
