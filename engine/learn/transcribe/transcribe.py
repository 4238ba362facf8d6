"""A recording → a `Transcription`.

In: mono audio `[N] float32` at any rate. Out: notes, drums, beats, key, a song with chords and sections, and how sure
all of it is. Conventions: stages run one after the other and tell their progress as (stage, share of it); a recording
that is no use is not an error, but a transcription with a `refusal`. Caveat: nothing but onnxruntime uses more than one
thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import gcd

import numpy as np
from scipy.signal import resample_poly

from engine.errors import BadRequest
from engine.learn.transcribe.bars import barred
from engine.learn.transcribe.beats import Pulse, pulse_of
from engine.learn.transcribe.drums import activations, hits_of
from engine.learn.transcribe.ear import Ear, hear
from engine.learn.transcribe.felt import felt
from engine.learn.transcribe.form import sections_of
from engine.learn.transcribe.grid import seconds_at
from engine.learn.transcribe.key import key_of
from engine.learn.transcribe.notes import notes_of
from engine.learn.transcribe.novelty import curves_of
from engine.learn.transcribe.pitches import RATE_HZ, Matrix, Samples
from engine.learn.transcribe.refuse import Heard, confidence_of, refusal_of
from engine.learn.transcribe.song import Written, write_song
from engine.learn.transcribe.summary import summary_of
from engine.learn.transcribe.values import Beats, HeardNote, Hit, Transcription
from engine.learn.transcribe.voices import with_roles

Progress = Callable[[str, float], None]

LOWEST_HZ, HIGHEST_HZ = 8_000, 192_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """Beats with bar lines, how sure those are, the pulse that they come from."""

    pulse: Pulse
    beats: Beats
    bars_sure: float


def transcribe(
    samples: Samples, rate_hz: int, *, threads: int = 1, progress: Progress = lambda stage, share: None
) -> Transcription:
    """Write the recording down. Raises `BadRequest` for arrays that are no mono audio."""
    audio = at_working_rate(samples, rate_hz)
    seconds = len(audio) / RATE_HZ
    ear = hear(audio, threads=threads, progress=lambda share: progress("notes", share))
    active = activations(ear)
    hits = hits_of(active, ear.bands)
    notes = with_roles(notes_of(ear, band=bool(hits)))
    progress("beats", 0.0)
    curves = curves_of(ear, active, felt(notes, hits, ear.frames))
    counted = _count(curves, notes, hits)
    progress("music", 0.0)
    key, key_sure = key_of(notes)
    written = write_song(notes, hits, counted.beats, key=key) if counted and (notes or hits) else None
    sections_sure = 0.0
    if counted and written:
        written, sections_sure = _sectioned(written, ear, active, counted.beats)
    heard = Heard(
        seconds=seconds, loudness=ear.loudness, notes=notes, hits=hits, curves=curves,
        pulse=counted.pulse if counted else None, bars_sure=counted.bars_sure if counted else 0.0,
        key_sure=key_sure, sections_sure=sections_sure, song=written.song if written else None,
    )  # fmt: skip
    confidence = confidence_of(heard)
    progress("music", 1.0)
    return Transcription(
        seconds=seconds,
        notes=notes,
        hits=hits,
        beats=counted.beats if counted else None,
        key=key if notes else None,
        summary=summary_of(ear),
        confidence=confidence,
        song=written.song if written else None,
        refusal=refusal_of(heard, confidence),
        first_bar_s=_line_s(written.start_bar, counted.beats) if counted and written else 0.0,
    )


def at_working_rate(samples: Samples, rate_hz: int) -> Samples:
    """Mono audio at 22,050 Hz, finite and within ±1. Raises `BadRequest` for another shape or rate."""
    if samples.ndim != 1 or not len(samples) or not LOWEST_HZ <= rate_hz <= HIGHEST_HZ:
        raise BadRequest(
            f"Audio of shape {samples.shape} at {rate_hz} Hz cannot be transcribed; mono at 8 to 192 kHz would work."
        )
    clean = np.clip(np.nan_to_num(samples.astype(np.float32, copy=False)), -1.0, 1.0)
    if rate_hz == RATE_HZ:
        return clean
    common = gcd(rate_hz, RATE_HZ)
    return np.asarray(resample_poly(clean, RATE_HZ // common, rate_hz // common), dtype=np.float32)


def _count(curves: Matrix, notes: Sequence[HeardNote], hits: Sequence[Hit]) -> _Counted | None:
    pulse = pulse_of(curves)
    if pulse is None:
        return None
    onsets_s = [note.onset_s for note in notes] + [hit.onset_s for hit in hits]
    beats, sure = barred(pulse, curves, onsets_s, band=bool(hits))
    return _Counted(pulse=pulse, beats=beats, bars_sure=sure)


def _sectioned(written: Written, ear: Ear, active: Matrix, beats: Beats) -> tuple[Written, float]:
    """The song with the sections that are heard, unless silences were cut out of it and bars do not agree any more."""
    song = written.song
    lines_s = [_line_s(written.start_bar + bar, beats) for bar in range(song.bars + 1)]
    if lines_s[-1] > ear.seconds + (lines_s[1] - lines_s[0]) or written.shortened:
        return written, 0.5
    sections, sure = sections_of(ear, active, lines_s)
    return replace(written, song=replace(song, sections=sections)), sure


def _line_s(bar: int, beats: Beats) -> float:
    """When a bar begins, counted from `Beats.first_bar`."""
    return float(seconds_at(bar * beats.meter.bar_ticks / beats.meter.beat_ticks + beats.first_bar, beats.times_s))
