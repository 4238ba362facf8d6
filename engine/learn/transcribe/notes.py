"""How likely each key is struck → notes.

In: `Pitches`. Out: `HeardNote`s without roles, sorted by onset. A note begins at a peak of the onset matrix above
`Thresholds.onset` and lasts until its key has sounded below `Thresholds.sound` for `SILENT_FRAMES`; later notes are
made first, and take their sound away from the keys beside them, as Basic Pitch does it, but in time that grows
with the notes alone. Convention: onsets are moved by `LATE_S`, by which the network is late on average.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.learn.transcribe.pitches import HOP, LOWEST_PITCH, RATE_HZ, Matrix, Pitches
from engine.learn.transcribe.values import HeardNote

LATE_S = 0.0055
SILENT_FRAMES = 11
LOOK_FRAMES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """How likely an onset, and a sounding key, must be; how many frames a note lasts at least."""

    onset: float
    sound: float
    least_frames: int


PIANO = Thresholds(onset=0.6, sound=0.4, least_frames=5)
BAND = Thresholds(onset=0.6, sound=0.4, least_frames=5)


def notes_of(pitches: Pitches, thresholds: Thresholds) -> list[HeardNote]:
    """All notes."""
    remaining = pitches.sound.copy()
    notes = []
    for frame, key in peaks_of(pitches.onset, thresholds.onset)[::-1].tolist():
        end = _end(remaining[:, key], frame + 1, thresholds.sound)
        if end - frame < thresholds.least_frames:
            continue
        remaining[frame:end, max(key - 1, 0) : key + 2] = 0.0
        notes.append(
            HeardNote(
                onset_s=max(frame * HOP / RATE_HZ - LATE_S, 0.0),
                end_s=end * HOP / RATE_HZ,
                pitch=LOWEST_PITCH + key,
                strength=float(pitches.onset[frame, key]),
            )
        )
    return notes[::-1]


def peaks_of(onset: Matrix, least: float) -> npt.NDArray[np.int64]:
    """`[n, 2]`: frame and key of each local maximum in time of at least `least`, in order of time."""
    middle = onset[1:-1]
    peaks = (middle >= least) & (middle > onset[:-2]) & (middle >= onset[2:])
    found: npt.NDArray[np.int64] = np.argwhere(peaks) + np.array([1, 0])
    return found


def _end(sound: Matrix, start: int, least: float) -> int:
    """The first frame from `start` on with `SILENT_FRAMES` below `least` from there."""
    at = start
    while at < len(sound):
        below: npt.NDArray[np.bool_] = np.asarray(sound[at : at + LOOK_FRAMES + SILENT_FRAMES] < least)
        if len(below) < SILENT_FRAMES:
            return len(sound) if not below.all() else at
        runs = np.lib.stride_tricks.sliding_window_view(below, SILENT_FRAMES).all(axis=1)
        if runs.any():
            return at + int(runs.argmax())
        at += len(runs)
    return len(sound)
