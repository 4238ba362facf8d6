"""What begins, changes and is struck at each moment: the curves that beats and bars are found in.

In: an `Ear`, the activations of the drums, what is `felt`. Out: `[frames, len(CURVES)] float32`. Method: rises of log
mel bands (spectral flux), all of them, the low and the high ones; struck keys, all and those of a bass; how much the
harmony of the next half second differs from that of the last; kick, snare and hat; beats and bars as they are felt.
Convention: a curve is measured against the second around it and has a deviation of 1; activations are three times what
they were, and what is felt is likelihood, 0…1.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d, uniform_filter1d

from engine.learn.transcribe.ear import BANDS, FRAMES_A_SECOND, Ear
from engine.learn.transcribe.pitches import LOWEST_PITCH, PITCHES, Matrix

Curve = npt.NDArray[np.float32]

CURVES = ("all", "low", "high", "keys", "bass", "harmony", "kick", "snare", "hat", "beat", "bar")
ALL, HARMONY, KICK, SNARE, BEAT, BAR = (CURVES.index(n) for n in ("all", "harmony", "kick", "snare", "beat", "bar"))
LEAST_ONSET = 0.2
BASS_KEYS = 30
HARMONY_S = 0.45
ACTIVE = 3.0


def curves_of(ear: Ear, active: Matrix, felt: Matrix) -> Matrix:
    """All curves; `active [frames, ≥ 3]`: how likely kick, snare and hat are struck; `felt [frames, 2]`: how likely a
    beat and a bar begin.
    """
    rises = np.zeros_like(ear.bands)
    rises[1:-1] = np.maximum(ear.bands[2:] - ear.bands[:-2], 0.0)
    struck = np.maximum(ear.pitches.onset - LEAST_ONSET, 0.0)
    keys = evened(struck.sum(axis=1))
    harmony = harmony_changes(chroma_of(ear))
    columns = [
        evened(evened(rises.mean(axis=1)) + keys),
        evened(rises[:, : BANDS // 10].mean(axis=1)),
        evened(rises[:, -BANDS // 4 :].mean(axis=1)),
        keys,
        evened(struck[:, :BASS_KEYS].sum(axis=1)),
        harmony / (harmony.std() + 1e-6),
        *(ACTIVE * active[:, kind] for kind in range(3)),
        felt[:, 0],
        felt[:, 1],
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def evened(curve: npt.NDArray[np.floating]) -> Curve:
    """What stands out of the second around it, slightly smoothed; deviation 1 (or 0 where nothing happens)."""
    above = np.maximum(curve - uniform_filter1d(curve, int(FRAMES_A_SECOND) | 1), 0.0)
    smooth = gaussian_filter1d(above, 1.0)
    return np.asarray(smooth / (smooth.std() + 1e-9), dtype=np.float32)


def chroma_of(ear: Ear) -> Matrix:
    """Sounding keys by pitch class, `[frames, 12]`, C first; rows of length 1 at most."""
    chroma = np.zeros((ear.frames, 12), np.float32)
    for key in range(PITCHES):
        chroma[:, (key + LOWEST_PITCH) % 12] += ear.pitches.sound[:, key]
    return np.asarray(chroma / np.maximum(np.linalg.norm(chroma, axis=1, keepdims=True), 0.3), dtype=np.float32)


def harmony_changes(chroma: Matrix) -> Curve:
    """How far the mean chroma behind each frame is from the one before it, above what is usual around."""
    reach = int(HARMONY_S * FRAMES_A_SECOND)
    sums = np.concatenate([np.zeros((1, 12)), np.cumsum(chroma, axis=0, dtype=np.float64)])
    frame = np.arange(len(chroma))
    before = sums[frame] - sums[np.maximum(frame - reach, 0)]
    behind = sums[np.minimum(frame + reach, len(chroma))] - sums[frame]
    change = np.linalg.norm(behind - before, axis=1) / reach
    return np.asarray(np.maximum(change - gaussian_filter1d(change, FRAMES_A_SECOND), 0.0), dtype=np.float32)
