"""The local Discord refuses what the live service refuses, and a fault fails the test that caused it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from tests.discord import LocalDiscord, rules
from tests.discord.interactions import COMMAND, Interaction
from tests.discord.specification import Specification, find_file

needs_specification = pytest.mark.skipif(
    find_file() is None, reason="Discord's specification (../shared/discord/openapi.json) is not beside the checkout"
)


@dataclass
class Client:
    """A bot of a few lines that sends whatever it is told."""

    discord: LocalDiscord
    session: aiohttp.ClientSession

    async def call(self, method: str, path: str, body: Any = None, files: dict[str, bytes] | None = None) -> int:
        url = self.discord.api_base + path
        headers = {"Authorization": f"Bot {self.discord.token}"}
        if files is None:
            async with self.session.request(method, url, json=body, headers=headers) as answer:
                return answer.status
        form = aiohttp.MultipartWriter("form-data")
        part = form.append_json(body)
        part.set_content_disposition("form-data", name="payload_json")
        for number, (name, data) in enumerate(files.items()):
            part = form.append(data, {"Content-Type": "application/octet-stream"})
            part.set_content_disposition("form-data", name=f"files[{number}]", filename=name)
        async with self.session.request(method, url, data=form, headers=headers) as answer:
            return answer.status

    async def say(self, body: dict[str, Any], files: dict[str, bytes] | None = None) -> int:
        return await self.call("POST", f"/channels/{self.discord.channel_id}/messages", body, files)

    async def offer(self, *commands: dict[str, Any]) -> int:
        return await self.call("PUT", f"/applications/{self.discord.application_id}/commands", list(commands))

    def interaction(self, age_s: float = 0.0) -> Interaction:
        made = Interaction(
            type=COMMAND,
            person=self.discord.person().to_json(),
            data={"name": "play"},
            channel_id=self.discord.channel_id,
            size_limit=self.discord.size_limit,
            age_s=age_s,
        )
        self.discord.interactions[made.token] = made
        return made

    async def first_answer(self, made: Interaction, body: dict[str, Any]) -> int:
        return await self.call("POST", f"/interactions/{made.id}/{made.token}/callback", body)

    async def follow_up(self, made: Interaction, body: dict[str, Any]) -> int:
        return await self.call("POST", f"/webhooks/{self.discord.application_id}/{made.token}", body)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with LocalDiscord() as discord, aiohttp.ClientSession() as session:
        yield Client(discord, session)


def button(**changes: Any) -> dict[str, Any]:
    return {"type": 2, "style": 2, "label": "Play", "custom_id": "play"} | changes


def rows(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"content": "x", "components": [{"type": 1, "components": list(parts)}]}


def command(*options: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"name": "play", "description": "Play it", "type": 1, "options": list(options)} | changes


def option(name: str, **changes: Any) -> dict[str, Any]:
    return {"type": 3, "name": name, "description": "A word"} | changes


SELECT = {"type": 5, "custom_id": "who"}
MESSAGE_FAULTS = {
    "content over 2,000 characters": ({"content": "x" * 2001}, "2001 characters"),
    "embeds over 6,000 characters": ({"embeds": [{"description": "x" * 4000}] * 2}, "8000 characters together"),
    "an empty message": ({"content": " "}, "empty"),
    "six rows": (
        {"content": "x", "components": [rows(button(custom_id=str(n)))["components"][0] for n in range(6)]},
        "6 r",
    ),
    "a select beside a button": (rows(SELECT, button()), "shares its row"),
    "a button without custom_id": (rows(button(custom_id=None)), "no custom_id"),
    "one custom_id twice": (rows(button(), button()), "occurs twice"),
    "a link with a custom_id": (rows(button(style=5, url="https://example.org")), "has a custom_id"),
    "a button without face": (rows(button(label=None)), "neither label nor emoji"),
    "a field without value": ({"embeds": [{"fields": [{"name": "a", "value": " "}]}]}, "needs a name and a value"),
    "a picture that is not attached": ({"embeds": [{"image": {"url": "attachment://a.png"}}]}, "no such file"),
    "components v2 with content": (rows(button()) | {"flags": 1 << 15}, "components-v2"),
}


@pytest.mark.parametrize("name", MESSAGE_FAULTS)
async def test_a_message_that_breaks_a_rule_is_refused(client: Client, name: str) -> None:
    body, pattern = MESSAGE_FAULTS[name]
    with client.discord.expecting(pattern):
        assert await client.say(body) == 400
    assert client.discord.messages == {}


COMMAND_FAULTS = {
    "an upper-case name": (command(name="Play"), "lower-case"),
    "a name with a space": (command(name="play it"), "lower-case"),
    "a required option after an optional one": (command(option("a"), option("b", required=True)), "after an optional"),
    "an option twice": (command(option("a"), option("a")), "occurs twice"),
    "choices and autocomplete": (
        command(option("a", autocomplete=True, choices=[{"name": "b", "value": "b"}])),
        "exclude each other",
    ),
}


@pytest.mark.parametrize("name", COMMAND_FAULTS)
async def test_a_command_that_breaks_a_rule_is_refused(client: Client, name: str) -> None:
    body, pattern = COMMAND_FAULTS[name]
    with client.discord.expecting(pattern):
        assert await client.offer(body) == 400
    assert client.discord.commands == []


async def test_a_command_twice_is_refused(client: Client) -> None:
    with client.discord.expecting("occurs twice"):
        assert await client.offer(command(), command()) == 400


async def test_what_keeps_the_rules_passes(client: Client) -> None:
    files = {"a.mp3": b"sound", "a.png": b"picture"}
    body = rows(button()) | {
        "embeds": [{"title": "A", "image": {"url": "attachment://a.png"}}],
        "attachments": [{"id": "0", "filename": "a.mp3"}, {"id": "1", "filename": "a.png"}],
    }
    assert await client.say(body, files) == 200
    assert await client.offer(command(option("a", required=True), option("b"))) == 200
    (message,) = client.discord.messages.values()
    assert message.files == files
    url = message.to_json()["attachments"][0]["url"]
    async with client.session.get(url) as answer:
        assert await answer.read() == b"sound"


async def test_a_message_that_suppresses_embeds_hides_those_that_come_later_too(client: Client) -> None:
    assert await client.say({"content": "soon", "flags": 1 << 2}) == 200
    (message,) = client.discord.messages.values()
    path = f"/channels/{client.discord.channel_id}/messages/{message.id}"
    assert await client.call("PATCH", path, {"embeds": [{"title": "A"}]}) == 200
    assert message.to_json()["embeds"] == []
    assert await client.call("PATCH", path, {"flags": 0}) == 200
    assert [embed["title"] for embed in message.to_json()["embeds"]] == ["A"]


async def test_a_file_over_the_limit_is_refused(client: Client) -> None:
    client.discord.size_limit = 10
    with client.discord.expecting("over the limit of 10"):
        assert await client.say({"content": "x"}, {"a.mp3": bytes(11)}) == 400
    assert await client.say({"content": "x"}, {"a.mp3": bytes(10)}) == 200


@pytest.mark.parametrize(
    ("embed", "pattern"),
    [
        ({"title": "x" * 257}, "title has 257"),
        ({"description": "x" * 4097}, "description has 4097"),
        ({"footer": {"text": "x" * 2049}}, "footer.text has 2049"),
        ({"author": {"name": "x" * 257}}, "author.name has 257"),
        ({"fields": [{"name": "x" * 257, "value": "y"}]}, "name has 257"),
        ({"fields": [{"name": "x", "value": "y" * 1025}]}, "value has 1025"),
        ({"fields": [{"name": "x", "value": "y"}] * 26}, "26 fields"),
    ],
)
def test_an_embed_s_lengths_are_known_without_the_specification(embed: dict[str, Any], pattern: str) -> None:
    (complaint,) = rules.judge_embeds([embed], [])
    assert re.search(pattern, complaint)


def test_labels_suggestions_and_the_number_of_embeds_have_limits_too() -> None:
    assert [*rules.judge_rows(rows(button(label="x" * 81))["components"])] == [
        "a button's label has 81 characters, over 80"
    ]
    assert [*rules.judge_embeds([{"title": "x"}] * 11, [])] == ["11 embeds, over 10"]
    assert [*rules.judge_suggestions([{"name": "x", "value": "x"}] * 26)] == ["26 suggestions, over 25"]
    assert [*rules.judge_suggestions([{"name": "", "value": "x"}, {"name": "x" * 101, "value": "x"}])] == [
        "a suggestion has no name",
        "a suggestion has 101 characters, over 100",
    ]


async def test_a_command_is_not_answered_with_suggestions(client: Client) -> None:
    with client.discord.expecting("does not suit"):
        assert await client.first_answer(client.interaction(), {"type": 8, "data": {"choices": []}}) == 400


async def test_a_first_answer_after_three_seconds_is_too_late(client: Client) -> None:
    late = client.interaction()
    late.sent_at_s -= 3.1
    with client.discord.expecting("over 3 s"):
        assert await client.first_answer(late, {"type": 5}) == 404
    assert await client.first_answer(client.interaction(), {"type": 5}) == 204


async def test_a_second_first_answer_is_refused(client: Client) -> None:
    made = client.interaction()
    assert await client.first_answer(made, {"type": 5}) == 204
    with client.discord.expecting("second first answer"):
        assert await client.first_answer(made, {"type": 5}) == 400


async def test_a_token_dies_after_fifteen_minutes(client: Client) -> None:
    made = client.interaction(age_s=15 * 60 - 0.3)
    assert await client.first_answer(made, {"type": 4, "data": {"content": "x"}}) == 204
    assert await client.follow_up(made, {"content": "y"}) == 200
    await asyncio.sleep(0.35)
    with client.discord.expecting("after its 15 minutes"):
        assert await client.follow_up(made, {"content": "z"}) == 401


async def test_a_follow_up_needs_a_first_answer(client: Client) -> None:
    assert await client.follow_up(client.interaction(), {"content": "y"}) == 404


async def test_the_first_follow_up_takes_the_place_of_thinking(client: Client) -> None:
    made = client.interaction()
    await client.first_answer(made, {"type": 5, "data": {"flags": 64}})
    assert made.messages[0].thinking
    await client.follow_up(made, {"content": "done"})
    assert [(message.content, message.ephemeral, message.thinking) for message in made.messages] == [
        ("done", True, False)
    ]


async def test_a_wrong_token_is_unauthorised_and_a_strange_route_is_a_fault(client: Client) -> None:
    async with client.session.get(f"{client.discord.api_base}/users/@me", headers={"Authorization": "Bot x"}) as answer:
        assert answer.status == 401
    with client.discord.expecting("no such route"):
        assert await client.call("GET", "/soundboard-default-sounds") == 404


async def test_a_sixth_message_within_five_seconds_has_to_wait(client: Client) -> None:
    assert [await client.say({"content": "x"}) for _ in range(6)] == [200] * 5 + [429]
    made = client.interaction()
    assert await client.first_answer(made, {"type": 5}) == 204


async def test_a_fault_fails_the_test_when_the_context_ends() -> None:
    with pytest.raises(AssertionError, match="broke rules of Discord:\nthe message is empty"):
        async with LocalDiscord() as discord, aiohttp.ClientSession() as session:
            await Client(discord, session).say({"content": ""})


async def test_only_words_that_the_bot_may_read_reach_it(client: Client) -> None:
    ada = client.discord.person()
    async with client.session.ws_connect(client.discord.gateway_url) as socket:
        await socket.receive_json()
        intents = (1 << 0) | (1 << 9)
        await socket.send_json({"op": 2, "d": {"token": client.discord.token, "intents": intents, "properties": {}}})
        assert [(await socket.receive_json())["t"] for _ in range(2)] == ["READY", "GUILD_CREATE"]
        await ada.write("a secret")
        await ada.mention("hello")
        heard = [(await socket.receive_json())["d"]["content"] for _ in range(2)]
    assert heard == ["", f"<@{client.discord.bot_id}> hello"]


@pytest.mark.shared
@needs_specification
@pytest.mark.parametrize(
    ("body", "pattern"),
    [
        ({"content": "x", "embed": {"title": "a"}}, "'embed' was unexpected"),
        ({"content": 5}, "content"),
        ({"content": "x", "embeds": [{"title": "a" * 257}]}, "title|too long"),
        ({"content": "x", "components": [{"type": 1, "components": [button(style=99)]}]}, "components"),
        ({"content": "x", "allowed_mentions": {"parse": ["all"]}}, "allowed_mentions"),
    ],
)
async def test_a_body_that_the_specification_does_not_know_is_refused(
    client: Client, body: dict[str, Any], pattern: str
) -> None:
    with client.discord.expecting(pattern):
        assert await client.say(body) == 400


@pytest.mark.shared
@needs_specification
def test_an_answer_that_misses_a_field_is_noticed() -> None:
    specification = Specification.load()
    assert specification is not None
    complaints = list(specification.judge_answer("GET", "/gateway/bot", 200, {"url": "ws://localhost"}))
    assert len(complaints) == 1
    assert "required" in complaints[0]
    assert not list(specification.judge_answer("GET", "/gateway", 200, {"url": "ws://localhost"}))


def form(*parts: dict[str, Any], title: str = "A form") -> dict[str, Any]:
    return {"title": title, "components": [{"type": 18, "label": "A part", "component": part} for part in parts]}


TEXT = {"type": 4, "custom_id": "text"}


@pytest.mark.parametrize(
    ("asked", "pattern"),
    [
        (form(TEXT, title="x" * 46), "title has 46"),
        (form(), "0 parts"),
        (form(*({"type": 4, "custom_id": str(number)} for number in range(6))), "6 parts"),
        (form(TEXT, TEXT), "occurs twice"),
        ({"components": [{"type": 1, "components": [TEXT]}]}, "type 1, not 18"),
        (form({"type": 3, "custom_id": "a", "options": []}), "0 options"),
        (form({"type": 3, "custom_id": "a", "options": [{"label": "x", "value": "y"}] * 2}), "value occurs twice"),
        (form({"type": 3, "custom_id": "a", "options": [{"label": "x" * 101, "value": "y"}]}), "label has 101"),
    ],
)
def test_a_form_s_rules_are_known_without_the_specification(asked: dict[str, Any], pattern: str) -> None:
    assert any(re.search(pattern, complaint) for complaint in rules.judge_form(asked))


def test_a_form_that_keeps_the_rules_passes() -> None:
    assert not [*rules.judge_form(form(TEXT, {"type": 3, "custom_id": "a", "options": [{"label": "x", "value": "y"}]}))]
