"""The `custom_id`s of the bot's buttons: a verb and an id go in, a mark comes out, and back.

They are all that a message says of what it shows, so they tell a restarted bot which of its messages is whose.
Caveat: ids of jobs and of their songs are the same.
"""

from __future__ import annotations

import discord

JOB_ID = r"[0-9A-Za-z_-]{1,64}"


def cancel_mark(job_id: str) -> str:
    """Of the button under a song in the making."""
    return f"tunesmith:cancel:{job_id}"


def vote_mark(verb: str, song_id: str) -> str:
    """Of 👍 (`up`) and 👎 (`down`)."""
    return f"tunesmith:{verb}:{song_id}"


def another_mark(song_id: str) -> str:
    """Of 🎲."""
    return f"tunesmith:another:{song_id}"


def shows_making(message: discord.Message, job_id: str) -> bool:
    """Whether the message shows this job while it is in the making."""
    return cancel_mark(job_id) in _marks(message)


def shows_song(message: discord.Message, song_id: str) -> bool:
    """Whether the message is this finished song."""
    return vote_mark("up", song_id) in _marks(message)


def _marks(message: discord.Message) -> set[str]:
    rows = (row for row in message.components if isinstance(row, discord.ActionRow))
    return {part.custom_id for row in rows for part in row.children if part.custom_id is not None}
