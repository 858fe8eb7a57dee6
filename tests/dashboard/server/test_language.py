"""The language of a response: the visitor's choice, their browser's, or English."""

from __future__ import annotations

import gettext
import json

import pytest

import core.language
from core.language import Message
from dashboard.server.language import request_language
from dashboard.server.refusal import refuse


@pytest.mark.parametrize(
    ("headers", "path", "expected"),
    [
        ({}, "/", "en"),
        ({"accept-language": "es-MX,es;q=0.9,en;q=0.8"}, "/", "es"),
        ({"accept-language": "en-GB, es;q=0.9"}, "/", "en"),
        ({"accept-language": "fr;q=0.1, en;q=0.5, es;q=0.7"}, "/", "es"),
        ({"accept-language": "fr ; q=0.1, en; q=0.5, es; q=0.7"}, "/", "es"),
        ({"accept-language": "fr, *;q=0.1"}, "/", "en"),
        ({"accept-language": ";;q=x,,es;q=high"}, "/", "es"),
        ({"accept-language": "es", "cookie": "a=1; trazo_language=en"}, "/", "en"),
        ({"cookie": "trazo_language=es"}, "/gradio/upload", "es"),
        ({"cookie": "trazo_language=../../x"}, "/", "en"),
        ({"accept-language": "es", "cookie": "trazo_language=es"}, "/api/predict", "en"),
        ({"cookie": "trazo_language=en"}, "/gradio/?__theme=dark&lang=es", "es"),
        ({"accept-language": "es"}, "/gradio/?lang=fi", "en"),
        ({"accept-language": "es"}, f"/gradio/?lang={'x' * 5000}", "en"),
    ],
)
def test_language_of_a_request(headers: dict[str, str], path: str, expected: str) -> None:
    path, _, query = path.partition("?")
    fields = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "path": path, "query_string": query.encode(), "headers": fields}
    assert request_language(scope) == expected


def test_refusal_is_in_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    class Spanish(gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            return message.replace("wait", "espera").replace("s.", "segundos.")

    monkeypatch.setattr(core.language, "catalogue", lambda language: Spanish() if language == "es" else _NO_CATALOGUE)
    message = Message("wait {seconds:.1f} s.", seconds=1.5)
    for language, expected in (("es", "espera 1,5 segundos."), ("fr", "wait 1.5 s.")):
        scope = {"type": "http", "path": "/", "headers": [(b"accept-language", language.encode())]}
        response = refuse("rate", scope, 429, message)
        assert json.loads(response.body) == {"error": expected}
        assert response.status_code == 429


_NO_CATALOGUE = gettext.NullTranslations()
