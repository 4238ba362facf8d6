"""What old machines add: saturation, the wavering of tape, the surface of a record, and a chorus.

In and out: see `stage`. Conventions: cents for pitch, dB for levels. Source of the tape's law: wow (below 1 Hz) and
flutter (above) are sinusoidal errors of speed, so the playing position errs by their integral. Caveat: saturation
is not oversampled; what is driven hard is darkened first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from engine.compose.mixing.stage import CONTROL_STEP, Process, Session, samples_of, stretched
from engine.compose.mixing.tone import Band, Tone
from engine.compose.render import SAMPLE_RATE_HZ, Audio

CLICK_SAMPLES = 44
SURFACE_LOOP_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Saturate:
    """Soft clipping, unity gain for small signals; `bias` adds even harmonics (its constant part is taken out)."""

    drive: float
    bias: float = 0.0

    def start(self, session: Session) -> Process:
        """It remembers nothing."""
        drive, bias = np.float32(self.drive), np.float32(self.bias)
        rest = np.tanh(bias)
        slope = np.float32(self.drive * (1 - math.tanh(self.bias) ** 2))

        def process(block: Audio) -> Audio:
            block *= drive
            block += bias
            np.tanh(block, out=block)
            block -= rest
            block /= slope
            return block

        return process


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """Wow (about 0.6 Hz) and flutter (about 7 Hz): pitch wavers by so many cents at most; the mean speed is exact."""

    wow_cents: float
    flutter_cents: float

    def start(self, session: Session) -> Process:
        """Begin with an empty tape."""
        rng = session.rng("tape")
        rates_hz = (rng.uniform(0.5, 0.7), rng.uniform(6.0, 8.0))
        phases = rng.uniform(0, 2 * math.pi, 2)
        swings = [swing(cents, hz) for cents, hz in zip((self.wow_cents, self.flutter_cents), rates_hz, strict=True)]
        line = _DelayLine(2, math.ceil(2 * sum(swings)) + 2)

        def process(block: Audio) -> Audio:
            steps_s = line.steps_s(block.shape[1])
            delay = np.full(steps_s.size, sum(swings))
            for size, rate_hz, phase in zip(swings, rates_hz, phases, strict=True):
                delay += size * np.sin(2 * math.pi * rate_hz * steps_s + phase)
            return line.read(block, stretched(delay, CONTROL_STEP, block.shape[1]))

        return process


@dataclass(frozen=True, slots=True, kw_only=True)
class Chorus:
    """What is doubled by two late voices, left and right, whose pitch wavers against each other (the wet part alone).

    Detuned by up to `cents`, `late_ms` behind.
    """

    cents: float = 9.0
    rate_hz: float = 0.55
    late_ms: float = 14.0

    def start(self, session: Session) -> Process:
        """Begin with an empty delay."""
        size = swing(self.cents, self.rate_hz)
        late = max(samples_of(self.late_ms / 1000), size + 2)
        phase = session.rng("chorus").uniform(0, 2 * math.pi)
        lines = [_DelayLine(1, math.ceil(late + size) + 2) for _ in range(2)]

        def process(block: Audio) -> Audio:
            middle = (block[:1] + block[1:]) * np.float32(0.5)
            sides = []
            for side, line in enumerate(lines):
                wave = np.sin(2 * math.pi * self.rate_hz * line.steps_s(block.shape[1]) + phase + side * math.pi / 2)
                sides.append(line.read(middle, stretched(late + size * wave, CONTROL_STEP, block.shape[1])))
            return np.concatenate(sides)

        return process


@dataclass(frozen=True, slots=True, kw_only=True)
class Vinyl:
    """Surface noise: sparse clicks of many sizes (peaks up to `click_db`) over quiet hiss."""

    clicks_a_s: float
    click_db: float
    hiss_db: float

    def start(self, session: Session) -> Process:
        """Cut the record: ten seconds of surface that return."""
        surface = self.surface(session)
        at = 0

        def process(block: Audio) -> Audio:
            nonlocal at
            done = 0
            while done < block.shape[1]:
                part = surface[:, at : at + block.shape[1] - done]
                block[:, done : done + part.shape[1]] += part
                done += part.shape[1]
                at = (at + part.shape[1]) % surface.shape[1]
            return block

        return process

    def surface(self, session: Session) -> Audio:
        """The noise alone, `[2, ≤ 10 s]`."""
        rng = session.rng("vinyl")
        loop = max(min(session.samples, samples_of(SURFACE_LOOP_S)), CLICK_SAMPLES)
        noise = rng.standard_normal((2, loop), dtype=np.float32) * np.float32(10 ** (self.hiss_db / 20))
        count = int(rng.poisson(self.clicks_a_s * loop / SAMPLE_RATE_HZ))
        at = rng.integers(0, loop, count)
        size = 10 ** (self.click_db / 20) * rng.power(0.35, count) * rng.choice([-1.0, 1.0], count)
        balance = rng.uniform(0.3, 1.0, (2, count))
        clicks = np.zeros((2, loop), np.float32)
        for channel in range(2):
            np.add.at(clicks[channel], at, (size * balance[channel]).astype(np.float32))
        shape = np.exp(-np.arange(CLICK_SAMPLES) / 8.0) * np.cos(np.arange(CLICK_SAMPLES) * 1.1)
        noise += lfilter(shape.astype(np.float32), [np.float32(1)], clicks, axis=1)
        return Tone(bands=(Band(kind="low_cut", frequency_hz=300.0),)).start(session)(noise)


def swing(cents: float, rate_hz: float) -> float:
    """Samples by which the position swings, either way, when pitch wavers by so many cents so many times a second."""
    return (2 ** (cents / 1200) - 1) * SAMPLE_RATE_HZ / (2 * math.pi * rate_hz)


class _DelayLine:
    """The past of a signal, read between its samples along straight lines."""

    def __init__(self, channels: int, longest: int) -> None:
        self._past = np.zeros((channels, longest + 1), np.float32)
        self._at = 0

    def steps_s(self, samples: int) -> npt.NDArray[np.float64]:
        """Times of the control values that a block of so many samples needs."""
        return np.arange(self._at, self._at + samples + 2 * CONTROL_STEP, CONTROL_STEP) / SAMPLE_RATE_HZ

    def read(self, block: Audio, late: npt.NDArray[np.float32]) -> Audio:
        """`block` as it was `late` samples ago, sample by sample."""
        past = self._past.shape[1]
        line = np.concatenate([self._past, block], axis=1)
        samples = block.shape[1]
        whole = np.floor(late)
        part = late - whole
        at = np.arange(past, past + samples, dtype=np.int32) - whole.astype(np.int32)
        near = np.take(line, at, axis=1)
        near += (np.take(line, at - 1, axis=1) - near) * part
        self._past = line[:, -past:].copy()
        self._at += samples
        return near
