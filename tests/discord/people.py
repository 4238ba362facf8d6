"""What people do, and what they see then: type a command, press a button, mention the bot; await the answer.

A person's client refuses what the real one refuses: a command that is not offered, an unknown or missing option, a
value outside the option's bounds. That is an `AssertionError` in the test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.discord.ids import snowflake
from tests.discord.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL, Interaction
from tests.discord.messages import DEFAULT_WAIT_S, Attached, Message
from tests.discord.places import MANAGE_GUILD, MANAGE_MESSAGES, PERMISSIONS
from tests.discord.rules import INITIAL_ANSWER_S, SELECT, TEXT_INPUT

if TYPE_CHECKING:
    from tests.discord.server import LocalDiscord

SUBCOMMAND, STRING, INTEGER, BOOLEAN, USER, NUMBER, ATTACHMENT = 1, 3, 4, 5, 6, 10, 11
ON_MESSAGES = 3


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
    may_manage_server: bool = False

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
        """Type a slash command, in the channel `where`; returns at the bot's first answer. `command` may be a name and
        that of a subcommand: `style create`."""
        data = self._command(command, where, lambda schema: _checked_options(schema, options))
        uploads = [value for value in options.values() if isinstance(value, Attached)]
        self.world.uploads += uploads
        if uploads:
            url = f"{self.world.cdn_url}/attachments/{self.world.channel_id}"
            data["resolved"] = {"attachments": {str(file.id): file.to_json(url) for file in uploads}}
        people = [value for value in options.values() if isinstance(value, Person)]
        if people:
            data["resolved"] = {"users": {str(person.id): person.to_json() for person in people}}
        return await self._interact(COMMAND, data, where=where, age_s=age_s, size_limit=size_limit)

    def _command(
        self, command: str, where: int | None, filled: Callable[[dict[str, Any]], list[dict[str, Any]]], kind: int = 1
    ) -> dict[str, Any]:
        """What an interaction says of a command; `filled`: its options, or its subcommand's."""
        offered = {str(known["name"]): known for known in self.world.commands if known["type"] == kind}
        name, *inner = [command] if kind != 1 else command.split()
        assert name in offered, f"{command!r} is not offered; offered are {sorted(offered)}"
        schema = offered[name]
        is_private = self.world.server_of(where or self.world.channel_id) is None
        assert not (is_private and _is_for_servers(schema)), f"{command!r} is not offered in private chats"
        data = {"id": schema["id"], "name": name, "type": kind}
        if not inner:
            return data | {"options": filled(schema)}
        found = {part["name"]: part for part in schema.get("options", []) if part["type"] == SUBCOMMAND}
        assert inner[0] in found, f"/{name} has no {inner[0]!r}; it has {sorted(found)}"
        return data | {"options": [{"name": inner[0], "type": SUBCOMMAND, "options": filled(found[inner[0]])}]}

    async def choose(self, name: str, message: Message) -> Exchange:
        """Choose a command from a message's menu."""
        data = self._command(name, message.channel_id, lambda schema: [], ON_MESSAGES)
        del data["options"]
        shown = {"messages": {str(message.id): message.to_json()}}
        data |= {"target_id": str(message.id), "resolved": shown}
        return await self._interact(COMMAND, data, where=message.channel_id)

    async def submit(self, form: Exchange, **values: str) -> Exchange:
        """Fill in the form that was the answer, by the custom_ids of its parts, and send it."""
        asked = form.interaction
        assert asked is not None and asked.modal is not None, "there is no form to fill in"  # noqa: PT018
        parts = {label["component"]["custom_id"]: label["component"] for label in asked.modal["components"]}
        unknown = set(values) - set(parts)
        assert not unknown, f"the form has no {sorted(unknown)}; it has {sorted(parts)}"
        components = [{"type": 18, "id": 0, "component": _filled(part, values)} for part in parts.values()]
        data = {"custom_id": asked.modal["custom_id"], "components": components}
        return await self._interact(MODAL, data, where=asked.channel_id, asked_by=asked)

    async def suggestions(self, command: str, option: str, typed: str, **others: object) -> list[str]:
        """The names that autocomplete offers while an option is typed; `others`: options that are there already."""
        return [str(choice["name"]) for choice in await self.choices(command, option, typed, **others)]

    async def choices(self, command: str, option: str, typed: str, **others: object) -> list[dict[str, Any]]:
        """The same with their values, which choosing one sends."""

        def filled(command: dict[str, Any]) -> list[dict[str, Any]]:
            schemas = {known["name"]: known for known in command["options"]}
            assert schemas[option].get("autocomplete"), f"{option} has no autocomplete"
            known = [{"name": name, "type": schemas[name]["type"], "value": value} for name, value in others.items()]
            return [*known, {"name": option, "type": schemas[option]["type"], "value": typed, "focused": True}]

        exchange = await self._interact(AUTOCOMPLETE, self._command(command, None, filled))
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

    async def attach(self, *files: Attached, content: str = "") -> Message:
        """Write a message with files in the channel."""
        return await self.world.post(self, content, files=files)

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
        asked_by: Interaction | None = None,
    ) -> Exchange:
        interaction = Interaction(
            type=kind,
            person=self.to_json(),
            data=dict(data),
            channel_id=where or self.world.channel_id,
            source=source,
            asked_by=asked_by,
            age_s=age_s,
            size_limit=self.world.size_limit if size_limit is None else size_limit,
            permissions=PERMISSIONS
            | (MANAGE_MESSAGES if self.may_manage_messages else 0)
            | (MANAGE_GUILD if self.may_manage_server else 0),
        )
        await self.world.send_interaction(interaction)
        try:
            await asyncio.wait_for(interaction.answered.wait(), INITIAL_ANSWER_S + 0.5)
        except TimeoutError:
            self.world.complain(f"the bot did not answer {dict(data)} within {INITIAL_ANSWER_S:g} s")
            raise AssertionError("This interaction failed: the application did not respond") from None
        return Exchange(messages=interaction.messages, changed=self.world.changed, interaction=interaction)


