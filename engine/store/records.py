"""What is kept, as values: songs, votes, jobs, and who asked for them.

In: rows. Out: frozen values. Conventions: times are aware and in UTC; ids of people, servers, channels and messages are
Discord's, None for the command line. Caveat: `request`, `receipt` and `payload` are JSON as their flow wrote them, and
are not looked into here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa

from engine.store.names import checked_id, keepable
from engine.store.tables import songs

Status = Literal["composing", "done", "failed"]
VoteValue = Literal[1, -1]
JobState = Literal["queued", "composing", "rendering", "delivering", "done", "failed", "cancelled"]

HOME = 0
"""The server of whoever uses the command line."""
UNFINISHED: tuple[JobState, ...] = ("queued", "composing", "rendering", "delivering")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who asked, where, and which message shows what becomes of it: Discord snowflakes, None for the command line."""

    person_id: int | None = None
    guild_id: int | None = None
    channel_id: int | None = None
    message_id: int | None = None


def home_of(origin: Origin) -> int:
    """Whose taste it is: the server's; of a person alone with the bot their own; `HOME` for the command line."""
    if origin.guild_id is not None:
        return origin.guild_id
    return HOME if origin.person_id is None else origin.person_id


@dataclass(frozen=True, slots=True, kw_only=True)
class SongRecord:
    """A song's row. `receipt` and `style` are None until it is done; `failure` says why it failed."""

    id: str
    request: dict[str, Any]
    receipt: dict[str, Any] | None
    origin: Origin
    created_at: datetime
    status: Status
    failure: str | None
    style: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """A song's votes: counts, and what the person's own vote is (None: none or withdrawn). `own_counts`: whether it is
    among the counts, as one's own song's in a server is not.
    """

    up: int
    down: int
    own: VoteValue | None
    own_counts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """Something to be done. With `song_id` and `request`, the song's row is written along with the job's."""

    id: str
    kind: str
    payload: Mapping[str, Any]
    origin: Origin = Origin()
    song_id: str | None = None
    request: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """A job's row. `attempts`: how often its present stage was begun; `reply_id`: the message that brought the result;
    `incident`: under which number the log has the traceback of `error`; `told_at`: when somebody was told that it came
    to nothing.
    """

    id: str
    kind: str
    song_id: str | None
    origin: Origin
    reply_id: int | None
    payload: dict[str, Any]
    state: JobState
    attempts: int
    lease_owner: str | None
    lease_until: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None
    incident: str | None
    told_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """Jobs whose worker fell silent: those that are tried again, and those that were tried often enough."""

    again: tuple[JobRecord, ...]
    failed: tuple[JobRecord, ...]


def song_record(row: sa.RowMapping) -> SongRecord:
    """A row of `songs` as a value."""
    return SongRecord(origin=origin_of(row), **kept_of(row, SongRecord, without="origin"))


def job_record(row: sa.RowMapping) -> JobRecord:
    """A row of `jobs` as a value."""
    return JobRecord(origin=origin_of(row), **kept_of(row, JobRecord, without="origin"))


def new_song(song_id: str, request: Mapping[str, Any], origin: Origin, now: datetime) -> sa.Insert:
    """The statement that keeps a song which is being made."""
    row = {"id": checked_id(song_id), "request": dict(request), "created_at": now, "status": "composing"}
    return songs.insert().values(row | dataclasses.asdict(origin))


def done(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """What is set when a song is done."""
    style = receipt.get("style")
    return {
        "status": "done",
        "receipt": dict(receipt),
        "style": keepable(style)[:40] if isinstance(style, str) else None,
    }


def of_home(table: sa.Table, home: int) -> sa.ColumnElement[bool]:
    """The condition that a row with an origin belongs to this home, as `home_of` says."""
    private = table.c.guild_id.is_(None)
    if home == HOME:
        return private & table.c.person_id.is_(None)
    return (table.c.guild_id == home) | (private & (table.c.person_id == home))


def origin_of(row: sa.RowMapping) -> Origin:
    """Who asked, by a row of songs, jobs or duels."""
    return Origin(**kept_of(row, Origin))


def kept_of(row: sa.RowMapping, kind: Any, *, without: str = "") -> dict[str, Any]:
    """Of a row, what the fields of this dataclass are called."""
    return {name: row[name] for name in _fields(kind) if name != without}


@cache
def _fields(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))
