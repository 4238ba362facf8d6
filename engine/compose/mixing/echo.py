"""Echoes in the song's time: each answers the last one softer, from the other side.

In: a role's sound, `[2, n]`. Out: its echoes alone, `[2, n]`; `Beside` adds them to what made them. Conventions: a
delay is so many quarter notes at the song's tempo; `feedback` is each echo's share of the one before it; the colour is
put on all echoes alike, not anew by each pass. Caveat: where the tempo comes and goes, echoes keep to the written one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.compose.mixing.stage import Process, Session, samples_of
from engine.compose.mixing.tone import Band, Tone
from engine.compose.render import Audio


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """Repeats after `quarters`, nothing of them below `dark_hz`, softened above `bright_hz`."""

    quarters: float
    feedback: float
    bright_hz: float = 5000.0
    dark_hz: float = 200.0

    def start(self, session: Session) -> Process:
        """Begin with nothing to repeat."""
        line = np.zeros((2, max(samples_of(self.quarters * session.beat_s), 1)), np.float32)
        feedback, place = np.float32(self.feedback), 0
        low = Band(kind="low_cut", frequency_hz=self.dark_hz)
        colour = Tone(bands=(low, Band(kind="high_cut", frequency_hz=self.bright_hz))).start(session)

        def process(block: Audio) -> Audio:
            nonlocal place
            echoes = np.empty_like(block)
            at = 0
            while at < block.shape[1]:
                count = min(line.shape[1] - place, block.shape[1] - at)
                held = line[:, place : place + count]
                echoes[:, at : at + count] = held
                held[:] = block[:, at : at + count] + feedback * held[::-1]
                at, place = at + count, (place + count) % line.shape[1]
            return colour(echoes)

        return process
