"""The local Discord as a whole: one server with a channel and a thread in it, a private chat, a bot account, people,
and the rules that all must keep."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from aiohttp import web

from tests.discord.gateway import DIRECT_MESSAGES, GUILD_MESSAGES, Gateway
from tests.discord.ids import snowflake
from tests.discord.interactions import COMPONENT, Interaction
from tests.discord.messages import Attached, Message
from tests.discord.people import Exchange, Person
from tests.discord.rest import PREFIX, Rest

TOKEN = "local.token.of-no-worth"
DEFAULT_SIZE_LIMIT = 10 * 1024 * 1024
PERMISSIONS = str((1 << 10) | (1 << 11) | (1 << 14) | (1 << 15) | (1 << 16))


class LocalDiscord:
    """`async with LocalDiscord() as discord:`; leaving it fails if a rule was broken."""

    def __init__(self, *, token: str = TOKEN) -> None:
        self.token = token
        self.bot_id = self.application_id = snowflake(1_600_000_000)
        self.guild_id, self.channel_id = snowflake(1_600_000_000), snowflake(1_600_000_000)
        self.private_channel_id, self.thread_id = snowflake(1_600_000_000), snowflake(1_600_000_000)
        self.channels = {self.channel_id, self.private_channel_id, self.thread_id}
        self.size_limit = DEFAULT_SIZE_LIMIT
        self.privileged_intents = 0
        self.bot_may_write = self.bot_may_attach = True
        self.edit_delay_s = self.answer_delay_s = 0.0
        self.commands: list[dict[str, Any]] = []
        self.messages: dict[int, Message] = {}
        self.uploads: list[Attached] = []
        self.replies: dict[int, list[Message]] = {}
        self.interactions: dict[str, Interaction] = {}
        self.connections: list[int] = []
        self.faults: list[str] = []
        self.changed = asyncio.Condition()
        self.gateway, self.rest = Gateway(self), Rest(self)
        self.base_url = ""
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
        self.base_url = f"http://127.0.0.1:{port}"
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
        await self._until(lambda: self.gateway.is_connected and bool(self.commands), "connected", timeout_s)

    async def gone(self, *, timeout_s: float = 10.0) -> None:
        """Wait until no bot is connected."""
        await self._until(lambda: not self.gateway.is_connected, "gone", timeout_s)

    async def refusing(self, *, timeout_s: float = 10.0) -> None:
        """Wait until a request of the bot was refused."""
        await self._until(lambda: bool(self.rest.refusals), "refused", timeout_s)

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
    ) -> Message:
        """A person's message in a channel reaches the bot."""
        message = self._new_message(person.to_json() | ({"bot": True} if author_is_bot else {}), where)
        message.content = content
        if reply_to is not None:
            message.reference = {"type": 0, "channel_id": str(message.channel_id), "message_id": str(reply_to.id)}
        pinged_by_reply = reply_to is not None and reply_to.author["id"] == str(self.bot_id)
        mentioned = bool(re.search(rf"<@!?{self.bot_id}>", content)) or pinged_by_reply
        message.mentions = [self.bot_json()] if mentioned else []
        self.messages[message.id] = message
        body = message.to_json()
        if message.guild_id is not None:
            member = {key: value for key, value in self._member_json(message.author).items() if key != "user"}
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
        guild_id = None if where == self.private_channel_id else self.guild_id
        return Message(channel_id=where, author=author, guild_id=guild_id, changed=self.changed, cdn=self.base_url)

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
            "app_permissions": PERMISSIONS,
            "entitlements": [],
            "attachment_size_limit": interaction.size_limit,
        }
        body |= self._place_of(interaction)
        if interaction.source is not None:
            body["message"] = interaction.source.to_json()
        await self.gateway.emit("INTERACTION_CREATE", body)

    def _place_of(self, interaction: Interaction) -> dict[str, Any]:
        """What an interaction says of where it is: in the private chat a user, on the server a member."""
        if interaction.channel_id == self.private_channel_id:
            return {
                "channel": {
                    "id": str(self.private_channel_id),
                    "type": 1,
                    "last_message_id": None,
                    "recipients": [interaction.person],
                    "flags": 0,
                },
                "user": interaction.person,
                "authorizing_integration_owners": {"0": "0"},
                "context": 1,
            }
        channel = self._thread_json() if interaction.channel_id == self.thread_id else self._channel_json()
        return {
            "guild_id": str(self.guild_id),
            "guild": {"id": str(self.guild_id), "locale": "en-US", "features": []},
            "channel": channel | {"permissions": PERMISSIONS, "guild_id": str(self.guild_id)},
            "member": self._member_json(interaction.person) | {"permissions": PERMISSIONS},
            "guild_locale": "en-US",
            "authorizing_integration_owners": {"0": str(self.guild_id)},
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
        return {
            "id": str(self.application_id),
            "name": "Tunesmith",
            "icon": None,
            "description": "",
            "type": None,
            "bot": self.bot_json(),
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": 0,
            "flags_new": "0",
            "max_participants": None,
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "eligible_oauth2_scopes": ["bot", "applications.commands"],
            "owner": self.person("Owner").to_json(),
            "approximate_guild_count": 1,
            "team": None,
            "explicit_content_filter": 0,
            "integration_types_config": {},
        }

    def ready_json(self) -> dict[str, Any]:
        """The user and the application for READY."""
        return {"user": self.bot_json(), "application": {"id": str(self.application_id), "flags": 0}}

    def guilds_json(self) -> list[dict[str, Any]]:
        """The one server."""
        everyone = {
            "id": str(self.guild_id),
            "name": "@everyone",
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "icon": None,
            "unicode_emoji": None,
            "position": 0,
            "permissions": PERMISSIONS,
            "managed": False,
            "mentionable": False,
            "flags": 0,
        }
        return [
            {
                "id": str(self.guild_id),
                "name": "The music room",
                "icon": None,
                "owner_id": str(self.person("Owner").id),
                "roles": [everyone],
                "channels": [self._channel_json()],
                "members": [self._member_json(self.bot_json())],
                "member_count": 2,
                "large": False,
                "unavailable": False,
                "threads": [],
                "stage_instances": [],
                "guild_scheduled_events": [],
                "voice_states": [],
                "presences": [],
                "emojis": [],
                "stickers": [],
                "features": [],
                "premium_tier": 0,
                "verification_level": 0,
                "default_message_notifications": 0,
                "explicit_content_filter": 0,
                "mfa_level": 0,
                "nsfw_level": 0,
                "system_channel_flags": 0,
                "preferred_locale": "en-US",
                "afk_timeout": 300,
                "joined_at": "2024-01-01T00:00:00+00:00",
            }
        ]

    def _channel_json(self) -> dict[str, Any]:
        return {
            "id": str(self.channel_id),
            "type": 0,
            "name": "songs",
            "position": 0,
            "permission_overwrites": [],
            "topic": None,
            "nsfw": False,
            "parent_id": None,
            "rate_limit_per_user": 0,
            "flags": 0,
        }

    def _thread_json(self) -> dict[str, Any]:
        """A thread that the bot has not joined: no event told it of it."""
        return {
            "id": str(self.thread_id),
            "type": 11,
            "name": "a song for Grace",
            "parent_id": str(self.channel_id),
            "owner_id": str(self.person("Owner").id),
            "last_message_id": None,
            "message_count": 0,
            "member_count": 1,
            "rate_limit_per_user": 0,
            "flags": 0,
            "thread_metadata": {
                "archived": False,
                "auto_archive_duration": 1440,
                "archive_timestamp": "2024-01-01T00:00:00+00:00",
                "locked": False,
            },
        }

    def _member_json(self, user: dict[str, Any]) -> dict[str, Any]:
        return {
            "user": user,
            "nick": None,
            "avatar": None,
            "banner": None,
            "roles": [],
            "joined_at": "2024-01-01T00:00:00+00:00",
            "premium_since": None,
            "deaf": False,
            "mute": False,
            "flags": 0,
            "pending": False,
            "communication_disabled_until": None,
        }

    async def _serve_file(self, request: web.Request) -> web.Response:
        for files in (self.uploads, *(message.attached for message in self.messages.values())):
            for file in files:
                if file.id == int(request.match_info["file"]) and file.filename == request.match_info["name"]:
                    return web.Response(body=file.data)
        raise web.HTTPNotFound
