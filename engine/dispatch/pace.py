"""How long songs take lately, and when the ones that are on their way will be ready.

In: how long each finished stage took and how many songs shared the composing meanwhile; where the unfinished ones are.
Out: seconds from now. Conventions: composing `n` songs at once on one worker takes `factor · (ALONE + EACH · n)`
seconds; of this shape, measured once on two cores for minutes of music, only the factor is learnt, as a moving average,
so that what was learnt from single songs holds for many. Rendering takes a moving average per song and hand. Caveat: a
song's own length is not looked at before it is under way.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

ALONE_S = 0.5
EACH_S = 0.85
RENDERING_S = 1.0
NEWEST = 0.2
"""The weight of the newest song in the moving averages; the first ones weigh more."""
SETTLING_S = 3.0
"""In about this time what is told follows what is estimated, and sooner when the end is near."""
LEAST_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Composing:
    """A song in the composing lane; `left`: the share of composing that is to be done; `spent_s`: how long it took to
    come so far.
    """

    job_id: str
    left: float
    spent_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """A composed song; `left`: the share of rendering that is to be done, 1 while no hand is at it; `spent_s`: how long
    one has been at it.
    """

    job_id: str
    left: float
    is_begun: bool
    spent_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What works: composing workers, how many songs each has inside at most, rendering workers."""

    composers: int
    at_once: int
    renderers: int


class Pace:
    """Learns how long stages take."""

    def __init__(self) -> None:
        self._factor = 1.0
        self._rendering_s = RENDERING_S
        self._lately_s: dict[str, float] = {}
        self._learnt: dict[str, int] = {}

    @property
    def lately_s(self) -> dict[str, float]:
        """Seconds that each stage took lately, as a moving average; only of stages that were seen."""
        return dict(self._lately_s)

    @property
    def rendering_s(self) -> float:
        """Seconds to render a song."""
        return self._rendering_s

    def composing_s(self, songs: float) -> float:
        """Seconds to compose so many songs at once on one worker."""
        return self._factor * (ALONE_S + EACH_S * max(1.0, songs))

    def learn(self, stage: str, seconds: float, *, company: float = 1.0) -> None:
        """A stage of a song took so long; `company`: songs that a composing worker had inside meanwhile, on average."""
        songs = self._learnt[stage] = self._learnt.get(stage, 0) + 1
        newest = max(NEWEST, 1 / (songs + 1))
        self._lately_s[stage] = _averaged(self._lately_s.get(stage, seconds), seconds, newest)
        if stage == "composing":
            factor = seconds / (ALONE_S + EACH_S * max(1.0, company))
            self._factor = _averaged(self._factor, min(100.0, max(0.01, factor)), newest)
        elif stage == "rendering":
            self._rendering_s = _averaged(self._rendering_s, seconds, newest)

    def estimate(
        self, hands: Hands, composing: Sequence[Composing], rendering: Sequence[Rendering], queued: Sequence[str]
    ) -> dict[str, float]:
        """Seconds until each of these is ready; `rendering` and `queued` in the order in which they are served."""
        ready_s: dict[str, float] = {}
        free = [0.0] * hands.renderers
        for draft in sorted(rendering, key=lambda draft: not draft.is_begun):
            takes_s = _remaining_s(draft.left, draft.spent_s, self._rendering_s)
            ready_s[draft.job_id] = _rendered(free, 0.0, takes_s)
        company = len(composing) / hands.composers
        usual_s = self.composing_s(company)
        for song in sorted(composing, key=lambda song: song.left):
            composed_s = _remaining_s(song.left, song.spent_s, usual_s)
            ready_s[song.job_id] = _rendered(free, composed_s, self._rendering_s)
        left = sum(song.left for song in composing)
        for place, job_id in enumerate(queued):
            composed_s = self._composed_s(hands, left + place + 1)
            ready_s[job_id] = _rendered(free, composed_s, self._rendering_s)
        return ready_s

    def _composed_s(self, hands: Hands, songs: float) -> float:
        """Seconds until so many songs are composed."""
        inside = min(hands.at_once, songs / hands.composers)
        rounds = max(1.0, songs / (hands.composers * hands.at_once))
        return rounds * self.composing_s(inside)


class Promises:
    """What was told of when songs will be ready: it follows the estimates without jumping."""

    def __init__(self) -> None:
        self._ends: dict[str, tuple[float, float]] = {}

    def told(self, job_id: str, estimate_s: float, now: float) -> float:
        """The seconds to tell at `now`, in whole ones."""
        end, then = self._ends.get(job_id, (now + estimate_s, now))
        settling_s = min(SETTLING_S, max(LEAST_S, estimate_s / 4, (end - now) / 4))
        end += (now + estimate_s - end) * (1 - math.exp(-(now - then) / settling_s))
        self._ends[job_id] = (end, now)
        return float(max(1, round(end - now)))

    def forget(self, job_id: str) -> None:
        """It is over."""
        self._ends.pop(job_id, None)


def _averaged(old: float, new: float, weight: float) -> float:
    return old + weight * (new - old)


def _remaining_s(left: float, spent_s: float, usual_s: float) -> float:
    """How long the rest of a stage takes: the further it is, the more its own speed counts, the less the usual one."""
    return left * (left * usual_s + spent_s)


def _rendered(free: list[float], ready_s: float, takes_s: float) -> float:
    """When the next free hand has rendered what is ready at `ready_s`; `free`: a heap of when each hand is free."""
    end = max(free[0], ready_s) + takes_s
    heapq.heapreplace(free, end)
    return max(LEAST_S, end)
