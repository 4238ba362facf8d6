"""What happens in the studio, for whoever counts it, and how it is at a moment.

In: what the dispatcher does. Out: `StudioEvent`s as they happen, a `StudioState` when asked. Conventions: listeners are
called on the event loop and do next to nothing; seconds are wall-clock. Caveat: events are of this process alone, and
nothing remembers them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.compose.request import Receipt
from engine.jobs import LaneState
from engine.store import JobState

EventKind = Literal[
    "accepted",
    "refused",
    "started",
    "stage",
    "retried",
    "done",
    "failed",
    "cancelled",
    "delivered",
    "voted",
    "duel",
    "answered",
    "learnt",
    "trial",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudioEvent:
    """Something happened. `seconds`: of `started`, how long it had waited; of `stage`, how long the stage took; of
    `done`, how long it took from acceptance to the song; of `learnt`, how long that took. `stage`: of `stage`; `error`:
    the class of what went wrong; `vote`: 1, −1, or None for one that was withdrawn; `receipt`: of `done`.

    `outcome`: of `duel`, `begun`, `opened`, `revealed` or `failed`; of `answered`, the answer or `withdrawn`; of
    `learnt`, `done` (`count` tastes are new), `unchanged` or `failed`; of `trial`, `begun`, `promote` or `roll back`,
    with its sentence in `detail`.
    """

    kind: EventKind
    job_id: str | None = None
    stage: str | None = None
    seconds: float | None = None
    error: str | None = None
    vote: int | None = None
    receipt: Receipt | None = None
    outcome: str | None = None
    detail: str | None = None
    count: int = 0


Listener = Callable[[StudioEvent], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudioState:
    """How the studio is. `queue`: jobs by state in the whole database, as they were `queue_age_s` ago; `working`: jobs
    that this process works on; `ready`: songs of this process that are being delivered; `stages_s`: seconds that a song
    takes lately, by stage; `totals`: what happened since the studio was opened; `database`: why it does not answer,
    None while it does.
    """

    queue: Mapping[JobState, int]
    queue_age_s: float
    working: int
    ready: int
    lanes: tuple[LaneState, ...]
    stages_s: Mapping[str, float]
    totals: Mapping[str, int] = field(default_factory=dict)
    closing: bool = False
    database: str | None = None
