"""What was taught, as values: uploads, the models that learnt from them, styles that servers founded.

In: rows. Out: frozen values. Conventions: ids of people and servers are Discord's; the command line's server is `HOME`
(`records.py`) and its person None. Times are aware and in UTC. Caveat: `report` and `metrics` are JSON as the worker
wrote them, and are not looked into here.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

import sqlalchemy as sa

UploadState = Literal["received", "understood", "awaiting", "kept", "refused", "forgotten"]
UploadKind = Literal["audio", "midi", "score"]
Licence = Literal["own", "public-domain", "cc0", "cc-by", "cc-by-sa"]
Split = Literal["train", "valid"]
ModelState = Literal["training", "candidate", "live", "refused", "retired", "rolled_back"]

LICENCES: tuple[Licence, ...] = get_args(Licence)
TO_CREDIT: frozenset[Licence] = frozenset({"cc-by", "cc-by-sa"})
"""Licences that ask for their author's name."""
THERE: tuple[UploadState, ...] = ("received", "understood", "awaiting", "kept")
"""States in which an upload's files are there."""
USED: tuple[ModelState, ...] = ("training", "candidate", "live", "rolled_back")
"""States in which a model's files are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUpload:
    """A file that somebody teaches. `sha256`: of its bytes, in hexadecimal digits; `credit`: whom the licence asks to
    name.
    """

    id: str
    guild_id: int
    style: str
    person_id: int | None
    name: str
    licence: Licence
    sha256: str
    credit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyLimits:
    """The most uploads within 24 hours."""

    person: int
    guild: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRecord:
    """An upload's row: received → understood → (awaiting a moderator →) kept; or refused; at last forgotten.

    Of a refused one no file is kept, of a forgotten one nothing but that there was one. `kind`, `duration_s`, `report`
    and `pipeline` (the version of what understood it) are None until it is understood; `split` until it is kept.
    `decided_by`: who kept, approved or refused it.
    """

    id: str
    guild_id: int
    style: str
    person_id: int | None
    name: str
    licence: Licence
    credit: str
    created_at: datetime
    sha256: str | None
    kind: UploadKind | None
    duration_s: float | None
    state: UploadState
    refusal: str | None
    report: dict[str, Any] | None
    pipeline: str | None
    split: Split | None
    decided_by: int | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """A version of a server's model of a style: training → live, or refused; later rolled back, or retired for good.

    Its files are in the space `models` under its id. Of several live ones the newest composes. `parent_sha256`: the
    checkpoint that training began from; `upload_ids`: what it learnt from; `reason`: why it is not live, or is
    still; `trial_since`: since when it waits for the votes that decide on it, None if it does not.
    """

    id: str
    guild_id: int
    style: str
    version: int
    state: ModelState
    parent_sha256: str | None
    sha256: str | None
    upload_ids: tuple[str, ...]
    metrics: dict[str, Any] | None
    reason: str | None
    created_at: datetime
    decided_at: datetime | None
    trial_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildStyle:
    """A style that a server founded. `parent`: the shipped style that it began as; `description`: what it sounds like,
    in words for whoever asks for it.
    """

    guild_id: int
    name: str
    parent: str
    description: str
    created_by: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What the worker made of an upload."""

    kind: UploadKind
    duration_s: float
    report: dict[str, Any]
    pipeline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """What forgetting changed: the upload as it was, and the models that are retired by it, as they were."""

    upload: UploadRecord
    models: tuple[ModelRecord, ...]


def upload_record(row: sa.RowMapping) -> UploadRecord:
    """A row of `uploads` as a value."""
    return UploadRecord(**{field.name: row[field.name] for field in dataclasses.fields(UploadRecord)})


def model_record(row: sa.RowMapping) -> ModelRecord:
    """A row of `models` as a value."""
    kept = {field.name: row[field.name] for field in dataclasses.fields(ModelRecord)}
    return ModelRecord(**kept | {"upload_ids": tuple(kept["upload_ids"])})


def style_record(row: sa.RowMapping) -> GuildStyle:
    """A row of `guild_styles` as a value."""
    return GuildStyle(**{field.name: row[field.name] for field in dataclasses.fields(GuildStyle)})
