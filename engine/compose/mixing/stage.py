"""What a stage of a chain is: settings that are data, and the running process that they start.

In: a `Session`, which says what a stage may know of the song. Out: a `Process`, which takes the song's audio block
after block, `[2, n] float32` at 44,100 Hz, and gives each block back processed. Conventions: blocks come in order;
each but the last has a length that `CONTROL_STEP` divides. A process keeps what it needs from block to block, so the
cutting is not heard, and adds no latency. It may work in place. Caveat: levels of non-linear stages assume audio near
−14 LUFS on the bus and near −26 LUFS on a role.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from zlib import crc32

import numpy as np
import numpy.typing as npt

from engine.compose.render import SAMPLE_RATE_HZ, Audio

CONTROL_STEP = 128
"""Samples between two values of a gain curve that is computed at control rate."""
BLOCK = 1 << 16
"""Samples in a block of a song that is mixed."""

Process = Callable[[Audio], Audio]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The song that is being mixed: its length, seed and tempo, and when its kick and snare drums sound."""

    samples: int
    seed: int = 0
    tempo_bpm: float = 120.0
    kick_times_s: tuple[float, ...] = ()
    snare_times_s: tuple[float, ...] = ()

    @property
    def beat_s(self) -> float:
        """Seconds of a quarter note."""
        return 60.0 / self.tempo_bpm

    def rng(self, name: str) -> np.random.Generator:
        """Chance for the stage of this name, the same for the same song."""
        return np.random.Generator(np.random.PCG64([self.seed, crc32(name.encode())]))


class Stage(Protocol):
    """Settings of an effect."""

    def start(self, session: Session) -> Process:
        """Begin a song."""
        ...


def run(audio: Audio, stages: Sequence[Stage], session: Session) -> Audio:
    """Send a whole song through stages, block by block: a new array `[2, N] float32`."""
    processes = [stage.start(session) for stage in stages]
    result = np.empty_like(audio)
    for start in range(0, audio.shape[1], BLOCK):
        block = audio[:, start : start + BLOCK].copy()
        for process in processes:
            block = process(block)
        result[:, start : start + BLOCK] = block
    return result


def stretched(curve: npt.NDArray[np.floating], step: int, samples: int) -> npt.NDArray[np.float32]:
    """Straight lines between the values of a control-rate curve (one each `step` samples), `[samples]`."""
    share = np.arange(step, dtype=np.float32) / np.float32(step)
    curve32 = curve.astype(np.float32)
    lines = curve32[:-1, None] + np.diff(curve32)[:, None] * share
    return lines.reshape(-1)[:samples]


def scaled(audio: Audio, gain_db: float) -> Audio:
    """`audio`, so many decibels louder."""
    return np.asarray(audio * np.float32(10 ** (gain_db / 20)), np.float32)


def samples_of(seconds_s: float) -> int:
    """Samples in so many seconds."""
    return round(seconds_s * SAMPLE_RATE_HZ)
