"""What whoever waits for a song holds and hears: a ticket, updates, at last the song.

In: rows and the works of this process. Out: frozen values. Conventions: shares are 0…1 and never go back within a try;
seconds are from now. Caveat: paths of a `StoredSong` are those of this machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.compose.request import ComposeRequest, Receipt
from engine.dispatch.lesson import Lesson, Training
from engine.errors import BadRequest
from engine.store import JobRecord, JobState, Origin, SongRecord

Phase = Literal["queued", "composing", "rendering", "learning", "ready", "failed", "cancelled"]
LAST: frozenset[Phase] = frozenset({"ready", "failed", "cancelled"})
"""Phases after which nothing more is told."""

BROKE = "The song came to nothing because something broke on our side; asking again may work."
CANCELLED = "The song was cancelled."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """An accepted request. `origin`: who asked, and where it is shown; `state`: as its row was when this was made."""

    job_id: str
    song_id: str
    origin: Origin
    request: ComposeRequest
    limit_bytes: int | None = None
    state: JobState = "queued"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSong:
    """A finished song as the store knows it. The paths are absolute and exist; stems and score are there if they were
    wanted.
    """

    id: str
    request: ComposeRequest
    receipt: Receipt
    audio: Path
    midi: Path
    picture: Path
    stems: Path | None = None
    musicxml: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """How far a request is. `share`: how much of the whole is finished; `ahead`: how many wait before it; `eta_s`: in
    how many seconds it will be ready, as far as can be told.

    `song` when it is ready; `sentence` for the person when it failed or was cancelled, and `incident`, the number under
    which the log has the traceback, when the person cannot mend it.

    Of lessons and trainings: the phase is `learning` meanwhile, and `detail` says how far: of a lesson `received`,
    `decoded`, `transcribed` or `understood` has been reached; of a training `reading`, `replaying`, `tuning`,
    `composing` or `comparing` goes on, tuning at `step` of `steps` with a held-out loss of `nats`. `lesson` or
    `training` when it is ready.
    """

    phase: Phase
    share: float = 0.0
    ahead: int = 0
    eta_s: float | None = None
    song: StoredSong | None = None
    sentence: str | None = None
    incident: str | None = None
    detail: str | None = None
    step: int | None = None
    steps: int | None = None
    nats: float | None = None
    lesson: Lesson | None = None
    training: Training | None = None


def ticket_of(job: JobRecord, song: SongRecord | None) -> Ticket:
    """The ticket of a job; `song`: its song's row."""
    wish = {} if song is None else song.request
    try:
        request = ComposeRequest.from_json(wish)
    except (BadRequest, TypeError):  # another version of the program wrote it
        request = ComposeRequest(prompt=str(wish.get("prompt", "")))
    return Ticket(
        job_id=job.id,
        song_id=job.song_id or job.id,
        origin=job.origin,
        request=request,
        limit_bytes=job.payload.get("limit_bytes"),
        state=job.state,
    )


def in_vain(job: JobRecord) -> Update:
    """What is told of a job that failed or was cancelled."""
    if job.state == "cancelled":
        return Update(phase="cancelled", sentence=CANCELLED)
    sentence = BROKE if job.incident is not None else job.error or BROKE
    return Update(phase="failed", sentence=sentence, incident=job.incident)
