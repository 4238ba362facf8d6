"""Whether a server's votes are worth a training of a style, and what it would learn from: read from what is kept.

In: a store, a home, a style. Out: a `Preferred`, or None. Conventions: weights of votes and the preference are those of
the last learning (`engine.taste`), so that nothing is weighed here; the switch `tuning` decides whether votes train at
all. Caveat: a home that is no server, a person alone with the bot, has no versions of its own, and none is trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.dispatch.ballots import STYLE_FIGURES, taste_of
from engine.dispatch.patience import patiently
from engine.learn.server.preferred import Preferred, VotedSong, known_songs, preferred
from engine.store import Store

HEARD = "heard"


async def preferred_here(store: Store, home: int, style: str, *, anew: bool = False) -> Preferred | None:
    """What a training of this style would learn from the votes of this home. `anew`: even if the newest version knows
    most of them. Raises `StoreError`.
    """
    taste = store.taste
    if not (await patiently(lambda: taste.switches(home))).tuning:
        return None
    record = await patiently(lambda: taste.taste(home, style))
    learnt = None if record is None else taste_of(record)
    if record is None or learnt is None:
        return None
    versions = await patiently(lambda: store.teaching.models(home, style))
    known = known_songs(versions[-1].metrics) if versions and not anew else frozenset()
    return preferred(_voted(record.figures), learnt.song, known=known)


def _voted(figures: Mapping[str, Any]) -> list[VotedSong]:
    heard = (figures.get(STYLE_FIGURES) or {}).get(HEARD) or {}
    return [VotedSong(id=song, up=float(up), down=float(down)) for song, (up, down) in heard.items()]
