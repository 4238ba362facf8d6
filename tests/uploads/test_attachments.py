"""Attachments are fetched from Discord's own hosts alone, no larger than allowed, and leave nothing when they fail."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from engine.errors import JobError
from engine.learn.uploads import BadUpload, Fault, Limits, fetch
from engine.learn.uploads.attachments import DISCORD, origin_of

SMALL = Limits(max_bytes=100_000, fetch_s=2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A server on this machine; `asked` are the paths that were asked for."""

    origin: str
    asked: list[str]
    called: asyncio.Event


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    asked: list[str] = []
    called = asyncio.Event()

    async def serve(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        called.set()
        match request.path:
            case "/good":
                return web.Response(body=b"x" * 50_000)
            case "/large":
                return web.Response(body=b"x" * 200_000)
            case "/endless" | "/stops" | "/slow":
                return await stream(request)
            case "/elsewhere":
                raise web.HTTPFound("/good")
            case "/gone":
                raise web.HTTPForbidden
            case "/packed":
                return web.Response(body=gzip.compress(bytes(10_000_000)), headers={"Content-Encoding": "gzip"})
            case _:
                raise web.HTTPServiceUnavailable

    app = web.Application()
    app.router.add_get("/{path:.*}", serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield Host(origin=f"http://127.0.0.1:{port}", asked=asked, called=called)
    await runner.cleanup()


async def stream(request: web.Request) -> web.StreamResponse:
    """Chunks without a length: without end, cut short, or after a long silence."""
    answer = web.StreamResponse()
    if request.path == "/stops":
        answer.content_length = 90_000
    await answer.prepare(request)
    await answer.write(b"x" * 50_000)
    if request.path == "/slow":
        await asyncio.sleep(60)
    if request.path == "/stops":
        assert request.transport is not None
        request.transport.abort()
        return answer
    try:
        for _ in range(10_000):
            await answer.write(b"x" * 10_000)
    except ConnectionError:
        pass
    return answer


def left(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def fetched(host: Host, path: str, tmp_path: Path, limits: Limits = SMALL) -> int:
    return await fetch(host.origin + path, tmp_path / "a.mp3", "a.mp3", limits, origins={host.origin})


async def test_an_attachment_arrives_whole(host: Host, tmp_path: Path) -> None:
    assert await fetched(host, "/good", tmp_path) == 50_000
    assert (tmp_path / "a.mp3").read_bytes() == b"x" * 50_000


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/large", Fault.TOO_LARGE),
        ("/endless", Fault.TOO_LARGE),
        ("/elsewhere", Fault.REFERENCE),
        ("/gone", Fault.REFERENCE),
        ("/packed", Fault.BOMB),
    ],
)
async def test_what_must_not_be_taken_is_refused_and_leaves_nothing(
    path: str, fault: Fault, host: Host, tmp_path: Path
) -> None:
    with pytest.raises(BadUpload) as refused:
        await fetched(host, path, tmp_path)
    assert refused.value.fault is fault
    assert left(tmp_path) == []
    assert host.asked == [path]


@pytest.mark.parametrize("path", ["/stops", "/slow", "/broken"])
async def test_a_host_that_fails_is_not_the_uploaders_fault(path: str, host: Host, tmp_path: Path) -> None:
    with pytest.raises(JobError):
        await fetched(host, path, tmp_path, Limits(fetch_s=0.5))
    assert left(tmp_path) == []


async def test_cancelling_leaves_nothing(host: Host, tmp_path: Path) -> None:
    task = asyncio.create_task(fetched(host, "/slow", tmp_path, Limits(fetch_s=60)))
    await host.called.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.discordapp.com/attachments/1/2/a.mp3",
        "https://cdn.discordapp.com.example.org/a.mp3",
        "https://example.org/cdn.discordapp.com/a.mp3",
        "https://cdn.discordapp.com@example.org/a.mp3",
        "https://cdn.discordapp.com:8443/a.mp3",
        "https://me:you@cdn.discordapp.com/a.mp3",
        "https://127.0.0.1/a.mp3",
        "https://[::1]/a.mp3",
        "file:///etc/passwd",
        "ftp://cdn.discordapp.com/a.mp3",
        "https://",
        "https://[broken/a.mp3",
        "",
    ],
)
async def test_no_other_place_is_even_asked(url: str, tmp_path: Path) -> None:
    with pytest.raises(BadUpload, match="does not lie on Discord"):
        await fetch(url, tmp_path / "a.mp3", "a.mp3")
    assert left(tmp_path) == []


async def test_this_machine_is_asked_only_when_the_caller_says_so(host: Host, tmp_path: Path) -> None:
    with pytest.raises(BadUpload):
        await fetch(f"{host.origin}/good", tmp_path / "a.mp3", "a.mp3", SMALL)
    assert host.asked == []


def test_discords_addresses_are_known() -> None:
    assert origin_of("https://cdn.discordapp.com/attachments/1/2/a.mp3?ex=1&is=2&hm=3") in DISCORD
    assert origin_of("https://CDN.discordapp.com:443/a.mp3") in DISCORD
    assert origin_of("https://media.discordapp.net/a.mp3") in DISCORD
