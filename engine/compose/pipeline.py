"""The whole way from a request to a finished song in one process: words → plan → notes → files → receipt.

In: a `ComposeRequest` and a folder. Out: `<name>.mp3` (or ogg, wav, flac), `.mid`, `.png`, stems and score if wanted,
`.song.json` (what other songs can be made from), and, written last, `<name>.json`: the receipt. All of them or none.
Conventions: this is the two halves (`drafting`, `recording`) one after the other; what is dear (text encoder, networks,
soundfont) is loaded when first needed and kept; timings count work, not that loading. The same seed, prompt and model
version give the same MIDI file. Caveat: what a process that is killed outright leaves behind is swept away by the next
song in that folder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from engine.compose.drafting import Drafter
from engine.compose.files.folder import all_or_nothing
from engine.compose.naming import file_stem, new_song_id
from engine.compose.plan import Plan
from engine.compose.planner import Planner
from engine.compose.recording import Place, Recorder, today
from engine.compose.request import ComposeRequest, Progress, Receipt, Stage
from engine.compose.songbook import SONG_ID, Entry, find_song
from engine.compose.task import Task
from engine.music.styles import STYLES_DIR
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.compose.generate import SongWriter
    from engine.text.reader import Reader


def in_silence(_stage: Stage, _share: float) -> None:
    """The progress of whoever does not want to hear of it."""


class Composer:
    """Makes songs, one at a time: it is not to be called from two threads at once."""

    def __init__(
        self,
        settings: Settings,
        *,
        reader: Reader | None = None,
        writer: SongWriter | None = None,
        calendar: Callable[[], date] = today,
    ) -> None:
        """`reader`, `writer`: loaded ones, where there are such; else they are loaded when first needed."""
        self._settings = settings
        self.drafter = Drafter(settings, reader=reader, writer=writer)
        self.recorder = Recorder(
            settings, styles_dir=STYLES_DIR if writer is None else writer.styles_dir, calendar=calendar
        )

    @property
    def reader(self) -> Reader:
        """Reads meanings; loads the text encoder. Raises `SetupError` where it is not installed."""
        return self.drafter.reader

    @property
    def planner(self) -> Planner:
        """Reads and plans; loads the text encoder."""
        return self.drafter.planner

    @property
    def writer(self) -> SongWriter:
        """Writes notes; loads each style's network when it is first asked for."""
        return self.drafter.writer

    def warm(self) -> None:
        """Load everything that every song needs, the quickest to miss first. Raises `SetupError`, `CheckpointError`."""
        self.recorder.warm_up()
        self.drafter.warm_up()

    def plan(self, request: ComposeRequest, folder: Path | None = None) -> Plan:
        """Everything that is decided before the first note; `folder`: where songs lie that may be built on.

        Raises `BadRequest`, `NotFound`.
        """
        return self.drafter.plan(self._open(request, folder))

    def plan_all(self, requests: Sequence[ComposeRequest]) -> tuple[Plan, ...]:
        """Plans of several songs that build on no other, read in one batch. Raises `BadRequest`."""
        return self.planner.plan_all(requests)

    def compose(  # noqa: PLR0913 — the order in full, each part by its name
        self,
        request: ComposeRequest,
        folder: Path,
        *,
        name: str | None = None,
        song_id: str | None = None,
        limit_bytes: int | None = None,
        progress: Progress = in_silence,
    ) -> Receipt:
        """Make a song in `folder`, which is created if need be; files of other songs in it are never touched.

        `name`: the files' common name (default: the prompt's words and the id). `limit_bytes`: the most that a file may
        have; bit rates go down until it does, and a notice tells. Raises `BadRequest`, `NotFound`,
        `SetupError`, `CheckpointError`, `RenderError`; then nothing of the song is left.
        """
        task = self._open(request, folder)
        song_id = song_id or new_song_id()
        name = name or file_stem(task.request.prompt, song_id)
        with all_or_nothing(folder, name):
            self.warm()
            place = Place(song_id=song_id, folder=folder, name=name, limit_bytes=limit_bytes)
            return self.recorder.record(self.drafter.draft(task, progress), place, progress)

    def _open(self, request: ComposeRequest, folder: Path | None) -> Task:
        """What the request builds on is looked for in `folder`, where the new song goes, and in the data folder."""

        def find_here(song_id: str) -> Entry:
            folders = [] if folder is None else [folder]
            if SONG_ID.fullmatch(song_id):
                folders.append(self._settings.data_dir.absolute() / "songs" / song_id)
            return find_song(song_id, folders)

        return self.drafter.open(request, find_here)
