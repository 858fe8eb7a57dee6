"""The rules of stored values in words: pydantic's English sentences as messages, which pages translate."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from pydantic_core import ErrorDetails

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
"""By pydantic's type of error."""

_COMPARISONS = {
    "greater_than": Message("Input should be greater than {limit}"),
    "greater_than_equal": Message("Input should be greater than or equal to {limit}"),
    "less_than": Message("Input should be less than {limit}"),
    "less_than_equal": Message("Input should be less than or equal to {limit}"),
}
"""By pydantic's type of error, which is about a limit."""


def broken_rule(error: ErrorDetails) -> Message:
    """Return the sentence of an error of pydantic; it stays English if it is not among those above."""
    english = Message(error["msg"])
    found = _broken_rule(error["type"], error["msg"], error.get("ctx", {}))
    return found if found == english else english


def _broken_rule(kind: str, english: str, context: dict[str, object]) -> Message | None:
    if kind in _COMPARISONS:
        try:  # a decimal number is written as pydantic writes it: 0.00001
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
