"""Levels that move: a compressor, a dip at each kick, stereo width, fades.

In and out: see `stage`. Conventions: dB, seconds. The compressor follows the power of both channels at control rate
with a soft knee of 6 dB, a branch for attack and one for release (Giannoulis, Massberg, Reiss, "Digital Dynamic Range
Compressor Design", JAES 2012). Caveat: no make-up gain, since loudness is settled at the end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from engine.compose.mixing.stage import CONTROL_STEP, Process, Session, samples_of, stretched
from engine.compose.render import SAMPLE_RATE_HZ, Audio

KNEE_DB = 6.0
DIP_ATTACK_STEPS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Compress:
    """Turn down what is above the threshold; `blend` below 1 leaves so much of the uncompressed beside it."""

    threshold_db: float
    ratio: float
    attack_s: float
    release_s: float
    blend: float = 1.0

    def start(self, session: Session) -> Process:
        """Begin with no reduction."""
        keeps = [math.exp(-CONTROL_STEP / (time_s * SAMPLE_RATE_HZ)) for time_s in (self.attack_s, self.release_s)]
        states = [np.zeros(1), np.zeros(1)]
        last = 1.0

        def process(block: Audio) -> Audio:
            nonlocal last
            wanted = self.reduction_db(_level_db(block))
            branches = []
            for at, keep in enumerate(keeps):
                smooth, states[at] = lfilter([1 - keep], [1, -keep], wanted, zi=states[at])
                branches.append(smooth)
            gain = (1 - self.blend) + self.blend * 10 ** (-np.maximum(*branches) / 20)
            block *= stretched(np.concatenate([[last], gain]), CONTROL_STEP, block.shape[1])
            last = float(gain[-1])
            return block

        return process

    def reduction_db(self, level_db: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The steady reduction at a level."""
        above, half = level_db - self.threshold_db, KNEE_DB / 2
        knee = np.where(above > half, above, np.square(np.clip(above + half, 0, KNEE_DB)) / (2 * KNEE_DB))
        return np.asarray(knee * (1 - 1 / self.ratio))


@dataclass(frozen=True, slots=True, kw_only=True)
class Duck:
    """Side-chain: dip by `depth_db` at each kick, back after `release_beats` of a beat, `longest_s` at most."""

    depth_db: float
    release_beats: float = 0.45
    longest_s: float = 0.3

    def start(self, session: Session) -> Process:
        """Draw the whole song's dips."""
        gain = self.gains(session)
        at = 0

        def process(block: Audio) -> Audio:
            nonlocal at
            steps = -(-block.shape[1] // CONTROL_STEP)
            block *= stretched(gain[at : at + steps + 1], CONTROL_STEP, block.shape[1])
            at += steps
            return block

        return process

    def gains(self, session: Session) -> npt.NDArray[np.float64]:
        """Linear gain at control rate; kicks past the end are ignored."""
        curve = np.zeros(session.samples // CONTROL_STEP + 2)
        release_s = min(self.release_beats * session.beat_s, self.longest_s)
        length = max(int(release_s * SAMPLE_RATE_HZ / CONTROL_STEP), 2)
        fall = np.linspace(0, 1, DIP_ATTACK_STEPS, endpoint=False)
        shape = np.concatenate([fall, 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, length))])
        for time_s in session.kick_times_s:
            start = int(time_s * SAMPLE_RATE_HZ / CONTROL_STEP) - DIP_ATTACK_STEPS
            part = shape[max(-start, 0) :]
            window = curve[max(start, 0) : max(start, 0) + part.size]
            np.maximum(window, part[: window.size], out=window)
        return np.asarray(10 ** (-self.depth_db * curve / 20))


@dataclass(frozen=True, slots=True, kw_only=True)
class Width:
    """Scale what differs between the channels: 0 mono, 1 unchanged, above 1 wider."""

    share: float

    def start(self, session: Session) -> Process:
        """It remembers nothing."""

        def process(block: Audio) -> Audio:
            middle = (block[0] + block[1]) * np.float32(0.5)
            side = (block[0] - block[1]) * np.float32(0.5 * self.share)
            np.add(middle, side, out=block[0])
            np.subtract(middle, side, out=block[1])
            return block

        return process


@dataclass(frozen=True, slots=True, kw_only=True)
class Fade:
    """Rise from silence at the start and fall to silence at the end (half cosines) that never overlap."""

    in_s: float
    out_s: float

    def start(self, session: Session) -> Process:
        """Begin at the song's first sample."""
        rise = min(samples_of(self.in_s), session.samples // 2)
        fall = min(samples_of(self.out_s), session.samples - rise)
        at = 0

        def process(block: Audio) -> Audio:
            nonlocal at
            end = at + block.shape[1]
            if at < rise:
                block[:, : rise - at] *= _half_cosine(np.arange(at, min(rise, end)), rise)
            if end > session.samples - fall:
                first = max(session.samples - fall, at)
                block[:, first - at :] *= _half_cosine(session.samples - 1 - np.arange(first, end), fall)
            at = end
            return block

        return process


def _half_cosine(at: npt.NDArray[np.int_], length: int) -> npt.NDArray[np.float32]:
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * at / max(length, 1)), np.float32)


def _level_db(block: Audio) -> npt.NDArray[np.float64]:
    """Mean power of both channels in each control step."""
    steps = -(-block.shape[1] // CONTROL_STEP)
    power = np.zeros(steps * CONTROL_STEP, np.float32)
    np.add(np.square(block[0]), np.square(block[1]), out=power[: block.shape[1]])
    return np.asarray(10 * np.log10(power.reshape(steps, CONTROL_STEP).mean(axis=1, dtype=np.float64) / 2 + 1e-10))
