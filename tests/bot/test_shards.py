"""Several shards: each hears its servers, they identify as Discord allows, and commands are offered once."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.endpoint import use_api
from bot.offers import same_commands
from bot.shards import GatewayTerms, IdentifyGate
from tests.bot.conftest import running_bot
from tests.discord import LocalDiscord, Message


def has_files(message: Message) -> bool:
    return bool(message.files)


def changes_of_commands(discord: LocalDiscord) -> int:
    return sum(method == "PUT" for method, _ in discord.rest.requests)


@pytest.fixture(autouse=True)
def _kept_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """discord.py keeps its addresses on classes; they are as before after the test."""
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)


async def test_every_server_is_heard_by_its_shard_and_a_shard_that_is_cut_off_comes_back(tmp_path: Path) -> None:
    async with LocalDiscord(servers=6, shards=3, max_concurrency=4) as discord:
        use_api(discord.api_base)
        async with running_bot(discord, tmp_path) as bot:
            assert bot.shard_count == 3
            assert sorted(bot.shards) == [0, 1, 2]
            assert len(discord.connections) == 3
            for server in discord.servers:
                ada = discord.person(f"Ada of {server.guild_id}")
                by_command = await ada.slash("compose", prompt="quick", where=server.channel_id)
                by_mention = await ada.mention("quick", where=server.channel_id)
                for exchange in (by_command, by_mention):
                    assert (await exchange.until(has_files)).channel_id == server.channel_id
            private = await discord.person().mention("quick", where=discord.private_channel_id)
            await private.until(has_files)
            away = discord.servers[1]
            await discord.gateway.drop(shard_id=away.shard(3), abruptly=True)
            await discord.ready()
            await (await discord.person().slash("compose", prompt="quick", where=away.channel_id)).until(has_files)
        assert changes_of_commands(discord) == 1


async def test_shards_of_one_bucket_identify_five_seconds_apart(tmp_path: Path) -> None:
    async with LocalDiscord(servers=2, shards=2, max_concurrency=1) as discord:
        use_api(discord.api_base)
        async with running_bot(discord, tmp_path):
            pass
        (first, _), (second, _) = discord.gateway.identified
        assert 4.9 <= second - first < 8


async def test_commands_that_discord_has_already_are_not_sent_again(discord: LocalDiscord, tmp_path: Path) -> None:
    async with running_bot(discord, tmp_path):
        pass
    async with running_bot(discord, tmp_path):
        pass
    assert changes_of_commands(discord) == 1
    discord.commands = [command | {"description": "Another text"} for command in discord.commands]
    async with running_bot(discord, tmp_path):
        assert "Another text" not in {command["description"] for command in discord.commands}
    assert changes_of_commands(discord) == 2


def test_commands_are_the_same_when_nobody_would_see_a_difference() -> None:
    ours = {"name": "play", "type": 1, "description": "Play", "nsfw": False, "options": [], "contexts": None}
    option = {"name": "what", "type": 3, "description": "What", "required": True, "choices": []}
    theirs = {"id": "1", "version": "2", "name": "play", "description": "Play", "default_permission": True}
    assert same_commands([ours], [theirs])
    assert same_commands([ours | {"options": [option]}], [theirs | {"options": [option | {"autocomplete": False}]}])
    assert not same_commands([ours], [theirs | {"description": "Plays"}])
    assert not same_commands([ours | {"options": [option]}], [theirs])
    assert not same_commands([ours | {"options": [option]}], [theirs | {"options": [option | {"required": False}]}])
    other = option | {"name": "how"}
    assert not same_commands([ours | {"options": [option, other]}], [theirs | {"options": [other, option]}])
    assert not same_commands([ours], [])


async def test_the_gate_lets_as_many_shards_at_once_as_discord_allows() -> None:
    gate = IdentifyGate(GatewayTerms(max_concurrency=4), gap_s=0.2)
    moments = []
    for shard_id in range(10):
        await gate.enter(shard_id)
        moments.append(time.monotonic())
    assert moments[3] - moments[0] < 0.15
    assert all(later - earlier >= 0.19 for earlier, later in pairwise(moments[::4]))


async def test_the_gate_waits_when_the_day_s_identifications_are_used_up(caplog: pytest.LogCaptureFixture) -> None:
    gate = IdentifyGate(GatewayTerms(remaining=1, total=2, reset_after_s=0.3), gap_s=0.0)
    began = time.monotonic()
    await gate.enter(0)
    assert time.monotonic() - began < 0.2
    await gate.enter(1)
    assert 0.29 <= time.monotonic() - began < 1
    assert "identify no more" in caplog.text
