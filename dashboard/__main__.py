"""`python -m dashboard`: start the dashboard on HOST and PORT."""

from __future__ import annotations

import argparse
import contextlib
import errno
import socket
import sys
import time
from pathlib import Path

from core import environment
from core.argparse_words import translate_argparse
from core.language import in_language, tr

PROJECT = Path(__file__).resolve().parent.parent

PORT_RELEASE_SECONDS = 2
"""Time to wait for a busy port to become free.

Linux may hold a killed dashboard's port for a moment: up to 0.2 s has been observed, with uvloop's io_uring.
"""


def main() -> None:
    """Parse the options, check that the port is free, and run the dashboard until Ctrl-C."""
    with in_language(environment.terminal_language()):
        options = _parse()
        problem = port_problem(options.host, options.port)
    if problem:
        sys.exit(problem)
    # Streamlit looks for .streamlit/config.toml next to the launch script, sys.argv[0].
    sys.argv = [str(PROJECT / "trazo")]
    from dashboard.app import app

    settings = {"server.address": options.host, "server.port": options.port}
    # Only `streamlit run` reads Streamlit's own environment variables.
    if (path := environment.base_url_path()) is not None:
        settings["server.baseUrlPath"] = path
    # When Ctrl-C raises this, the server has already stopped; a traceback would only bury its last message.
    with contextlib.suppress(KeyboardInterrupt):
        app.run(config=settings)


def _parse() -> argparse.Namespace:
    translate_argparse()
    parser = argparse.ArgumentParser("python -m dashboard", description=tr("Start the Trazo dashboard."))
    parser.add_argument("--host", help=tr("address to listen on (default: $HOST, or 127.0.0.1)"))
    parser.add_argument("--port", type=_port, help=tr("port to listen on (default: $PORT, or 8501)"))
    options = parser.parse_args()
    options.host = options.host or environment.host()
    if options.port is None:
        try:
            options.port = _port(environment.port())
        except argparse.ArgumentTypeError as error:
            sys.exit(f"PORT: {error}")
    return options


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(tr("must be a number from 1 to 65535. Received: {text!r}.", text=text))
    return int(text)


def port_problem(host: str, port: int) -> str | None:
    """Return the reason why the port cannot be used, or None. Called first, because importing the dashboard is slow."""
    deadline = time.monotonic() + PORT_RELEASE_SECONDS
    while (error := _bind_error(host, port)) and error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
        time.sleep(0.05)
    if error is None:
        return None
    if error.errno == errno.EADDRINUSE:
        return tr(
            "Port {port} is in use by another program. Choose another one with --port or PORT, such as {other}.",
            port=port,
            other=port + 1 if port < 65535 else 8501,
        )
    if error.errno == errno.EACCES:
        return tr(
            "You do not have permission to use port {port}. Choose one above 1023 with --port or PORT, such as 8501.",
            port=port,
        )
    return tr(
        "Cannot listen on {host}, port {port} ({reason}). Choose another host with --host or HOST, such as 127.0.0.1.",
        host=host,
        port=port,
        reason=error.strerror,
    )


def _bind_error(host: str, port: int) -> OSError | None:
    try:
        # As Streamlit does: it listens on a name's IPv4 address, even if the name has an IPv6 address, too.
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
    except OSError as error:
        return error
    except UnicodeError:  # a label of the host name is empty or longer than 63 characters
        return socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return None


if __name__ == "__main__":
    main()
