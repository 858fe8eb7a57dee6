"""The language that a request asks for, outside of Streamlit's pages."""

from __future__ import annotations

from starlette.datastructures import QueryParams
from starlette.requests import HTTPConnection
from starlette.types import Scope

from core.language import supported

LANGUAGE_COOKIE = "trazo_language"
LANGUAGE_PARAMETER = "lang"


def request_language(scope: Scope) -> str:
    """Return the language of a link (?lang=es), or else the visitor's own choice, their browser's, or English."""
    link = QueryParams(scope.get("query_string", b"")).get(LANGUAGE_PARAMETER)
    request = HTTPConnection(scope)
    chosen = link or request.cookies.get(LANGUAGE_COOKIE)
    if chosen:
        return supported([chosen])
    # Browsers list the languages by preference, such as "es-MX,es;q=0.9,en;q=0.8".
    accepted = request.headers.get("accept-language", "").split(",")
    return supported(entry.partition(";")[0].strip() for entry in accepted)
