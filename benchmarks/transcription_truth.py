"""What counts as right: the truth of an example, as the training of the ears and the evaluation both read it.

In: the truth of an `Example`. Out: sounding notes and drum strokes as arrays. Conventions: two roles that begin the
same pitch within 50 ms sound as one note. A stroke 20 dB softer than the loud ones of its piece (MIDI's 40·log10 law:
less than 0.316 of the 95th percentile of velocities) is hardly audible in a mix; nobody is asked to hear it, and
hearing it is no mistake.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from engine.learn.transcribe.drums import KINDS
from engine.learn.transcribe.pitches import RATE_HZ

Rows = npt.NDArray[np.float64]

TOGETHER_S = 0.05
AUDIBLE_SHARE = 0.316
PITCHED = ("melody", "counter", "harmony", "bass")


def sounding_notes(truth: dict[str, Any], roles: tuple[str, ...] = PITCHED) -> Rows:
    """`[n, 4]`: onset and end in seconds, pitch, written tick; sorted by pitch, then onset."""
    rows = sorted((row[2], row[0], row[1], row[3]) for role in roles for row in truth["notes"].get(role, []))
    kept: list[tuple[float, float, float, float]] = []
    for pitch, onset, end, tick in rows:
        if not (kept and kept[-1][2] == pitch and onset - kept[-1][0] < TOGETHER_S):
            kept.append((onset, end, pitch, tick))
    return np.array(kept, dtype=np.float64).reshape(-1, 4)


def strokes(truth: dict[str, Any], kind: int) -> tuple[Rows, Rows]:
    """Times of the audible strokes of a kind of drum, and of those hardly heard; seconds, ascending."""
    rows = truth["notes"].get("drums", [])
    if not rows:
        return np.zeros(0), np.zeros(0)
    least = AUDIBLE_SHARE * float(np.percentile([row[4] for row in rows], 95))
    mine = [(row[0], row[4]) for row in rows if row[2] in KINDS[kind][1]]
    loud = _apart(sorted(onset for onset, velocity in mine if velocity >= least))
    soft = _apart(sorted(onset for onset, velocity in mine if velocity < least))
    return loud, soft


def _apart(times: list[float]) -> Rows:
    """Times without those that follow within 30 ms: two drums of one kind struck as one."""
    kept: list[float] = []
    for time in times:
        if not kept or time - kept[-1] > 0.03:
            kept.append(time)
    return np.array(kept)


def decoded(path: Path, rate_hz: int = RATE_HZ) -> npt.NDArray[np.float32]:
    """An mp3 as mono audio `[N] float32`."""
    with av.open(io.BytesIO(path.read_bytes()), mode="r") as container:
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=rate_hz)
        frames = [ready for frame in container.decode(audio=0) for ready in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.float32)
