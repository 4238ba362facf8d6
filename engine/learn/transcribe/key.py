"""Which key a recording is in.

In: an `Ear` and its notes. Out: a major or minor `Key`, and how sure it is. Method: five histograms of pitch classes,
of the spectrum's semitones from C3 to C7, of the notes by duration, of the low ones, and of those that begin and end
the recording; a small network sees them as each of the 24 keys would count them, from its tonic on, and says which key
they fit best. So a key is as good as any other transposition of it. Caveat: one key a recording.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.learn.transcribe.ear import Ear
from engine.learn.transcribe.nets import Features, load_nets, logits
from engine.learn.transcribe.pitches import LOWEST_PITCH
from engine.learn.transcribe.values import HeardNote
from engine.music.harmony import Key, Mode

LOW_PITCH, HIGH_PITCH = 48, 96
LONGEST_S = 1.0
BASS_PITCH = 55
FIRST_S, LAST_S = 3.0, 3.0
KEYS = tuple(Key(tonic=tonic, mode=mode) for mode in (Mode.MAJOR, Mode.MINOR) for tonic in range(12))

Histogram = npt.NDArray[np.float64]


def key_of(ear: Ear, notes: Sequence[HeardNote]) -> tuple[Key, float]:
    """The likeliest key, and a confidence 0…1."""
    if not notes:
        return KEYS[0], 0.0
    scores = logits(load_nets()["key"], features(ear, notes))[:, 0].astype(np.float64)
    shares = np.exp(scores - scores.max())
    return KEYS[int(shares.argmax())], float(shares.max() / shares.sum())


def features(ear: Ear, notes: Sequence[HeardNote]) -> Features:
    """What the network sees of each of `KEYS`, `[24, 120]`: histograms from the tonic on, apart for major and minor."""
    first_s = min((note.onset_s for note in notes), default=0.0) + FIRST_S
    last_s = max((note.onset_s for note in notes), default=0.0) - LAST_S
    histograms = np.stack(
        [
            spectrum_classes(ear),
            note_classes(notes),
            note_classes(notes, below=BASS_PITCH),
            note_classes([note for note in notes if note.onset_s < first_s]),
            note_classes([note for note in notes if note.onset_s > last_s]),
        ]
    )
    rows = np.zeros((len(KEYS), 2, histograms.size), np.float32)
    for row, key in enumerate(KEYS):
        rows[row, int(key.mode is Mode.MINOR)] = np.roll(histograms, -key.tonic, axis=1).ravel()
    return rows.reshape(len(KEYS), -1)


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
