"""What a style's own music measures: mean and spread of every symbolic measure over its training songs.

In: songs; out: measure → [mean, standard deviation, 5th percentile, 95th percentile]. Candidates are ranked by their
closeness to it. Caveat: measures that a song cannot have (no melody, say) are left out of that song's share.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import numpy as np

from engine.metrics.measures import measure_song
from engine.music.notes import Song

MAX_SONGS = 300


def reference_of(songs: Iterable[Song]) -> dict[str, list[float]]:
    """Statistics over at most `MAX_SONGS` songs, rounded to four decimals."""
    rows = [measure_song(song).to_json() for song in islice(songs, MAX_SONGS)]
    numbers: dict[str, list[float]] = {}
    for row in rows:
        for name, value in row.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                numbers.setdefault(name, []).append(float(value))
    return {
        name: [round(float(x), 4) for x in (np.mean(v), np.std(v), np.percentile(v, 5), np.percentile(v, 95))]
        for name, v in sorted(numbers.items())
    }
