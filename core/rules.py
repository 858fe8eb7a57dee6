"""The rules of stored values in words: pydantic's English sentences as messages, which pages translate."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from pydantic_core import ErrorDetails, ValidationError

from core.language import Message, count_message

_SENTENCES = {
    "bool_type": Message("Input should be a valid boolean"),
    "extra_forbidden": Message("Extra inputs are not permitted"),
    "finite_number": Message("Input should be a finite number"),
    "float_parsing": Message("Input should be a valid number, unable to parse string as a number"),
    "float_type": Message("Input should be a valid number"),
    "int_from_float": Message("Input should be a valid integer, got a number with a fractional part"),
    "int_parsing": Message("Input should be a valid integer, unable to parse string as an integer"),
    "int_type": Message("Input should be a valid integer"),
    "missing": Message("Field required"),
    "model_type": Message("Input should be an object"),
    "string_type": Message("Input should be a valid string"),
    "tuple_type": Message("Input should be a valid array"),
}
"""Keyed by pydantic's error type."""

_COMPARISONS = {
    "greater_than": Message("Input should be greater than {limit}"),
    "greater_than_equal": Message("Input should be greater than or equal to {limit}"),
    "less_than": Message("Input should be less than {limit}"),
    "less_than_equal": Message("Input should be less than or equal to {limit}"),
}
"""Keyed by pydantic's error type; each of these errors is about a limit."""


def broken_rule(error: ValidationError) -> tuple[str, Message]:
    """Return the first invalid field, such as "augmentation.noise", and a message with the field, rule and value."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"]) or "config"
    message = Message("{field}: {rule}. Received: {value!r}.", field=field, rule=_rule(first), value=first.get("input"))
    return field, message


def _rule(error: ErrorDetails) -> Message:
    """Return pydantic's sentence as a message; only the sentences above are translated."""
    english = Message(error["msg"])
    found = _known_rule(error["type"], error["msg"], error.get("ctx", {}))
    return found if found == english else english


def _known_rule(kind: str, english: str, context: dict[str, object]) -> Message | None:
    if kind in _COMPARISONS:
        try:  # Decimal keeps pydantic's notation: 0.00001 rather than 1e-05
            return Message(_COMPARISONS[kind], limit=Decimal(english.rpartition(" ")[2]))
        except InvalidOperation:
            return None
    if kind == "literal_error":
        choices, _, last = str(context["expected"]).rpartition(" or ")
        return Message("Input should be {choices} or {last}", choices=choices, last=last)
    if kind == "too_short":
        return count_message(
            "Tuple should have at least {count} item after validation, not {found}",
            "Tuple should have at least {count} items after validation, not {found}",
            _whole(context["min_length"]),
            found=context["actual_length"],
        )
    if kind == "too_long":
        return count_message(
            "Tuple should have at most {count} item after validation, not {found}",
            "Tuple should have at most {count} items after validation, not {found}",
            _whole(context["max_length"]),
            found=context["actual_length"],
        )
    return _SENTENCES.get(kind)


def _whole(value: object) -> int:
    return int(str(value))
