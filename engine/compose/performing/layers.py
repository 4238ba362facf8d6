"""Doublings: a second instrument that plays along with a role, an octave away or at the same pitch.

In: what a track plays and its doubling. Out: a `Layer`. Conventions: the second player is some milliseconds behind the
first and a little softer or louder from note to note; what it cannot reach it leaves out. Instruments that hold their
tone (organs, strings, voices, pads) hold a chord that the first player repeats. How loud a program sounds is made up
for (`loudness_of`), so `gain_db` is what is heard. Caveat: in choruses only means where the song has choruses.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.compose.performing.feel import Feel
from engine.compose.performing.pedal import chord_changes
from engine.music.instruments import program_range
from engine.music.notes import Doubling, Note, Role, SectionKind, Track
from engine.music.performance import PERFORMED_PER_WRITTEN, Layer
from engine.music.timbre import loudness_of

HOLDING = (*range(16, 24), *range(40, 45), *range(48, 55), *range(56, 80), *range(88, 96))
"""Organs, strings, voices, winds, pads."""
BEHIND_MS = (4.0, 12.0)
JITTER_MS = 3.0
SOFTER = 3.0
JOINED_S = 0.35
"""A holding instrument sounds on through gaps up to this long."""


def layer_of(track: Track, played: Sequence[Note], feel: Feel, rng: np.random.Generator) -> Layer | None:
    """What the doubling instrument plays; None where there is none, or nothing for it to do."""
    double = track.doubling
    if double is None:
        return None
    low, high = program_range(double.program)
    notes = [note for note in played if low <= note.pitch + double.semitones <= high]
    if double.loud_only:
        notes = _in_choruses(notes, feel)
    if track.role is Role.HARMONY and double.program in HOLDING and track.program not in HOLDING:
        notes = _held(notes, feel)
    if not notes:
        return None
    behind = float(rng.uniform(*BEHIND_MS))
    moved = [_moved(note, double, feel, behind + float(rng.normal(0.0, JITTER_MS)), rng) for note in notes]
    gain_db = double.gain_db + loudness_of(track.program) - loudness_of(double.program)
    return Layer(program=double.program, gain_db=gain_db, pan=double.pan, notes=tuple(sorted(moved)))


def _moved(note: Note, double: Doubling, feel: Feel, late_ms: float, rng: np.random.Generator) -> Note:
    velocity = note.velocity - SOFTER * float(rng.uniform(0.0, 2.0))
    return Note(
        onset=note.onset + round(max(late_ms, 0.0) * feel.ticks_per_ms * feel.touch.human),
        pitch=note.pitch + double.semitones,
        duration=note.duration,
        velocity=min(max(round(velocity), 1), 127),
    )


def _in_choruses(notes: list[Note], feel: Feel) -> list[Note]:
    song = feel.song
    loud = [section for section in song.sections if section.kind is SectionKind.CHORUS]
    if not loud:
        return notes
    bar = song.meter.bar_ticks * PERFORMED_PER_WRITTEN
    early = 2 * PERFORMED_PER_WRITTEN
    return [
        note
        for note in notes
        if any(section.start_bar * bar - early <= note.onset < section.end_bar * bar - early for section in loud)
    ]


def _held(notes: list[Note], feel: Feel) -> list[Note]:
    """Repeated notes of one chord as one long note."""
    gap, early = feel.ticks(JOINED_S), 2 * PERFORMED_PER_WRITTEN
    changes = [change - early for change in chord_changes(feel.song)]
    spans = np.searchsorted(changes, [note.onset for note in notes], side="right")
    last: dict[int, tuple[int, int]] = {}
    held: list[Note] = []
    for note, span in zip(notes, spans.tolist(), strict=True):
        before = last.get(note.pitch)
        if before is not None and before[1] == span and note.onset - held[before[0]].end <= gap:
            first = held[before[0]]
            end = max(first.end, note.end)
            held[before[0]] = Note(
                onset=first.onset, pitch=first.pitch, duration=end - first.onset, velocity=first.velocity
            )
            continue
        last[note.pitch] = (len(held), span)
        held.append(note)
    return held
