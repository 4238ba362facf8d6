"""The local Discord as a whole: servers with a channel and a thread each, a private chat, a bot account, people, and
the rules that all must keep. It has bad days too: `away`, `cut_gateway`, `mischief`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from types import TracebackType
from typing import Any

from aiohttp import web

from tests.discord.gateway import DIRECT_MESSAGES, GUILD_MESSAGES, Gateway
from tests.discord.ids import snowflake
from tests.discord.interactions import COMPONENT, Interaction
from tests.discord.messages import Attached, Message
from tests.discord.mischief import Mischief
from tests.discord.people import Exchange, Person
from tests.discord.places import (
    FOUNDED_S,
    PERMISSIONS,
    Server,
    application_json,
    member_json,
    private_json,
    server_json,
)
from tests.discord.rest import PREFIX, Rest

TOKEN = "local.token.of-no-worth"
DEFAULT_SIZE_LIMIT = 10 * 1024 * 1024


class LocalDiscord:
    """`async with LocalDiscord() as discord:`; leaving it fails if a rule was broken."""

    def __init__(self, *, token: str = TOKEN, servers: int = 1, shards: int = 1, max_concurrency: int = 1) -> None:
        self.token = token
        self.bot_id = self.application_id = snowflake(FOUNDED_S)
        self.servers = [Server.founded(number) for number in range(servers)]
        self.shards, self.max_concurrency = shards, max_concurrency
        self.guild_id, self.channel_id = self.servers[0].guild_id, self.servers[0].channel_id
        self.thread_id, self.private_channel_id = self.servers[0].thread_id, snowflake(FOUNDED_S)
        self.channels = {self.private_channel_id}
        self.channels |= {channel for server in self.servers for channel in (server.channel_id, server.thread_id)}
        self.is_away = False
        self.size_limit = DEFAULT_SIZE_LIMIT
        self.privileged_intents = 0
        self.bot_may_write = self.bot_may_attach = True
        self.edit_delay_s = self.answer_delay_s = self.file_delay_s = 0.0
        self.commands: list[dict[str, Any]] = []
        self.messages: dict[int, Message] = {}
        self.uploads: list[Attached] = []
        self.replies: dict[int, list[Message]] = {}
        self.interactions: dict[str, Interaction] = {}
        self.connections: list[int] = []
        self.faults: list[str] = []
        self.changed = asyncio.Condition()
        self.gateway, self.rest = Gateway(self), Rest(self)
        self.base_url = self.cdn_url = ""
        self._people: dict[str, Person] = {}
        self._runner: web.AppRunner | None = None

    # -- opening and closing -------------------------------------------------------------------------------------------

    async def __aenter__(self) -> LocalDiscord:
        application = web.Application(client_max_size=64 * 1024 * 1024)
        application.add_routes([*self.rest.routes(), web.get("/gateway/", self.gateway.handle)])
        application.add_routes([web.get("/attachments/{channel}/{file}/{name}", self._serve_file)])
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.base_url = self.cdn_url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.gateway.drop()
        if self._runner is not None:
            await self._runner.cleanup()
        if self.faults and kind is None:
            raise AssertionError("the bot broke rules of Discord:\n" + "\n".join(self.faults))
        if self.faults and error is not None:
            error.add_note("the bot broke rules of Discord:\n" + "\n".join(self.faults))

    @property
    def api_base(self) -> str:
        """What `DISCORD_API_BASE` must say."""
        return self.base_url + PREFIX

    @property
    def gateway_url(self) -> str:
        """Where the WebSocket is."""
        return self.base_url.replace("http", "ws", 1) + "/gateway/"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead a bot here."""
        return {"DISCORD_TOKEN": self.token, "DISCORD_API_BASE": self.api_base}

    def complain(self, text: str) -> None:
        """Note a broken rule; it fails the test at the end."""
        self.faults.append(text)

    @contextlib.contextmanager
    def expecting(self, *patterns: str) -> Iterator[None]:
        """Inside, exactly these rules must be broken, each matched by a pattern."""
        before = len(self.faults)
        yield
        new, self.faults[before:] = self.faults[before:], []
        assert len(new) == len(patterns), f"expected {patterns}, got {new}"
        for pattern, fault in zip(patterns, new, strict=True):
            assert re.search(pattern, fault), f"expected {pattern!r}, got {fault!r}"

    async def ready(self, *, timeout_s: float = 20.0) -> None:
        """Wait until a bot is connected and offers commands."""
        await self._until(lambda: self.gateway.is_whole and bool(self.commands), "connected", timeout_s)

    async def gone(self, *, timeout_s: float = 10.0) -> None:
        """Wait until no bot is connected."""
        await self._until(lambda: not self.gateway.is_connected, "gone", timeout_s)

    async def refusing(self, *, timeout_s: float = 10.0) -> None:
        """Wait until a request of the bot was refused."""
        await self._until(lambda: bool(self.rest.refusals), "refused", timeout_s)

    def mischief(self, method: str, pattern: str, **how: Any) -> None:
        """Let the next requests that match go wrong; `how`: see `Mischief`."""
        self.rest.mischiefs.plan(Mischief(method=method, pattern=pattern, **how))

    @contextlib.asynccontextmanager
    async def cut_gateway(self) -> AsyncIterator[None]:
        """Inside, the gateway's connections are cut and new ones do not come about; the HTTP API goes on."""
        self.gateway.is_cut = True
        await self.gateway.drop(abruptly=True)
        try:
            yield
        finally:
            self.gateway.is_cut = False

    @contextlib.asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Inside, nothing of Discord can be reached: every connection breaks off."""
        self.is_away = True
        try:
            async with self.cut_gateway():
                yield
        finally:
            self.is_away = False

    async def _until(self, is_so: Any, what: str, timeout_s: float) -> None:
        async with self.changed:
            try:
                await asyncio.wait_for(self.changed.wait_for(is_so), timeout_s)
            except TimeoutError:
                raise AssertionError(f"after {timeout_s} s the bot is not {what}") from None

    async def tell_change(self) -> None:
        """Wake everybody who waits for something."""
        async with self.changed:
            self.changed.notify_all()

    # -- people --------------------------------------------------------------------------------------------------------

    def person(self, name: str = "Ada") -> Person:
        """Somebody; the same name is the same person."""
        return self._people.setdefault(name, Person(world=self, name=name))

    async def slash(self, command: str, **options: Any) -> Exchange:
        """Ada types a command."""
        return await self.person().slash(command, **options)

    async def press(self, message: Message, face: str) -> Exchange:
        """Ada presses a button."""
        return await self.person().press(message, face)

    async def mention(self, text: str = "") -> Exchange:
        """Ada mentions the bot."""
        return await self.person().mention(text)

    async def post(
        self,
        person: Person,
        content: str,
        *,
        reply_to: Message | None = None,
        where: int | None = None,
        author_is_bot: bool = False,
        files: Sequence[Attached] = (),
    ) -> Message:
        """A person's message in a channel reaches the bot."""
        message = self._new_message(person.to_json() | ({"bot": True} if author_is_bot else {}), where)
        message.content = content
        message.attached = list(files)
        if reply_to is not None:
            message.reference = {"type": 0, "channel_id": str(message.channel_id), "message_id": str(reply_to.id)}
        pinged_by_reply = reply_to is not None and reply_to.author["id"] == str(self.bot_id)
        mentioned = bool(re.search(rf"<@!?{self.bot_id}>", content)) or pinged_by_reply
        message.mentions = [self.bot_json()] if mentioned else []
        self.messages[message.id] = message
        body = message.to_json()
        if message.guild_id is not None:
            member = {key: value for key, value in member_json(message.author).items() if key != "user"}
            body |= {"guild_id": str(message.guild_id), "member": member}
            body["mentions"] = [user | {"member": member} for user in message.mentions]
        hidden = not mentioned and message.guild_id is not None
        await self.gateway.emit("MESSAGE_CREATE", body, intent=self._intent_of(message), hidden_words=hidden)
        return message

    # -- what the API and the gateway need -----------------------------------------------------------------------------

    def new_bot_message(self, *, interaction: Interaction | None = None, channel_id: int | None = None) -> Message:
        """An empty message by the bot."""
        message = self._new_message(self.bot_json(), interaction.channel_id if interaction else channel_id)
        if interaction is not None:
            message.metadata = {key: value for key, value in interaction.metadata().items() if key != "name"}
            message.application_id = self.application_id
            if interaction.type == COMPONENT and interaction.source is not None:
                source = interaction.source
                message.reference = {"type": 0, "channel_id": str(source.channel_id), "message_id": str(source.id)}
        return message

    async def publish(self, message: Message, *, edited: bool = False) -> None:
        """A message is new or changed: keep its version, tell the bot's gateway and whoever waits."""
        self.messages[message.id] = message
        if edited:
            message.edited_at_s = time.time()
        message.note_version()
        asked = int((message.reference or {}).get("message_id", 0))
        if not edited and asked in self.replies:
            self.replies[asked].append(message)
        await self.tell_change()
        if not message.ephemeral:
            kind = "MESSAGE_UPDATE" if edited else "MESSAGE_CREATE"
            body = message.to_json() | ({"guild_id": str(message.guild_id)} if message.guild_id is not None else {})
            await self.gateway.emit(kind, json.loads(json.dumps(body)), intent=self._intent_of(message))

    def _new_message(self, author: dict[str, Any], channel_id: int | None) -> Message:
        where = channel_id or self.channel_id
        server = self.server_of(where)
        guild_id = server.guild_id if server is not None else None
        return Message(channel_id=where, author=author, guild_id=guild_id, changed=self.changed, cdn=self.cdn_url)

    def server_of(self, channel_id: int) -> Server | None:
        """The server of a channel; None for the private chat."""
        return next((server for server in self.servers if server.holds(channel_id)), None)

    def _intent_of(self, message: Message) -> int:
        return DIRECT_MESSAGES if message.channel_id == self.private_channel_id else GUILD_MESSAGES

    async def delete(self, message: Message) -> None:
        """Take a message away."""
        message.deleted = True
        await self.tell_change()

    async def send_interaction(self, interaction: Interaction) -> None:
        """Hand an interaction to the bot."""
        assert self.gateway.is_connected, "no bot is connected"
        self.interactions[interaction.token] = interaction
        body: dict[str, Any] = {
            "id": str(interaction.id),
            "application_id": str(self.application_id),
            "type": interaction.type,
            "token": interaction.token,
            "version": 1,
            "data": interaction.data,
            "channel_id": str(interaction.channel_id),
            "locale": "en-US",
            "app_permissions": str(PERMISSIONS),
            "entitlements": [],
            "attachment_size_limit": interaction.size_limit,
        }
        body |= self._place_of(interaction)
        if interaction.source is not None:
            body["message"] = interaction.source.to_json()
        await self.gateway.emit("INTERACTION_CREATE", body)

    def _place_of(self, interaction: Interaction) -> dict[str, Any]:
        """What an interaction says of where it is: in the private chat a user, on the server a member."""
        server = self.server_of(interaction.channel_id)
        if server is None:
            return {
                "channel": private_json(self.private_channel_id, interaction.person),
                "user": interaction.person,
                "authorizing_integration_owners": {"0": "0"},
                "context": 1,
            }
        return {
            "guild_id": str(server.guild_id),
            "guild": {"id": str(server.guild_id), "locale": "en-US", "features": []},
            "channel": server.place_json(interaction.channel_id),
            "member": member_json(interaction.person) | {"permissions": str(interaction.permissions)},
            "guild_locale": "en-US",
            "authorizing_integration_owners": {"0": str(server.guild_id)},
            "context": 0,
        }

    def pings_of(self, content: str, allowed: dict[str, Any] | None) -> list[str]:
        """Whom a text would really ping, after `allowed_mentions`."""
        found = re.findall(r"<@[!&]?\d+>|@everyone|@here", content)
        if allowed is None:
            return found
        kinds = set(allowed.get("parse") or [])
        named = {str(one) for key in ("users", "roles") for one in allowed.get(key) or []}

        def is_live(ping: str) -> bool:
            kind = "everyone" if ping in ("@everyone", "@here") else "roles" if ping.startswith("<@&") else "users"
            return kind in kinds or re.sub(r"\D", "", ping) in named

        return [ping for ping in found if is_live(ping)]

    def bot_json(self) -> dict[str, Any]:
        """The bot's user."""
        return Person(world=self, name="Tunesmith", id=self.bot_id).to_json() | {
            "username": "Tunesmith",
            "bot": True,
            "global_name": None,
        }

    def application_json(self) -> dict[str, Any]:
        """The bot's application."""
        return application_json(self.application_id, bot=self.bot_json(), owner=self.person("Owner").to_json())

    def ready_json(self) -> dict[str, Any]:
        """The user and the application for READY."""
        return {"user": self.bot_json(), "application": {"id": str(self.application_id), "flags": 0}}

    def guilds_json(self, shard_id: int, shards: int) -> list[dict[str, Any]]:
        """The servers that a shard hears."""
        owner_id, bot = self.person("Owner").id, self.bot_json()
        heard = (server for server in self.servers if server.shard(shards) == shard_id)
        return [server_json(server, owner_id=owner_id, bot=bot) for server in heard]

    async def _serve_file(self, request: web.Request) -> web.Response:
        await asyncio.sleep(self.file_delay_s)
        for files in (self.uploads, *(message.attached for message in self.messages.values())):
            for file in files:
                if file.id == int(request.match_info["file"]) and file.filename == request.match_info["name"]:
                    return web.Response(body=file.data)
        raise web.HTTPNotFound
