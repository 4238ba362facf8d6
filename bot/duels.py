"""What people read of duels: a `DuelState` goes in, texts and whole messages come out.

Conventions: as in `bot.replies`, nothing that a person typed comes back alive. Until the reveal nothing tells which
song is whose: the files are called A and B, and neither title nor seed nor votes are shown. Caveat: the files stay as
they are when the message changes, so they are called so after the reveal too.
"""

from __future__ import annotations

from typing import Any

import discord

from bot.body import Body
from bot.replies import ACCENT, about_text, clip, plain, quoted, too_big_text
from engine import DUEL_ANSWERS, DuelAnswer, DuelState, Side, StoredSong

FACES: dict[DuelAnswer, str] = {"left": "🅰️", "right": "🅱️", "both": "🤝", "neither": "🚫"}
LABELS: dict[DuelAnswer, str] = {"left": "A", "right": "B", "both": "Both good", "neither": "Both bad"}
TAKEN_BACK = "Your answer is taken back; the others do not see that."
OVER_ALREADY = "This duel is over already."
_MAKING = "⏳ Both songs are being made:"
_PROMPT_CHARS = 300
_TITLE_CHARS = 120
_MADE_CHARS = 300


def making_text(state: DuelState) -> str:
    """One line: how far the two songs are."""
    eta = "" if state.eta_s is None else f" ({about_text(state.eta_s)})"
    return f"{_head(state)}\n{_MAKING} {round(100 * min(1.0, max(0.0, state.share)))} %{eta}"


def accepted_text(prompt: str) -> str:
    """The same of a duel that was just accepted."""
    return f"⚔️ {quoted(clip(prompt, _PROMPT_CHARS))}\n{_MAKING} 0 %"


def open_text(state: DuelState, *, notes: tuple[str, ...] = ()) -> str:
    """The question, until when, and how many have answered; not what."""
    when = "" if state.closes_at is None else f" {discord.utils.format_dt(state.closes_at, 'R')}, or"
    people = "person has" if state.answers == 1 else "people have"
    lines = [
        _head(state),
        f"**Which one is better?** I tell who made which{when} as soon as {state.votes_wanted} have answered.",
        *notes,
        f"-# {state.answers} {people} answered · one answer each; press another one to change yours, the same one to"
        " take it back",
    ]
    return "\n".join(lines)


def chosen_text(state: DuelState) -> str:
    """What a person alone is told of their answer."""
    if state.own is None:
        return TAKEN_BACK
    return f"Your answer: **{LABELS[state.own]}**. Only the number of answers shows until the end."


def failed_text(state: DuelState) -> str:
    """Why there is no duel."""
    return clip(f"{_head(state)}\n{plain(state.sentence or 'The duel came to nothing.')}", 2000)


async def duel_body(state: DuelState, view: discord.ui.View, *, limit_bytes: int) -> Body:
    """The question with both songs, as far as they fit."""
    files: list[tuple[str, Any]] = []
    notes: list[str] = []
    for name, song in (("A", state.left), ("B", state.right)):
        assert song is not None, "an open duel has both songs"
        size_bytes = song.audio.stat().st_size
        if size_bytes > limit_bytes:
            notes.append(too_big_text(f"song {name}", size_bytes, limit_bytes))
        else:
            files.append((f"{name}{song.audio.suffix}", song.audio))
    return Body(text=open_text(state, notes=tuple(notes)), files=tuple(files), view=view)


def revealed_body(state: DuelState, view: discord.ui.View) -> Body:
    """The end: who made which, and what people answered; the songs stay as they are."""
    reveal = state.reveal
    assert reveal is not None, "a duel that is over has its reveal"
    answered = " · ".join(f"{FACES[it]} {LABELS[it]} **{reveal.counts.get(it, 0)}**" for it in DUEL_ANSWERS)
    embed = discord.Embed(description=clip(f"{plain(reveal.sentence)}\n{answered}", 1000), colour=ACCENT)
    for name, side in (("A", reveal.left), ("B", reveal.right)):
        won = " 🏆" if reveal.winner == ("left" if name == "A" else "right") else ""
        embed.add_field(name=f"{name}{won}", value=_side_text(side), inline=False)
    embed.set_footer(text=f"duel {state.duel_id}")
    return Body(text=_head(state), embed=embed, view=view, keeps_files=True)


def songs_of(state: DuelState) -> tuple[StoredSong, StoredSong]:
    """A and B of a duel that is over."""
    assert state.reveal is not None, "a duel that is over has its reveal"
    return state.reveal.left.song, state.reveal.right.song


def _side_text(side: Side) -> str:
    song = side.song
    title = plain(clip(song.receipt.title or song.receipt.style.capitalize(), _TITLE_CHARS))
    made = plain(clip(side.made_with, _MADE_CHARS))
    return f"**{title}**\nMade by {made} · seed `{song.receipt.seed}`\n-# `/song id: {song.id}`"


def _head(state: DuelState) -> str:
    return f"⚔️ {quoted(clip(state.prompt, _PROMPT_CHARS))}"
