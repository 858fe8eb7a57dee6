"""A small OpenID Connect provider on this machine that signs in every user as Ada, without a password."""

from __future__ import annotations

import secrets
import threading
import time
from urllib.parse import urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route

from tests.support.dashboard_process import free_port
from tests.support.waiting import wait_until

CLIENT_ID, CLIENT_SECRET = "trazo", "a secret between the two"


class OidcProvider:
    """The authorization code flow: discovery, authorize, token, keys."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.metadata_url = f"{self.url}/.well-known/openid-configuration"
        self._key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": "1"}, private=True)
        self._nonces: dict[str, str] = {}
        routes = [
            Route("/.well-known/openid-configuration", self._discover),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
            Route("/keys", self._keys),
        ]
        config = uvicorn.Config(Starlette(routes=routes), host="127.0.0.1", port=self.port, log_level="warning")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)

    def start(self) -> None:
        """Start the provider and return when it accepts requests."""
        self._thread.start()
        wait_until(lambda: self._server.started, what="the start of the provider")

    def stop(self) -> None:
        """Stop the provider."""
        self._server.should_exit = True
        self._thread.join(10)

    async def _discover(self, _request: Request) -> JSONResponse:
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def _authorize(self, request: Request) -> RedirectResponse:
        query = request.query_params
        code = secrets.token_urlsafe(16)
        self._nonces[code] = query["nonce"]
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}")

    async def _token(self, request: Request) -> JSONResponse:
        form = await request.form()
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": "ada",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 600,
            "nonce": self._nonces.pop(str(form["code"])),
            "name": "Ada",
            "email": "ada@example.org",
            "email_verified": True,
        }
        id_token = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self._key)
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "expires_in": 600, "id_token": id_token})

    async def _keys(self, _request: Request) -> JSONResponse:
        return JSONResponse({"keys": [self._key.as_dict(private=False)]})
