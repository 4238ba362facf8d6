"""All that was said in a server, or is kept of a person, as a file: CSV for tables, JSON for programs.

In: rows. Out: UTF-8 bytes. Conventions: people are ids, times ISO 8601 in UTC, votes 1 or −1. A CSV has one row for
each song, vote, duel, answer and void, told apart by the column `record`, and begins with a byte order mark, by which
spreadsheets know it for UTF-8; text that a spreadsheet would take for a formula is preceded by an apostrophe. Caveat:
it is written in memory; the store has read it whole anyway.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from engine.dispatch.verdicts import DataFormat
from engine.errors import BadRequest
from engine.store import (
    AnswerRecord,
    DuelRecord,
    ExportRows,
    PersonKept,
    PersonVotes,
    SongRecord,
    TasteRecord,
    UploadRecord,
    VoidRecord,
    VoteRecord,
)

COLUMNS = (
    "record", "id", "song_id", "other_song_id", "person_id", "value", "at", "style", "title", "prompt", "version",
    "server_model", "seconds", "tempo_bpm", "key", "state", "by", "reason",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")
Row = dict[str, Any]


def exported(rows: ExportRows, form: DataFormat) -> bytes:
    """A server's votes and what they are about. Raises `BadRequest` for an unknown form."""
    if form == "json":
        return _dumped(
            {
                "songs": list(map(_song, rows.songs)),
                "votes": list(map(_vote, rows.votes)),
                "duels": list(map(_duel, rows.duels)),
                "answers": list(map(_answer, rows.answers)),
                "voids": list(map(_void, rows.voids)),
            }
        )
    if form != "csv":
        raise BadRequest(f"The form {str(form)[:40]!r} is not known; csv or json would work.")
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in _all(rows))
    return text.getvalue().encode("utf-8-sig", "replace")


def told_of_person(person_id: int, said: PersonVotes, kept: PersonKept, alone: Mapping[str, TasteRecord]) -> bytes:
    """All that is kept of a person. `alone`: the tastes of their private chat."""
    return _dumped(
        {
            "person_id": person_id,
            "votes": list(map(_vote, said.votes)),
            "answers": list(map(_answer, said.answers)),
            "favourites": [{"song_id": star.song_id, "at": _time(star.created_at)} for star in said.favourites],
            "songs": [_song(song) | {"guild_id": song.origin.guild_id, "request": song.request} for song in kept.songs],
            "duels": [_duel(duel) | {"guild_id": duel.origin.guild_id} for duel in kept.duels],
            "uploads": list(map(_upload, kept.uploads)),
            "voids": [_void(void) | {"guild_id": void.guild_id} for void in kept.voids],
            "tastes": {style: taste.state for style, taste in alone.items()},
        }
    )


def _all(rows: ExportRows) -> Iterator[Row]:
    """Every row, in the order of the kinds."""
    kinds: tuple[tuple[str, Any, Sequence[Any]], ...] = (
        ("song", _song, rows.songs),
        ("vote", _vote, rows.votes),
        ("duel", _duel, rows.duels),
        ("answer", _answer, rows.answers),
        ("void", _void, rows.voids),
    )
    for record, made, values in kinds:
        for value in values:
            yield {"record": record} | {name: cell for name, cell in made(value).items() if name in COLUMNS}


def _song(song: SongRecord) -> Row:
    receipt = song.receipt or {}
    model = receipt.get("model") or {}
    return {
        "id": song.id,
        "person_id": song.origin.person_id,
        "at": _time(song.created_at),
        "style": song.style,
        "title": receipt.get("title"),
        "prompt": song.request.get("prompt"),
        "version": model.get("version"),
        "server_model": model.get("server_models"),
        "seconds": receipt.get("duration_s"),
        "tempo_bpm": receipt.get("tempo_bpm"),
        "key": receipt.get("key"),
    }


def _vote(vote: VoteRecord) -> Row:
    return {
        "song_id": vote.song_id,
        "person_id": vote.person_id,
        "value": vote.value,
        "at": _time(vote.changed_at),
    }


def _duel(duel: DuelRecord) -> Row:
    return {
        "id": duel.id,
        "song_id": duel.left_id,
        "other_song_id": duel.right_id,
        "person_id": duel.origin.person_id,
        "at": _time(duel.created_at),
        "style": duel.style,
        "prompt": duel.request.get("prompt"),
        "state": duel.state,
        "reason": duel.failure,
    }


def _answer(answer: AnswerRecord) -> Row:
    return {
        "id": answer.duel_id,
        "song_id": answer.left_id,
        "other_song_id": answer.right_id,
        "person_id": answer.person_id,
        "value": answer.answer,
        "at": _time(answer.changed_at),
    }


def _void(void: VoidRecord) -> Row:
    return {"person_id": void.person_id, "by": void.by, "reason": void.reason, "at": _time(void.created_at)}


def _upload(upload: UploadRecord) -> Row:
    return {
        "id": upload.id,
        "guild_id": upload.guild_id,
        "style": upload.style,
        "name": upload.name,
        "licence": upload.licence,
        "credit": upload.credit,
        "state": upload.state,
        "at": _time(upload.created_at),
    }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _cell(value: Any) -> Any:
    """What a spreadsheet shows as it is."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else value


def _dumped(plain: Row) -> bytes:
    return (json.dumps(plain, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")
