"""How a training gives way, and how it tells how far it is.

In: whether somebody composes; steps and seconds. Out: pauses; events for whoever waits. Conventions: while somebody
composes, a training rests `RESTS` times as long as it worked, so that it takes a small share of one core and still gets
done; shares never go back. Caveat: an estimate counts on nobody composing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from engine.jobs.job import Emit

Asked = Callable[[], bool]
RESTS = 19.0
LOOK_S = 0.25
LONGEST_REST_S = 30.0
TELL_S = 1.0
AFTER_TUNING_S = 20.0
"""What composing and comparing take after the last step, measured on one core."""

READING, REPLAYING, TUNING, COMPOSING, COMPARING = "reading", "replaying", "tuning", "composing", "comparing"
SPAN = {READING: (0.0, 0.02), REPLAYING: (0.02, 0.2), TUNING: (0.2, 0.75), COMPOSING: (0.75, 0.97),
        COMPARING: (0.97, 1.0)}  # fmt: skip
"""From where to where of the whole a phase goes."""


@dataclass(slots=True)
class Breath:
    """To be called between two pieces of work: rests while `is_busy` says so, as long as is due."""

    is_busy: Asked
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    rested_s: float = 0.0
    _since: float | None = None

    def __call__(self) -> None:
        """Rest, if it is time to."""
        now = self.clock()
        worked_s = 0.0 if self._since is None else now - self._since
        due_s = min(LONGEST_REST_S, RESTS * worked_s)
        while due_s > 0 and self.is_busy():
            self.sleep(min(LOOK_S, due_s))
            due_s -= LOOK_S
            self.rested_s += LOOK_S
        self._since = self.clock()


@dataclass(slots=True)
class Progress:
    """Tells phases and shares, about once a second, and every new loss at once."""

    emit: Emit
    clock: Callable[[], float] = time.monotonic
    _told: tuple[str, float] = ("", -TELL_S)
    _begun: float = field(default=0.0)

    def phase(self, phase: str) -> None:
        """A phase begins."""
        self._begun = self.clock()
        self._tell(phase, 0.0, {})

    def within(self, phase: str, share: float) -> None:
        """So much of a phase is done."""
        self._soon(phase, share, {})

    def step(self, step: int, steps: int, nats: float | None, first: int) -> None:
        """A step of tuning is done; `first`: the step at which this run began."""
        done = step - first
        spent_s = self.clock() - self._begun
        eta = {} if done <= 0 else {"eta_s": round(spent_s / done * (steps - step) + AFTER_TUNING_S, 1)}
        said = {"step": step, "steps": steps, **({} if nats is None else {"nats": round(nats, 4)}), **eta}
        self._soon(TUNING, step / max(1, steps), said, force=nats is not None)

    def _soon(self, phase: str, share: float, more: Mapping[str, object], *, force: bool = False) -> None:
        if force or phase != self._told[0] or self.clock() - self._told[1] >= TELL_S:
            self._tell(phase, share, more)

    def _tell(self, phase: str, share: float, more: Mapping[str, object]) -> None:
        low, high = SPAN[phase]
        self._told = (phase, self.clock())
        self.emit({"phase": phase, "share": round(low + (high - low) * min(1.0, share), 4), **more})
