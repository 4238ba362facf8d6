"""The buttons under lists of songs, ▶ and those that turn pages: a `custom_id` goes in, one call to the engine and a
message come out.

The `custom_id` holds the song's id, or which list and page. Convention: what ▶ brings is for the person alone, and has
the song's buttons. Caveat: a person's own lists are told by who presses, so nobody turns another's pages.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

import discord

from bot.answer import MAY_NOT_ATTACH
from bot.body import song_body
from bot.charts import MINE, NOTHING_MINE, NOTHING_STARRED, STARRED, page_embed
from bot.desk import Desk, desk_of, origin_of
from bot.errors import guard, whisper
from bot.marks import JOB_ID, page_mark, play_mark
from bot.presses import change, held
from bot.views.song import song_view
from engine import Origin, SongLine, SongPage, errors

Shelf = Literal["mine", "starred"]

PAGE = 10
IN_ROW = 5
_HEADINGS: dict[Shelf, tuple[str, str]] = {"mine": (MINE, NOTHING_MINE), "starred": (STARRED, NOTHING_STARRED)}


class PlayButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=play_mark(rf"(?P<song>{JOB_ID})")):
    """▶: the song once more."""

    def __init__(self, song_id: str, label: str = "", row: int | None = None) -> None:
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.secondary,
                emoji="▶️",
                label=label or None,
                custom_id=play_mark(song_id),
                row=row,
            )
        )
        self.song_id = song_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> PlayButton:
        """Recover a button from what Discord sends back."""
        del interaction, item
        return cls(match["song"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Bring the song to the person alone."""
        await guard(self._play(interaction), lambda text: whisper(interaction, text))

    async def _play(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        recalled = await desk_of(interaction).studio.taste.song(self.song_id, origin=origin_of(interaction))
        view = song_view(recalled.song.id, recalled.line.tally)
        body = await song_body(recalled.song, view, limit_bytes=interaction.filesize_limit)
        try:
            await interaction.followup.send(**body.send_arguments(), ephemeral=True)
        except discord.Forbidden as refusal:
            raise errors.UserError(MAY_NOT_ATTACH) from refusal


class PageButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=page_mark("(?P<shelf>mine|starred)", r"(?P<page>\d{1,6})")
):
    """◀ or ▶: another page of one's own list."""

    def __init__(self, shelf: Shelf, page: int, label: str = "", row: int | None = None) -> None:
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.primary,
                label=label or f"Page {page + 1}",
                custom_id=page_mark(shelf, str(page)),
                row=row,
            )
        )
        self.shelf: Shelf = shelf
        self.page = page

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> PageButton:
        """Recover a button from what Discord sends back."""
        del interaction, item
        return cls("mine" if match["shelf"] == "mine" else "starred", int(match["page"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show that page instead."""
        await guard(self._turn(interaction), lambda text: whisper(interaction, text))

    async def _turn(self, interaction: discord.Interaction[Any]) -> None:
        reading = read_page(desk_of(interaction), origin_of(interaction), self.shelf, self.page)
        page = await held(interaction, reading)
        await change(interaction, embed=shelf_embed(self.shelf, page), view=shelf_view(self.shelf, page))


async def read_page(desk: Desk, origin: Origin, shelf: Shelf, page: int) -> SongPage:
    """A page of a person's own list."""
    taste = desk.studio.taste
    return await (taste.my_songs if shelf == "mine" else taste.favourites)(origin=origin, page=page)


def shelf_embed(shelf: Shelf, page: SongPage) -> discord.Embed:
    """The card of a page."""
    heading, nothing = _HEADINGS[shelf]
    return page_embed(page, heading=heading, nothing=nothing, first=1 + PAGE * page.page)


def shelf_view(shelf: Shelf, page: SongPage) -> discord.ui.View:
    """The rows under a page: ▶ a song, and where there are more."""
    view = plays_view(page.lines, first=1 + PAGE * page.page)
    if page.page > 0:
        view.add_item(PageButton(shelf, page.page - 1, "◀ Newer", 2))
    if page.has_more:
        view.add_item(PageButton(shelf, page.page + 1, "Older ▶", 2))
    return view


def plays_view(lines: Sequence[SongLine], *, first: int = 1) -> discord.ui.View:
    """▶ with its number for each song, at most two rows."""
    view = discord.ui.View(timeout=None)
    for place, line in enumerate(lines[: 2 * IN_ROW]):
        view.add_item(PlayButton(line.id, str(first + place), place // IN_ROW))
    return view
