"""What people do, and what they see then: type a command, press a button, mention the bot; await the answer.

A person's client refuses what the real one refuses: a command that is not offered, an unknown or missing option, a
value outside the option's bounds. That is an `AssertionError` in the test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.discord.ids import snowflake
from tests.discord.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, Interaction
from tests.discord.messages import DEFAULT_WAIT_S, Attached, Message
from tests.discord.places import MANAGE_MESSAGES, PERMISSIONS
from tests.discord.rules import INITIAL_ANSWER_S

if TYPE_CHECKING:
    from tests.discord.server import LocalDiscord

STRING, INTEGER, BOOLEAN, NUMBER, ATTACHMENT = 3, 4, 5, 10, 11
_TYPES: dict[int, tuple[type, ...]] = {
    STRING: (str,), INTEGER: (int,), BOOLEAN: (bool,), NUMBER: (int, float), ATTACHMENT: (Attached,)
}  # fmt: skip


@dataclass(kw_only=True, eq=False)
class Exchange:
    """What became of one thing that a person did."""

    messages: list[Message]
    changed: asyncio.Condition
    interaction: Interaction | None = None

    @property
    def first_answer_s(self) -> float:
        """Seconds until the bot's first answer."""
        assert self.interaction is not None
        assert self.interaction.answered_after_s is not None
        return self.interaction.answered_after_s

    @property
    def message(self) -> Message:
        """The only message so far."""
        assert len(self.messages) == 1, f"{len(self.messages)} messages, not one: {self.messages}"
        return self.messages[0]

    async def until(self, is_so: Callable[[Message], bool], *, timeout_s: float = DEFAULT_WAIT_S) -> Message:
        """Wait until one of the answering messages looks like this."""

        def found() -> Message | None:
            return next((message for message in self.messages if is_so(message)), None)

        async with self.changed:
            try:
                await asyncio.wait_for(self.changed.wait_for(lambda: found() is not None), timeout_s)
            except TimeoutError:
                raise AssertionError(f"after {timeout_s} s there is only {self.messages}") from None
            message = found()
            assert message is not None
            return message

    async def said(self, *, timeout_s: float = DEFAULT_WAIT_S) -> Message:
        """Wait for the first message with something in it."""
        return await self.until(lambda message: bool(message.content or message.embeds), timeout_s=timeout_s)


