"""A composer that makes no music but keeps the composing process's contract; the prompt says how it behaves."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.compose.request import STAGES, ComposeRequest, Receipt
from engine.errors import BadRequest, RenderError
from engine.jobs.job import Emit, Handler


def open_small_composer(config: Mapping[str, Any]) -> Handler:
    def handle(kind: str, payload: Mapping[str, Any], emit: Emit) -> Mapping[str, Any]:
        assert kind == "compose"
        request = ComposeRequest.from_json(payload["request"])
        folder = Path(payload["folder"])
        if request.prompt == "":
            raise BadRequest("The prompt '' says nothing; some words would work.")
        for stage in STAGES:
            emit({"stage": stage, "share": 0.0})
            emit({"stage": stage, "share": 1.0})
        (folder / "song.mp3").write_bytes(b"sound")
        if request.prompt == "breaks":
            raise RenderError("the synthesiser failed")
        if request.prompt == "dies":
            os._exit(3)
        while request.prompt.startswith("waits for ") and not Path(request.prompt.removeprefix("waits for ")).exists():
            time.sleep(0.005)
        (folder / "song.mid").write_bytes(b"notes")
        (folder / "song.png").write_bytes(b"picture")
        return {"receipt": _receipt(payload["id"], request, folder).to_json()}

    return handle


def _receipt(song_id: str, request: ComposeRequest, folder: Path) -> Receipt:
    return Receipt(
        id=song_id,
        prompt=request.prompt,
        style="lofi",
        blend={"lofi": 1.0},
        seed=request.seed if request.seed is not None else 12345,
        model={"style": "lofi", "version": "v1", "sha256": "0" * 64},
        tempo_bpm=80.0,
        key="D minor",
        mode="minor",
        meter="4/4",
        bars=20,
        duration_s=60.0,
        sections=[],
        instruments={},
        requested={},
        measured={"torch_in_worker": "torch" in sys.modules},
        files={kind: str(folder / name) for kind, name in FILES.items()},
        midi_sha256="0" * 64,
        timings_s={},
        candidates={},
    )


FILES = {"audio": "song.mp3", "midi": "song.mid", "picture": "song.png"}
