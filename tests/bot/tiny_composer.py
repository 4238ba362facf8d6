"""Composing made small: a resident worker and a recording one that write three little files a song, and do what the
prompt's first word says.

`slow` takes 0.4 s a stage, `long` as many seconds in all as its second word says, `brew` as many for composing alone,
`refuse` raises the person's error,
`ramble` a long one, `lack` the machine's, `break` the engine's, `crash` a bug; `big` writes audio of 20 kB, `encode`
encodes real audio under the limit it was given, `show` writes the request and the limit instead of MIDI. The studio,
the job runner, the database around it and the learning of tastes are the real ones."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine.compose.files.encode import encoded
from engine.compose.files.tags import Tags
from engine.compose.request import Receipt
from engine.errors import BadRequest, RenderError, SetupError
from engine.jobs import Done, Failed, Lane, Told
from engine.music.harmony import Key

COMPOSING, RECORDING = ("read", "plan", "compose"), ("render", "master", "encode", "picture")
ENCODED_S = 20
PICTURE = b"\x89PNG\r\n\x1a\n tiny"


def stage_s(prompt: str, stages: tuple[str, ...]) -> float:
    """How long each of these stages takes."""
    word, *others = prompt.split()
    if word == "long":
        return float(others[0]) / (len(COMPOSING) + len(RECORDING))
    if word == "brew":
        return float(others[0]) / len(COMPOSING) if stages is COMPOSING else 0.0
    return 0.4 if word == "slow" else 0.0


def lanes(at_once: int = 80) -> tuple[Lane, ...]:
    """The lanes of a studio that composes so many songs at once."""
    here = "tests.bot.tiny_composer"
    compose = Lane(
        name="compose", kinds=("compose",), opener=f"{here}:open_composer", shape="resident", at_once=at_once
    )
    record = Lane(name="record", kinds=("record", "taste"), opener=f"{here}:open_recorder", shape="pool", workers=4)
    return compose, record


class TinyResident:
    """Makes drafts of many requests at once."""

    def __init__(self) -> None:
        self._jobs: dict[str, tuple[Mapping[str, Any], float]] = {}
        self._told: dict[str, int] = {}

    def admit(self, job: str, kind: str, payload: Mapping[str, Any]) -> None:
        self._jobs[job] = (payload, time.monotonic())
        self._told[job] = 0

    def step(self) -> list[Told | Done | Failed]:
        time.sleep(0.005)
        return [said for job in list(self._jobs) for said in self._step(job)]

    def _step(self, job: str) -> list[Told | Done | Failed]:
        payload, began = self._jobs[job]
        try:
            _obey(payload["request"]["prompt"])
        except Exception as error:
            self.cancel(job)
            return [Failed(job=job, error=error)]
        each_s = stage_s(payload["request"]["prompt"], COMPOSING)
        done = len(COMPOSING) if each_s == 0 else int((time.monotonic() - began) / each_s)
        said: list[Told | Done | Failed] = []
        while self._told[job] <= min(done, len(COMPOSING) - 1):
            said.append(Told(job=job, data={"stage": COMPOSING[self._told[job]], "share": 0.0}))
            self._told[job] += 1
        if done >= len(COMPOSING):
            self.cancel(job)
            said.append(Done(job=job, result={"draft": dict(payload)}))
        return said

    def cancel(self, job: str) -> None:
        self._jobs.pop(job, None)
        self._told.pop(job, None)

    @property
    def idle(self) -> bool:
        return not self._jobs

    def facts(self) -> dict[str, Any]:
        return {}


def open_composer(config: Mapping[str, Any]) -> TinyResident:
    """The opener of the composing lane."""
    return TinyResident()


def open_recorder(config: Mapping[str, Any]) -> Any:
    """The opener of the recording lane."""

    def handle(kind: str, payload: Mapping[str, Any], emit: Any) -> Mapping[str, Any]:
        if kind == "taste":
            from engine.dispatch.learner import with_learning  # noqa: PLC0415 (for who learns alone)

            return with_learning(handle)(kind, payload, emit)
        request = payload["draft"]["request"]
        for stage in RECORDING:
            emit({"stage": stage, "share": 0.0})
            time.sleep(stage_s(request["prompt"], RECORDING))
        data_dir = Path(config["data_dir"])
        made = data_dir / "scratch" / payload["id"]
        made.mkdir(parents=True, exist_ok=True)
        receipt = _write(payload, made)
        (data_dir / "songs").mkdir(exist_ok=True)
        made.rename(data_dir / "songs" / payload["id"])
        return {"receipt": receipt.to_json()}

    return handle


def _obey(prompt: str) -> None:
    """Raise what the first word asks for."""
    match prompt.split(maxsplit=1)[0]:
        case "refuse":
            raise BadRequest(f"The style {prompt!r} is unknown; lofi would work.")
        case "ramble":
            raise BadRequest("No. " * 1000)
        case "lack":
            raise SetupError("The soundfont /home/someone/sounds/font.sf2 is missing; install fluid-soundfont-gm.")
        case "break":
            raise RenderError("the synthesiser fell over")
        case "crash":
            raise ZeroDivisionError("a bug")


def _write(payload: Mapping[str, Any], folder: Path) -> Receipt:
    request = payload["draft"]["request"]
    word = request["prompt"].split()[0]
    limit_bytes, notices = payload["limit_bytes"], ["It was made shorter."] if word == "noticed" else []
    contents = {
        "audio": (f"tiny.{request['format']}", b"ID3 tiny" + bytes(20_000 if word == "big" else 0)),
        "midi": ("tiny.mid", b"MThd tiny"),
        "picture": ("tiny.png", PICTURE),
    }
    if word == "show":
        contents["midi"] = ("tiny.mid", json.dumps({**request, "limit_bytes": limit_bytes}).encode())
    if word == "encode":
        tags = Tags(title="Tiny", style="Lofi", bpm=82, key=Key.parse("A minor"), comment="")
        noise = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 44_100 * ENCODED_S)).astype(np.float32)
        made = encoded(noise, format=request["format"], tags=tags, limit_bytes=limit_bytes)
        contents["audio"] = (f"tiny.{made.format}", made.data)
        notices = [made.notice] if made.notice else []
    if request["stems"]:
        contents["stems"] = ("tiny.stems.zip", b"PK tiny")
    if request["musicxml"]:
        contents["musicxml"] = ("tiny.musicxml", b"<score-partwise/>")
    for name, data in contents.values():
        (folder / name).write_bytes(data)
    return Receipt(
        id=payload["id"],
        prompt=request["prompt"],
        style=request["style"] or "lofi",
        blend={"lofi": 0.75, "rock": 0.25},
        seed=request["seed"] if request["seed"] is not None else 7,
        model={"style": "lofi", "version": "3", "sha256": "0" * 64},
        tempo_bpm=82.0,
        key="A minor",
        mode="minor",
        meter="4/4",
        bars=8,
        duration_s=request["seconds"] or 60.0,
        sections=[],
        instruments={"melody": {"program": 4, "name": "Electric Piano 1"}, "drums": {"program": 0, "name": "Kit"}},
        requested={},
        measured={},
        files={kind: name for kind, (name, _) in contents.items()},
        midi_sha256="0" * 64,
        timings_s={"total": 0.1},
        candidates={},
        title=f"Tiny {request['prompt']}"[:80],
        notices=notices,
        explanation={"sentence": f"Lofi (90 % sure, from “{request['prompt']}”)."} if word == "explained" else {},
    )
