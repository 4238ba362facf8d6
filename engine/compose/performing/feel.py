"""What all tracks of a performance share: the song, the style's touch, the groove, and how time is counted.

In: a song and a touch. Out: `Feel`. Conventions: ticks here are performed ticks. Caveat: a millisecond is worth its
ticks at the song's own tempo, also where the tempo comes and goes by a few hundredths.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.music.grooves import Groove, load_grooves
from engine.music.notes import Song
from engine.music.performance import PERFORMED_PER_WRITTEN
from engine.music.timing import seconds_to_ticks
from engine.music.touch import Touch

MAX_STRAY = int(0.9 * PERFORMED_PER_WRITTEN)
"""Furthest that human timing moves an onset, in performed ticks; the strings of a strum come on top."""

NO_GROOVE = Groove(takes=0, pieces={})
UNHURRIED_BPM = 80.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Feel:
    """`laid_back`: 0…1, slow and swung. `ease`: 1 up to 80 bpm, less above: how much of a lateness fits."""

    song: Song
    touch: Touch
    groove: Groove
    laid_back: float
    ease: float
    ticks_per_ms: float

    def ticks(self, seconds_s: float) -> int:
        """Performed ticks in `seconds_s`."""
        return round(seconds_s * 1000 * self.ticks_per_ms)

    def stray(self, late_ms: float) -> int:
        """Ticks that an onset moves by, within ±`MAX_STRAY`."""
        return round(min(max(late_ms * self.ticks_per_ms, -MAX_STRAY), MAX_STRAY))


def feel_of(song: Song, touch: Touch) -> Feel:
    """The feel of a song in a style."""
    swung = min(max((song.swing - 0.5) / 0.08, 0.0), 1.0)
    slow = min(max((115.0 - song.tempo_bpm) / 35.0, 0.0), 1.0)
    return Feel(
        song=song,
        touch=touch,
        groove=load_grooves()[touch.groove] if touch.groove else NO_GROOVE,
        laid_back=swung * slow * touch.human,
        ease=min(1.0, UNHURRIED_BPM / song.tempo_bpm) * touch.human,
        ticks_per_ms=seconds_to_ticks(0.001, song.tempo_bpm) * PERFORMED_PER_WRITTEN,
    )
