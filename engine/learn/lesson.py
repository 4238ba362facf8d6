"""A file that somebody taught → a piece to learn from, and what was understood of it.

    original.* ─receive─→ sound or notes ─transcribe─→ a song ─→ piece.json, report.json, fingerprint.npz

In: the settings, a job of kind `teach` (see `worker.py`). Out: `{"kind", "duration_s", "report", "pipeline"}`, or
`{"refusal"}`: one sentence for whoever taught it. Conventions: files are published beside the original, or none is; of
a score that changes its meter the longest stretch is the piece. Caveat: whether two recordings are the same is judged
against the fingerprints that are kept when the job begins.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.errors import NotFound, StoreError
from engine.jobs.job import Emit, Json
from engine.learn.report import LessonReport, song_facts
from engine.learn.transcribe import pipeline_version, transcribe
from engine.learn.uploads import MONO_22K, BadUpload, Fingerprint, Limits, Upload, receive, same_music
from engine.learn.uploads.faults import shown_name
from engine.learn.uploads.limits import MEBIBYTE
from engine.music.analysis import Reading, songs_from_midi
from engine.music.codec import song_to_json
from engine.music.notes import Song
from engine.settings import Settings
from engine.store import FileStore, open_files, place_of
from engine.store.scratch import Scratch

ORIGINAL = "original."
PIECE, REPORT, FINGERPRINT = "piece.json", "report.json", "fingerprint.npz"
SCORES_PIPELINE = "notes-1"
MOST_THREADS = 2
RECEIVED, DECODED, TRANSCRIBED, UNDERSTOOD = "received", "decoded", "transcribed", "understood"
SHARES = {RECEIVED: 0.05, DECODED: 0.25, TRANSCRIBED: 0.95, UNDERSTOOD: 1.0}
"""How much of the work is done when a phase is reached."""
STAGES = {"notes": (0.25, 0.75), "beats": (0.75, 0.85), "music": (0.85, 0.95)}
"""From where to where a stage of the transcription goes."""
TOO_FEW = "holds fewer than eight bars of music; a longer piece would work"
LONGEST_ALONE = "The meter changes; the longest stretch in one meter was taken."

Tell = Callable[[str, float], None]


class Useless(Exception):  # noqa: N818 (never leaves this module)
    """The file is no use to learn from; `str(error)` says why, to whoever taught it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """Where the files of the upload at hand are kept, and made."""

    files: FileStore
    scratch: Scratch
    upload_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Understood:
    """The song, the version of what wrote it down, and fields of the report that only a recording has."""

    song: Song
    pipeline: str
    sound: dict[str, Any]
    notices: tuple[str, ...] = ()


def limits_of(settings: Settings) -> Limits:
    """What may be taught."""
    return Limits(max_bytes=round(settings.upload_mb * MEBIBYTE), max_seconds=60 * settings.upload_minutes)


def teach(settings: Settings, payload: Json, emit: Emit) -> Json:
    """Understand an upload. Raises `NotFound` when its file is gone, `StoreError`, `JobError`."""
    files = open_files(place_of(settings), settings.data_dir, "uploads")
    desk = _Desk(files=files, scratch=Scratch(settings.data_dir), upload_id=payload["upload_id"])
    try:
        return _taught(desk, limits_of(settings), payload, _teller(emit))
    except (BadUpload, Useless) as error:
        return {"refusal": str(error)}


def _taught(desk: _Desk, limits: Limits, payload: Json, tell: Tell) -> Json:
    original = asyncio.run(_original(desk.files, desk.upload_id))
    tell(RECEIVED, SHARES[RECEIVED])
    with receive(original, payload["name"], limits, forms=(MONO_22K,)) as upload:
        tell(DECODED, SHARES[DECODED])
        asyncio.run(_check_new(desk.files, upload, payload["others"]))
        made = _from_sound(upload, tell) if upload.kind == "audio" else _from_notes(upload)
        tell(TRANSCRIBED, SHARES[TRANSCRIBED])
        title = Path(shown_name(upload.name)).stem
        song = replace(made.song, style=payload["style"], title=title, meta={"transcribed": made.pipeline})
        report = _report(upload, song, made)
        _publish(desk, upload, song, report)
    tell(UNDERSTOOD, SHARES[UNDERSTOOD])
    return {
        "kind": upload.kind,
        "duration_s": round(upload.seconds, 2),
        "report": report.to_json(),
        "pipeline": made.pipeline,
    }


