"""The composing process: what the job runner opens once and then calls for each song.

In: the engine's settings as JSON; then jobs of kind `compose` with `{"id", "request", "folder", "limit_bytes"}` (the
last may be missing). Out: events `{"stage", "share"}`, at most one a hundredth of the whole, and `{"receipt"}`.
Conventions: everything is loaded while opening, so that a missing soundfont is said at once. Caveat: this is where
torch comes in; the studio names this module by a string and never imports it.
"""

from __future__ import annotations

from pathlib import Path

from engine.compose.pipeline import Composer
from engine.compose.request import ComposeRequest, Progress, Stage
from engine.compose.shares import overall_share
from engine.errors import JobError
from engine.jobs.job import Emit, Handler, Json
from engine.settings import Settings


def open_composer(config: Json) -> Handler:
    """Load a composer; `config` is `Settings` as JSON."""
    composer = Composer(Settings.read(**config))
    composer.warm()

    def handle(kind: str, payload: Json, emit: Emit) -> Json:
        if kind != "compose":
            raise JobError(f"The composing process knows no job of kind {kind!r}.")
        receipt = composer.compose(
            ComposeRequest.from_json(payload["request"]),
            Path(payload["folder"]),
            song_id=payload["id"],
            limit_bytes=payload.get("limit_bytes"),
            progress=_thinned(emit),
        )
        return {"receipt": receipt.to_json()}

    return handle


def _thinned(emit: Emit) -> Progress:
    """Pass on a stage's beginning, and every further hundredth of the whole."""
    last: tuple[Stage | None, int] = (None, -1)

    def progress(stage: Stage, share: float) -> None:
        nonlocal last
        now = (stage, int(100 * overall_share(stage, share)))
        if now != last:
            last = now
            emit({"stage": stage, "share": share})

    return progress
