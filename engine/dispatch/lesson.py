"""What whoever teaches hands in, holds and hears: a file and its licence, a ticket, at last what was understood.

In: rows, files. Out: frozen values. Conventions: a lesson's job is called as its upload, a training's as its model, but
for lessons that are repeated. Caveat: paths of a `Lesson` are those of this machine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from engine.learn.report import LessonReport
from engine.store import JobRecord, JobState, Licence, ModelRecord, Origin, UploadRecord

SchoolKind = Literal["teach", "train"]
TEACH: SchoolKind = "teach"
TRAIN: SchoolKind = "train"
KINDS: tuple[SchoolKind, ...] = (TEACH, TRAIN)
FOR_NOBODY = "for_nobody"
"""In the payload of a training that votes began: nobody waits to hear of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A file to be taught. `source`: a path, its bytes, or the address of a Discord attachment. `name`: as it came;
    `style`: a shipped one, or one of the server's own; `credit`: whom the licence asks to name; `origins`: where an
    attachment may lie besides Discord's own hosts (scheme, host and port).
    """

    source: Path | bytes | str = field(repr=False)
    name: str
    style: str
    licence: Licence
    credit: str = ""
    origins: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolTicket:
    """An accepted lesson or training. `upload_id`: of a lesson; `model_id`: of a training, and its `version`."""

    job_id: str
    kind: SchoolKind
    origin: Origin
    guild_id: int
    style: str
    upload_id: str | None = None
    model_id: str | None = None
    version: int | None = None
    state: JobState = "queued"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """An upload that was understood. `picture`: a piano roll; `preview`: the transcription, played. Both exist."""

    upload: UploadRecord
    report: LessonReport
    picture: Path
    preview: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A training that is over. `is_live`: the model composes from now on; else its `reason` says why not."""

    model: ModelRecord
    is_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What taking a piece back changed. `retired`: models that had learnt from it, as they were; `training`: the
    ticket of the training without it, None where too little is left or nothing had learnt from it.
    """

    upload_id: str
    style: str
    retired: tuple[ModelRecord, ...]
    training: SchoolTicket | None = None


def school_ticket(job: JobRecord) -> SchoolTicket:
    """The ticket of a job."""
    said = job.payload
    return SchoolTicket(
        job_id=job.id,
        kind=TEACH if job.kind == TEACH else TRAIN,
        origin=job.origin,
        guild_id=said["guild_id"],
        style=said["style"],
        upload_id=said.get("upload_id"),
        model_id=said.get("model_id"),
        version=said.get("version"),
        state=job.state,
    )
