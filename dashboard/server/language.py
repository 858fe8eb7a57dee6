"""The language of a request: from the link, else the visitor's choice, else their browser, else English."""

from __future__ import annotations

from starlette.datastructures import Headers, QueryParams
from starlette.requests import cookie_parser
from starlette.types import Scope

from core.catalogues import ENGLISH
from core.language import first_supported

LANGUAGE_COOKIE = "trazo_language"
"""The cookie with the visitor's choice, which pages write."""

LANGUAGE_PARAMETER = "lang"
"""The URL parameter for the language, in links and in the address of the embedded Gradio page."""

_API = "/api/"


def request_language(scope: Scope) -> str:
    """Return the language in which to answer a request; the API always answers in English."""
    if scope["path"].startswith(_API):
        return ENGLISH
    headers = Headers(scope=scope)
    link = QueryParams(scope.get("query_string", b"")).get(LANGUAGE_PARAMETER)
    chosen = link or cookie_parser(headers.get("cookie", "")).get(LANGUAGE_COOKIE)
    return first_supported([chosen] if chosen else _accepted(headers.get("accept-language", "")))


def _accepted(header: str) -> list[str]:
    """Return the languages in an Accept-Language header, such as "es-MX,es;q=0.9,en;q=0.8", best first."""
    ranges = [part.partition(";q=") for part in "".join(header.split()).split(",")]
    return [code for code, _, _ in sorted(ranges, key=lambda part: -_quality(part[2]))]


def _quality(text: str) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 0.0
