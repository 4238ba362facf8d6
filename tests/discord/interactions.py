"""Interactions on the server's side: what was sent to the bot, and whether it may still be answered."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from tests.discord.ids import made_at_s, snowflake
from tests.discord.messages import Message
from tests.discord.places import PERMISSIONS
from tests.discord.rules import INITIAL_ANSWER_S, TOKEN_S

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
SAY, THINK, KEEP, UPDATE, SUGGEST, ASK = 4, 5, 6, 7, 8, 9


@dataclass(kw_only=True, eq=False)
class Interaction:
    """One use of a command or press of a button.

    `channel_id` is where it happens. `age_s` is how long ago it was made, for tests of the token's end: its id says so,
    as it would in earnest. `source` is the message that holds the pressed button; `asked_by` what brought the form;
    `permissions` are the person's there.
    `original` is the message that `@original` means.
    """

    type: int
    person: dict[str, Any]
    data: dict[str, Any]
    channel_id: int
    source: Message | None = None
    asked_by: Interaction | None = None
    age_s: float = 0.0
    size_limit: int
    permissions: int = PERMISSIONS
    id: int = 0
    token: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    sent_at_s: float = field(default_factory=time.monotonic)
    answered_after_s: float | None = None
    answer_kind: int | None = None
    suggestions: list[dict[str, Any]] | None = None
    modal: dict[str, Any] | None = None
    original: Message | None = None
    messages: list[Message] = field(default_factory=list)
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.id = snowflake(time.time() - self.age_s)

    @property
    def waited_s(self) -> float:
        """Seconds since it was sent to the bot."""
        return time.monotonic() - self.sent_at_s

    @property
    def is_late(self) -> bool:
        """Too late for the first answer."""
        return self.waited_s > INITIAL_ANSWER_S

    @property
    def token_is_dead(self) -> bool:
        """Too late for everything."""
        return time.time() > made_at_s(self.id) + TOKEN_S

    def metadata(self) -> dict[str, Any]:
        """As a message that answers it shows it."""
        body: dict[str, Any] = {
            "id": str(self.id),
            "type": self.type,
            "user": self.person,
            "authorizing_integration_owners": {},
        }
        if self.type == COMMAND:
            body["name"] = self.data["name"]
        if self.asked_by is not None:
            asked = {key: value for key, value in self.asked_by.metadata().items() if key != "name"}
            body["triggering_interaction_metadata"] = asked
        if self.source is not None:
            body["interacted_message_id"] = str(self.source.id)
        return body
