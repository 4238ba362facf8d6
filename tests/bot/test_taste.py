"""`/taste`: what votes moved, told and switched."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.classroom import NOT_A_MANAGER
from bot.client import TunesmithBot
from bot.palate import NOT_A_MODERATOR, audit_embed, taste_embed
from engine import SWITCHES, Audit, Mover, Rating, StyleReport, TasteReport, Voter
from tests.bot.classroom import comes_true, manager
from tests.bot.voting import composed, crowd, elder, moderator, quick_bot, rows, voted
from tests.discord import LocalDiscord, Message, Person


@pytest.fixture
async def bot(discord: LocalDiscord, tmp_path: Path) -> AsyncIterator[TunesmithBot]:
    async with quick_bot(discord, tmp_path) as running:
        yield running


async def shown(person: Person, **options: str) -> Message:
    return await (await person.slash("taste", **options)).until(lambda seen: bool(seen.embeds))


def switches(message: Message) -> dict[str, str]:
    return dict(button.label.split(": ") for button in message.buttons)


async def test_everybody_sees_what_votes_move_and_only_sharing_is_off_at_first(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    message = await shown(elder(discord))
    assert not message.ephemeral
    assert switches(message) == {
        "Seeds": "on", "Plans": "on", "Candidates": "on", "Trials of versions": "on", "Fine-tuning": "on",
        "Sharing": "off",
    }  # fmt: skip
    told = message.fields["What votes move"]
    assert told.count("🟢") == 5
    assert "Nothing was learnt here yet" in message.embed["description"]


async def test_a_style_has_a_figure_for_each_thing_that_votes_move(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    early = await shown(elder(discord), style="lofi")
    assert early.embed["description"].startswith("Nothing was learnt here yet")
    await voted(await composed(discord), crowd(discord, 5))
    await comes_true(lambda: rows(tmp_path, "tastes") == 1)
    message = await shown(elder(discord), style="lofi")
    assert message.embed["title"] == "👂 This server's taste in lofi"
    assert "5 votes · learnt once" in message.embed["description"]
    assert [name.split(" ", 1)[1] for name in message.fields][:5] == [
        "Seeds", "Plans", "Candidates", "Trials of versions", "Fine-tuning",
    ]  # fmt: skip
    assert all(value.strip() for value in message.fields.values())


async def test_a_moderator_switches_and_the_card_and_the_next_one_show_it(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    grace = moderator(discord)
    async with quick_bot(discord, tmp_path):
        message = await shown(elder(discord))
        await grace.press(message, "Seeds: on")
        await message.until(lambda seen: switches(seen)["Seeds"] == "off")
        assert "⚪ **Seeds**" in message.fields["What votes move"]
    async with quick_bot(discord, tmp_path):
        assert switches(await shown(elder(discord)))["Seeds"] == "off"
        await grace.press(message, "Seeds: off")
        await message.until(lambda seen: switches(seen)["Seeds"] == "on")


async def test_two_who_press_the_same_switch_at_once_do_not_undo_each_other(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    message = await shown(elder(discord))
    pressed = message.button("Plans: on").custom_id
    rows = list(message.components)
    await moderator(discord).press(message, pressed)
    await message.until(lambda seen: switches(seen)["Plans"] == "off")
    message.components = rows
    await moderator(discord, "Alan").press(message, pressed)
    await message.until(lambda seen: switches(seen)["Plans"] == "off")


async def test_others_do_not_switch_and_sharing_takes_who_may_manage_the_server(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    message = await shown(elder(discord))
    before = switches(message)
    said = await (await elder(discord).press(message, "Seeds: on")).said()
    assert (said.content, said.ephemeral) == (NOT_A_MODERATOR, True)
    said = await (await moderator(discord).press(message, "Sharing: off")).said()
    assert (said.content, said.ephemeral) == (NOT_A_MANAGER, True)
    assert switches(message) == before
    await manager(discord, "Alan").press(message, "Sharing: off")
    await message.until(lambda seen: switches(seen)["Sharing"] == "on")


async def test_alone_with_the_bot_the_switches_are_one_s_own(discord: LocalDiscord, bot: TunesmithBot) -> None:
    ada = elder(discord)
    exchange = await ada.slash("taste", where=discord.private_channel_id)
    message = await exchange.until(lambda seen: bool(seen.embeds))
    assert message.embed["title"] == "👂 Your taste"
    await ada.press(message, "Candidates: on")
    await message.until(lambda seen: switches(seen)["Candidates"] == "off")
    assert switches(await shown(ada))["Candidates"] == "on"


@pytest.mark.parametrize("command", ["taste", "top"])
async def test_an_unknown_style_is_refused_in_one_sentence(
    discord: LocalDiscord, bot: TunesmithBot, command: str
) -> None:
    said = await (await elder(discord).slash(command, style="lozi")).said()
    assert said.content == "There is no style `lozi` here; lofi would work."


def report_of(number: int) -> TasteReport:
    """A report as full as can be, with words that a person may have typed."""
    words = "liked *very* much by <@1>, see https://evil.example " * 20
    rating = Rating(name=words, strength=0.61, low=0.5, high=0.7, votes=12)
    movers = tuple(Mover(name=name, is_on=True, figure=words) for name in SWITCHES[:5])
    styles = tuple(
        StyleReport(style=f"style-{place}", version=3, votes=300, movers=movers, seeds=(rating,) * 30,
                    versions=(rating,) * 30)
        for place in range(number)
    )  # fmt: skip
    return TasteReport(
        switches=dict.fromkeys(SWITCHES, True), votes=300 * number, least_votes=3, styles=styles, ranking=(rating,) * 30
    )


@pytest.mark.parametrize("style", ["style-3", None])
def test_however_much_there_is_to_tell_it_fits_a_card_and_nothing_in_it_is_alive(style: str | None) -> None:
    embed = taste_embed(report_of(40), style)
    assert len(embed) <= 6000
    assert len(embed.description or "") <= 4096
    assert all(0 < len(field.value or "") <= 1024 for field in embed.fields)
    assert "<@1>" not in str(embed.to_dict())
    assert "https://evil" not in str(embed.to_dict())


def test_an_audit_of_thousands_fits_a_card_and_tells_the_suspicious_first() -> None:
    voters = tuple(
        Voter(person_id=place, votes=5, weight=1.25, own=1, is_void=False, remarks=("Voted 5 times in a minute.",))
        for place in range(2000)
    )
    embed = audit_embed(Audit(voters=voters, suspicions=("Three people <@9> vote alike.",), voids=(), votes=10_000))
    lines = (embed.description or "").splitlines()
    assert len(embed) <= 6000
    assert lines[0] == "10000 votes by 2000 people."
    assert lines[1].startswith("⚠️ Three people")
    assert lines[2:4] == [
        "• <@0>: 5 votes, 1 of them for their own songs, counting 1.2",
        "-# ⚠️ Voted 5 times in a minute.",
    ]
    assert lines[-1].startswith("… and ")
