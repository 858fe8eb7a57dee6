"""Sentences keep their English text, survive pickling and storage, and are translated as a whole."""

import ast
import errno
import json
import pickle
import string
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

import core.language
from core import errors
from core.config import TrainingConfig, config_from_json
from core.errors import ConfigError, DownloadError, ReadOnly, RunError, RunNotFound, StorageError, TrazoError
from core.language import Message, count_message, first_supported, in_language, message_of, ntr, number, tr
from core.runs.status import Status
from core.storage import NotRegularFile, system_reason
from core.workspace import PROJECT

STORED = TypeAdapter(Message)
NAMES = st.sampled_from(["run", "file", "limit", "folder"])
NUMBERS = st.integers(-(10**9), 10**9) | st.floats(-1e6, 1e6)
TEXTS = st.text(max_size=20)

SPANISH = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "There is no run named {run}."
msgstr "No hay ningún entrenamiento llamado {run}."

msgid "Cannot read {file}: {reason}"
msgstr "No se puede leer {file}: {reason}"

msgid "{count} image"
msgid_plural "{count} images"
msgstr[0] "{count} imagen"
msgstr[1] "{count} imágenes"

msgid "Accuracy: {accuracy:.1%} of {count:,}"
msgstr "Exactitud: {accuracy:.1%} de {count:,}"
"""


@pytest.fixture
def spanish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A small Spanish catalogue, with Spanish as the reader's language."""
    folder = tmp_path / "es" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "trazo.po").write_text(SPANISH)
    monkeypatch.setattr(core.catalogues, "FOLDER", tmp_path)
    core.catalogues.catalogue.cache_clear()
    core.language.languages.cache_clear()
    with in_language("es"):
        yield
    core.catalogues.catalogue.cache_clear()
    core.language.languages.cache_clear()


@st.composite
def messages(draw: st.DrawFn, values: st.SearchStrategy[object] = NUMBERS | TEXTS) -> Message:
    """Messages with a placeholder for each value, with or without a plural."""
    fields = draw(st.dictionaries(NAMES, values, max_size=3))
    text = draw(st.text(string.ascii_letters + " ", max_size=20)) + "".join(f" {{{name}}}" for name in fields)
    if draw(st.booleans()):
        return Message(text, text + "s", count=draw(st.integers(0, 3)), **fields)
    return Message(text, **fields)


NESTED = messages(NUMBERS | TEXTS | messages())


@given(NESTED)
def test_message_is_its_english_sentence(message: Message) -> None:
    english = message.text if message.plural is None or message.values["count"] == 1 else message.plural
    expected = english.format(**message.values) if message.values else english
    assert message == expected == tr(message) == str(message)
    assert type(str(message)) is str
    assert hash(message) == hash(expected)


@given(NESTED)
def test_message_survives_pickle_and_json(message: Message) -> None:
    for copy in (pickle.loads(pickle.dumps(message)), STORED.validate_json(STORED.dump_json(message))):
        assert (copy, copy.text) == (message, message.text)
        assert copy.values == message.values


@given(TEXTS)
def test_old_files_with_plain_sentences_still_load(text: str) -> None:
    status = Status.model_validate_json(json.dumps({"state": "failed", "message": text}))
    assert isinstance(status.message, Message)
    assert status.message == text == tr(status.message)


@pytest.mark.parametrize(
    "stored",
    [
        *(3, None, [], {}, {"text": 3, "plural": None, "values": {}}, {"text": "{a.b}", "values": {"a": 1}}),
        {"text": "{a:1000000000}", "plural": None, "values": {"a": 1}},
        {"text": "{a:.{b}f}", "plural": None, "values": {"a": 1, "b": 1000000000}},
        *({"text": "{count}", "plural": "{count}", "values": {"count": count}} for count in ("a", 1.5, float("inf"))),
    ],
)
def test_damaged_message_is_rejected(stored: object) -> None:
    with pytest.raises(ValueError, match=r"not a message|too large"):
        STORED.validate_python(stored)


def test_message_stores_values_of_all_kinds() -> None:
    message = Message(
        "{path} {shape} {small} {count}", path=Path("/x"), shape=(1, 2), small=np.float32(0.5), count=np.int64(3)
    )
    assert STORED.validate_json(STORED.dump_json(message)) == message == "/x (1, 2) 0.5 3"


@pytest.mark.usefixtures("spanish")
def test_sentences_are_translated_with_their_values() -> None:
    error = RunError(Message("There is no run named {run}.", run="owl"))
    nested = Message("Cannot read {file}: {reason}", file="x.csv", reason=error)
    assert (str(error), tr(error)) == ("There is no run named owl.", "No hay ningún entrenamiento llamado owl.")
    assert nested == "Cannot read x.csv: There is no run named owl."
    stored = STORED.validate_json(STORED.dump_json(nested))
    for each in (nested, stored, pickle.loads(pickle.dumps(StorageError(nested)))):
        assert tr(each) == "No se puede leer x.csv: No hay ningún entrenamiento llamado owl."
    assert tr(OSError(errno.ENOENT, "No such file", "x")) == "[Errno 2] No such file: 'x'"
    assert tr("{} is not known {here}") == "{} is not known {here}"
    assert tr("") == ""


