"""Security headers for every response, whether from pages, Gradio, Netron or the API."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.environment import framing_sites

_POLICY = "; ".join(
    (
        "default-src 'self' data: blob:",
        # Streamlit, Vega and Gradio insert scripts into the page and compile expressions.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)


def security_headers() -> dict[str, str]:
    """Return headers that stop our pages from contacting other hosts, and other sites from framing our pages."""
    # Read for each response, because settings in Streamlit's secrets are loaded only after this module is imported.
    frames = " ".join(("frame-ancestors 'self'", *framing_sites()))
    return {
        "Content-Security-Policy": f"{_POLICY}; {frames}",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }


class SecurityHeaders:
    """ASGI middleware that adds the security headers that a response does not already have."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in security_headers().items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)
