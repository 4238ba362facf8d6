"""The gateway: a WebSocket that says HELLO, takes IDENTIFY or RESUME and heartbeats, and hands out events by intents.

A session is one shard: it hears its servers, the first one private chats too. Events are numbered and kept a session,
so that a client that lost its connection can resume. Payloads go out in one zlib stream, as the live service does, when
the client asks for it. Convention: a person's words reach the bot only where it may read them: in a private chat, when
the message mentions it, or with the message content intent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
import zlib
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import WSMsgType, web

HEARTBEAT_MS = 20_000
IDENTIFY_GAP_S = 4.9  # the service's five seconds, less what a packet may lose on its way
DISPATCH, HEARTBEAT, IDENTIFY, RESUME, INVALID_SESSION, HELLO, ACK = 0, 1, 2, 6, 9, 10, 11
GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT = 1 << 0, 1 << 9, 1 << 12, 1 << 15
AUTHENTICATION_FAILED, DISALLOWED_INTENTS = 4004, 4014


class World(Protocol):
    """What the gateway needs of the server."""

    token: str
    base_url: str
    privileged_intents: int
    shards: int
    max_concurrency: int
    connections: list[int]
    changed: asyncio.Condition

    def ready_json(self) -> dict[str, Any]:
        """The user and the application for READY."""

    def guilds_json(self, shard_id: int, shards: int) -> list[dict[str, Any]]:
        """The servers that a shard hears, as GUILD_CREATE shows them."""

    def complain(self, text: str) -> None:
        """Note a broken rule."""


@dataclass(kw_only=True)
class Session:
    """One identified client, which can lose its connection and come back."""

    id: str
    intents: int
    shard_id: int = 0
    shards: int = 1
    events: list[dict[str, Any]] = field(default_factory=list)
    line: Line | None = None

    def hears(self, guild_id: int | None) -> bool:
        """Whether events of this server (None: private chats) reach it."""
        return self.shard_id == (0 if guild_id is None else (guild_id >> 22) % self.shards)


class Line:
    """One open WebSocket."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request, *, compressed: bool) -> None:
        self.socket = socket
        self._transport = request.transport
        self._zlib = zlib.compressobj() if compressed else None

    def abort(self) -> None:
        """Break the connection off."""
        if isinstance(self._transport, asyncio.WriteTransport):
            self._transport.abort()

    async def send(self, payload: dict[str, Any]) -> None:
        """One payload, flushed so that the client can read it; it is lost when the line is dead."""
        with contextlib.suppress(ConnectionError):
            await self._send(payload)

    async def _send(self, payload: dict[str, Any]) -> None:
        text = json.dumps(payload)
        if self._zlib is None:
            await self.socket.send_str(text)
        else:
            data = self._zlib.compress(text.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
            await self.socket.send_bytes(data)


class Gateway:
    """Sessions and their events."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.sessions: dict[str, Session] = {}
        self.is_cut = False
        self.identified: list[tuple[float, int]] = []

    @property
    def is_whole(self) -> bool:
        """Whether every shard listens now."""
        heard = {session.shard_id for session in self.sessions.values() if session.line is not None}
        return heard == set(range(self._world.shards))

    @property
    def is_connected(self) -> bool:
        """Whether a bot listens now."""
        return any(session.line is not None for session in self.sessions.values())

    async def emit(self, kind: str, data: dict[str, Any], *, intent: int = 0, hidden_words: bool = False) -> None:
        """Send an event to the session of its shard that asked for it; `hidden_words`: content only with its intent."""
        guild_id = int(data["guild_id"]) if data.get("guild_id") else None
        for session in list(self.sessions.values()):
            if (intent and not session.intents & intent) or not session.hears(guild_id):
                continue
            shown = data
            if hidden_words and not session.intents & MESSAGE_CONTENT:
                shown = data | {"content": "", "embeds": [], "attachments": [], "components": []}
            await self._dispatch(session, kind, shown)

    async def drop(self, *, shard_id: int | None = None, abruptly: bool = False) -> None:
        """Cut the connections, or that of one shard, as a network failure does; the sessions can be resumed.

        `abruptly`: without the goodbye of a WebSocket."""
        for session in list(self.sessions.values()):
            if session.line is not None and shard_id in (None, session.shard_id):
                line, session.line = session.line, None
                if abruptly:
                    line.abort()
                else:
                    await line.socket.close(code=4000)

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """One connection, from HELLO to the end."""
        socket = web.WebSocketResponse()
        if self.is_cut and isinstance(request.transport, asyncio.WriteTransport):
            request.transport.abort()
            return socket
        await socket.prepare(request)
        line = Line(socket, request, compressed=request.query.get("compress") == "zlib-stream")
        await line.send({"op": HELLO, "d": {"heartbeat_interval": HEARTBEAT_MS}, "s": None, "t": None})
        session: Session | None = None
        try:
            async for message in socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    session = await self._take(line, json.loads(message.data), session)
        finally:
            if session is not None and session.line is line:
                session.line = None
                if socket.close_code in (1000, 1001):
                    self.sessions.pop(session.id, None)
            await self._tell_change()
        return socket

    async def _take(self, line: Line, payload: dict[str, Any], session: Session | None) -> Session | None:
        operation, data = payload["op"], payload.get("d")
        if operation == HEARTBEAT:
            await line.send({"op": ACK, "d": None, "s": None, "t": None})
        elif operation == IDENTIFY and data is not None:
            return await self._identify(line, data)
        elif operation == RESUME and data is not None:
            return await self._resume(line, data)
        return session

    async def _identify(self, line: Line, data: dict[str, Any]) -> Session | None:
        if data["token"] != self._world.token:
            await line.socket.close(code=AUTHENTICATION_FAILED, message=b"Authentication failed.")
            return None
        privileged = (1 << 1) | (1 << 8) | MESSAGE_CONTENT
        if data["intents"] & privileged & ~self._world.privileged_intents:
            await line.socket.close(code=DISALLOWED_INTENTS, message=b"Disallowed intent(s).")
            return None
        shard_id, shards = data.get("shard") or (0, 1)
        if not self._may_identify(shard_id, shards):
            await line.send({"op": INVALID_SESSION, "d": False, "s": None, "t": None})
            return None
        session = Session(
            id=secrets.token_hex(16), intents=data["intents"], shard_id=shard_id, shards=shards, line=line
        )
        self.sessions[session.id] = session
        guilds = self._world.guilds_json(shard_id, shards)
        ready = self._world.ready_json() | {
            "v": 10,
            "session_id": session.id,
            "resume_gateway_url": f"{self._world.base_url.replace('http', 'ws', 1)}/gateway/",
            "guilds": [{"id": guild["id"], "unavailable": True} for guild in guilds],
            "private_channels": [],
            "shard": [shard_id, shards],
        }
        await self._dispatch(session, "READY", ready)
        if session.intents & GUILDS:
            for guild in guilds:
                await self._dispatch(session, "GUILD_CREATE", guild)
        self._world.connections.append(session.intents)
        await self._tell_change()
        return session

    def _may_identify(self, shard_id: int, shards: int) -> bool:
        """Of the shards that share a bucket (shard id modulo max_concurrency), one may identify in five seconds.

        The service counts the same shard too; here a bot that a test starts again at once need not wait for it."""
        if shards != self._world.shards or not 0 <= shard_id < shards:
            self._world.complain(f"shard {shard_id} of {shards} identified where {self._world.shards} are wanted")
        now, bucket = time.monotonic(), shard_id % self._world.max_concurrency
        for at_s, other in self.identified:
            is_neighbour = other != shard_id and other % self._world.max_concurrency == bucket
            if is_neighbour and now - at_s < IDENTIFY_GAP_S:
                self._world.complain(
                    f"shards {other} and {shard_id} identified within {now - at_s:.1f} s of each other"
                )
                return False
        self.identified.append((now, shard_id))
        return True

    async def _resume(self, line: Line, data: dict[str, Any]) -> Session | None:
        session = self.sessions.get(data["session_id"])
        if session is None or data["token"] != self._world.token:
            await line.send({"op": INVALID_SESSION, "d": False, "s": None, "t": None})
            return None
        session.line = line
        for event in session.events[data["seq"] :]:
            await line.send(event)
        await self._dispatch(session, "RESUMED", {})
        await self._tell_change()
        return session

    async def _dispatch(self, session: Session, kind: str, data: dict[str, Any]) -> None:
        event = {"op": DISPATCH, "t": kind, "s": len(session.events) + 1, "d": data}
        session.events.append(event)
        if session.line is not None:
            await session.line.send(event)

    async def _tell_change(self) -> None:
        async with self._world.changed:
            self._world.changed.notify_all()
