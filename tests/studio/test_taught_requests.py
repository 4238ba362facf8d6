"""What a request brings with it of its server: looked up when it is accepted, and once more when it is composed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import Origin, Settings, Studio
from engine.compose.guild import Guild, GuildModel, OwnStyle
from engine.dispatch.taught import guild_now, guild_of
from engine.store import HOME, Store
from tests.studio.small_studio import asked, last_of, opened, rows_of

HERE, ELSEWHERE = Origin(person_id=1, guild_id=2), Origin(person_id=1, guild_id=7)
ALONE, SHELL = Origin(person_id=1), Origin()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.read(data_dir=tmp_path / "data", database_url=None)


async def teach(store: Store, model_id: str, guild_id: int = 2, style: str = "lofi") -> None:
    """A server gets a live model."""
    await store.teaching.begin_model(model_id, guild_id, style)
    hashes = {"sha256": f"sha of {model_id}", "parent_sha256": "sha of the parent"}
    assert await store.teaching.publish(model_id, **hashes, metrics={}) is not None


def ids(plain: dict[str, Any] | None) -> dict[str, list[str]]:
    """By style, which models compose."""
    return {style: [model["id"] for model in known] for style, known in (plain or {"models": {}})["models"].items()}


async def heard(studio: Studio, job_id: str) -> Any:
    """What the composing worker was told of the server."""
    song = (await last_of(studio, job_id)).song
    assert song is not None
    return song.receipt.measured["guild"]


async def test_a_request_names_the_newest_two_live_models_of_each_style_of_its_server(settings: Settings) -> None:
    async with opened(settings) as studio:
        store = studio._store
        for number in range(3):
            await teach(store, f"lofi{number}")
        await teach(store, "jazz0", style="jazz")
        await teach(store, "theirs", guild_id=7)
        await store.teaching.begin_model("unborn", 2, "folk")
        own = await studio.teaching.create_style("dubstep", parent="lofi", description="wobbles", origin=HERE)
        guild = await guild_of(store, HERE)
        assert {style: [model.id for model in known] for style, known in guild.models.items()} == {
            "jazz": ["jazz0"],
            "lofi": ["lofi2", "lofi1"],
        }
        assert guild.styles == (OwnStyle(name="dubstep", parent=own.parent, description="wobbles"),)
        assert guild.models["lofi"][0] == GuildModel(
            id="lofi2", version=3, sha256="sha of lofi2", parent_sha256="sha of the parent", uploads=0
        )
        assert Guild.from_json(guild.to_json()) == guild
        assert list((await guild_of(store, ELSEWHERE)).models["lofi"]) == [
            GuildModel(id="theirs", version=1, sha256="sha of theirs", parent_sha256="sha of the parent")
        ]
        assert not await guild_of(store, ALONE)
        assert not await guild_of(store, SHELL)
        await teach(store, "homemade", guild_id=HOME)
        assert not await guild_of(store, ALONE)
        assert [model.id for model in (await guild_of(store, SHELL)).models["lofi"]] == ["homemade"]


async def test_songs_are_composed_with_what_their_server_taught_and_with_nobody_elses(settings: Settings) -> None:
    async with opened(settings) as studio:
        plain = await asked(studio, "chill lofi")
        assert "guild" not in rows_of(settings)[plain.job_id]["payload"]
        assert await heard(studio, plain.job_id) is None
        await teach(studio._store, "ours")
        ticket = await asked(studio, "chill lofi")
        assert ids(await heard(studio, ticket.job_id)) == {"lofi": ["ours"]}
        from_elsewhere = await studio.compose(ticket.request, origin=ELSEWHERE)
        assert from_elsewhere.receipt.measured["guild"] is None


async def test_a_song_keeps_the_model_that_was_live_when_it_was_accepted(settings: Settings, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    async with opened(settings, at_once=1) as studio:
        await teach(studio._store, "older")
        first = await asked(studio, f"waits for {gate}")
        waiting = await asked(studio, "steps 1")
        await teach(studio._store, "newer")
        gate.touch()
        assert ids(await heard(studio, waiting.job_id)) == {"lofi": ["older"]}
        assert ids(await heard(studio, (await asked(studio, "steps 1")).job_id)) == {"lofi": ["newer", "older"]}
        await last_of(studio, first.job_id)


async def test_a_model_that_is_taken_back_meanwhile_gives_way_to_what_is_live_then(settings: Settings) -> None:
    async with opened(settings) as studio:
        store, teaching = studio._store, studio._store.teaching
        await teach(store, "one")
        await teach(store, "two")
        accepted = (await guild_of(store, HERE)).to_json()
        await teaching.rollback(2, "lofi", 1)
        now = await guild_now(store, accepted, HERE)
        assert now is not None
        assert ids(now) == {"lofi": ["one"]}
        assert now["notices"] == {
            "lofi": "Version 2 of this server's lofi cannot be used any more; version 1 was taken."
        }
        await teaching.retire(2, "lofi", "a piece was taken back")
        now = await guild_now(store, accepted, HERE)
        assert now is not None
        assert ids(now) == {}
        assert now["notices"]["lofi"].endswith("the shipped lofi was taken.")
        await teach(store, "three")
        now = await guild_now(store, accepted, HERE)
        assert now is not None
        assert ids(now) == {"lofi": ["three"]}
        assert now["notices"]["lofi"].endswith("version 3 was taken.")
        assert await guild_now(store, None, HERE) is None


async def test_an_own_style_without_a_model_is_told_to_whoever_composes(settings: Settings) -> None:
    async with opened(settings) as studio:
        await studio.teaching.create_style("dubstep", parent="lofi", description="wobbles", origin=HERE)
        told = await heard(studio, (await asked(studio, "dubstep")).job_id)
        assert told["styles"] == [{"name": "dubstep", "parent": "lofi", "description": "wobbles"}]
