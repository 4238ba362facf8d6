"""Songs in lists: the best, one's own, favourites; and one song, recalled.

In: who asks and where. Out: `Top`, `SongPage`, `Recalled`. Conventions: a page has `PAGE` songs; each line says how
whoever asks voted. What is shown of a song is its home's and its maker's: others do not find it. Caveat: songs of a
duel that is not revealed yet are left out, for their receipts say whose they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from engine.dispatch.patience import patiently
from engine.dispatch.reception import ANSWER_S
from engine.dispatch.shelf import stored_song
from engine.dispatch.verdicts import PERIODS, Period, Ranked, Recalled, SongLine, SongPage, Top
from engine.errors import BadRequest, NotFound
from engine.store import Origin, OwnWord, RatedSong, SongRecord, Store, Tally, home_of
from engine.store.taste_charts import LEAST

PAGE = 10
MOST_PAGES = 50
DAYS: dict[str, int] = {"week": 7, "month": 30}
IN_A_DUEL = "The song {!r} is in a duel that is not over; after its reveal, this works."
NO_SONG = "There is no song {!r} here; one that was made here, or your own, would work."
NOTHING_SAID = OwnWord(vote=None, counts=True, is_favourite=False)


class Shelves:
    """Over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def top(self, origin: Origin, style: str | None, period: Period, limit: int) -> Top:
        """The best songs of a home."""
        if period not in PERIODS:
            raise BadRequest(f"The period {str(period)[:40]!r} is not known; {', '.join(PERIODS)} would work.")
        home, taste = home_of(origin), self._store.taste
        since = datetime.now(UTC) - timedelta(days=DAYS[period]) if period in DAYS else None
        rated = await patiently(lambda: taste.top(home, style, since, limit), for_s=ANSWER_S)
        unranked = await patiently(lambda: taste.unranked(home, style, since), for_s=ANSWER_S)
        lines = await self._lines(rated, origin)
        ranked = [
            Ranked(
                rank=rank,
                line=line,
                bound=song.bound,
                mean=(song.up + 1) / (song.up + song.down + 2),
                votes=song.up + song.down,
            )
            for rank, (song, line) in enumerate(zip(rated, lines, strict=True), start=1)
        ]
        return Top(style=style, period=period, ranked=tuple(ranked), unranked=unranked, least_votes=LEAST)

    async def recalled(self, song_id: str, origin: Origin) -> Recalled:
        """One song. Raises `NotFound`, `BadRequest`."""
        record = await self._visible(song_id, origin)
        song = await stored_song(self._store, song_id)
        votes = await self._store.votes(song_id)
        line = (await self._lines([RatedSong(record=record, up=votes.up, down=votes.down, bound=0.0)], origin))[0]
        return Recalled(song=song, line=line)

    async def own(self, origin: Origin, page: int) -> SongPage:
        """What the person asked for here."""
        if origin.person_id is None:
            return SongPage(lines=(), page=page, has_more=False)
        hidden = await self._in_duels()
        most = _most(page) + len(hidden)
        find = partial(self._store.taste.songs_of, origin.person_id, origin.guild_id, most)
        rated = await patiently(find, for_s=ANSWER_S)
        return await self._page([song for song in rated if song.record.id not in hidden], origin, page)

    async def starred(self, origin: Origin, page: int) -> SongPage:
        """What the person keeps in mind."""
        if origin.person_id is None:
            return SongPage(lines=(), page=page, has_more=False)
        find = partial(self._store.taste.favourites, origin.person_id, _most(page))
        return await self._page(await patiently(find, for_s=ANSWER_S), origin, page)

    async def star(self, song_id: str, origin: Origin) -> bool:
        """Keep a song in mind, or not any more. Raises `NotFound`."""
        if origin.person_id is None:
            raise BadRequest("The command line has no favourites; on Discord, the star under a song would work.")
        await self._visible(song_id, origin, hide_duels=False)
        return await self._store.taste.favourite(song_id, origin.person_id)

    async def _visible(self, song_id: str, origin: Origin, *, hide_duels: bool = True) -> SongRecord:
        """The song, if it is this home's or the person's own. Raises `NotFound`."""
        record = await patiently(lambda: self._store.song(song_id), for_s=ANSWER_S)
        is_own = origin.person_id is not None and record.origin.person_id == origin.person_id
        if record.status != "done" or (home_of(record.origin) != home_of(origin) and not is_own):
            raise NotFound(NO_SONG.format(song_id[:40]))
        if hide_duels and song_id in await self._in_duels():
            raise BadRequest(IN_A_DUEL.format(song_id[:40]))
        return record

    async def _in_duels(self) -> frozenset[str]:
        """Songs that are not to be told of."""
        undecided = await patiently(self._store.taste.open_duels, for_s=ANSWER_S)
        return frozenset(song_id for duel in undecided for song_id in (duel.left_id, duel.right_id))

    async def _page(self, rated: Sequence[RatedSong], origin: Origin, page: int) -> SongPage:
        first = PAGE * page
        lines = await self._lines(rated[first : first + PAGE], origin)
        return SongPage(lines=lines, page=page, has_more=len(rated) > first + PAGE)

    async def _lines(self, rated: Sequence[RatedSong], origin: Origin) -> tuple[SongLine, ...]:
        person_id, ids = origin.person_id, [song.record.id for song in rated]
        words: dict[str, OwnWord] = {}
        if person_id is not None and ids:
            words = await patiently(lambda: self._store.taste.own_words(person_id, ids), for_s=ANSWER_S)
        return tuple(_line(song, words.get(song.record.id, NOTHING_SAID)) for song in rated)


def _line(song: RatedSong, own: OwnWord) -> SongLine:
    record, receipt = song.record, song.record.receipt or {}
    return SongLine(
        id=record.id,
        title=str(receipt.get("title") or ""),
        prompt=str(record.request.get("prompt") or ""),
        style=record.style or "",
        asked_by=record.origin.person_id,
        created_at=record.created_at,
        where=record.origin,
        tally=Tally(up=song.up, down=song.down, own=own.vote, own_counts=own.counts),
        is_favourite=own.is_favourite,
    )


def _most(page: int) -> int:
    """How many songs to read for a page, and to know whether there are more. Raises `BadRequest`."""
    if not 0 <= page < MOST_PAGES:
        raise BadRequest(f"There is no page {page + 1}; 1 to {MOST_PAGES} would work.")
    return PAGE * (page + 1) + 1
