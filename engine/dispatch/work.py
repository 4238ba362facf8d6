"""The songs that this process works on: where each of them is.

In: leased jobs, what the executor tells of them. Out: shares, stages, how many keep each other company. Conventions: a
work's share never goes back; times are those of `time.monotonic`. Caveat: values here change as the work goes on, so
they stay within this folder.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from time import monotonic
from typing import Literal

from engine.compose.shares import WEIGHTS, overall_share
from engine.dispatch.pace import Composing, Rendering
from engine.jobs import JobEvent
from engine.store import JobRecord

Stage = Literal["composing", "rendering"]
FIRST_STAGES = ("read", "plan", "compose")
COMPOSED = sum(WEIGHTS[stage] for stage in WEIGHTS if stage in FIRST_STAGES)
"""The share of the whole at which a song is composed."""


@dataclass(slots=True, eq=False)
class Work:
    """A leased job. `began`: when a worker began with its stage, None while it waits for one; `is_ending`: its row is
    about to become somebody else's, or nobody's.
    """

    job: JobRecord
    stage: Stage = "composing"
    share: float = 0.0
    began: float | None = None
    company: float = 0.0
    is_ending: bool = False
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def job_id(self) -> str:
        """The job, which is called as its song."""
        return self.job.id

    def hear(self, event: JobEvent) -> None:
        """What the executor tells."""
        if event.state == "started":
            self.began = monotonic()
        elif event.state == "progress":
            told = overall_share(event.data.get("stage", "read"), event.data.get("share", 0.0))
            self.share = max(self.share, min(told, COMPOSED) if self.stage == "composing" else told)

    def enter(self, stage: Stage) -> None:
        """The next stage waits for a worker."""
        self.stage, self.began, self.company = stage, None, 0.0
        self.share = 0.0 if stage == "composing" else max(self.share, COMPOSED)

    def as_composing(self) -> Composing:
        """For the estimate."""
        left = 1 - min(1.0, self.share / COMPOSED)
        return Composing(job_id=self.job_id, left=left, spent_s=self._spent_s())

    def as_rendering(self) -> Rendering:
        """For the estimate."""
        left = (1 - self.share) / (1 - COMPOSED)
        left = min(1.0, max(0.0, left))
        return Rendering(job_id=self.job_id, left=left, is_begun=self.began is not None, spent_s=self._spent_s())

    def _spent_s(self) -> float:
        """Seconds since a worker began with the stage."""
        return 0.0 if self.began is None else monotonic() - self.began


class Works:
    """All of them, in the order of their leases."""

    def __init__(self) -> None:
        self._by_id: dict[str, Work] = {}
        self._company_s = 0.0  # songs times seconds
        self._counted = monotonic()

    def add(self, work: Work) -> None:
        """One more."""
        self._by_id[work.job_id] = work

    def remove(self, work: Work) -> None:
        """It is over, or somebody else's."""
        if self._by_id.get(work.job_id) is work:
            self.company_s()
            del self._by_id[work.job_id]

    def get(self, job_id: str) -> Work | None:
        """The work on this job, if there is any here."""
        return self._by_id.get(job_id)

    def of(self, stage: Stage) -> list[Work]:
        """Those in a stage."""
        return [work for work in self._by_id.values() if work.stage == stage]

    @property
    def all(self) -> list[Work]:
        """Every one."""
        return list(self._by_id.values())

    def company_s(self) -> float:
        """The number of songs being composed, summed over time so far; to be called before that number changes."""
        now = monotonic()
        inside = sum(work.began is not None for work in self.of("composing"))
        self._company_s += inside * (now - self._counted)
        self._counted = now
        return self._company_s

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._by_id

    def __len__(self) -> int:
        return len(self._by_id)
