"""Learning workers that understand no music but keep the real ones' contract; the taught file's words say how they
behave.

A file is text. `refuse` gets a refusal, `breaks` an error that nobody can mend, `dies` kills its worker, `dies once
PATH` does so where the file is not there yet; `waits for PATH` is understood when that file is there. A style is
trained as its newest piece says: `bad lessons` are refused, `trains at PATH` takes until the file is there.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine import Lesson, Material, Origin, SchoolTicket, Settings, Studio, Update
from engine.dispatch.lanes import config_of
from engine.errors import EngineError
from engine.jobs import InlineExecutor, Lane, LocalExecutor
from engine.jobs.job import Emit, Handler
from engine.learn.report import LessonReport
from engine.settings import Settings as EngineSettings
from engine.store import FileStore, open_files, place_of
from engine.store.scratch import Scratch
from tests.studio.small_composer import open_small_recorder, small_lanes
from tests.studio.small_studio import updates_of

HOME = "tests.studio.small_school"
ASKER = Origin(person_id=1, guild_id=2, channel_id=3)
MARK = "unmistakable"
REPORT = LessonReport(
    kind="midi", container="mid", codec="", duration_s=120.0, tempo_bpm=90.0, key="C major", meter="4/4", swing=0.5,
    bars=40, roles={"melody": 100}, sections=(),
)  # fmt: skip


def school_lanes() -> tuple[Lane, ...]:
    """The studio's lanes, with these workers."""
    compose, _ = small_lanes()
    teacher = f"{HOME}:open_small_teacher"
    return (
        compose,
        Lane(name="record", kinds=("record", "preview"), opener=f"{HOME}:open_small_previewer", shape="pool"),
        Lane(name="teach", kinds=("teach",), opener=teacher, shape="pool"),
        Lane(name="train", kinds=("train",), opener=teacher, shape="pool"),
    )


def open_small_previewer(config: Mapping[str, Any]) -> Handler:
    record = open_small_recorder(config | {"loudness": 1})
    settings = EngineSettings.read(**config)
    files, scratch = open_files(place_of(settings), settings.data_dir, "uploads"), Scratch(settings.data_dir)

    def handle(kind: str, payload: Mapping[str, Any], emit: Emit) -> Mapping[str, Any]:
        if kind == "record":
            return record(kind, payload, emit)
        piece = read(files, payload["id"], "piece.json")
        publish(files, scratch, payload["id"], {"picture.png": piece, "preview.mp3": piece})
        return {}

    return handle


def open_small_teacher(config: Mapping[str, Any]) -> Handler:
    settings = EngineSettings.read(**config)
    place, data_dir, scratch = place_of(settings), settings.data_dir, Scratch(settings.data_dir)

    def teach(payload: Mapping[str, Any], emit: Emit) -> Mapping[str, Any]:
        files = open_files(place, data_dir, "uploads")
        words = read(files, payload["upload_id"], "original.txt")
        emit({"phase": "received", "share": 0.1})
        behave(words)
        if words.startswith("refuse"):
            return {"refusal": f"The file {payload['name']!r} has no steady beat; another one would work."}
        if any(read(files, other, "fingerprint.npz") == words[::-1] for other in payload["others"]):
            return {"refusal": f"The file {payload['name']!r} is there already."}
        made = {"piece.json": words, "report.json": words, "fingerprint.npz": words[::-1]}
        publish(files, scratch, payload["upload_id"], made)
        emit({"phase": "understood", "share": 1.0})
        report = replace(REPORT, notices=(words,))
        return {"kind": "midi", "duration_s": 120.0, "report": report.to_json(), "pipeline": "small-1"}

    def train(payload: Mapping[str, Any], emit: Emit) -> Mapping[str, Any]:
        state = data_dir / "trainings" / payload["model_id"]
        state.mkdir(parents=True, exist_ok=True)
        uploads = open_files(place, data_dir, "uploads")
        pieces = [read(uploads, upload["id"], "piece.json") for upload in payload["uploads"]]
        (state / "state.json").write_text(json.dumps({"pieces": pieces, "tries": tries(state) + 1}))
        emit({"phase": "training", "step": 1, "steps": 4, "nats": 2.5, "eta_s": 3.0})
        newest = pieces[-1] if pieces else "votes"
        while newest.startswith("trains at ") and not Path(newest.split()[2]).exists():
            time.sleep(0.01)
        if newest.startswith("bad lessons"):
            return {"verdict": "refuse", "reason": "It copies.", "metrics": {"copies": 3}}
        contents = {"v1.safetensors": json.dumps(pieces), "seeds.json": json.dumps(dict(payload) | {"t": tries(state)})}
        publish(open_files(place, data_dir, "models"), scratch, payload["model_id"], contents)
        hashes = {"sha256": "a" * 64, "parent_sha256": "b" * 64}
        metrics: dict[str, Any] = {"gain": 0.2}
        if payload.get("preferred"):
            said = payload["preferred"]
            metrics["preferred"] = {"songs": [song["id"] for song in said["songs"]], "votes": said["votes"]}
        return {"verdict": "publish", "reason": "", "metrics": metrics, **hashes}

    def handle(kind: str, payload: Mapping[str, Any], emit: Emit) -> Mapping[str, Any]:
        return teach(payload, emit) if kind == "teach" else train(payload, emit)

    return handle


