"""What a style's own music measures: mean and spread of every symbolic measure over its training songs.

In: songs; out: measure → [mean, standard deviation, 5th percentile, 95th percentile]. Candidates are ranked by their
closeness to it. Conventions: only songs of at least three roles count, melody among them, because those are what is
composed; where a style has hardly any, all songs with a melody do. Caveat: measures that a song cannot have are left
out of that song's share.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from engine.metrics.measures import measure_song
from engine.music.notes import Role, Song

MAX_SONGS = 300
ENOUGH_SONGS = 5
BAND_ROLES = 3


def reference_of(songs: Iterable[Song]) -> dict[str, list[float]]:
    """Statistics over at most `MAX_SONGS` songs, spread evenly over those given; rounded to four decimals."""
    tunes = [song for song in songs if song.track(Role.MELODY) is not None]
    bands = [song for song in tunes if len(song.tracks) >= BAND_ROLES]
    chosen = bands if len(bands) >= ENOUGH_SONGS else tunes
    stride = max(1, len(chosen) // MAX_SONGS)
    numbers: dict[str, list[float]] = {}
    for song in chosen[::stride][:MAX_SONGS]:
        for name, value in measure_song(song).to_json().items():
            if isinstance(value, int | float):
                numbers.setdefault(name, []).append(float(value))
    return {name: _statistics(values) for name, values in sorted(numbers.items())}


def _statistics(values: list[float]) -> list[float]:
    low, high = np.percentile(values, [5, 95])
    return [round(float(x), 4) for x in (np.mean(values), np.std(values), low, high)]
