"""Which votes count: conditions for whoever adds them up.

Conventions: every vote is kept as it was cast; here is said which are counted. In a server, votes on one's own songs do
not, nor those of people whose votes a moderator voided; alone with the bot, and in a shell, every vote does. Caveat:
answers to duels on one's own are counted, for duels are blind.
"""

from __future__ import annotations

import sqlalchemy as sa

from engine.store.tables import duel_votes, duels, songs, voids, votes


def _voided(table: sa.Table, person_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Whether a moderator of the row's server voided this person's votes."""
    return sa.exists().where((voids.c.guild_id == table.c.guild_id) & (voids.c.person_id == person_id))


def counts_for(person_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Whether this person's vote counts, or would, for the row of `songs`."""
    of_another = songs.c.person_id.is_(None) | (songs.c.person_id != person_id)
    return songs.c.guild_id.is_(None) | (of_another & ~_voided(songs, person_id))


VOTE_COUNTS = counts_for(votes.c.person_id)
"""Of `votes` and `songs`, joined."""
ANSWER_COUNTS = duels.c.guild_id.is_(None) | ~_voided(duels, duel_votes.c.person_id)
"""Of `duel_votes` and `duels`, joined."""


def how_many(where: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    """The number of rows for which it is so, in a sum over others too."""
    return sa.func.coalesce(sa.func.sum(sa.case((where, 1), else_=0)), 0)
