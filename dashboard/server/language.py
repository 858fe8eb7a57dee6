"""The language of a request: that of a link, or the visitor's choice, or their browser's, or else English."""

from __future__ import annotations

from starlette.datastructures import Headers, QueryParams
from starlette.requests import cookie_parser
from starlette.types import Scope

from core.catalogues import ENGLISH
from core.language import supported

LANGUAGE_COOKIE = "trazo_language"
"""The cookie with the visitor's choice, which pages write."""

LANGUAGE_PARAMETER = "lang"
"""The parameter with the language in a link, and in the address of Gradio's page within the dashboard."""

_API = "/api/"


def request_language(scope: Scope) -> str:
    """Return the language for the answer to a request; that of the API is always English."""
    headers = Headers(scope=scope)
    if scope["path"].startswith(_API):
        return ENGLISH
    link = QueryParams(scope.get("query_string", b"")).get(LANGUAGE_PARAMETER)
    chosen = link or cookie_parser(headers.get("cookie", "")).get(LANGUAGE_COOKIE)
    return supported([chosen] if chosen else _accepted(headers.get("accept-language", "")))


def _accepted(header: str) -> list[str]:
    """Return the languages in an Accept-Language header, such as "es-MX,es;q=0.9,en;q=0.8", best first."""
    ranges = [part.partition(";q=") for part in "".join(header.split()).split(",")]
    return [code for code, _, _ in sorted(ranges, key=lambda part: -_quality(part[2]))]


def _quality(text: str) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 0.0
