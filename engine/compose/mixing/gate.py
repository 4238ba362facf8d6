"""The gated snare of the eighties: a burst of reverberation that only the snare opens.

In and out: see `stage`. Conventions: the gate opens at the snare's own times, so neither kick nor hats reach the
space. Caveat: it hears all drums within the opening, which lasts a tenth of a second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.compose.mixing.space import Space
from engine.compose.mixing.stage import Process, Session, samples_of
from engine.compose.render import Audio

OPEN_S = 0.1
RAMP_S = 0.004


@dataclass(frozen=True, slots=True, kw_only=True)
class SnareGate:
    """Adds the space's sound of each snare stroke."""

    space: Space

    def start(self, session: Session) -> Process:
        """Set the gate's times."""
        wet = self.space.start(session)
        opens = np.array([samples_of(time_s) for time_s in sorted(session.snare_times_s)], np.int64)
        shape = _opening()
        at = 0

        def process(block: Audio) -> Audio:
            nonlocal at
            end = at + block.shape[1]
            gate = np.zeros(block.shape[1], np.float32)
            for first in opens[(opens > at - shape.size) & (opens < end)]:
                part = shape[max(at - first, 0) : end - first]
                window = gate[max(first - at, 0) :][: part.size]
                np.maximum(window, part, out=window)
            at = end
            return block + wet(block * gate)

        return process


def _opening() -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    ramp = samples_of(RAMP_S)
    shape = np.ones(samples_of(OPEN_S), np.float32)
    shape[:ramp] = np.linspace(0, 1, ramp, dtype=np.float32)
    shape[-ramp:] = np.linspace(1, 0, ramp, dtype=np.float32)
    return shape
