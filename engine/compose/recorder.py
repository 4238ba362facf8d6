"""A recording process: what a pool of workers opens once each, and then calls for each song.

In: the engine's settings as JSON; then jobs of kind `record` with `{"id", "draft", "limit_bytes"}` (the last may be
missing). Out: events `{"stage", "share"}`, at most one a hundredth of the whole, and `{"receipt"}`; the song's files
are in the file store that the settings name. Jobs of kind `preview` play what somebody taught, see `preview.py`.
Conventions: a song is made in `<data folder>/scratch/<id>`, which is gone afterwards, whatever became of the song; what
a dead process left there is replaced. Soundfont and copy index are loaded while opening. Caveat: torch is never loaded
here.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from engine.compose.files.folder import all_or_nothing, is_being_made
from engine.compose.guild import Guild
from engine.compose.library import Library
from engine.compose.naming import file_stem
from engine.compose.preview import make_preview
from engine.compose.recording import Place, Recorder
from engine.compose.request import Receipt
from engine.compose.shares import thinned
from engine.compose.songdraft import SongDraft
from engine.errors import JobError, StoreError, UnsoundModel
from engine.jobs.heap import give_back, share_one_heap
from engine.jobs.job import Emit, Handler, Json
from engine.settings import Settings
from engine.store.files import FileStore
from engine.store.opening import open_files, place_of
from engine.store.scratch import Scratch


def open_recorder(config: Json) -> Handler:
    """Load a recorder; `config` is `Settings` as JSON. Raises `SetupError`, `CheckpointError`."""
    share_one_heap()
    settings = Settings.read(**config)
    recorder = Recorder(settings)
    recorder.warm_up()
    return Booth(recorder, Spaces.open(settings), Scratch(settings.data_dir)).handle


@dataclass(frozen=True, slots=True, kw_only=True)
class Spaces:
    """Where things are kept: `songs` that are made, `uploads` that were taught, the `library` of servers' models."""

    songs: FileStore
    uploads: FileStore
    library: Library

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """All of it where the settings name. Raises `SetupError`."""
        place, folder = place_of(settings), settings.data_dir
        return cls(
            songs=open_files(place, folder),
            uploads=open_files(place, folder, "uploads"),
            library=Library(open_files(place, folder, "models")),
        )


class Booth:
    """A recorder, and where its songs are made and kept, and what was taught."""

    def __init__(self, recorder: Recorder, spaces: Spaces, scratch: Scratch) -> None:
        self._recorder, self._spaces, self._scratch = recorder, spaces, scratch

    def handle(self, kind: str, payload: Json, emit: Emit) -> Json:
        """A job. Raises `SetupError`, `RenderError`, `StoreError`; then nothing of the song is left here."""
        if kind == "preview":
            return self._preview(payload)
        if kind != "record":
            raise JobError(f"The recording process knows no job of kind {kind!r}.")
        draft, song_id = SongDraft.from_json(payload["draft"]), payload["id"]
        folder = self._fresh(song_id)
        try:
            receipt = self._record(draft, folder, payload, emit)
            asyncio.run(self._spaces.songs.publish(song_id, folder))
        finally:
            self._scratch.remove(song_id)
            give_back()
        return {"receipt": receipt.to_json()}

    def _preview(self, payload: Json) -> Json:
        self._scratch.remove(payload["id"])
        try:
            make_preview(self._recorder.sound, self._spaces.uploads, payload, self._scratch.make(payload["id"]))
        finally:
            self._scratch.remove(payload["id"])
            give_back()
        return {}

    def _fresh(self, song_id: str) -> Path:
        """An empty folder for the song. Raises `StoreError` where a living process is at work in it."""
        if is_being_made(self._scratch.path(song_id)):
            raise StoreError(f"The song {song_id!r} is being recorded by another process.")
        self._scratch.remove(song_id)
        return self._scratch.make(song_id)

    def _record(self, draft: SongDraft, folder: Path, payload: Json, emit: Emit) -> Receipt:
        song_id = payload["id"]
        name = file_stem(draft.request.prompt, song_id)
        place = Place(song_id=song_id, folder=folder, name=name, limit_bytes=payload.get("limit_bytes"))
        library, heard = self._spaces.library, thinned(emit)
        while True:
            library.bring(draft.guild)
            guild, shelf = library.shelf_of(draft.guild)
            try:
                with all_or_nothing(folder, name):
                    return self._recorder.record(_with_losses(draft, guild), place, heard, shelf)
            except UnsoundModel as error:
                if not library.condemned(error):
                    raise


def _with_losses(draft: SongDraft, guild: Guild) -> SongDraft:
    """The draft, which tells of models that composed it and are gone since."""
    told = [
        f"Version {models[0].version} of this server's {style}, which composed this song, is no longer there."
        for style, models in draft.guild.models.items()
        if style not in guild.models
    ]
    return replace(draft, plan=replace(draft.plan, notices=(*draft.plan.notices, *told))) if told else draft
