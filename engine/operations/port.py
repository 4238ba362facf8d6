"""Whether the private port can be had, or is had by a bot that runs.

In: an address and a port. Out: a sentence. Conventions: for `tunesmith doctor`, so it waits, but not for long. Caveat:
what is free now may be taken in a moment.
"""

from __future__ import annotations

import errno
import http.client
import json
import socket
from contextlib import closing

from engine.errors import SetupError

ASK_S = 5.0


def port_state(host: str, port: int) -> str:
    """What is at `host:port`; raises `SetupError` when health and metrics cannot be served there."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with closing(socket.socket(family, kind, protocol)) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        status = _status(host, port) if error.errno == errno.EADDRINUSE else None
        if status is not None:
            return f"{host}:{port} is served by a bot that runs: {status}"
        raise SetupError(
            f"Health and metrics cannot be served at {host}:{port} ({error.strerror}); another address in"
            " TUNESMITH_OPERATIONS_HOST or another port in TUNESMITH_OPERATIONS_PORT would work."
        ) from error
    return f"{host}:{port} is free"


def _status(host: str, port: int) -> str | None:
    """What a running bot says of its health; None when no bot answers there."""
    with closing(http.client.HTTPConnection(host, port, timeout=ASK_S)) as connection:
        try:
            connection.request("GET", "/healthz")
            told = json.loads(connection.getresponse().read(1_000_000))
        except (OSError, http.client.HTTPException, ValueError):
            return None
    status = told.get("status") if isinstance(told, dict) and "parts" in told else None
    return status if isinstance(status, str) else None
