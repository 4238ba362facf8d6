"""A composing process made small: it writes three little files a song at once, and does what the prompt's first word
says.

`slow` takes 0.4 s a stage, `refuse` raises the person's error, `ramble` a long one, `lack` the machine's, `break` the
engine's, `crash` a bug; `big` writes audio of 20 kB, `long` encodes real audio under the limit it was given, `show`
writes the request and the limit instead of MIDI. The studio, the job runner and the database around it are the real
ones."""

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
from engine.music.harmony import Key

STAGES = ("read", "plan", "compose", "render", "master", "encode", "picture")
LONG_S = 20
PICTURE = b"\x89PNG\r\n\x1a\n tiny"


def open_tiny(config: Mapping[str, Any]) -> Any:
    """The opener that the job runner calls."""

    def handle(kind: str, payload: Mapping[str, Any], emit: Any) -> Mapping[str, Any]:
        prompt = payload["request"]["prompt"]
        word = prompt.split()[0]
        if word == "refuse":
            raise BadRequest(f"The style {prompt!r} is unknown; lofi would work.")
        if word == "ramble":
            raise BadRequest("No. " * 1000)
        if word == "lack":
            raise SetupError("The soundfont /home/someone/sounds/font.sf2 is missing; install fluid-soundfont-gm.")
        if word == "break":
            raise RenderError("the synthesiser fell over")
        if word == "crash":
            raise ZeroDivisionError("a bug")
        for stage in STAGES:
            emit({"stage": stage, "share": 0.0})
            time.sleep(0.4 if word == "slow" else 0.0)
        return {"receipt": _write(payload, word).to_json()}

    return handle


def _write(payload: Mapping[str, Any], word: str) -> Receipt:
    folder, request = Path(payload["folder"]), payload["request"]
    limit_bytes, notices = payload["limit_bytes"], ["It was made shorter."] if word == "noticed" else []
    contents = {
        "audio": (f"tiny.{request['format']}", b"ID3 tiny" + bytes(20_000 if word == "big" else 0)),
        "midi": ("tiny.mid", b"MThd tiny"),
        "picture": ("tiny.png", PICTURE),
    }
    if word == "show":
        contents["midi"] = ("tiny.mid", json.dumps({**request, "limit_bytes": limit_bytes}).encode())
    if word == "long":
        tags = Tags(title="Tiny", style="Lofi", bpm=82, key=Key.parse("A minor"), comment="")
        noise = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 44_100 * LONG_S)).astype(np.float32)
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