@dataclass(kw_only=True, eq=False)
class Person:
    """Somebody on the server."""

    world: LocalDiscord
    name: str
    id: int = field(default_factory=snowflake)
    may_manage_messages: bool = False

    def to_json(self) -> dict[str, Any]:
        """As the API shows a user."""
        return {
            "id": str(self.id),
            "username": self.name.lower(),
            "global_name": self.name,
            "discriminator": "0",
            "avatar": None,
            "public_flags": 0,
            "flags": 0,
            "primary_guild": None,
        }

    async def slash(
        self,
        command: str,
        *,
        where: int | None = None,
        age_s: float = 0.0,
        size_limit: int | None = None,
        **options: object,
    ) -> Exchange:
        """Type a slash command, in the channel `where`; returns at the bot's first answer."""
        offered = {str(known["name"]): known for known in self.world.commands}
        assert command in offered, f"/{command} is not offered; offered are {sorted(offered)}"
        data: dict[str, Any] = {
            "id": offered[command]["id"],
            "name": command,
            "type": 1,
            "options": _checked_options(offered[command], options),
        }
        uploads = [value for value in options.values() if isinstance(value, Attached)]
        self.world.uploads += uploads
        if uploads:
            url = f"{self.world.base_url}/attachments/{self.world.channel_id}"
            data["resolved"] = {"attachments": {str(file.id): file.to_json(url) for file in uploads}}
        return await self._interact(COMMAND, data, where=where, age_s=age_s, size_limit=size_limit)

    async def suggestions(self, command: str, option: str, typed: str) -> list[str]:
        """The names that autocomplete offers while an option is typed."""
        return [str(choice["name"]) for choice in await self.choices(command, option, typed)]

    async def choices(self, command: str, option: str, typed: str) -> list[dict[str, Any]]:
        """The same with their values, which choosing one sends."""
        offered = next(known for known in self.world.commands if known["name"] == command)
        schema = next(known for known in offered["options"] if known["name"] == option)
        assert schema.get("autocomplete"), f"{option} has no autocomplete"
        options = [{"name": option, "type": schema["type"], "value": typed, "focused": True}]
        data = {"id": offered["id"], "name": command, "type": 1, "options": options}
        exchange = await self._interact(AUTOCOMPLETE, data)
        assert exchange.interaction is not None
        return exchange.interaction.suggestions or []

    async def press(self, message: Message, face: str, *, age_s: float = 0.0) -> Exchange:
        """Press a button, named by its emoji, label or custom_id; returns at the bot's first answer."""
        button = message.button(face)
        assert not button.disabled, f"the button {face!r} is disabled"
        data = {"custom_id": button.custom_id, "component_type": 2}
        return await self._interact(COMPONENT, data, source=message, where=message.channel_id, age_s=age_s)

    async def mention(self, text: str = "", *, where: int | None = None) -> Exchange:
        """Write `@bot text` in a channel; the answers are the messages that reply to it."""
        return await self.write(f"<@{self.world.bot_id}> {text}".strip(), where=where)

    async def write(self, content: str, *, reply_to: Message | None = None, where: int | None = None) -> Exchange:
        """Write in a channel."""
        message = await self.world.post(self, content, reply_to=reply_to, where=where)
        answers: list[Message] = []
        self.world.replies[message.id] = answers
        return Exchange(messages=answers, changed=self.world.changed)

    async def _interact(
        self,
        kind: int,
        data: Mapping[str, Any],
        *,
        source: Message | None = None,
        where: int | None = None,
        age_s: float = 0.0,
        size_limit: int | None = None,
    ) -> Exchange:
        interaction = Interaction(
            type=kind,
            person=self.to_json(),
            data=dict(data),
            channel_id=where or self.world.channel_id,
            source=source,
            age_s=age_s,
            size_limit=self.world.size_limit if size_limit is None else size_limit,
            permissions=PERMISSIONS | (MANAGE_MESSAGES if self.may_manage_messages else 0),
        )
        await self.world.send_interaction(interaction)
        try:
            await asyncio.wait_for(interaction.answered.wait(), INITIAL_ANSWER_S + 0.5)
        except TimeoutError:
            self.world.complain(f"the bot did not answer {dict(data)} within {INITIAL_ANSWER_S:g} s")
            raise AssertionError("This interaction failed: the application did not respond") from None
        return Exchange(messages=interaction.messages, changed=self.world.changed, interaction=interaction)


def _checked_options(command: dict[str, Any], options: Mapping[str, object]) -> list[dict[str, Any]]:
    schemas = {schema["name"]: schema for schema in command.get("options", [])}
    unknown = set(options) - set(schemas)
    assert not unknown, f"/{command['name']} has no option {sorted(unknown)}; it has {sorted(schemas)}"
    missing = {name for name, schema in schemas.items() if schema.get("required")} - set(options)
    assert not missing, f"/{command['name']} needs {sorted(missing)}"
    for name, value in options.items():
        _check_value(name, schemas[name], value)
    return [{"name": name, "type": schemas[name]["type"], "value": _sent(value)} for name, value in options.items()]


def _sent(value: object) -> object:
    """What stands in the interaction: of a file its id."""
    return str(value.id) if isinstance(value, Attached) else value


def _check_value(name: str, schema: dict[str, Any], value: Any) -> None:
    assert isinstance(value, _TYPES[schema["type"]]), f"{name}: {value!r} is not of type {schema['type']}"
    if isinstance(value, Attached):
        return
    size = len(value) if isinstance(value, str) else value
    least, most = ("min_length", "max_length") if isinstance(value, str) else ("min_value", "max_value")
    assert size >= schema.get(least, size), f"{name}: {value!r} is under {schema[least]}"
    assert size <= schema.get(most, size), f"{name}: {value!r} is over {schema[most]}"
    if isinstance(value, int):
        assert abs(value) <= 2**53, f"{name}: {value} is over what Discord takes"
    if schema.get("choices"):
        assert value in [choice["value"] for choice in schema["choices"]], f"{name}: {value!r} is no choice"
