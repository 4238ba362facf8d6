"""Microtiming: how far each note of a track strays from the grid.

In: a track's role and program, the feel, the track's generator, and the noise of the drummer's foot. Out: for the notes
struck at one written onset, ticks each. Conventions: drums follow the groove's mean for the place in the bar and a
part of its deviation; the bass lies by where the kick is, or would be, so that it plays the same whether the drums
are there, others, or none; everybody else leans half of the way to where the
hats lie; what a player strays at one onset he keeps in part at the next. Nobody strays by more than `MAX_STRAY`.
Source of the drums' figures: the Groove MIDI Dataset (Gillick et al. 2019). Caveat: strums are spread in `strum`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.compose.performing.feel import Feel
from engine.music.grooves import Groove, place_of
from engine.music.instruments import KICKS, SNARES
from engine.music.notes import Note, Role

LOOSENESS_MS = {Role.MELODY: 7.0, Role.COUNTER: 7.0, Role.HARMONY: 5.0, Role.BASS: 4.0}
"""Standard deviation of an onset."""
KEPT = 0.5
"""Share of a stray that is still there at the next onset."""
TIGHTNESS = 0.25
"""Share of the drummers' deviation that is played: they strayed by 14 ms from stroke to stroke; a record is tighter."""
FOOT_TIGHTNESS = 0.2
"""The same of the kick, which all stand by."""
LAID_BACK_MS = {Role.MELODY: 12.0, Role.COUNTER: 8.0, Role.HARMONY: 5.0, Role.BASS: 6.0}
"""How late a role plays in slow, swung music."""
SNARE_LATE_MS = 10.0
"""How late the backbeat lies in slow, swung music."""
PULL = 0.5
BASS_BEHIND_KICK_MS, BASS_LOOSE_MS = 1.5, 2.0
ROLL_MS = {46: 12.0, **dict.fromkeys(range(0, 8), 2.5), 24: 4.0, 26: 4.0}
"""From one note of a chord to the next, lowest first: harp, keyboards, fingers on nylon or a jazz guitar."""

Foot = npt.NDArray[np.float64]
"""A standard normal number for every second written tick of the song: how the kick strays there."""
TICKS_A_STEP = 2


class Player:
    """One track's microtiming, onset after onset."""

    def __init__(self, role: Role, program: int, feel: Feel, rng: np.random.Generator, foot: Foot) -> None:
        self._role, self._program, self._feel, self._rng, self._foot = role, program, feel, rng, foot
        self._now_ms = 0.0
        touch = feel.touch
        free = touch.freedom if role in (Role.MELODY, Role.COUNTER) else 1.0
        self._loose_ms = LOOSENESS_MS.get(role, 0.0) * free * touch.human
        self._late_ms = LAID_BACK_MS.get(role, 0.0) * feel.laid_back + touch.late_ms.get(role, 0.0) * feel.ease

    def strays(self, together: Sequence[Note]) -> list[int]:
        """Ticks that each note of one written onset strays, lowest note first."""
        if self._role is Role.DRUMS:
            return [self._feel.stray(self._stroke_ms(note)) for note in together]
        onset = together[0].onset
        noise = float(self._rng.normal())
        if self._role is Role.BASS and self._feel.groove.pieces:
            behind_ms = (BASS_BEHIND_KICK_MS + BASS_LOOSE_MS * noise) * self._feel.touch.human
            return [self._feel.stray(self._kick_ms(onset) + behind_ms)] * len(together)
        self._now_ms = KEPT * self._now_ms + (1 - KEPT**2) ** 0.5 * self._loose_ms * noise
        shared = self._late_ms + self._now_ms + PULL * self._leaning_ms(onset)
        step = ROLL_MS.get(self._program, 1.0) * self._feel.touch.human if len(together) > 1 else 0.0
        return [
            self._feel.stray(shared + at * step * float(self._rng.uniform(0.8, 1.2))) for at in range(len(together))
        ]

    def _stroke_ms(self, note: Note) -> float:
        feel, human = self._feel, self._feel.touch.human
        strokes = feel.groove.strokes_of(note.pitch)
        noise = float(self._rng.normal())
        if strokes is None or human == 0:
            return 0.0
        if note.pitch in KICKS:
            return self._kick_ms(note.onset)
        place = place_of(note.onset, feel.song.meter.bar_ticks)
        behind = SNARE_LATE_MS * feel.laid_back if note.pitch in SNARES else 0.0
        return human * (strokes.late_ms[place] + TIGHTNESS * strokes.spread_ms[place] * noise) + behind

    def _kick_ms(self, onset: int) -> float:
        """How late the kick is at a written onset, or would be."""
        kick = self._feel.groove.pieces["kick"]
        place = place_of(onset, self._feel.song.meter.bar_ticks)
        noise = float(self._foot[onset // TICKS_A_STEP])
        return self._feel.touch.human * (kick.late_ms[place] + FOOT_TIGHTNESS * kick.spread_ms[place] * noise)

    def _leaning_ms(self, onset: int) -> float:
        place = place_of(onset, self._feel.song.meter.bar_ticks)
        return self._feel.touch.human * time_ms(self._feel.groove, place)


def time_ms(groove: Groove, place: int) -> float:
    """Where the time is at a place of the bar: the mean of hat and ride, by how often they are struck there."""
    kept = [groove.pieces[name] for name in ("hat", "ride") if name in groove.pieces]
    total = sum(piece.strokes[place] for piece in kept)
    return sum(piece.late_ms[place] * piece.strokes[place] for piece in kept) / total if total else 0.0
