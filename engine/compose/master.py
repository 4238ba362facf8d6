"""Mastering: the rendered mix becomes a finished record of its style, ended and equally loud.

In: `audio [2, N] float32` as the synthesiser gave it, the chain's name, tempo, seed and the kick drum's times. Out:
the same shape at −14 LUFS (as near as the true-peak limit allows), true peak at most −1 dBTP, no constant offset, 5
ms of fade-in, and a fade-out over the last 1.5 s at most. The same arguments give the same samples. Caveat: a chain
hears the whole mix, not stems, so a drive works on bass and drums as well and is kept mild. Names are used again
along a chain on purpose: five minutes of audio are 100 MB, which nobody should hold six times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from engine.compose import effects
from engine.compose.limiter import scaled, to_loudness
from engine.compose.render import SAMPLE_RATE_HZ, Audio
from engine.metrics.loudness import FLOOR_DB, integrated_loudness_lufs

TARGET_LUFS = -14.0
CEILING_DB = -1.0
ENCODER_MARGIN_DB = 0.4
"""Lossy encoders add a little to the peaks; the limiter stays so much lower."""
FADE_IN_S = 0.005
FADE_OUT_S = 1.5


@dataclass(frozen=True, slots=True)
class _Job:
    """What a chain may use besides the audio."""

    tempo_bpm: float
    kick_times_s: Sequence[float]
    rng: np.random.Generator

    @property
    def beat_s(self) -> float:
        return 60.0 / self.tempo_bpm


def master(audio: Audio, *, chain: str, tempo_bpm: float, seed: int, kick_times_s: Sequence[float]) -> Audio:
    """Run the named chain, then fade, level and limit. Raises `ValueError` for an unknown chain."""
    if chain not in CHAINS:
        raise ValueError(f"the mastering chain {chain!r} is not known; {', '.join(sorted(CHAINS))} would work")
    job = _Job(tempo_bpm=tempo_bpm, kick_times_s=kick_times_s, rng=np.random.Generator(np.random.PCG64(seed)))
    out_s = min(FADE_OUT_S, audio.shape[1] / SAMPLE_RATE_HZ / 4)
    audio = effects.without_dc(CHAINS[chain](_levelled(audio), job))
    audio = effects.fade(audio, in_s=FADE_IN_S, out_s=out_s)
    return to_loudness(audio, target_lufs=TARGET_LUFS, ceiling_db=CEILING_DB - ENCODER_MARGIN_DB)


def _levelled(audio: Audio) -> Audio:
    """Scaled to the target loudness, so that every chain meets the same level; silence stays silence."""
    loudness = integrated_loudness_lufs(audio, SAMPLE_RATE_HZ)
    return scaled(audio, TARGET_LUFS - loudness) if loudness > FLOOR_DB else audio


def _plain(audio: Audio, job: _Job) -> Audio:
    return audio


def _lofi(audio: Audio, job: _Job) -> Audio:
    """Worn tape and dusty vinyl: dark, warm, narrow, breathing with the kick."""
    audio = effects.duck(audio, job.kick_times_s, depth_db=2.5, release_s=min(0.45 * job.beat_s, 0.3))
    audio = effects.saturate(effects.shelf(audio, "low", 160.0, 1.5), 1.3, bias=0.12)
    audio = effects.cut(audio, "low", 5200.0)
    audio = effects.tape(audio, job.rng, wow_cents=5.0, flutter_cents=1.2)
    audio = effects.width(audio, 0.85)
    return audio + effects.vinyl(audio.shape[1], job.rng, clicks_a_s=9.0, click_db=-27.0, hiss_db=-62.0)


def _classical(audio: Audio, job: _Job) -> Audio:
    """A light hall, no compression."""
    return effects.room(audio, job.rng, decay_s=1.8, wet_db=-13.0, bright_hz=5000.0)


def _ragtime(audio: Audio, job: _Job) -> Audio:
    """A small dry parlour, an upright's lack of depth."""
    audio = effects.shelf(audio, "low", 130.0, -3.0)
    audio = effects.width(effects.shelf(audio, "high", 2500.0, 1.5), 0.7)
    return effects.room(audio, job.rng, decay_s=0.45, wet_db=-15.0, bright_hz=4000.0)


def _folk(audio: Audio, job: _Job) -> Audio:
    """A wooden room."""
    audio = effects.shelf(audio, "high", 5000.0, 1.0)
    return effects.room(audio, job.rng, decay_s=0.8, wet_db=-14.0, bright_hz=6000.0)


def _rock(audio: Audio, job: _Job) -> Audio:
    """Driven and glued together, with more bottom and top."""
    audio = effects.saturate(audio, 1.6)
    audio = effects.compress(audio, threshold_db=-18.0, ratio=2.5, attack_s=0.012, release_s=0.12)
    audio = effects.shelf(audio, "low", 90.0, 1.5)
    audio = effects.shelf(audio, "high", 4000.0, 1.5)
    return effects.room(audio, job.rng, decay_s=0.5, wet_db=-18.0, bright_hz=5000.0)


CHAINS: Mapping[str, Callable[[Audio, _Job], Audio]] = MappingProxyType(
    {
        "plain": _plain,
        "lofi": _lofi,
        "classical": _classical,
        "ragtime": _ragtime,
        "folk": _folk,
        "rock": _rock,
    }
)
"""Name, as `master` in a style.toml has it, to chain."""
