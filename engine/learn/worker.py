"""A learning process: what a pool of workers opens once each, and then calls for each upload or training.

    teach   {"upload_id", "name", "style", "others"}      →  {"refusal": sentence}
                                                          or {"kind", "duration_s", "report", "pipeline"}
            events {"phase": "received" | "decoded" | "transcribed" | "understood", "share"}
    train   {"model_id", "guild_id", "style", "version", "parent", "description", "uploads", "current", "known",
             "preferred"}
                                                          →  {"verdict": "publish" | "refuse", "reason", "metrics",
                                                              "sha256", "parent_sha256"}
            events {"phase", "share", "step", "steps", "nats", "eta_s"}

In: the engine's settings as JSON; then jobs. `teach` finds the file as `original.*` in the space `uploads` and puts
beside it `piece.json` (a song, by `engine.music.codec`), `report.json` and `fingerprint.npz`; `others` are the uploads
that it must not be a copy of. `train` reads the pieces of `uploads` (each `{"id", "split", "licence", "credit"}`) and,
if its verdict is to publish, puts its files into the space `models` under `model_id`. `style` is what the server calls
it, `parent` the shipped style that it is or began as, `description` None unless it is the server's own; `current`: the
model that composes now, None for the shipped one; `known`: all models that are in training anywhere, so that what is
left of others can go; `preferred`: what votes say (`engine/learn/server/preferred.py`), None to learn from uploads
alone. Caveat: training needs those who compose, so its workers open `engine/dispatch/trainer.py`;
heavy packages are loaded with the first job, and a lesson leaves about 170 MB in its process.
"""

from __future__ import annotations

from engine.errors import JobError
from engine.jobs.heap import give_back, share_one_heap
from engine.jobs.job import Emit, Handler, Json
from engine.settings import Settings


def open_teacher(config: Json) -> Handler:
    """`config` is `Settings` as JSON."""
    share_one_heap()
    settings = Settings.read(**config)

    def handle(kind: str, payload: Json, emit: Emit) -> Json:
        """A job."""
        if kind == "teach":
            from engine.learn.lesson import teach  # noqa: PLC0415 (numpy, onnxruntime: with the first job)

            try:
                return teach(settings, payload, emit)
            finally:
                give_back()
        raise JobError(f"The learning process knows no job of kind {kind!r}.")

    return handle
