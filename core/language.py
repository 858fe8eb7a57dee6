"""Translation of sentences into the reader's language, and numbers in its format.

English sentences are the message ids. `core/locale/<language>/LC_MESSAGES/trazo.po` translates them; adding a
language requires only such a file, and no changes to code.

    tr("Trained for {seconds:.1f} seconds.", seconds=run.seconds)
    ntr("{count} image", "{count} images", count)
    Message("There is no run named {run}.", run=run_id)  # English until `tr(message)` translates it where it is shown
"""

from __future__ import annotations

import operator
import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from numbers import Integral, Number, Real
from typing import TYPE_CHECKING, Any, SupportsIndex, cast

from core.catalogues import ENGLISH, catalogue, sources

if TYPE_CHECKING:
    from pydantic_core.core_schema import CoreSchema

_ARTICLE = re.compile(r"\b([Aa])( \**\{(\w+)\})")
"""An English article before a digit, which is "an" before an 8."""

_MAX_WIDTH = 100
"""Maximum width and precision of a placeholder, in characters; those in our sentences are smaller."""
_chosen_language: ContextVar[str | None] = ContextVar("_chosen_language", default=None)


class Message(str):
    """A sentence that is translated where it is shown; its value as a string is the English sentence.

    `text` is the sentence with named placeholders, `plural` its form for a `count` other than 1, and `values` the
    values of the placeholders. A value may itself be a message; an error is replaced by its message.
    """

    text: str
    plural: str | None
    values: Mapping[str, object]

    def __new__(cls, text: str, /, plural: str | None = None, **values: object) -> Message:
        values = {
            name: message_of(value) if isinstance(value, BaseException) else value for name, value in values.items()
        }
        if plural is not None:
            values["count"] = operator.index(cast(SupportsIndex, values["count"]))  # gettext warns about NumPy integers
        template = text if plural is None or values["count"] == 1 else plural
        message = super().__new__(cls, _fill(template, values, ENGLISH))
        message.text, message.plural, message.values = str(text), plural, values
        return message

    def __getnewargs_ex__(self) -> tuple[tuple[str, str | None], dict[str, object]]:
        return (self.text, self.plural), dict(self.values)

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: object) -> CoreSchema:
        """Store a message with values as {"text", "plural", "values"}, and a message without values as a string."""
        # Imported here, so that `python -m dashboard` can open its port before pydantic is loaded.
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            _from_json, serialization=core_schema.plain_serializer_function_ser_schema(_to_json)
        )


def tr(text: str | BaseException, /, **values: object) -> str:
    """Translate a sentence, a message or an error's message into the reader's language.

    `values` replace the placeholders, which follow `str.format`; numbers follow the language's conventions.
    """
    return _translate(message_of(text) if isinstance(text, BaseException) else text, values, language())


def message_of(error: BaseException) -> Message:
    """Return the message of an error."""
    message = error.args[0] if error.args else None
    return message if isinstance(message, Message) else Message(str(error))


def ntr(singular: str, plural: str, /, count: int, **values: object) -> str:
    """Return the singular or plural sentence for `count` in the reader's language, in which {count} is the count."""
    return _translate(count_message(singular, plural, count, **values), {}, language())


def count_message(singular: str, plural: str, count: int, **values: object) -> Message:
    """Return a message for `count`, in which {count} is the count; it is translated where it is shown."""
    return Message(singular, plural, count=count, **values)


def number(value: float, format_spec: str = "") -> str:
    """Return a number in the format of the reader's language; `format_spec` is for example ".1%"."""
    return _Formatter(language()).format_field(value, format_spec)


def separators() -> tuple[str, str, str]:
    """Return the reader's thousands separator, decimal separator and percent sign, such as (",", ".", "%")."""
    return _separators(language())


def language() -> str:
    """Return the reader's language as a code such as "es"."""
    return _chosen_language.get() or _find_language()


@contextmanager
def in_language(code: str) -> Iterator[None]:
    """Use a language within the `with` block, including in tasks and threads that run in its context."""
    token = _chosen_language.set(code)
    try:
        yield
    finally:
        _chosen_language.reset(token)


