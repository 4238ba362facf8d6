"""The private port: `/healthz`, `/readyz` and `/metrics` over HTTP.

In: requests of whoever keeps the bot running. Out: JSON, and Prometheus's text. Conventions: 200 is well and 503 is
not, so that a load balancer or a container engine needs to read nothing; answers are not to be cached. Caveat: nobody
is asked who they are, so the port belongs on an address that strangers do not reach.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from engine.errors import SetupError
from engine.operations.health import Doctor, Part, Sight, missing_for_songs

NEVER_CACHED = {"Cache-Control": "no-store"}
HALT_S = 2.0


class Pages:
    """Start with `await pages.start()`, stop with `await pages.stop()`. `look` asks the parts; `version` is told."""

    def __init__(
        self, look: Callable[[], Awaitable[Sight]], registry: CollectorRegistry, doctor: Doctor, *, version: str
    ) -> None:
        self._look = look
        self._registry = registry
        self._doctor = doctor
        self._version = version
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; `port` 0 takes any that is free. Returns the port. Raises `SetupError`."""
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=HALT_S)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            await runner.cleanup()
            raise SetupError(
                f"Health and metrics cannot be served at {host}:{port} ({error.strerror}); another address in"
                " TUNESMITH_OPERATIONS_HOST or another port in TUNESMITH_OPERATIONS_PORT would work."
            ) from error
        self._runner = runner
        return int(runner.addresses[0][1])

    async def stop(self) -> None:
        """Listen no more. Safe to call twice."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _healthz(self, _: web.Request) -> web.Response:
        sight = await self._look()
        parts = self._doctor.parts(sight)
        told = {
            "status": _worst(parts),
            "version": self._version,
            "parts": {part.name: {"state": part.state, **part.facts} for part in parts},
            "jobs": dict(sight.counts),
        }
        return _answer(told, well=told["status"] != "down")

    async def _readyz(self, _: web.Request) -> web.Response:
        missing = missing_for_songs(await self._look())
        return _answer({"ready": not missing, "missing": list(missing)}, well=not missing)

    async def _metrics(self, request: web.Request) -> web.Response:
        await self._look()
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(self._registry), headers=NEVER_CACHED | {"Content-Type": content_type})


def _worst(parts: Sequence[Part]) -> str:
    states = {part.state for part in parts}
    return next((state for state in ("down", "recovering") if state in states), "ok")


def _answer(told: dict[str, Any], *, well: bool) -> web.Response:
    return web.json_response(told, status=200 if well else 503, headers=NEVER_CACHED)
