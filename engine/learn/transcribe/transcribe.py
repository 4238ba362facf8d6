"""A recording → a `Transcription`.

In: mono audio `[N] float32` at any rate. Out: notes, beats, a song, and how sure all of it is. Conventions: stages run
one after the other and tell their progress as shares of the whole; a recording that is no use is not an error, but a
transcription with a `refusal`. Caveat: about 3 s and 300 MB for three minutes of music.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import gcd

import numpy as np
from scipy.signal import resample_poly

from engine.errors import BadRequest
from engine.learn.transcribe.beats import Pulse, follow, pulse_of, tempo_curve, usual_tempo
from engine.learn.transcribe.grid import ticks_at
from engine.learn.transcribe.notes import PIANO, notes_of
from engine.learn.transcribe.novelty import novelty_of
from engine.learn.transcribe.pitches import RATE_HZ, Samples, listen
from engine.learn.transcribe.song import write_song
from engine.learn.transcribe.spectrum import mel_bands
from engine.learn.transcribe.values import Beats, Confidence, HeardNote, Summary, Transcription
from engine.learn.transcribe.voices import with_roles
from engine.music.analysis.bars import STEP, find_first_bar_line
from engine.music.notes import Note
from engine.music.timing import METERS

Progress = Callable[[str, float], None]


def transcribe(
    samples: Samples, rate_hz: int, *, threads: int = 1, progress: Progress = lambda stage, share: None
) -> Transcription:
    """Write the recording down. Raises `BadRequest` for arrays that are no mono audio."""
    audio = at_working_rate(samples, rate_hz)
    pitches = listen(audio, threads=threads, progress=lambda share: progress("notes", share))
    novelty = novelty_of(mel_bands(audio, bands=64), pitches)
    progress("beats", 0.0)
    bpms, fits = tempo_curve(novelty.all)
    bpm = float(bpms[(np.maximum(fits, 0) * usual_tempo(bpms)).argmax()])
    pulse = pulse_of(novelty.all, follow(novelty.all, bpm))
    notes = with_roles(notes_of(pitches, PIANO))
    beats = _barred(notes, pulse)
    written = write_song(notes, (), beats)
    return Transcription(
        seconds=len(samples) / rate_hz,
        notes=notes,
        hits=(),
        beats=beats,
        summary=Summary(mfcc_mean=(), mfcc_deviation=(), chroma=()),
        confidence=Confidence(notes=1, beats=1, bars=1, drums=1, key=1, chords=1, sections=1),
        song=written.song if written else None,
    )


def _barred(notes: Sequence[HeardNote], pulse: Pulse) -> Beats:
    beats = Beats(
        times_s=tuple(pulse.times_s.tolist()), bpm=pulse.bpm, steady=pulse.steady, meter=METERS["4/4"], first_bar=0
    )
    onsets = (np.round(ticks_at([n.onset_s for n in notes], beats) / STEP).astype(int) * STEP).tolist()
    first = min(onsets)
    counted = [
        Note(onset=o - first, pitch=n.pitch, duration=12, velocity=80) for o, n in zip(onsets, notes, strict=True)
    ]
    line = first + find_first_bar_line(counted, beats.meter)
    return replace(beats, first_bar=round(line / beats.meter.beat_ticks))


def at_working_rate(samples: Samples, rate_hz: int) -> Samples:
    """Mono audio at 22,050 Hz, finite and within ±1. Raises `BadRequest` for another shape or rate."""
    if samples.ndim != 1 or not 8_000 <= rate_hz <= 192_000:
        raise BadRequest(
            f"Audio of shape {samples.shape} at {rate_hz} Hz cannot be transcribed; mono at 8 to 192 kHz would work."
        )
    clean = np.clip(np.nan_to_num(samples.astype(np.float32, copy=False)), -1.0, 1.0)
    if rate_hz == RATE_HZ:
        return clean
    common = gcd(rate_hz, RATE_HZ)
    return np.asarray(resample_poly(clean, RATE_HZ // common, rate_hz // common), dtype=np.float32)
