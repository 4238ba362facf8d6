"""What was said since it was last learnt from: so that nothing is forgotten when a process dies with it in mind.

In: since when to look. Out: homes. Conventions: learning begins from all votes every time, so it is enough to know that
there is something new. Caveat: a vote that was taken back leaves no trace here; it is seen with the next one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from engine.store.records import Origin, home_of
from engine.store.tables import duel_votes, duels, songs, tastes, voids, votes
from engine.store.taste_part import TastePart


class Freshness(TastePart):
    """Rows of `votes`, `duels` and `voids` against those of `tastes`."""

    async def unlearnt(self, since: datetime) -> tuple[int, ...]:
        """The homes where somebody voted, a duel was revealed, or votes were voided, since then and after what is in
        force was learnt.
        """
        cast = sa.select(songs.c.guild_id, songs.c.person_id, sa.func.max(votes.c.changed_at).label("at"))
        cast = cast.join_from(votes, songs).where(votes.c.changed_at >= since, songs.c.status == "done")
        shown = sa.select(duels.c.guild_id, duels.c.person_id, sa.func.max(duels.c.revealed_at).label("at"))
        answered = sa.exists().where(duel_votes.c.duel_id == duels.c.id)
        void = sa.select(voids.c.guild_id, sa.null().label("person_id"), sa.func.max(voids.c.created_at).label("at"))
        looks = (
            cast.group_by(songs.c.guild_id, songs.c.person_id),
            shown.where(duels.c.revealed_at >= since, answered).group_by(duels.c.guild_id, duels.c.person_id),
            void.where(voids.c.created_at >= since).group_by(voids.c.guild_id),
        )
        learnt = sa.select(tastes.c.home, sa.func.max(tastes.c.created_at)).group_by(tastes.c.home)
        async with self._database.reading() as connection:
            newest = _newest([(row[0], row[1], row[2]) for look in looks for row in await connection.execute(look)])
            known = {row[0]: row[1] for row in await connection.execute(learnt)}
        return tuple(sorted(home for home, at in newest.items() if home not in known or at > known[home]))


def _newest(rows: Iterable[tuple[int | None, int | None, datetime]]) -> dict[int, datetime]:
    """Home → when something was said there last."""
    newest: dict[int, datetime] = {}
    for guild_id, person_id, at in rows:
        home = home_of(Origin(guild_id=guild_id, person_id=person_id))
        newest[home] = max(at, newest.get(home, at))
    return newest
