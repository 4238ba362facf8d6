"""What people read of lists of songs, the best of a server, their own, their favourites: values go in, texts and cards
come out.

Conventions: as in `bot.replies`, nothing that a person typed comes back alive. A song's title is a link to the message
that shows it, as far as that is known. Caveat: who deleted that message is not known here; ▶ brings the song all the
same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import discord

from bot.replies import ACCENT, clip, plain
from engine import Origin, Period, Ranked, SongLine, SongPage, StoredSong, Top

PERIODS: Mapping[Period, str] = {"week": "of the week", "month": "of the month", "all": "of all time"}
PICTURES = 3
"""How many of the best are shown with their pictures."""
MINE, STARRED = "Your songs here", "Your favourites"
NOTHING_MINE = "You have no songs here yet; `/compose` makes one."
NOTHING_STARRED = "You have no favourites yet; ⭐ under a song makes it one."
_TITLE_CHARS = 60
_LIST_CHARS = 3600


def link_of(where: Origin) -> str | None:
    """The address of the message that shows a song."""
    if where.channel_id is None or where.message_id is None:
        return None
    return f"https://discord.com/channels/{where.guild_id or '@me'}/{where.channel_id}/{where.message_id}"


def title_text(line: SongLine) -> str:
    """A song's title, with a link where there is one."""
    title = clip(line.title or line.prompt or line.style.capitalize(), _TITLE_CHARS)
    link = link_of(line.where)
    return f"**{plain(title)}**" if link is None else f"[{plain(_without_brackets(title))}]({link})"


def label_of(line: SongLine) -> str:
    """One line of plain text to choose a song by."""
    tail = f" · {line.style} · {line.created_at:%Y-%m-%d}"
    return f"{clip(line.title or line.prompt or 'a song', 100 - len(tail))}{tail}"


def top_text(top: Top) -> str:
    """The best songs, the best first."""
    if not top.ranked:
        return f"No song has {top.least_votes} votes and more 👍 than 👎 yet; both stand under songs."
    lines = _fitting([_ranked_text(ranked) for ranked in top.ranked])
    lines.append("-# Ranked by how often they are liked at least, with 95 % confidence.")
    if top.unranked:
        songs = "1 more song has" if top.unranked == 1 else f"{top.unranked} more songs have"
        lines.append(f"-# {songs} fewer than {top.least_votes} votes and no place yet.")
    return "\n".join(lines)


def top_embeds(top: Top, pictures: Mapping[int, str]) -> list[discord.Embed]:
    """The card of the best, and one for each of the first with its picture. `pictures`: rank → file name."""
    of_style = f" in {plain(top.style)}" if top.style else ""
    title = f"🏆 The best songs{of_style} {PERIODS[top.period]}"
    embeds = [discord.Embed(title=clip(title, 200), description=top_text(top), colour=ACCENT)]
    for ranked in top.ranked:
        if ranked.rank in pictures:
            shown = discord.Embed(description=f"{ranked.rank}. {title_text(ranked.line)}", colour=ACCENT)
            embeds.append(shown.set_image(url=f"attachment://{pictures[ranked.rank]}"))
    return embeds


def picture_name(rank: int, song: StoredSong) -> str:
    """Under which name a song's picture is attached."""
    return f"{rank}-{song.id}{song.picture.suffix}"


def page_embed(page: SongPage, *, heading: str, nothing: str, first: int) -> discord.Embed:
    """Some of a person's songs. `first`: the number of the first of them."""
    if not page.lines:
        return discord.Embed(description=nothing if page.page == 0 else "There are no more.", colour=ACCENT)
    lines = _fitting([f"{number}. {_line_text(line)}" for number, line in enumerate(page.lines, start=first)])
    return discord.Embed(title=heading, description="\n".join(lines), colour=ACCENT)


def _ranked_text(ranked: Ranked) -> str:
    line = ranked.line
    who = "" if line.asked_by is None else f" · <@{line.asked_by}>"
    return f"{ranked.rank}. {title_text(line)} · {_facts(line)}{who} · at least {round(100 * ranked.bound)} %"


def _line_text(line: SongLine) -> str:
    star = " · ⭐" if line.is_favourite else ""
    return f"{title_text(line)} · {_facts(line)} · {discord.utils.format_dt(line.created_at, 'd')}{star}"


def _facts(line: SongLine) -> str:
    return f"{plain(line.style)} · 👍 {line.tally.up} 👎 {line.tally.down}"


def _fitting(lines: Sequence[str]) -> list[str]:
    """As many lines as a card takes, and how many more there are."""
    kept: list[str] = []
    size = 0
    for place, line in enumerate(lines):
        size += len(line) + 1
        if size > _LIST_CHARS:
            return [*kept, f"… and {len(lines) - place} more."]
        kept.append(line)
    return kept


def _without_brackets(title: str) -> str:
    """A link's words must not end it."""
    return title.translate(str.maketrans("[]", "()"))
