"""Which key the notes are in: correlation of a duration-weighted pitch-class histogram with key profiles.

In: pitched notes (no drums). Out: a `Key`, major or minor unless other modes are asked for. Profiles: Temperley, "Music
and Probability" (2007), from the Kostka-Payne corpus. Convention: the first and last bass notes weigh a little extra,
because pieces begin and end on their tonic. Caveat: one key a piece; a piece that modulates far gets the key it is in
longest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.music.harmony import Key, Mode
from engine.music.notes import Note
from engine.music.timing import TICKS_PER_QUARTER

_MAJOR = np.array([0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400])
_MINOR = np.array([0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330])
PROFILES = {Mode.MAJOR: _MAJOR, Mode.MINOR: _MINOR}
ENDING_WEIGHT = 0.10
OPENING_WEIGHT = 0.03
LONGEST_COUNTED = 2 * TICKS_PER_QUARTER


def pitch_class_histogram(notes: Sequence[Note]) -> NDArray[np.float64]:
    """Share of each pitch class `[12] float64`, by duration (long notes count as a half note), summing to 1."""
    counts = np.zeros(12)
    for note in notes:
        counts[note.pitch % 12] += min(note.duration, LONGEST_COUNTED)
    shares: NDArray[np.float64] = counts / max(counts.sum(), 1.0)
    return shares


def estimate_key(notes: Sequence[Note], *, among: Sequence[Key] | None = None) -> Key:
    """The likeliest key of `notes`, among all 24 major and minor ones or those given; the first if no notes."""
    candidates = tuple(among) if among else tuple(Key(tonic=t, mode=m) for m in PROFILES for t in range(12))
    if not notes:
        return candidates[0]
    histogram = pitch_class_histogram(notes)
    last_onset = max(n.onset for n in notes)
    final = min(n.pitch for n in notes if n.end > last_onset) % 12
    first_onset = min(n.onset for n in notes)
    opening = min(n.pitch for n in notes if n.onset <= first_onset + TICKS_PER_QUARTER) % 12

    def score(key: Key) -> float:
        profile = np.roll(PROFILES.get(key.mode, _MAJOR), key.tonic)
        bonus = ENDING_WEIGHT * (final == key.tonic) + OPENING_WEIGHT * (opening == key.tonic)
        fit = np.corrcoef(histogram, profile)[0, 1] if histogram.std() > 0 else 0.0
        return float(fit) + bonus

    return max(candidates, key=score)