def test_english_article_suits_its_digit() -> None:
    sentence = "It is a {digit} or a **{other}**, in {place}."

    assert tr(sentence, digit=8, other=3, place="a {digit} 8") == "It is an 8 or a **3**, in a {digit} 8."
    assert tr(sentence, digit=1, other=np.int64(8), place=8) == "It is a 1 or an **8**, in 8."


@pytest.mark.usefixtures("spanish")
def test_plurals_and_numbers_follow_the_language() -> None:
    assert [ntr("{count} image", "{count} images", count) for count in (0, 1, 1234)] == [
        "0 imágenes",
        "1 imagen",
        "1234 imágenes",
    ]
    assert tr(count_message("{count} image", "{count} images", 1)) == "1 imagen"
    with warnings.catch_warnings(action="error"):
        assert tr(count_message("{count} image", "{count} images", cast(int, np.int64(2)))) == "2 imágenes"
    assert tr("Accuracy: {accuracy:.1%} of {count:,}", accuracy=0.996, count=10000) == "Exactitud: 99,6\xa0% de 10.000"
    assert [number(0.5), number(-1234.5, ",.2f"), number(7)] == ["0,5", "-1.234,50", "7"]
    assert tr("{run} 1.5", run="v1.2") == "v1.2 1.5"


@given(NUMBERS, st.sampled_from(["", ".3f", ",.2f", ".1%", "+.2f"]))
def test_spanish_numbers_have_the_same_digits_as_english_ones(value: float, format_spec: str) -> None:
    with in_language("es"):
        shown = number(value, format_spec)
    if format_spec or isinstance(value, int):
        assert [c for c in shown if c.isdigit()] == [c for c in format(value, format_spec) if c.isdigit()]
        assert "." not in shown or "," in format_spec


@pytest.mark.usefixtures("spanish")
def test_first_supported_language_is_found() -> None:
    assert first_supported(["fr", "es-MX", "en"]) == "es"
    assert first_supported(["es_ES.UTF-8"]) == "es"
    assert first_supported([None, "", "C", "../es", "x" * 5000, "fr", "en-GB"]) == "en"
    assert first_supported([]) == "en"


@pytest.mark.parametrize(
    "error",
    [RunNotFound("owl"), ReadOnly(Path("/x")), DownloadError(Message("Nothing came."), ("a", "b")), RunError("old")],
)
def test_errors_survive_pickling(error: TrazoError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))
    assert message_of(copy) == message_of(error) == str(error)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"epochs": 0}, "epochs: Input should be greater than or equal to {limit}. Received: 0."),
        ({"learning_rate": 1e-9}, "Input should be greater than or equal to {limit}"),
        ({"optimizer": "x"}, "Input should be {choices} or {last}"),
        ({"seed": "x"}, "Input should be a valid integer, unable to parse string as an integer"),
        ({"model": {"filters": [1, 2, 3, 4]}}, "Tuple should have at most {count} item after validation, not {found}"),
        ({"new": 1}, "Extra inputs are not permitted"),
    ],
)
def test_setting_rules_can_be_translated(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config_from_json({**TrainingConfig().to_json(), **values})
    assert message_of(caught.value).values["rule"].text in sentence


def test_system_error_reason_can_be_translated() -> None:
    assert (
        system_reason(FileNotFoundError(errno.ENOENT, "No such file or directory")).text == "No such file or directory"
    )
    assert isinstance(system_reason(NotRegularFile("x")), Message)
    assert system_reason(OSError(errno.EBADF, "Strange")) == "Strange"
    assert system_reason(OSError()) == "OSError"


@cache
def _calls() -> list[tuple[str, ast.Call]]:
    """Return each call in the code, with its location."""
    paths = sorted(path for room in ("core", "dashboard") for path in (PROJECT / room).rglob("*.py"))
    return [
        (f"{path.relative_to(PROJECT)}:{node.lineno}", node)
        for path in paths
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    ]


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _is_glued(node: ast.expr) -> bool:
    """Return True if a sentence is made from parts, so that its message id is unknown before the program runs."""
    is_format_or_join = isinstance(node, ast.Call) and _name(node.func) in ("format", "join")
    return is_format_or_join or isinstance(node, ast.JoinedStr | ast.BinOp)


def test_sentences_to_translate_are_whole() -> None:
    glued_locations = []
    for location, call in _calls():
        sentences = {"ntr": 2, "count_message": 2, "Message": 2, "tr": 1}.get(_name(call.func), 0)
        glued_locations += [location for argument in call.args[:sentences] if _is_glued(argument)]
    assert not glued_locations


@cache
def _errors_with_a_sentence() -> set[str]:
    """Return the names of the errors that take their sentence as the first argument."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TrazoError)]
    return {kind.__name__ for kind in kinds} - {"RunNotFound", "SweepNotFound", "ReadOnly"}


def test_errors_that_users_see_are_messages() -> None:
    untranslated_locations = [
        location
        for location, call in _calls()
        if _name(call.func) in _errors_with_a_sentence()
        and call.args
        and isinstance(call.args[0], ast.JoinedStr | ast.BinOp | ast.Constant)
    ]
    assert not untranslated_locations
