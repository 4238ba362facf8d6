"""A song that goes round: its audio ends where it begins, to the sample.

In: a performed song and a way to mix it. Out: the mix and its stems, exactly as long as the bars (rounded to the
sample). Conventions: before the song its own last bars are played, so that what rings beyond the last bar line
(releases, echoes, reverb, the compressor's breath) sounds on in the first bar; behind it the first bar begins anew, and
the first `SEAM_S` fade from there to the real beginning. So the last sample is followed by the very one that followed
it in the mix. Notes do not sound past the last bar line. Caveat: what moves slowly all by itself (tape flutter, a
sweeping filter) is bent round within the seam.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np

from engine.compose.mixing.master import master
from engine.compose.mixing.meter import energies_of
from engine.compose.mixing.mix import Mixed
from engine.compose.mixing.stage import samples_of
from engine.compose.plan import Plan
from engine.compose.render import SAMPLE_RATE_HZ, Audio
from engine.music.notes import Note, Song
from engine.music.performance import PERFORMED_PER_WRITTEN, PerformedSong, PerformedTrack, Press
from engine.music.timing import ticks_to_seconds

Span = TypeVar("Span", Note, Press)
RUN_UP_S = 8.0
"""At least so much of the end is played before the beginning; longer than any tail."""
SEAM_S = 0.04
SPARE_S = 0.1
"""Behind the seam, where the mix fades out."""
TOLD_FROM_S = 0.05
"""So far from the asked length the person is told."""
WRAP_S = 1.0
"""Longer than the limiter remembers."""


def looping(plan: Plan) -> Plan:
    """The plan of a song that goes round: nothing rings out and no bar is the last one."""
    seconds = round(len(plan.bars) * plan.bar_s, 3)
    notices = plan.notices
    if abs(seconds - plan.seconds) >= TOLD_FROM_S:
        bars = f"{len(plan.bars)} bars" if len(plan.bars) > 1 else "one bar"
        notices = (
            *notices,
            f"A loop is whole bars: it has {bars} of {plan.tempo_bpm:g} bpm, which last {seconds:g} s.",
        )
    bars_on = tuple(replace(bar, final=False) for bar in plan.bars)
    return replace(plan, bars=bars_on, seconds=seconds, notices=notices)


def loop_samples(song: Song) -> int:
    """Samples in the song's bars."""
    return round(song.duration_s * SAMPLE_RATE_HZ)


def mix_loop(performed: PerformedSong, mix: Callable[[PerformedSong, int], Mixed]) -> Mixed:
    """`mix`: mixes a performance to so many samples, without fading out."""
    song = performed.song
    bar_s = ticks_to_seconds(song.meter.bar_ticks, song.tempo_bpm)
    bars = min(math.ceil(RUN_UP_S / bar_s), song.bars)
    before, samples, seam = round(bars * bar_s * SAMPLE_RATE_HZ), loop_samples(song), samples_of(SEAM_S)
    mixed = mix(run_up(performed, bars), before + samples + seam + samples_of(SPARE_S))
    audio = _bent(mixed.audio, before, samples, seam)
    stems = {role: _bent(stem, before, samples, seam) for role, stem in mixed.stems.items()}
    return Mixed(audio=audio, energies=energies_of(audio), stems=stems)


def master_loop(mixed: Mixed) -> Audio:
    """Level and limit so that the limiter, too, goes round: a new array `[2, N]`."""
    samples = mixed.audio.shape[1]
    wrap = min(samples_of(WRAP_S), samples)
    around = np.concatenate([mixed.audio[:, -wrap:], mixed.audio, mixed.audio[:, :wrap]], axis=1)
    done = master(Mixed(audio=around, energies=energies_of(around), stems={}))
    return np.ascontiguousarray(done[:, wrap : wrap + samples])


def run_up(performed: PerformedSong, bars: int) -> PerformedSong:
    """The song's last `bars` bars, the song, and its first bar once more."""
    song = performed.song
    bar = song.meter.bar_ticks * PERFORMED_PER_WRITTEN
    end, lead = song.bars * bar, bars * bar
    tracks = tuple(_run_up_track(track, end, lead, bar) for track in performed.tracks)
    return replace(performed, tracks=tracks)


def _run_up_track(track: PerformedTrack, end: int, lead: int, bar: int) -> PerformedTrack:
    layer = track.layer
    return replace(
        track,
        notes=_run_up_spans(track.notes, end, lead, bar),
        pedal=_run_up_spans(track.pedal, end, lead, bar),
        layer=None if layer is None else replace(layer, notes=_run_up_spans(layer.notes, end, lead, bar)),
    )


def _run_up_spans(spans: tuple[Span, ...], end: int, lead: int, bar: int) -> tuple[Span, ...]:
    within = [_ending_by(span, end) for span in spans if span.onset < end]
    moved = [_ending_by(_moved(span, lead - end), lead) for span in within if span.end > end - lead]
    moved += [_moved(span, lead) for span in within]
    moved += [_moved(span, lead + end) for span in within if span.onset < bar]
    return tuple(sorted(moved))


def _moved(span: Span, ticks: int) -> Span:
    """The span so many ticks later; what would begin before the start is cut off there."""
    onset = max(span.onset + ticks, 0)
    return replace(span, onset=onset, duration=max(span.end + ticks - onset, 1))


def _ending_by(span: Span, end: int) -> Span:
    return replace(span, duration=max(min(span.duration, end - span.onset), 1))


def _bent(audio: Audio, before: int, samples: int, seam: int) -> Audio:
    """`[2, samples]` from `before` on, whose first `seam` samples come over from what follows its end."""
    result = audio[:, before : before + samples].copy()
    seam = min(seam, samples)
    share = np.sin(np.linspace(0, np.pi / 2, seam, endpoint=False, dtype=np.float32)) ** 2
    result[:, :seam] *= share
    result[:, :seam] += audio[:, before + samples : before + samples + seam] * (1 - share)
    return result
