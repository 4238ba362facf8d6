"""The effects that mastering chains are built from: filters, saturation, tape, room, vinyl, dynamics, fades.

In and out: `audio [2, N] float32` at 44,100 Hz; every effect keeps the shape and starts at the same sample (no
latency). Conventions: frequencies in Hz, levels in dB, times in seconds or ms as the names say. Randomness comes from
the generator that is passed in. Caveat: levels of non-linear effects assume audio near −14 LUFS, so a chain levels
its input first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, lfilter, oaconvolve, sosfilt

from engine.compose.render import SAMPLE_RATE_HZ, Audio

CONTROL_STEP = 128
"""Samples between two values of a gain curve that is computed at control rate."""
PIECE = 1 << 18
"""Samples that are worked on at a time where intermediate values are large."""


def cut(audio: Audio, kind: Literal["low", "high"], frequency_hz: float, order: int = 2) -> Audio:
    """`"low"`: keep what is below the frequency (low-pass); `"high"`: keep what is above (high-pass)."""
    sections = butter(order, frequency_hz, btype=f"{kind}pass", fs=SAMPLE_RATE_HZ, output="sos")
    return np.asarray(sosfilt(sections.astype(np.float32), audio, axis=1), np.float32)


def shelf(audio: Audio, kind: Literal["low", "high"], frequency_hz: float, gain_db: float) -> Audio:
    """Raise or lower everything below (`"low"`) or above (`"high"`) the frequency, gently."""
    side = butter(1, frequency_hz, btype=f"{kind}pass", fs=SAMPLE_RATE_HZ, output="sos")
    part = sosfilt(side.astype(np.float32), audio, axis=1)
    return np.asarray(audio + np.float32(10 ** (gain_db / 20) - 1) * part, np.float32)


def saturate(audio: Audio, drive: float, bias: float = 0.0) -> Audio:
    """Soft clipping, unity gain for small signals; `bias` adds even harmonics (its constant part is taken out)."""
    drive32, bias32 = np.float32(drive), np.float32(bias)
    slope = np.float32(drive * (1 - math.tanh(bias) ** 2))
    return np.asarray((np.tanh(audio * drive32 + bias32) - np.tanh(bias32)) / slope, np.float32)


def tape(audio: Audio, rng: np.random.Generator, *, wow_cents: float, flutter_cents: float) -> Audio:
    """Wow (about 0.6 Hz) and flutter (about 7 Hz): the pitch wavers by so many cents; the average speed is exact."""
    samples = audio.shape[1]
    steps = np.arange(0, samples + CONTROL_STEP, CONTROL_STEP) / SAMPLE_RATE_HZ
    delay = np.zeros(steps.size)
    for cents, rate_hz in ((wow_cents, rng.uniform(0.5, 0.7)), (flutter_cents, rng.uniform(6.0, 8.0))):
        swing = (2 ** (cents / 1200) - 1) * SAMPLE_RATE_HZ / (2 * math.pi * rate_hz)
        delay += swing * (1 + np.sin(2 * math.pi * rate_hz * steps + rng.uniform(0, 2 * math.pi)))
    late = stretched(delay, CONTROL_STEP, samples)
    result = np.empty_like(audio)
    for start in range(0, samples, PIECE):
        piece = slice(start, min(start + PIECE, samples))
        positions = np.arange(piece.start, piece.stop) - late[piece]
        whole = np.floor(positions).astype(np.int64)
        part = (positions - whole).astype(np.float32)
        before, after = np.clip(whole, 0, samples - 1), np.clip(whole + 1, 0, samples - 1)
        result[:, piece] = audio[:, before] * (1 - part) + audio[:, after] * part
    return result


def room(audio: Audio, rng: np.random.Generator, *, decay_s: float, wet_db: float, bright_hz: float) -> Audio:
    """Add a room: decaying filtered noise after a short pre-delay, different in each ear; `decay_s` is RT60."""
    length = int(decay_s * SAMPLE_RATE_HZ)
    pre_delay = int(0.012 * SAMPLE_RATE_HZ)
    envelope = 10 ** (-3 * np.arange(length) / length)
    noise = (rng.standard_normal((2, length)) * envelope).astype(np.float32)
    response = cut(cut(noise, "low", bright_hz, 1), "high", 180.0, 1)
    response /= np.sqrt(np.square(response).sum(axis=1, keepdims=True))
    wet = oaconvolve(audio, response, axes=1)[:, : audio.shape[1] - pre_delay]
    result = audio.copy()
    result[:, pre_delay:] += np.float32(10 ** (wet_db / 20)) * wet
    return result


def vinyl(samples: int, rng: np.random.Generator, *, clicks_a_s: float, click_db: float, hiss_db: float) -> Audio:
    """Surface noise alone, `[2, samples]`: sparse clicks of many sizes (peaks up to `click_db`) over quiet hiss."""
    loop = min(samples, 10 * SAMPLE_RATE_HZ)
    noise = rng.standard_normal((2, loop)).astype(np.float32) * np.float32(10 ** (hiss_db / 20))
    count = int(rng.poisson(clicks_a_s * loop / SAMPLE_RATE_HZ))
    at = rng.integers(0, loop, count)
    size = 10 ** (click_db / 20) * rng.power(0.35, count) * rng.choice([-1.0, 1.0], count)
    balance = rng.uniform(0.3, 1.0, (2, count))
    clicks = np.zeros((2, loop), np.float32)
    for channel in range(2):
        np.add.at(clicks[channel], at, (size * balance[channel]).astype(np.float32))
    click = np.exp(-np.arange(44) / 8.0) * np.cos(np.arange(44) * 1.1)
    noise += lfilter(click.astype(np.float32), [np.float32(1)], clicks, axis=1)
    rounds = -(-samples // loop)
    return np.tile(cut(noise, "high", 300.0, 1), (1, rounds))[:, :samples]


def duck(audio: Audio, times_s: Sequence[float], *, depth_db: float, release_s: float) -> Audio:
    """Side-chain: dip by `depth_db` at each of the times, back within `release_s`. Times past the end are ignored."""
    samples = audio.shape[1]
    curve = np.zeros(samples // CONTROL_STEP + 2)
    attack = 2
    length = max(int(release_s * SAMPLE_RATE_HZ / CONTROL_STEP), 2)
    shape = np.concatenate(
        [np.linspace(0, 1, attack, endpoint=False), 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, length))]
    )
    for time_s in times_s:
        start = int(time_s * SAMPLE_RATE_HZ / CONTROL_STEP) - attack
        part = shape[max(-start, 0) :]
        window = curve[max(start, 0) : max(start, 0) + part.size]
        np.maximum(window, part[: window.size], out=window)
    gain = 10 ** (-depth_db * curve / 20)
    return np.asarray(audio * stretched(gain, CONTROL_STEP, samples), np.float32)


def compress(audio: Audio, *, threshold_db: float, ratio: float, attack_s: float, release_s: float) -> Audio:
    """Turn down what is above the threshold (RMS of both channels, soft knee of 6 dB). No make-up gain."""
    samples = audio.shape[1]
    blocks = samples // CONTROL_STEP + 2
    power = np.zeros(blocks * CONTROL_STEP, np.float32)
    power[:samples] = np.square(audio).mean(axis=0)
    level_db = 10 * np.log10(power.reshape(blocks, CONTROL_STEP).mean(axis=1) + 1e-10)
    above = level_db - threshold_db
    knee = np.where(above > 3, above, np.square(np.clip(above + 3, 0, 6)) / 12)
    wanted = knee * (1 - 1 / ratio)
    held = np.maximum(_one_pole(wanted, attack_s), _one_pole(wanted, release_s))
    gain = 10 ** (-held / 20)
    return np.asarray(audio * stretched(gain, CONTROL_STEP, samples), np.float32)


def width(audio: Audio, share: float) -> Audio:
    """Scale what differs between the channels: 0 mono, 1 unchanged."""
    middle, side = (audio[0] + audio[1]) / 2, (audio[0] - audio[1]) / 2 * np.float32(share)
    return np.stack([middle + side, middle - side])


def without_dc(audio: Audio) -> Audio:
    """Take out everything below hearing, a constant offset included."""
    result = cut(audio, "high", 22.0)
    return np.asarray(result - result.mean(axis=1, keepdims=True), np.float32)


def fade(audio: Audio, *, in_s: float, out_s: float) -> Audio:
    """Ramp from silence at the start and to silence at the end (half cosines); the ramps never overlap."""
    result = audio.copy()
    samples = audio.shape[1]
    rise = min(int(in_s * SAMPLE_RATE_HZ), samples // 2)
    fall = min(int(out_s * SAMPLE_RATE_HZ), samples - rise)
    result[:, :rise] *= _half_cosine(rise)
    result[:, samples - fall :] *= _half_cosine(fall)[::-1]
    return result


def _half_cosine(length: int) -> npt.NDArray[np.float32]:
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.arange(length) / max(length, 1)), np.float32)


def _one_pole(values: npt.NDArray[np.float64], time_s: float) -> npt.NDArray[np.float64]:
    """Smooth a control-rate curve with the given time constant."""
    keep = math.exp(-CONTROL_STEP / (time_s * SAMPLE_RATE_HZ))
    return np.asarray(lfilter([1 - keep], [1, -keep], values))


def stretched(curve: npt.NDArray[np.float64], step: int, samples: int) -> npt.NDArray[np.float32]:
    """Straight lines between the values of a control-rate curve (one each `step` samples), `[samples]`."""
    share = np.arange(step, dtype=np.float32) / np.float32(step)
    curve32 = curve.astype(np.float32)
    lines = curve32[:-1, None] + np.diff(curve32)[:, None] * share
    return lines.reshape(-1)[:samples]