def set_language_finder(finder: Callable[[], str]) -> None:
    """Set the global function that determines the reader's language, for example from the visitor of a page."""
    global _find_language
    _find_language = finder


def _find_language() -> str:
    return ENGLISH


@cache
def languages() -> dict[str, str]:
    """Return each language's own name for itself, by code: English and every language with a translation."""
    # Translators: the name of your own language in that language, such as "Español"
    own_name = Message("English")
    return {code: _translate(own_name, {}, code) for code in (ENGLISH, *sources())}


def first_supported(codes: Iterable[str | None]) -> str:
    """Return the first supported language among codes such as "es-MX" or "es_ES.UTF-8", or else English."""
    for code in codes:
        short = (code or "").replace("_", "-").split("-")[0].split(".")[0].lower()
        # Compared with the files that exist: a URL may contain any text, even text that is too long for a path.
        if short == ENGLISH or short in sources():
            return short
    return ENGLISH


def _translate(sentence: str, values: Mapping[str, object], language: str) -> str:
    translations = catalogue(language)
    if not isinstance(sentence, Message):
        return _fill(translations.gettext(sentence) if sentence else "", values, language)
    values = {**sentence.values, **values}
    if sentence.plural is None:
        return _fill(translations.gettext(sentence.text) if sentence.text else "", values, language)
    return _fill(translations.ngettext(sentence.text, sentence.plural, cast(int, values["count"])), values, language)


def _fill(template: str, values: Mapping[str, object], language: str) -> str:
    if not values:
        return template
    if language == ENGLISH:
        template = _ARTICLE.sub(
            lambda found: f"{found[1]}n{found[2]}" if values.get(found[3]) == 8 else found[0], template
        )
    return _Formatter(language).vformat(template, (), values)


class _Formatter(string.Formatter):
    """`str.format`, but with numbers and messages in a given language."""

    def __init__(self, language: str) -> None:
        self._language = language

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str]:  # noqa: ARG002
        # `str.format` would also look up attributes, which is unsafe for messages that are read from files.
        return kwargs[field_name], field_name

    def format_field(self, value: object, format_spec: str) -> str:
        if isinstance(value, Message):
            value = _translate(value, {}, self._language)
        # A damaged file could ask for a string that uses up all memory.
        if any(int(size) > _MAX_WIDTH for size in re.findall(r"\d+", format_spec)):
            raise ValueError("the width or precision of a placeholder is too large")
        text = format(value, format_spec)
        if self._language == ENGLISH or not isinstance(value, Number) or isinstance(value, bool):
            return text
        return _localised(text, self._language)


def _localised(text: str, language: str) -> str:
    """Convert a number formatted for English to another language's separators and percent sign."""
    group, decimal, percent = _separators(language)
    return text.translate({ord(","): group, ord("."): decimal, ord("%"): percent})


@cache
def _separators(language: str) -> tuple[str, str, str]:
    if language == ENGLISH:
        return ",", ".", "%"
    from babel import Locale

    locale = Locale.parse(language)
    symbols = locale.number_symbols["latn"]
    return symbols["group"], symbols["decimal"], locale.percent_formats[None].suffix[0]


def _to_json(value: object) -> object:
    """Return a message or a placeholder's value as a JSON value."""
    if isinstance(value, Message) and value.values:
        values = {name: _to_json(each) for name, each in value.values.items()}
        return {"text": value.text, "plural": value.plural, "values": values}
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, Real):  # such as a NumPy scalar
        return int(value) if isinstance(value, Integral) else float(value)
    return str(value)  # such as a path or a shape


def _from_json(stored: Any) -> Message:
    """Return a message that `_to_json` wrote; raises ValueError for anything else."""
    if isinstance(stored, Message):
        return stored
    if isinstance(stored, str):
        return Message(stored)
    try:
        text, plural = stored["text"], stored["plural"]
        values = {
            name: _from_json(value) if isinstance(value, dict) else value for name, value in stored["values"].items()
        }
        if isinstance(text, str) and isinstance(plural, str | None):
            return Message(text, plural, **values)
    except (TypeError, KeyError, AttributeError, IndexError) as error:
        raise ValueError("not a message") from error
    raise ValueError("not a message")
