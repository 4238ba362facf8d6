"""Which key a recording is in.

In: an `Ear` and its notes. Out: a major or minor `Key`, and how sure it is. Method: two histograms of pitch classes,
one of the spectrum's semitones from C3 to C7, one of the notes by duration, are each correlated with profiles of
Temperley (spectrum: "What's Key for Key?", Music Perception 17, 1999; notes: "Music and Probability", 2007); the sums
are compared, with a little more for the tonic in the bass at the end. Caveat: one key a recording.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.learn.transcribe.ear import Ear
from engine.learn.transcribe.pitches import LOWEST_PITCH
from engine.learn.transcribe.values import HeardNote
from engine.music.analysis.key import PROFILES as NOTE_PROFILES
from engine.music.harmony import Key, Mode

SPECTRUM_PROFILES = {
    Mode.MAJOR: np.array([5, 2, 3.5, 2, 4.5, 4, 2, 4.5, 2, 3.5, 1.5, 4]),
    Mode.MINOR: np.array([5, 2, 3.5, 4.5, 2, 4, 2, 4.5, 3.5, 2, 1.5, 4]),
}
LOW_PITCH, HIGH_PITCH = 48, 96
LONGEST_S = 1.0
BASS_PITCH, BASS_WORTH, FINAL_WORTH = 55, 0.35, 0.10
SURE_MARGIN = 0.12
"""Where the best key is so much better than the next, it is sure."""

Histogram = npt.NDArray[np.float64]


def key_of(ear: Ear, notes: Sequence[HeardNote]) -> tuple[Key, float]:
    """The likeliest key, and a confidence 0…1."""
    keys = [Key(tonic=tonic, mode=mode) for mode in NOTE_PROFILES for tonic in range(12)]
    heard, written, bass = spectrum_classes(ear), note_classes(notes), note_classes(notes, below=BASS_PITCH)
    final = (
        min((n for n in notes if n.onset_s > notes[-1].onset_s - 1.0), key=lambda n: n.pitch).pitch % 12
        if notes
        else -1
    )
    scores = np.array(
        [
            _fit(heard, SPECTRUM_PROFILES[key.mode], key)
            + _fit(written, NOTE_PROFILES[key.mode], key)
            + BASS_WORTH * _fit(bass, NOTE_PROFILES[key.mode], key)
            + FINAL_WORTH * (final == key.tonic)
            for key in keys
        ]
    )
    order = np.argsort(-scores)
    margin = float(scores[order[0]] - scores[order[1]])
    return keys[int(order[0])], float(np.clip(0.5 + 0.5 * margin / SURE_MARGIN, 0.0, 1.0)) if notes else 0.0


def spectrum_classes(ear: Ear) -> Histogram:
    """Share of each pitch class in the spectrum, `[12]`: what stands out among its neighbours."""
    tones = ear.tones
    beside = 0.5 * (np.roll(tones, 1, axis=1) + np.roll(tones, -1, axis=1))
    peaks = np.maximum(tones - beside, 0.0).mean(axis=0)
    shares = np.zeros(12)
    for pitch in range(LOW_PITCH, HIGH_PITCH):
        shares[pitch % 12] += peaks[pitch - LOWEST_PITCH]
    return shares / max(float(shares.sum()), 1e-9)


def note_classes(notes: Sequence[HeardNote], *, below: int = 128) -> Histogram:
    """Share of each pitch class among notes, `[12]`, by duration and how sure they are."""
    shares = np.zeros(12)
    for note in notes:
        if note.pitch < below:
            shares[note.pitch % 12] += min(note.end_s - note.onset_s, LONGEST_S) * note.strength
    return shares / max(float(shares.sum()), 1e-9)


def _fit(shares: Histogram, profile: Histogram, key: Key) -> float:
    return float(np.corrcoef(shares, np.roll(profile, key.tonic))[0, 1]) if shares.std() > 0 else 0.0