def _teller(emit: Emit) -> Tell:
    """Pass on what phase is reached, and every further twentieth of the whole."""
    last: tuple[str, int] = ("", -1)

    def tell(phase: str, share: float) -> None:
        nonlocal last
        if (now := (phase, int(20 * share))) != last:
            last = now
            emit({"phase": phase, "share": round(share, 3)})

    return tell


async def _original(files: FileStore, upload_id: str) -> Path:
    folder = await files.bring(upload_id)
    for path in folder.iterdir():
        if path.name.startswith(ORIGINAL):
            return path
    raise NotFound(f"The file of the upload {upload_id!r} is gone; upload it once more.")


async def _check_new(files: FileStore, upload: Upload, others: Sequence[str]) -> None:
    """Refuse music that is there already, however it was encoded."""
    for other in others:
        try:
            data = b"".join([part async for part in files.fetch(other, FINGERPRINT)])
        except NotFound:
            continue  # it was taken back meanwhile
        if same_music(upload.fingerprint, Fingerprint.from_bytes(data)):
            raise Useless(
                f"The file {shown_name(upload.name)!r} is the same music as one that was uploaded already; another one"
                " would work."
            )


def _from_sound(upload: Upload, tell: Tell) -> _Understood:
    def progress(stage: str, share: float) -> None:
        start, end = STAGES.get(stage, (SHARES[DECODED], SHARES[DECODED]))
        tell(DECODED, start + share * (end - start))

    threads = min(MOST_THREADS, os.cpu_count() or 1)
    heard = transcribe(upload.samples(MONO_22K), MONO_22K.rate_hz, threads=threads, progress=progress)
    if heard.refusal or heard.song is None:
        raise Useless(heard.refusal or f"The file {shown_name(upload.name)!r} {TOO_FEW}.")
    summary = heard.summary
    sound = {
        "confidence": heard.confidence.to_json(),
        "mfcc_mean": summary.mfcc_mean,
        "mfcc_deviation": summary.mfcc_deviation,
        "chroma": summary.chroma,
    }
    return _Understood(song=heard.song, pipeline=pipeline_version(), sound=sound)


def _from_notes(upload: Upload) -> _Understood:
    songs = songs_from_midi(upload.notes(), Reading(style="", trust_signature=upload.kind == "score"))
    if not songs:
        raise Useless(f"The file {shown_name(upload.name)!r} {TOO_FEW}.")
    longest = max(songs, key=lambda song: song.duration_s)
    notices = (LONGEST_ALONE,) if len(songs) > 1 else ()
    return _Understood(song=longest, pipeline=SCORES_PIPELINE, sound={}, notices=notices)


def _report(upload: Upload, song: Song, made: _Understood) -> LessonReport:
    return LessonReport(
        kind=upload.kind,
        container=upload.container,
        codec=upload.codec,
        duration_s=round(upload.seconds, 2),
        notices=upload.notices + made.notices,
        **song_facts(song),
        **made.sound,
    )


def _publish(desk: _Desk, upload: Upload, song: Song, report: LessonReport) -> None:
    """Keep what was made, beside the original."""
    desk.scratch.remove(desk.upload_id)
    folder = desk.scratch.make(desk.upload_id)
    try:
        (folder / FINGERPRINT).write_bytes(upload.fingerprint.to_bytes())
        (folder / REPORT).write_text(json.dumps(report.to_json()), encoding="utf-8")
        (folder / PIECE).write_text(json.dumps(song_to_json(song)), encoding="utf-8")
        asyncio.run(desk.files.publish(desk.upload_id, folder, beside=True))
    except OSError as error:
        raise StoreError(f"The disk cannot be written ({error.strerror}).") from error
    finally:
        desk.scratch.remove(desk.upload_id)
