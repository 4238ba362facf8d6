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


def star_mark(song_id: str) -> str:
    """Of ⭐, which makes a song one of a person's favourites."""
    return f"tunesmith:star:{song_id}"


def play_mark(song_id: str) -> str:
    """Of ▶, which brings a song once more."""
    return f"tunesmith:play:{song_id}"


def page_mark(shelf: str, page: str) -> str:
    """Of the buttons that turn the pages of a list of songs."""
    return f"tunesmith:page:{shelf}:{page}"


def answer_mark(answer: str, duel_id: str) -> str:
    """Of A, B, both good and both bad under a duel."""
    return f"tunesmith:duel:{answer}:{duel_id}"


def call_off_mark(duel_id: str) -> str:
    """Of the button that calls a duel off whose songs are still made."""
    return f"tunesmith:calloff:{duel_id}"


def reveal_mark(duel_id: str) -> str:
    """Of the button that ends an open duel."""
    return f"tunesmith:reveal:{duel_id}"


def switch_mark(name: str, state: str, style: str) -> str:
    """Of the switches under what votes move. `state`: what it becomes; `style`: whose figures are shown, or `-`."""
    return f"tunesmith:switch:{name}:{state}:{style}"


def erase_mark(person_id: str) -> str:
    """Of the button that erases what is kept of a person."""
    return f"tunesmith:erase:{person_id}"


def keep_mark(upload_id: str) -> str:
    """Of the button that keeps what was understood of an upload."""
    return f"tunesmith:keep:{upload_id}"


def approve_mark(upload_id: str) -> str:
    """Of the button by which a moderator lets an upload into the dataset."""
    return f"tunesmith:approve:{upload_id}"


def forget_mark(upload_id: str) -> str:
    """Of the button that takes an upload back."""
    return f"tunesmith:forget:{upload_id}"


def stop_mark(model_id: str) -> str:
    """Of the button that ends a training."""
    return f"tunesmith:stop:{model_id}"


def drop_mark(style: str) -> str:
    """Of the button that removes a server's own style."""
    return f"tunesmith:drop:{style}"


def shows_making(message: discord.Message, job_id: str) -> bool:
    """Whether the message shows this job while it is in the making."""
    return cancel_mark(job_id) in _marks(message)


def shows_song(message: discord.Message, song_id: str) -> bool:
    """Whether the message is this finished song."""
    return vote_mark("up", song_id) in _marks(message)


def shows_lesson(message: discord.Message, upload_id: str) -> bool:
    """Whether the message is about this upload, be it understood yet or not."""
    return forget_mark(upload_id) in _marks(message)


def shows_understood(message: discord.Message, upload_id: str) -> bool:
    """Whether the message says what was understood of this upload."""
    return bool({keep_mark(upload_id), approve_mark(upload_id)} & _marks(message))


def shows_training(message: discord.Message, model_id: str) -> bool:
    """Whether the message shows this training while it goes on."""
    return stop_mark(model_id) in _marks(message)


def shows_duel(message: discord.Message, duel_id: str) -> bool:
    """Whether the message shows this duel, be its songs there yet or not."""
    return bool({call_off_mark(duel_id), answer_mark("left", duel_id)} & _marks(message))


def shows_songs(message: discord.Message, duel_id: str) -> bool:
    """Whether the message asks which song of this duel is better."""
    return answer_mark("left", duel_id) in _marks(message)


def _marks(message: discord.Message) -> set[str]:
    rows = (row for row in message.components if isinstance(row, discord.ActionRow))
    return {part.custom_id for row in rows for part in row.children if part.custom_id is not None}
