"""An attachment brought from Discord's own hosts, and from nowhere else.

In: its address and a path. Out: the file, and its size; nothing is left where it fails. Raises `BadUpload` for
addresses and files that are not allowed, `JobError` where the host does not answer (it may later). Conventions:
https, no other host, no redirect, no unpacking on the way, the size counted while it streams. Caveat: Discord's
addresses expire after a day, so an attachment is fetched at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import aiohttp

from engine.errors import JobError
from engine.learn.uploads.faults import BadUpload, Fault, Faulty
from engine.learn.uploads.limits import MEBIBYTE, Limits

DISCORD = frozenset({"https://cdn.discordapp.com", "https://media.discordapp.net"})
"""Where attachments lie: scheme, host and, where it is not the usual one, port."""
CONNECT_S, SILENCE_S = 10.0, 15.0
CHUNK = 1 << 16
PORTS = {"https": 443, "http": 80}


async def fetch(
    url: str,
    to: Path,
    name: str,
    limits: Limits | None = None,
    *,
    origins: Collection[str] = DISCORD,
) -> int:
    """Stream `url` into the new file `to`; returns its size in bytes. `origins`: what else is allowed (for tests)."""
    limits = limits or Limits()
    if origin_of(url) not in origins:
        raise BadUpload(Fault.REFERENCE, name, "does not lie on Discord; attach it to a message")
    timeout = aiohttp.ClientTimeout(
        total=limits.fetch_s, sock_connect=CONNECT_S, sock_read=min(SILENCE_S, limits.fetch_s)
    )
    done = False
    file = await asyncio.to_thread(to.open, "xb")
    try:
        async with aiohttp.ClientSession(
            timeout=timeout, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
        ) as web:
            size = await _stream(web, url, file, limits)
        done = True
        return size
    except Faulty as fault:
        raise BadUpload(fault.fault, name, fault.text) from None
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise JobError(f"The attachment could not be fetched ({type(error).__name__}).") from error
    finally:
        file.close()
        if not done:
            await asyncio.to_thread(to.unlink, missing_ok=True)


def origin_of(url: str) -> str | None:
    """Scheme, host and port of an address, or None for one with a user name, without a host, or of no web at all."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in PORTS or not host or parts.username is not None or parts.password is not None:
        return None
    usual = port is None or port == PORTS[parts.scheme]
    return f"{parts.scheme}://{host}" + ("" if usual else f":{port}")


async def _stream(web: aiohttp.ClientSession, url: str, file: BinaryIO, limits: Limits) -> int:
    async with web.get(url, allow_redirects=False, headers={"Accept-Encoding": "identity"}) as answer:
        if answer.status in (403, 404, 410):
            raise Faulty(Fault.REFERENCE, "is no longer on Discord; attach it once more")
        if 300 <= answer.status < 400:
            raise Faulty(Fault.REFERENCE, "lies somewhere else than Discord said; attach it once more")
        if answer.status != 200:
            raise aiohttp.ClientResponseError(answer.request_info, answer.history, status=answer.status)
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise Faulty(Fault.BOMB, "came packed though nobody asked for that; attach it once more")
        if answer.content_length is not None and answer.content_length > limits.max_bytes:
            raise _too_large(limits)
        size = 0
        async for part in answer.content.iter_chunked(CHUNK):
            size += len(part)
            if size > limits.max_bytes:
                raise _too_large(limits)
            await asyncio.to_thread(file.write, part)
        return size


def _too_large(limits: Limits) -> Faulty:
    return Faulty(Fault.TOO_LARGE, f"has more than {limits.max_bytes / MEBIBYTE:g} MiB; a smaller one would work")
