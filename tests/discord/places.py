"""Where things happen: servers with a channel and a thread each, and the private chat; as the API shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.discord.ids import snowflake

FOUNDED_S = 1_600_000_000
PERMISSIONS = (1 << 10) | (1 << 11) | (1 << 14) | (1 << 15) | (1 << 16)
MANAGE_MESSAGES = 1 << 13
MANAGE_GUILD = 1 << 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One server. Servers that were founded a millisecond apart belong to neighbouring shards."""

    guild_id: int
    channel_id: int = field(default_factory=lambda: snowflake(FOUNDED_S))
    thread_id: int = field(default_factory=lambda: snowflake(FOUNDED_S))

    @classmethod
    def founded(cls, number: int) -> Server:
        """The server of this number, from 0."""
        return cls(guild_id=snowflake(FOUNDED_S + number / 1000 + 0.0005))

    def shard(self, shards: int) -> int:
        """Which of so many shards hears it."""
        return (self.guild_id >> 22) % shards

    def holds(self, channel_id: int) -> bool:
        """Whether it has that channel."""
        return channel_id in (self.channel_id, self.thread_id)

    def place_json(self, channel_id: int) -> dict[str, Any]:
        """The channel or the thread, as an interaction shows it."""
        shown = thread_json(self) if channel_id == self.thread_id else channel_json(self)
        return shown | {"permissions": str(PERMISSIONS), "guild_id": str(self.guild_id)}


def server_json(server: Server, *, owner_id: int, bot: dict[str, Any]) -> dict[str, Any]:
    """As GUILD_CREATE shows it."""
    everyone = {
        "id": str(server.guild_id),
        "name": "@everyone",
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "position": 0,
        "permissions": str(PERMISSIONS),
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }
    return {
        "id": str(server.guild_id),
        "name": "The music room",
        "icon": None,
        "owner_id": str(owner_id),
        "roles": [everyone],
        "channels": [channel_json(server)],
        "members": [member_json(bot)],
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


def channel_json(server: Server) -> dict[str, Any]:
    """The server's channel."""
    return {
        "id": str(server.channel_id),
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


def thread_json(server: Server) -> dict[str, Any]:
    """A thread that the bot has not joined: no event told it of it."""
    return {
        "id": str(server.thread_id),
        "type": 11,
        "name": "a song for Grace",
        "parent_id": str(server.channel_id),
        "owner_id": str(server.guild_id),
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


def private_json(channel_id: int, person: dict[str, Any]) -> dict[str, Any]:
    """The private chat with a person."""
    return {"id": str(channel_id), "type": 1, "last_message_id": None, "recipients": [person], "flags": 0}


def member_json(user: dict[str, Any]) -> dict[str, Any]:
    """Somebody on a server."""
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


def application_json(application_id: int, *, bot: dict[str, Any], owner: dict[str, Any]) -> dict[str, Any]:
    """The bot's application."""
    return {
        "id": str(application_id),
        "name": "Tunesmith",
        "icon": None,
        "description": "",
        "type": None,
        "bot": bot,
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
        "owner": owner,
        "approximate_guild_count": 1,
        "team": None,
        "explicit_content_filter": 0,
        "integration_types_config": {},
    }
