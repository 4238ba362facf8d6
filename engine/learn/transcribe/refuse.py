"""How sure a transcription is, stage by stage, and when it is no use to learn from.

In: everything that was heard. Out: `Confidence`, and a sentence that says why it is refused, or nothing. Conventions:
each confidence is a straight line between a value that noise reaches and one that clear music does. Caveat: a wrong
level of the beat (halves for wholes) is not noticed; it is no harm to a song that is written on that grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.learn.transcribe.beats import Pulse, tempo_curve
from engine.learn.transcribe.ear import FRAMES_A_SECOND
from engine.learn.transcribe.novelty import ALL
from engine.learn.transcribe.pitches import Matrix
from engine.learn.transcribe.values import Confidence, HeardNote, Hit
from engine.music.notes import Role, Song

SHORTEST_S = 15.0
SILENT = 1e-4
LEAST_NOTES_A_SECOND = 0.4
LEAST_BEATS_SURE, LEAST_NOTES_SURE = 0.35, 0.3
NOTES_FROM, NOTES_TO = 0.45, 0.85
BEATS_FROM, BEATS_TO = 0.15, 1.6
EVEN_FROM, EVEN_TO = 0.20, 0.02
DRUMS_FROM, DRUMS_TO = 0.4, 0.9
WOULD_WORK = "a recording with a clear beat and clear notes would work"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What is judged: see `Transcription`; `*_sure`: what the stages themselves say."""

    seconds: float
    loudness: float
    notes: Sequence[HeardNote]
    hits: Sequence[Hit]
    curves: Matrix
    pulse: Pulse | None
    bars_sure: float
    key_sure: float
    sections_sure: float
    song: Song | None


def confidence_of(heard: Heard) -> Confidence:
    """All confidences."""
    song = heard.song
    return Confidence(
        notes=_between(float(np.mean([n.strength for n in heard.notes])), NOTES_FROM, NOTES_TO) if heard.notes else 0.0,
        beats=_beats(heard),
        bars=heard.bars_sure,
        drums=_between(float(np.mean([h.strength for h in heard.hits])), DRUMS_FROM, DRUMS_TO) if heard.hits else 0.5,
        key=heard.key_sure,
        chords=_chords(song) if song else 0.0,
        sections=heard.sections_sure,
    )


def refusal_of(heard: Heard, confidence: Confidence) -> str:
    """Why the recording is no use, or nothing."""
    seconds, notes = heard.seconds, len(heard.notes)
    reasons = (
        (heard.loudness < SILENT, f"The recording is silent; {WOULD_WORK}."),
        (
            seconds < SHORTEST_S,
            f"The recording is {seconds:.0f} s long, too short to learn from; {SHORTEST_S:.0f} s or more would work.",
        ),
        (
            notes < LEAST_NOTES_A_SECOND * seconds,
            f"Hardly any notes could be made out ({notes} in {seconds:.0f} s); {WOULD_WORK}.",
        ),
        (
            confidence.notes < LEAST_NOTES_SURE,
            f"The notes could not be made out clearly (confidence {confidence.notes:.2f}); {WOULD_WORK}.",
        ),
        (
            heard.pulse is None or confidence.beats < LEAST_BEATS_SURE,
            f"No steady beat was found (confidence {confidence.beats:.2f}); {WOULD_WORK}.",
        ),
        (heard.song is None, "Fewer than eight bars of music were found; a longer recording would work."),
    )
    return next((sentence for unusable, sentence in reasons if unusable), "")


def _between(value: float, nothing: float, everything: float) -> float:
    return float(np.clip((value - nothing) / (everything - nothing), 0.0, 1.0))


def _beats(heard: Heard) -> float:
    """How much the music repeats itself at the beat, and how even the beats are."""
    if heard.pulse is None:
        return 0.0
    again, uneven = beat_evidence(heard.curves, heard.pulse)
    return float(np.sqrt(_between(again, BEATS_FROM, BEATS_TO) * _between(uneven, EVEN_FROM, EVEN_TO)))


def beat_evidence(curves: Matrix, pulse: Pulse) -> tuple[float, float]:
    """How much stands on the beats above the mean (1: a deviation), and how much beats' lengths vary (share)."""
    curve = curves[:, ALL]
    frames = np.clip(np.round(pulse.times_s * FRAMES_A_SECOND).astype(int), 1, len(curve) - 2)
    struck = np.maximum(np.maximum(curve[frames - 1], curve[frames]), curve[frames + 1])
    lengths = np.diff(pulse.times_s)
    around = np.maximum(np.maximum(curve[:-2], curve[1:-1]), curve[2:])
    again = float(struck.mean() - around.mean()) / float(around.std() + 1e-6)
    bpms, fits = tempo_curve(curve)
    alike = float(np.clip(np.interp(pulse.bpm, bpms, fits), 0.0, 1.0))
    return max(again, 0.0) * alike, float(np.median(np.abs(np.diff(lengths))) / np.median(lengths))


def _chords(song: Song) -> float:
    """Share of pitched time that the chords explain."""
    inside = total = 0
    half = song.meter.half_bar_ticks
    for track in song.tracks:
        if track.role is Role.DRUMS:
            continue
        for note in track.notes:
            place = note.onset // half
            chord = song.chords[place] if place < len(song.chords) else None
            total += 1
            inside += chord is not None and note.pitch % 12 in chord.pitch_classes
    return inside / total if total else 0.0
