"""The teacher's link to a class. It sets a cookie, so that the key is not in the address that a projector shows."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

TEACHER_COOKIE = "trazo_teacher"

_SECONDS = 12 * 60 * 60
"""A school day; afterwards, the teacher opens the link again."""


async def teacher_link(request: Request) -> Response:
    """Store the key in a cookie, and open the Class page; a wrong key grants no permissions."""
    # Imported here, because pydantic would delay opening the port.
    from core.personal.classroom import KEY

    response = RedirectResponse("/classroom", 303)
    key = request.query_params.get("key", "")
    if KEY.fullmatch(key):  # headers cannot contain all characters
        # Without a path, because a proxy may add a prefix that we do not know.
        response.set_cookie(TEACHER_COOKIE, key, _SECONDS, path=None, httponly=True, samesite="lax")
    return response
