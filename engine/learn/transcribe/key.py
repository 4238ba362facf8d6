"""Which key a recording is in.

In: its notes. Out: a major or minor `Key`, and how sure it is. Method: `tonality` gathers what speaks for a key, turned
to each of the twelve tonics; one small network says how well it fits a major key, another one a minor one. So a key is
as good as any other transposition of it. Taught by notes of the corpora and of composed songs, with mistakes such as
transcription makes. Caveat: one key a recording; relatives are told apart by their chords, and not always.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.learn.transcribe.nets import Features, load_nets, logits
from engine.learn.transcribe.tonality import evidence
from engine.learn.transcribe.values import HeardNote
from engine.music.harmony import Key, Mode

KEYS = tuple(Key(tonic=tonic, mode=mode) for mode in (Mode.MAJOR, Mode.MINOR) for tonic in range(12))
NETS = ("key_major", "key_minor")


def key_of(notes: Sequence[HeardNote]) -> tuple[Key, float]:
    """The likeliest key, and a confidence 0…1."""
    if not notes:
        return KEYS[0], 0.0
    rows = turned(evidence(np.array([[n.onset_s, n.end_s, n.pitch, n.strength] for n in notes], dtype=np.float64)))
    nets = load_nets()
    scores = np.concatenate([logits(nets[name], rows)[:, 0] for name in NETS]).astype(np.float64)
    shares = np.exp(scores - scores.max())
    return KEYS[int(shares.argmax())], float(shares.max() / shares.sum())


def turned(rows: Features) -> Features:
    """Histograms `[n, 12]` as each tonic counts them, from itself on: `[12, n · 12]`."""
    return np.stack([np.roll(rows, -tonic, axis=1).ravel() for tonic in range(12)])
