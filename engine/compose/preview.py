"""A transcription to look at and to listen to: a piece's picture, and its first minute played.

In: a job of kind `preview` with `{"id"}`, and the upload's `piece.json` in the space `uploads`. Out: `picture.png`,
`preview.mp3` and `preview.mid` beside it. Conventions: everything is played as the style `PLAYED_AS` plays, so that a
piece sounds the same whatever it is taught to. Caveat: the instruments are the transcription's guess.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from engine.compose.files.delivery import Delivery
from engine.compose.picture import draw_song
from engine.compose.sound import SoundMaker
from engine.jobs.job import Json
from engine.music.codec import song_from_json
from engine.music.excerpt import excerpt
from engine.music.notes import Song
from engine.music.styles import load_style
from engine.music.timing import ticks_to_seconds
from engine.store.files import FileStore

PIECE = "piece.json"
PICTURE, NAME = "picture.png", "preview"
PLAYED_AS = "pop"
MOST_S = 60.0
RINGING_S = 2.0
LEAST_BARS = 4


def make_preview(sound: SoundMaker, files: FileStore, payload: Json, folder: Path) -> None:
    """Make the files in an empty `folder` and publish them. Raises `NotFound`, `RenderError`, `StoreError`."""
    song = song_from_json(json.loads(asyncio.run(_read(files, payload["id"]))))
    begin = _beginning(song)
    made = sound.make(
        begin,
        load_style(PLAYED_AS),
        seconds=begin.duration_s + RINGING_S,
        seed=0,
        folder=folder,
        name=NAME,
        delivery=Delivery(),
        progress=lambda stage, share: None,
    )
    made.picture.unlink()
    (folder / PICTURE).write_bytes(draw_song(song, subtitle=_subtitle(song)))
    asyncio.run(files.publish(payload["id"], folder, beside=True))


async def _read(files: FileStore, upload_id: str) -> bytes:
    return b"".join([part async for part in files.fetch(upload_id, PIECE)])


def _beginning(song: Song) -> Song:
    """The first bars, as many as make a minute."""
    bar_s = ticks_to_seconds(song.meter.bar_ticks, song.tempo_bpm)
    return excerpt(song, 0, min(song.bars, max(LEAST_BARS, int(MOST_S / bar_s))))


def _subtitle(song: Song) -> str:
    whole, rest = divmod(round(song.duration_s), 60)
    facts = (song.style, f"{song.tempo_bpm:.4g} bpm", str(song.key), str(song.meter), f"{whole}:{rest:02d}")
    return "  ·  ".join(facts)
