"""Drums as a chip makes them: a falling tone for kicks and toms, shift-register noise for the rest.

In: a General MIDI percussion key. Out: one stroke, mono `[n] float32` at 44,100 Hz, peak at most 1, the same each time.
Conventions: levels between the drums are settled here. Caveat: many hand drums share a stroke.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from engine.compose.mixing.chipwaves import Mono, glide, noise
from engine.compose.mixing.stage import samples_of
from engine.music.instruments import KICKS

ATTACK_S = 0.0006


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """A falling tone (from, to, within) and noise (clock, time to −60 dB), each at its level; 0 leaves one out."""

    length_s: float
    tone: float = 0.0
    from_hz: float = 200.0
    to_hz: float = 50.0
    fall_s: float = 0.03
    tone_s: float = 0.2
    noise: float = 0.0
    clock_hz: float = 20_000.0
    noise_s: float = 0.1
    metallic: bool = False


KICK = Stroke(length_s=0.26, tone=1.0, from_hz=230.0, to_hz=46.0, tone_s=0.3, noise=0.25, clock_hz=9000.0, noise_s=0.02)
SNARE = Stroke(
    length_s=0.24, tone=0.55, from_hz=330.0, to_hz=170.0, tone_s=0.1, noise=0.75, clock_hz=14_000.0, noise_s=0.24
)
RIM = Stroke(length_s=0.06, noise=0.5, clock_hz=9000.0, noise_s=0.05, metallic=True)
CLAP = Stroke(length_s=0.2, noise=0.7, clock_hz=10_000.0, noise_s=0.18)
CLOSED_HAT = Stroke(length_s=0.07, noise=0.32, clock_hz=40_000.0, noise_s=0.06)
OPEN_HAT = Stroke(length_s=0.32, noise=0.32, clock_hz=40_000.0, noise_s=0.32)
CRASH = Stroke(length_s=1.1, noise=0.5, clock_hz=30_000.0, noise_s=1.1)
RIDE = Stroke(length_s=0.3, noise=0.25, clock_hz=44_000.0, noise_s=0.3)
BELL = Stroke(length_s=0.2, noise=0.3, clock_hz=60_000.0, noise_s=0.2, metallic=True)
SHAKER = Stroke(length_s=0.06, noise=0.28, clock_hz=32_000.0, noise_s=0.05)

_KEYS: dict[int, Stroke] = {
    **dict.fromkeys(KICKS, KICK),
    **dict.fromkeys((38, 40), SNARE),
    **dict.fromkeys((37, 31, 75, 76, 77, 85), RIM),
    39: CLAP,
    **dict.fromkeys((42, 44), CLOSED_HAT),
    46: OPEN_HAT,
    **dict.fromkeys((49, 52, 55, 57), CRASH),
    **dict.fromkeys((51, 59), RIDE),
    **dict.fromkeys((53, 56, 67, 68, 80, 81, 83, 84), BELL),
    **dict.fromkeys((54, 69, 70, 73, 74, 82), SHAKER),
}
_TOMS_HZ = {41: 90.0, 43: 108.0, 45: 128.0, 47: 150.0, 48: 178.0, 50: 210.0, 86: 80.0, 87: 80.0}


def stroke_for(key: int) -> Stroke:
    """What stands for a percussion key; unknown keys and hand drums are short toms, higher for higher keys."""
    if key in _KEYS:
        return _KEYS[key]
    hz = _TOMS_HZ.get(key, 150.0 + 6.0 * (key % 24))
    return Stroke(length_s=0.24, tone=0.9, from_hz=1.9 * hz, to_hz=0.9 * hz, fall_s=0.04, tone_s=0.25)


@cache
def drum(key: int) -> Mono:
    """One stroke of a percussion key."""
    stroke = stroke_for(key)
    samples = samples_of(stroke.length_s)
    at_s = np.arange(samples) / samples * stroke.length_s
    sound = np.zeros(samples, np.float32)
    if stroke.tone:
        fall = stroke.tone * 10 ** (-3 * at_s / stroke.tone_s)
        sound += glide(stroke.from_hz, stroke.to_hz, stroke.fall_s, samples) * fall.astype(np.float32)
    if stroke.noise:
        hiss = noise(stroke.clock_hz, samples, metallic=stroke.metallic)
        sound += (hiss - hiss.mean()) * (stroke.noise * 10 ** (-3 * at_s / stroke.noise_s)).astype(np.float32)
    rise, end = samples_of(ATTACK_S), samples_of(0.004)
    sound[:rise] *= np.linspace(0, 1, rise, dtype=np.float32)
    sound[-end:] *= np.linspace(1, 0, end, dtype=np.float32)
    return sound / np.float32(max(1.0, float(np.abs(sound).max())))
