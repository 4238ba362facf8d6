"""Songs that were made before: `/top`, `/song`, `/mysongs` and `/favourites` go in, one call to the engine each comes
out.

Conventions: `/top` and `/song` are for everybody to see, a person's own lists for them alone. What a song is called
here is its title, and its value the song's id. Caveat: pictures of the best are fetched one by one, and those that are
gone are left out.
"""

from __future__ import annotations

import asyncio
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.answer import InteractionAnswer, held_after
from bot.body import NOBODY, song_body
from bot.charts import PICTURES, label_of, picture_name, top_embeds
from bot.cogs.compose import matching_styles
from bot.desk import ACCEPTED_WITHIN_S, Desk, origin_of
from bot.errors import guard, whisper
from bot.replies import clip, quoted
from bot.views.lists import Shelf, plays_view, read_page, shelf_embed, shelf_view
from bot.views.song import song_view
from engine import PERIODS, Origin, Period, SongLine, Top, errors

PERIOD_CHOICES: dict[Period, str] = {"week": "this week", "month": "this month", "all": "all time"}
_CHOICES = 25


class TopSongs(commands.Cog):
    """The best songs, one's own, one's favourites."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @app_commands.command(name="top", description="The songs that people here like best")
    @app_commands.describe(style="Of one style alone", period="Of which time; all time if left out")
    @app_commands.choices(period=[app_commands.Choice(name=PERIOD_CHOICES[period], value=period) for period in PERIODS])
    async def top(self, interaction: discord.Interaction[Any], style: str | None = None, period: str = "all") -> None:
        """Answer `/top`."""

        async def work() -> None:
            await interaction.response.defer()
            origin = origin_of(interaction)
            chosen = next(it for it in PERIODS if it == period)
            named = await checked_style(self.desk, origin, style)
            top = await self.desk.studio.taste.top(origin=origin, style=named, period=chosen)
            pictures = await self._pictures(top, origin, interaction.filesize_limit)
            await interaction.followup.send(
                embeds=top_embeds(top, {rank: file.filename for rank, file in pictures.items()}),
                files=list(pictures.values()),
                view=plays_view([ranked.line for ranked in top.ranked]),
                allowed_mentions=NOBODY,
            )

        await guard(work(), lambda text: whisper(interaction, text))

    async def _pictures(self, top: Top, origin: Origin, limit_bytes: int) -> dict[int, discord.File]:
        """The pictures of the first, by their places."""
        found: dict[int, discord.File] = {}
        for ranked in top.ranked[:PICTURES]:
            try:
                song = (await self.desk.studio.taste.song(ranked.line.id, origin=origin)).song
                size_bytes = (await asyncio.to_thread(song.picture.stat)).st_size
            except (errors.NotFound, OSError):
                continue
            if size_bytes <= limit_bytes:
                found[ranked.rank] = discord.File(song.picture, filename=picture_name(ranked.rank, song))
        return found

    @app_commands.command(name="song", description="Bring a song once more, with its buttons")
    @app_commands.describe(id="Which one: its id, or one from the list")
    async def song(self, interaction: discord.Interaction[Any], id: app_commands.Range[str, 1, 100]) -> None:
        """Answer `/song`."""
        answer = InteractionAnswer(interaction)

        async def work() -> None:
            finding = self.desk.studio.taste.song(id.strip(), origin=origin_of(interaction))
            recalled = await held_after(answer, finding, ACCEPTED_WITHIN_S)
            view = song_view(recalled.song.id, recalled.line.tally)
            await answer.hold()  # discord.py closes the files of an edit, but not those of a first answer
            await answer.become(lambda limit_bytes: song_body(recalled.song, view, limit_bytes=limit_bytes))

        await guard(work(), answer.tell)

    @song.autocomplete("id")
    async def _songs(self, interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        """Favourites, one's own, and the best of this place."""
        taste, origin = self.desk.studio.taste, origin_of(interaction)
        starred, mine = await taste.favourites(origin=origin), await taste.my_songs(origin=origin)
        best = await taste.top(origin=origin)
        lines = {line.id: line for line in (*starred.lines, *mine.lines, *(it.line for it in best.ranked))}
        return [app_commands.Choice(name=label_of(it), value=it.id) for it in _matching(lines, current)]

    @app_commands.command(name="mysongs", description="Your own songs here, the newest first")
    async def mysongs(self, interaction: discord.Interaction[Any]) -> None:
        """Answer `/mysongs`."""
        await guard(self._show(interaction, "mine"), lambda text: whisper(interaction, text))

    @app_commands.command(name="favourites", description="The songs that you gave a ⭐")
    async def favourites(self, interaction: discord.Interaction[Any]) -> None:
        """Answer `/favourites`."""
        await guard(self._show(interaction, "starred"), lambda text: whisper(interaction, text))

    async def _show(self, interaction: discord.Interaction[Any], shelf: Shelf) -> None:
        await interaction.response.defer(ephemeral=True)
        page = await read_page(self.desk, origin_of(interaction), shelf, 0)
        await interaction.followup.send(
            embed=shelf_embed(shelf, page), view=shelf_view(shelf, page), ephemeral=True, allowed_mentions=NOBODY
        )

    @top.autocomplete("style")
    async def _styles(self, interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        return await known_styles(self.desk, interaction, current)


async def known_styles(
    desk: Desk, interaction: discord.Interaction[Any], current: str
) -> list[app_commands.Choice[str]]:
    """Styles for what is typed so far."""
    found = matching_styles(await _style_names(desk, origin_of(interaction)), current)
    return [app_commands.Choice(name=name, value=name) for name in found]


async def checked_style(desk: Desk, origin: Origin, typed: str | None) -> str | None:
    """The style that is meant; None when none is. Raises `NotFound` for one that does not exist here."""
    style = (typed or "").strip().lower()
    names = await _style_names(desk, origin) if style else ()
    if style and style not in names:
        near = matching_styles(names, style[:2])
        raise errors.NotFound(
            f"There is no style {quoted(clip(style, 40))} here; {near[0] if near else names[0]} would work."
        )
    return style or None


async def _style_names(desk: Desk, origin: Origin) -> tuple[str, ...]:
    """The server's own before the shipped ones."""
    own = () if origin.guild_id is None else await desk.studio.teaching.styles(origin=origin)
    return (*(style.name for style in own), *desk.studio.style_names())


def _matching(lines: dict[str, SongLine], typed: str) -> list[SongLine]:
    words = typed.strip().lower()
    found = [line for line in lines.values() if words in label_of(line).lower() or line.id.startswith(typed.strip())]
    return found[:_CHOICES]
