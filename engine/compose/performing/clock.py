"""Written ticks to performed ticks: the swing of one track, beat by beat.

In: a track's notes and the song's swing. Out: where a written tick lies when nobody errs. Conventions: swing moves the
off-beat eighth to `song.swing` of its beat and everything between in proportion; a beat that holds only triplets
stays as written; compound meters do not swing. Caveat: chords and bar lines stay where they are written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from engine.music.notes import Note, Song
from engine.music.performance import PERFORMED_PER_WRITTEN
from engine.music.timing import TICKS_PER_QUARTER


class Clock:
    """The swing of one track."""

    def __init__(self, notes: Iterable[Note], song: Song) -> None:
        simple = song.meter.denominator == 4
        self._swing = min(max(song.swing, 0.5), 0.75) if simple else 0.5
        places: dict[int, set[int]] = defaultdict(set)
        for note in notes:
            places[note.onset // TICKS_PER_QUARTER].add(note.onset % TICKS_PER_QUARTER)
        self._triplets = {beat for beat, held in places.items() if held & {8, 16} and not held & {6, 12, 18}}

    def performed(self, tick: int) -> int:
        """Where the written tick lies when it is played without human error."""
        beat, place = divmod(tick, TICKS_PER_QUARTER)
        half = TICKS_PER_QUARTER / 2
        if beat in self._triplets:
            moved = float(place)
        elif place <= half:
            moved = place / half * self._swing * TICKS_PER_QUARTER
        else:
            moved = TICKS_PER_QUARTER * (self._swing + (place - half) / half * (1 - self._swing))
        return round((beat * TICKS_PER_QUARTER + moved) * PERFORMED_PER_WRITTEN)
