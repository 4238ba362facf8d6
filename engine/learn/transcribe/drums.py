"""Who hits what: kick, snare, hat, tom, ride and crash.

In: an `Ear`. Out: `Hit`s, and the six activations `[frames, 6]` that beats are found with. Method: two
networks look at log mel bands, against the recording's mean in each band, and say which drum is struck in each frame:
one at a few frames around it, one by dilated convolutions at six seconds to each side, and so at what was struck in the
bars around; the weighted mean of both counts. Peaks above `LEAST` are hits. Where there are few of them nobody drums.
Caveat: a soft kick under a bass note is not always heard.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.learn.transcribe.ear import BANDS, FRAMES_A_SECOND, Ear, levels_of
from engine.learn.transcribe.nets import ROWS, Features, convolved, deepened, load_nets, logits, sure
from engine.learn.transcribe.values import Hit
from engine.music.instruments import HATS, KICKS, SNARES

KINDS: tuple[tuple[int, frozenset[int]], ...] = (
    (36, KICKS),
    (38, SNARES),
    (42, HATS),
    (45, frozenset({41, 43, 45, 47, 48, 50})),
    (51, frozenset({51, 53, 59})),
    (49, frozenset({49, 52, 55, 57})),
)
"""The key that is written for a kind of drum, and the keys that it stands for."""
LEAST = (0.4, 0.4, 0.25, 0.35, 0.4, 0.3)
APART_FRAMES = 4
LEVELS, PARTS, LOW_KEYS = BANDS, 16, 30
FRAMES = np.array([-6, -3, -2, -1, 0, 1, 2, 3, 5, 8, 12])
EDGE, CLOSE_PARTS = 16, 32
FAR_SHARE = np.float32(0.7)
"""How much the network that looks far counts."""
DRUMS_A_SECOND = 0.5
"""Fewer kicks, snares and hats than this are imagined ones."""


def activations(ear: Ear) -> Features:
    """How likely each kind of drum is struck in each frame, `[frames, 6]`, 0…1."""
    nets = load_nets()
    layers = nets["drums"]
    near = np.maximum(convolved(features(ear), layers[0]), 0)
    far = deepened(np.maximum(convolved(near, layers[1]), 0), layers[2:-1])
    wide = convolved(np.concatenate([np.maximum(far, 0), near], axis=1), layers[-1])
    close = np.concatenate([logits(nets["drums_close"], rows) for rows in close_features(ear)])
    return FAR_SHARE * sure(wide) + (1 - FAR_SHARE) * sure(close)


def features(ear: Ear) -> Features:
    """What the one that looks far sees of every frame, `[frames, LEVELS + PARTS + LOW_KEYS + 1]`: the bands
    against their mean, the mean, struck low keys, and how much is struck above them.
    """
    struck = np.maximum(ear.pitches.onset - 0.2, 0.0)
    mean = ear.bands.mean(axis=0)
    parts = np.repeat(levels_of(mean[None], PARTS), ear.frames, axis=0)
    above = 0.5 * struck[:, LOW_KEYS:].sum(axis=1, keepdims=True)
    return np.concatenate([2 * (ear.bands - mean), parts, 2 * struck[:, :LOW_KEYS], above], axis=1).astype(np.float32)


def close_features(ear: Ear) -> list[Features]:
    """What the one that looks closely sees of every frame, `ROWS` frames a time."""
    levels = levels_of(ear.bands, CLOSE_PARTS)
    struck = np.maximum(ear.pitches.onset - 0.2, 0.0)
    keys = np.stack([struck.sum(axis=1), struck[:, :30].sum(axis=1)], axis=1)
    mean = levels.mean(axis=0)
    seen = np.concatenate([levels - mean, keys], axis=1)
    padded = np.pad(seen, ((EDGE, EDGE), (0, 0)), mode="edge")
    rows = []
    for start in range(0, len(seen), ROWS):
        count = min(ROWS, len(seen) - start)
        parts = [padded[start + EDGE + step : start + EDGE + step + count] for step in FRAMES.tolist()]
        rows.append(np.concatenate([*parts, np.repeat(mean[None], count, axis=0)], axis=1).astype(np.float32))
    return rows


def hits_of(active: Features, bands: Features) -> tuple[Hit, ...]:
    """Peaks as hits, in order of time; none where nobody drums."""
    found = []
    for kind, (pitch, _) in enumerate(KINDS):
        frames = peaks(active[:, kind], LEAST[kind])
        found += [(frame, pitch, float(active[frame, kind])) for frame in frames.tolist()]
    seconds = len(active) / FRAMES_A_SECOND
    if sum(pitch in (36, 38, 42) for _, pitch, _ in found) < DRUMS_A_SECOND * seconds:
        return ()
    rises = _rises(bands)
    return tuple(
        Hit(onset_s=frame / FRAMES_A_SECOND, pitch=pitch, strength=strength, velocity=_velocity(rises, frame))
        for frame, pitch, strength in sorted(found)
    )


def peaks(curve: Features, least: float) -> npt.NDArray[np.int64]:
    """Frames of local maxima of at least `least`, the higher ones winning over what is nearer than `APART_FRAMES`."""
    middle = curve[1:-1]
    frames = np.flatnonzero((middle >= least) & (middle > curve[:-2]) & (middle >= curve[2:])) + 1
    free = np.ones(len(curve) + 1, bool)
    chosen = []
    for frame in frames[np.argsort(-curve[frames], kind="stable")].tolist():
        if free[frame]:
            chosen.append(frame)
            free[max(frame - APART_FRAMES, 0) : frame + APART_FRAMES + 1] = False
    return np.sort(np.array(chosen, dtype=np.int64))


def _rises(bands: Features) -> Features:
    loud = bands.mean(axis=1)
    rises = np.zeros_like(loud)
    rises[2:-2] = np.maximum(loud[4:] - loud[:-4], 0)
    return np.asarray(rises / (np.quantile(rises, 0.98) + 1e-6), dtype=np.float32)


def _velocity(rises: Features, frame: int) -> int:
    return int(np.clip(round(45 + 60 * float(rises[max(frame - 1, 0) : frame + 2].max())), 30, 120))
