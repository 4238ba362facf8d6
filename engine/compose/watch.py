"""How long the stages of a song take, told to whoever watches as they begin and end.

In: work. Out: seconds by stage, and in all. Conventions: seconds count work, not the loading of what is loaded once;
where a song is made in two processes, the second watch goes on with the first one's seconds. Caveat: where songs share
the steps, a song's composing is as long as it was among them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter
from types import MappingProxyType
from typing import TypeVar

from engine.compose.request import STAGES, Progress, Stage

T = TypeVar("T")
TOTAL = "total"
NOTHING_YET: Mapping[str, float] = MappingProxyType({})


class Watch:
    """Seconds by stage, told to `progress` as stages begin and end."""

    def __init__(self, progress: Progress, so_far_s: Mapping[str, float] = NOTHING_YET) -> None:
        """`so_far_s`: what another watch had counted when the song came over."""
        self.timings_s = {stage: seconds for stage, seconds in so_far_s.items() if stage != TOTAL}
        self.progress = progress
        self._earlier_s = so_far_s.get(TOTAL, 0.0)
        self._began = perf_counter()
        self._stages: dict[Stage, float] = {}
        """When the stages began that have not ended."""

    def begin(self, stage: Stage) -> None:
        """A stage begins; of one that went on in the first watch nothing is told before it ends."""
        self._stages[stage] = perf_counter()
        if stage not in self.timings_s:
            self.progress(stage, 0.0)

    def end(self, stage: Stage) -> None:
        """It ends; its seconds are added to those it has."""
        self.add(stage, perf_counter() - self._stages.pop(stage))
        self.progress(stage, 1.0)

    def timed(self, stage: Stage, work: Callable[[], T]) -> T:
        """Do the work of a stage."""
        self.begin(stage)
        result = work()
        self.end(stage)
        return result

    def untimed(self, work: Callable[[], T]) -> T:
        """Do work that counts neither to a stage nor to the total."""
        began = perf_counter()
        result = work()
        self._began += perf_counter() - began
        return result

    def add(self, stage: Stage, seconds_s: float) -> None:
        """Count so many more seconds to a stage."""
        self.timings_s[stage] = round(self.timings_s.get(stage, 0.0) + seconds_s, 4)

    def move(self, source: Stage, target: Stage, seconds_s: float) -> None:
        """Count some of one stage's seconds to another."""
        self.add(target, seconds_s)
        self.add(source, -seconds_s)

    def counted(self) -> dict[str, float]:
        """The stages so far in their order, and the total since the first watch was made, but for what was untimed."""
        in_order: dict[str, float] = {stage: self.timings_s[stage] for stage in STAGES if stage in self.timings_s}
        return {**in_order, TOTAL: round(self._earlier_s + perf_counter() - self._began, 4)}