_TYPES: dict[int, tuple[type, ...]] = {
    STRING: (str,), INTEGER: (int,), BOOLEAN: (bool,), USER: (Person,), NUMBER: (int, float), ATTACHMENT: (Attached,)
}  # fmt: skip


def _is_for_servers(command: dict[str, Any]) -> bool:
    contexts = command.get("contexts")
    return command.get("dm_permission") is False if contexts is None else 1 not in contexts


def _filled(part: dict[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """A part of a form as it is sent."""
    name = part["custom_id"]
    given = values.get(name)
    assert given is not None or not part.get("required", True), f"the form needs {name}"
    said: dict[str, Any] = {"type": part["type"], "id": 0, "custom_id": name}
    if part["type"] == TEXT_INPUT:
        assert len(given or "") <= part.get("max_length", 4000), f"{name} is too long"
        return said | {"value": given or ""}
    assert part["type"] == SELECT, f"{name} is of type {part['type']}, which nobody here can fill in"
    options = {option["label"]: option["value"] for option in part["options"]}
    chosen = options.get(given or "", given)
    assert given is None or chosen in options.values(), f"{name}: {given!r} is no choice; there is {sorted(options)}"
    return said | {"values": [] if given is None else [chosen]}


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
    """What stands in the interaction: of a file or a person the id."""
    return str(value.id) if isinstance(value, Attached | Person) else value


def _check_value(name: str, schema: dict[str, Any], value: Any) -> None:
    assert isinstance(value, _TYPES[schema["type"]]), f"{name}: {value!r} is not of type {schema['type']}"
    if isinstance(value, Attached | Person):
        return
    size = len(value) if isinstance(value, str) else value
    least, most = ("min_length", "max_length") if isinstance(value, str) else ("min_value", "max_value")
    assert size >= schema.get(least, size), f"{name}: {value!r} is under {schema[least]}"
    assert size <= schema.get(most, size), f"{name}: {value!r} is over {schema[most]}"
    if isinstance(value, int):
        assert abs(value) <= 2**53, f"{name}: {value} is over what Discord takes"
    if schema.get("choices"):
        assert value in [choice["value"] for choice in schema["choices"]], f"{name}: {value!r} is no choice"