def tries(state: Path) -> int:
    """How often this training was begun on this machine."""
    path = state / "state.json"
    return int(json.loads(path.read_text())["tries"]) if path.exists() else 0


def behave(words: str) -> None:
    """See the module's docstring."""
    if words.startswith("breaks"):
        raise EngineError(f"what broke is {MARK}")
    if words.startswith("dies once "):
        path = Path(words.split()[2])
        there = path.exists()
        path.touch()
        if not there:
            os._exit(5)
    elif words.startswith("dies"):
        os._exit(3)
    while words.startswith("waits for ") and not Path(words.split()[2]).exists():
        time.sleep(0.01)


def read(files: FileStore, an_id: str, name: str) -> str:
    async def reading() -> str:
        return b"".join([part async for part in files.fetch(an_id, name)]).decode()

    return asyncio.run(reading())


def publish(files: FileStore, scratch: Scratch, an_id: str, contents: Mapping[str, str]) -> None:
    folder = scratch.make(an_id)
    for name, text in contents.items():
        (folder / name).write_text(text)
    asyncio.run(files.publish(an_id, folder, beside=True))
    scratch.remove(an_id)


@asynccontextmanager
async def school(settings: Settings, *, processes: bool = False, grace_s: float = 0.0) -> AsyncIterator[Studio]:
    """A studio with all lanes."""
    kind = LocalExecutor if processes else InlineExecutor
    studio = await Studio.open(settings, executor=kind(school_lanes(), config_of(settings)))
    try:
        yield studio
    finally:
        await studio.close(grace_s=grace_s)


def material(words: str, *, style: str = "jazz", **values: Any) -> Material:
    """A file of these words."""
    given = {"source": words.encode(), "name": f"{words.split(maxsplit=1)[0]}.txt", "style": style, "licence": "own"}
    return Material(**given | values)


async def taught(studio: Studio, words: str, *, origin: Origin = ASKER, **values: Any) -> Lesson:
    """A file that was understood."""
    ticket = await studio.teaching.teach(material(words, **values), origin=origin)
    lesson = (await updates_of(studio, ticket.job_id))[-1].lesson
    assert lesson is not None
    return lesson


async def kept(studio: Studio, words: str, *, origin: Origin = ASKER, **values: Any) -> str:
    """The id of a file that was kept."""
    lesson = await taught(studio, words, origin=origin, **values)
    await studio.teaching.keep(lesson.upload.id, origin=origin)
    return lesson.upload.id


async def three_kept(studio: Studio, *more: str, style: str = "jazz", origin: Origin = ASKER) -> list[str]:
    """As many as a training needs, and these."""
    words = (f"one {MARK} {style}", f"two {style}", f"three {style}", *more)
    return [await kept(studio, text, style=style, origin=origin) for text in words]


async def trained(studio: Studio, *, style: str = "jazz", origin: Origin = ASKER) -> SchoolTicket:
    """A training that is over."""
    ticket = await studio.teaching.train(style, origin=origin)
    last = await last_word(studio, ticket)
    assert last.training is not None, last
    return ticket


async def last_word(studio: Studio, ticket: SchoolTicket) -> Update:
    return (await updates_of(studio, ticket.job_id))[-1]
