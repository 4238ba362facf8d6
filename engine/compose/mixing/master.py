"""Mastering: the mix becomes a finished record, equally loud and never clipping.

In: `Mixed`, as it leaves the desk; or, for whoever has a mix without roles, `audio [2, N] float32` and a chain's name.
Out: the same shape at −14 LUFS (as near as the true-peak limit allows), true peak at most −1 dBTP, no constant offset,
5 ms of fade-in and a fade-out over the last 1.5 s at most. The same arguments give the same samples. Caveat: without
roles a chain's inserts and spaces have nothing to work on, and are left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.compose.mixing.chains import find_chain
from engine.compose.mixing.levels import BUS_LUFS
from engine.compose.mixing.limiter import to_loudness
from engine.compose.mixing.meter import loudness_lufs
from engine.compose.mixing.mix import Mixed, ending
from engine.compose.mixing.stage import Session, run, scaled
from engine.compose.render import Audio
from engine.metrics.loudness import FLOOR_DB

TARGET_LUFS = -14.0
CEILING_DB = -1.0
ENCODER_MARGIN_DB = 1.4
"""Opus adds up to 1.1 dB to the peaks, mp3 half a dB (`benchmarks/sweep_peaks.py`); the limiter stays so much lower."""


def master(mixed: Mixed) -> Audio:
    """Level and limit, in the mix's own memory: `mixed.audio` is changed and given back."""
    ceiling_db = CEILING_DB - ENCODER_MARGIN_DB
    return to_loudness(mixed.audio, target_lufs=TARGET_LUFS, ceiling_db=ceiling_db, energies=mixed.energies)


def master_audio(audio: Audio, *, chain: str, tempo_bpm: float, seed: int, kick_times_s: Sequence[float] = ()) -> Audio:
    """A finished mix through the bus of the named chain; a new array. Raises `ValueError` for an unknown chain."""
    bus = find_chain(chain).bus
    samples = audio.shape[1]
    session = Session(samples=samples, seed=seed, tempo_bpm=tempo_bpm, kick_times_s=tuple(kick_times_s))
    loudness = loudness_lufs(audio)
    levelled = scaled(audio, BUS_LUFS - loudness) if loudness > FLOOR_DB else audio
    done = run(levelled, (*bus, *ending(samples)), session)
    return to_loudness(done, target_lufs=TARGET_LUFS, ceiling_db=CEILING_DB - ENCODER_MARGIN_DB)
