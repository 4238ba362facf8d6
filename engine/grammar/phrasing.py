"""How a tune's notes are held and begun: ringing into rests, and bent up to from a semitone below.

In: the melody's notes in a passage. Out: notes again. Conventions: a grace note takes its time (four ticks) from the
note or rest before it; a note rings on only while the chords agree with it. Caveat: ringing changes durations alone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.grammar.chance import happens
from engine.grammar.grammar import Passage
from engine.music.notes import Note
from engine.music.timing import TICKS_PER_QUARTER

GRACE = 4
LEAST_BENT = TICKS_PER_QUARTER // 2


def ringing(passage: Passage, notes: list[Note], ring: int) -> list[Note]:
    """Notes sound on into the rest after them, at most `ring` ticks and while the chords agree with them."""
    out = []
    for index, note in enumerate(notes):
        following = notes[index + 1].onset if index + 1 < len(notes) else passage.bars * passage.bar_ticks
        limit = min(following, note.end + ring)
        end = note.end
        while end < limit and note.pitch % 12 in passage.chord_at(end).pitch_classes:
            end = min(limit, (end // passage.half_bar_ticks + 1) * passage.half_bar_ticks)
        out.append(replace(note, duration=end - note.onset))
    return out


def bent(passage: Passage, notes: list[Note], share: float, rng: np.random.Generator) -> list[Note]:
    """A grace note a semitone below some of the held thirds and fifths on a beat: the string that is pushed up."""
    out: list[Note] = []
    for note in notes:
        before = out[-1] if out else None
        if _can_bend(passage, note, before) and happens(rng, share):
            onset = note.onset - GRACE
            if before is not None and before.end > onset:
                out[-1] = replace(before, duration=onset - before.onset)
            out.append(Note(onset=onset, pitch=note.pitch - 1, duration=GRACE, velocity=max(1, note.velocity - 10)))
        out.append(note)
    return out


def _can_bend(passage: Passage, note: Note, before: Note | None) -> bool:
    """A third or fifth of its chord, held, on a beat, with room for the grace note before it."""
    degree = (note.pitch - passage.chord_at(note.onset).root) % 12
    if degree not in (4, 7) or note.duration < LEAST_BENT or note.onset % TICKS_PER_QUARTER or note.onset < GRACE:
        return False
    if before is None or before.end <= note.onset - GRACE:
        return True
    return before.duration > 2 * GRACE and before.pitch != note.pitch - 1
