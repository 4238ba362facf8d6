"""A lesson or a training that this process sees to: where it is.

In: a leased job, what the executor tells. Out: updates. Conventions: shares never go back within a try. Caveat: values
here change as the work goes on, so they stay within this folder.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from engine.dispatch.lesson import TRAIN
from engine.dispatch.ticket import Update
from engine.jobs import JobEvent
from engine.store import JobRecord


@dataclass(slots=True, eq=False)
class Study:
    """A leased job. `has_begun`: a worker is at it; `is_ending`: its row is about to become nobody's."""

    job: JobRecord
    detail: str | None = None
    share: float = 0.0
    step: int | None = None
    steps: int | None = None
    nats: float | None = None
    eta_s: float | None = None
    has_begun: bool = False
    is_ending: bool = False
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def is_training(self) -> bool:
        """Whether it is a training; else it is a lesson."""
        return self.job.kind == TRAIN

    def hear(self, event: JobEvent) -> None:
        """What the executor tells."""
        if event.state == "started":
            self.has_begun = True
        elif event.state == "progress":
            said = event.data
            self.detail = said.get("phase", self.detail)
            self.step, self.steps = said.get("step", self.step), said.get("steps", self.steps)
            self.nats, self.eta_s = said.get("nats", self.nats), said.get("eta_s", self.eta_s)
            share = self.step / self.steps if self.step is not None and self.steps else 0.0
            self.share = max(self.share, min(1.0, said.get("share", share)))

    def update(self) -> Update:
        """How far it is."""
        return Update(
            phase="learning", share=self.share, eta_s=self.eta_s, detail=self.detail, step=self.step,
            steps=self.steps, nats=self.nats,
        )  # fmt: skip
