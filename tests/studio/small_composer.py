"""Composing and recording workers that make no music but keep the real ones' contract; the prompt's words say how they
behave.

`""` is refused by the composing worker, `breaks` fails in the recording one, `dies` kills the composing worker, `dies
recording` the recording one; `waits for PATH` composes until the file is there, `records at PATH` records until then;
`dies once PATH` and `dies recording once PATH` leave that file behind and die only where it is not there yet; `lacks`
raises what is missing on the machine, `full` and `full once PATH` what a full file store raises. `steps N` composes for
so many rounds of 10 ms.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.compose.files.write import write_all
from engine.compose.request import ComposeRequest, Receipt
from engine.dispatch.learner import with_learning
from engine.errors import BadRequest, RenderError, SetupError, StoreError
from engine.jobs import Done, Failed, Lane, Told
from engine.jobs.job import Emit, Handler
from engine.settings import Settings
from engine.store import open_files, place_of
from engine.store.scratch import Scratch

HOME = "tests.studio.small_composer"
ROUND_S = 0.01
FILES = {"audio": "song.mp3", "midi": "song.mid", "picture": "song.png"}


def small_lanes(*, at_once: int = 8, renderers: int = 2, composers: int = 1) -> tuple[Lane, ...]:
    """The studio's lanes, with these workers."""
    opener = f"{HOME}:open_small_composer"
    return (
        Lane(name="compose", kinds=("compose",), opener=opener, shape="resident", at_once=at_once, workers=composers),
        Lane(
            name="record",
            kinds=("record", "taste"),
            opener=f"{HOME}:open_small_recorder",
            shape="pool",
            workers=renderers,
        ),
    )


def open_small_composer(config: Mapping[str, Any]) -> SmallComposer:
    return SmallComposer()


def open_small_recorder(config: Mapping[str, Any]) -> Handler:
    settings = Settings.read(**{name: config[name] for name in config if name != "loudness"})
    files, scratch = open_files(place_of(settings), settings.data_dir), Scratch(settings.data_dir)

    def handle(kind: str, payload: Mapping[str, Any], emit: Emit) -> Mapping[str, Any]:
        assert kind == "record"
        request = ComposeRequest.from_json(payload["draft"]["request"])
        folder = scratch.make(payload["id"])
        write_all({folder / "song.mp3": b"sound" * int(config.get("loudness", 1))})
        emit({"stage": "render", "share": 0.0})
        _behave_while_recording(request.prompt)
        emit({"stage": "picture", "share": 1.0})
        receipt = _receipt(payload["id"], payload["draft"], request)
        contents = {
            "song.mid": b"notes",
            "song.png": b"picture",
            "song.song.json": f"score of {payload['id']}".encode(),
            "song.json": receipt.dumps().encode(),
        }
        write_all({folder / name: data for name, data in contents.items()})
        asyncio.run(files.publish(payload["id"], folder))
        scratch.remove(payload["id"])
        return {"receipt": receipt.to_json()}

    return with_learning(handle)


class SmallComposer:
    """A `Resident`: a round of 10 ms for all that it has inside."""

    def __init__(self) -> None:
        self._inside: dict[str, tuple[ComposeRequest, Mapping[str, Any]]] = {}
        self._rounds: dict[str, int] = {}
        self.most = 0

    def admit(self, job: str, kind: str, payload: Mapping[str, Any]) -> None:
        assert kind == "compose"
        request = ComposeRequest.from_json(payload["request"])
        if request.prompt == "":
            raise BadRequest("The prompt '' says nothing; some words would work.")
        self._inside[job] = (request, payload)
        self._rounds[job] = 0
        self.most = max(self.most, len(self._inside))

    def step(self) -> Sequence[Told | Done | Failed]:
        time.sleep(ROUND_S)
        words: list[Told | Done | Failed] = []
        for job, (request, payload) in list(self._inside.items()):
            self._rounds[job] += 1
            wanted = _rounds_of(request.prompt, self._rounds[job])
            words.append(Told(job=job, data={"stage": "compose", "share": self._rounds[job] / wanted}))
            if self._rounds[job] >= wanted:
                del self._inside[job]
                words.append(self._last(job, request, payload))
        return words

    def cancel(self, job: str) -> None:
        self._inside.pop(job, None)

    @property
    def idle(self) -> bool:
        return not self._inside

    def facts(self) -> Mapping[str, Any]:
        return {"inside": len(self._inside), "most": self.most}

    def _last(self, job: str, request: ComposeRequest, payload: Mapping[str, Any]) -> Done | Failed:
        if request.prompt == "lacks":
            return Failed(job=job, error=SetupError("The soundfont /home/somebody/a.sf2 is missing."))
        seed = payload["seed"] if request.seed is None else request.seed
        draft = {"request": payload["request"], "entry": payload["entry"], "seed": seed, "company": self.most}
        draft["guild"] = payload["guild"]
        return Done(job=job, result={"draft": draft})


def _rounds_of(prompt: str, rounds: int) -> int:
    """How many rounds the song takes; whoever waits, one more than there were."""
    if prompt.startswith("waits for ") and not Path(prompt.removeprefix("waits for ")).exists():
        return rounds + 1
    if prompt == "dies" and rounds > 2:
        os._exit(3)
    if prompt.startswith("dies once ") and rounds > 2:
        _once(prompt.removeprefix("dies once "))
    if prompt.startswith("steps "):
        return int(prompt.split()[1])
    return 4


def _behave_while_recording(prompt: str) -> None:
    if prompt == "breaks":
        raise RenderError("the synthesiser failed")
    if prompt == "full":
        raise StoreError("The song's files cannot be kept (No space left on device).")
    if prompt.startswith("full once ") and not _has_been(prompt.removeprefix("full once ")):
        raise StoreError("The song's files cannot be kept (No space left on device).")
    if prompt == "dies recording":
        os._exit(4)
    if prompt.startswith("dies recording once "):
        _once(prompt.removeprefix("dies recording once "))
    while prompt.startswith("records at ") and not Path(prompt.removeprefix("records at ")).exists():
        time.sleep(0.005)


def _once(path: str) -> None:
    """Die, but for the first time alone."""
    if not _has_been(path):
        os._exit(5)


def _has_been(path: str) -> bool:
    there = Path(path).exists()
    Path(path).touch()
    return there


def _server_model(guild: Mapping[str, Any] | None) -> dict[str, str]:
    """What a receipt says of the server's model that composed it."""
    known = ((guild or {}).get("models") or {}).get("lofi")
    return {"server_models": known[0]["id"], "lineage": f"lofi → lofi server v{known[0]['version']}"} if known else {}


def _receipt(song_id: str, draft: Mapping[str, Any], request: ComposeRequest) -> Receipt:
    return Receipt(
        id=song_id,
        prompt=request.prompt,
        style="lofi",
        blend={"lofi": 1.0},
        seed=draft["seed"],
        model={"style": "lofi", "version": "v1", "sha256": "0" * 64} | _server_model(draft["guild"]),
        tempo_bpm=80.0,
        key="D minor",
        mode="minor",
        meter="4/4",
        bars=20,
        duration_s=60.0,
        sections=[],
        instruments={},
        requested={},
        measured={"torch_in_worker": "torch" in sys.modules} | {k: draft[k] for k in ("entry", "company", "guild")},
        files={kind: f"/elsewhere/{name}" for kind, name in FILES.items()},
        midi_sha256="0" * 64,
        timings_s={},
        candidates={},
        primer=request.key,
        taste={style: taste["version"] for style, taste in ((draft["guild"] or {}).get("tastes") or {}).items()},
    )
