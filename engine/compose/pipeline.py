"""The whole way from a request to a finished song: words → plan → notes → files → receipt.

In: a `ComposeRequest` and a folder. Out: `<name>.mp3` (or ogg, wav, flac), `.mid`, `.png`, stems and score if wanted,
`.song.json` (what other songs can be made from), and, written last, `<name>.json`: the receipt. All of them or none.
Conventions: what is dear (text encoder, networks, soundfont) is loaded when first needed and kept; timings count work,
not that loading. The same seed, prompt and model version give the same MIDI file. Caveat: what a process that is killed
outright leaves behind is swept away by the next song in that folder.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar, cast

from engine.compose.account import receipt_of
from engine.compose.files.delivery import Delivery
from engine.compose.files.encode import Format
from engine.compose.files.folder import all_or_nothing
from engine.compose.files.write import write_all
from engine.compose.loop import looping
from engine.compose.naming import file_stem, new_song_id
from engine.compose.plan import Plan
from engine.compose.planner import Planner
from engine.compose.render import Synth, find_soundfont
from engine.compose.request import AUDIO_FORMATS, PICTURE_THEMES, STAGES, ComposeRequest, Progress, Receipt, Stage
from engine.compose.songbook import ENDING, SONG_ID, Entry
from engine.compose.sound import SoundFiles, SoundMaker
from engine.compose.task import Task, open_task
from engine.errors import BadRequest
from engine.music.notes import Song
from engine.music.styles import load_style, style_names
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.compose.generate import SongWriter, Written
    from engine.text.reader import Reader

T = TypeVar("T")
AS_ESCAPES = "backslashreplace"
"""Bytes of a folder's name that are no text become JSON's own escapes, which a reader turns into the same name."""


def in_silence(_stage: Stage, _share: float) -> None:
    """The progress of whoever does not want to hear of it."""


def today() -> date:
    """Today in UTC, of which the files' tags tell the year."""
    return datetime.now(UTC).date()


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
        self._calendar = calendar
        self._reader, self._writer = reader, writer

    @cached_property
    def reader(self) -> Reader:
        """Reads meanings; loads the text encoder. Raises `SetupError` where it is not installed."""
        from engine.text.reader import Reader  # noqa: PLC0415 (refusals need none)

        return self._reader or Reader.load({name: load_style(name).descriptions for name in style_names()})

    @cached_property
    def planner(self) -> Planner:
        """Reads and plans; loads the text encoder."""
        return self._planner(self.reader)

    @cached_property
    def writer(self) -> SongWriter:
        """Writes notes; loads each style's network when it is first asked for."""
        from engine.compose.generate import SongWriter  # noqa: PLC0415 (loads torch: plans and refusals need none)

        return self._writer or SongWriter.load(self._settings.device, slots=self._settings.slots)

    @cached_property
    def sound(self) -> SoundMaker:
        """Makes sound; loads the soundfont. Raises `SetupError` where there is none."""
        return SoundMaker(Synth(find_soundfont(self._settings.soundfont)))

    def warm(self) -> None:
        """Load everything that every song needs, the quickest to miss first. Raises `SetupError`."""
        if "planner" not in self.__dict__:
            _ = self.sound, self.writer
            # the styles' words are read once and remembered, and what explanations need is made
            self.planner.plan(ComposeRequest(prompt="rain on a quiet harbour at night"))

    def plan(self, request: ComposeRequest, folder: Path | None = None) -> Plan:
        """Everything that is decided before the first note; `folder`: where songs lie that may be built on.

        Raises `BadRequest`, `NotFound`.
        """
        return self._plan(self._open(request, folder))

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
            watch = _Watch(progress)
            plan = self._read_and_plan(task, watch)
            if plan.engine == "network":
                watch.untimed(lambda: self.writer.prepare(plan))
            written = watch.timed("compose", lambda: self._write(plan, task, progress))
            delivery = self._delivery(task.request, written, song_id, limit_bytes)
            place = _Place(folder=folder, name=name, delivery=delivery)
            made = self._make(written.song, plan, place, progress, task.performance_seed)
            watch.timings_s.update(made.timings_s)
            score = folder / f"{name}{ENDING}"
            entry = Entry(
                id=song_id,
                request=dataclasses.replace(task.request, seed=plan.seed),
                plan=plan,
                score=written.song,
                performance_seed=plan.seed if task.performance_seed is None else task.performance_seed,
            )
            receipt = receipt_of(song_id, plan, written, made, watch.finished())
            receipt = dataclasses.replace(receipt, files={**receipt.files, "score": str(score)})
            texts = {score: entry.dumps(), folder / f"{name}.json": receipt.dumps()}
            write_all({path: text.encode(errors=AS_ESCAPES) for path, text in texts.items()})
        return receipt

    def _planner(self, reader: Reader | None) -> Planner:
        limits = self._settings
        return Planner(
            reader,
            max_seconds=limits.max_seconds,
            default_seconds=limits.default_seconds,
            default_style=limits.default_style,
        )

    def _open(self, request: ComposeRequest, folder: Path | None) -> Task:
        """Find what the request builds on, and refuse what cannot be met before anything is loaded for it: a plan
        without the encoder takes milliseconds.
        """
        if request.format not in AUDIO_FORMATS:
            raise BadRequest(
                f"The audio format {request.format!r} is not known; {', '.join(AUDIO_FORMATS)} would work."
            )
        if request.theme not in PICTURE_THEMES:
            raise BadRequest(f"The theme {request.theme!r} is not known; {' or '.join(PICTURE_THEMES)} would work.")
        kept = [] if request.again is None else self._folders_of(request.again, folder)
        task = open_task(request, kept)
        if task.plan is None and "planner" not in self.__dict__:
            self._planner(None).plan(task.request, before=task.before)
        return task

    def _folders_of(self, song_id: str, folder: Path | None) -> list[Path]:
        """Where a song with this id may lie: the folder of the new one, and the data folder's own."""
        folders = [] if folder is None else [folder]
        if SONG_ID.fullmatch(song_id):
            folders.append(self._settings.data_dir.absolute() / "songs" / song_id)
        return folders

    def _delivery(self, request: ComposeRequest, written: Written, song_id: str, limit_bytes: int | None) -> Delivery:
        """What is wanted, and what the files' tags tell of their origin."""
        model = " ".join(written.model[key] for key in ("style", "version") if written.model.get(key))
        return Delivery(
            format=cast(Format, request.format),
            limit_bytes=limit_bytes,
            loop=request.loop,
            stems=request.stems,
            musicxml=request.musicxml,
            theme=request.theme,
            origin=(f"song {song_id}", f"model {model}"),
            year=self._calendar().year,
        )

    def _plan(self, task: Task) -> Plan:
        """The plan, of whole bars that go round if that is wished."""
        plan = self._plan_once(task)
        return looping(plan) if task.request.loop else plan

    def _plan_once(self, task: Task) -> Plan:
        """The task's own plan, or a new one that says what it builds on."""
        if task.plan is not None:
            return task.plan
        plan = self.planner.plan(task.request, before=task.before)
        if task.again is not None:
            again = {"value": task.again, "from": "asked"}
            plan = dataclasses.replace(plan, requested={**plan.requested, "again": again})
        return plan

    def _read_and_plan(self, task: Task, watch: _Watch) -> Plan:
        """Plan; what reading took for it counts as reading."""
        before_s = self.reader.spent_s
        watch.begin("read")
        plan = watch.timed("plan", lambda: self._plan(task))
        watch.move("plan", "read", self.reader.spent_s - before_s)
        return plan

    def _write(self, plan: Plan, task: Task, progress: Progress) -> Written:
        """Notes by the style's network, or by its written grammar alone."""
        candidates, given = self._settings.candidates, task.given
        if given.primer is not None and given.primer.song.meter != plan.meter:
            given = dataclasses.replace(given, primer=None)
        if plan.engine == "rules":
            from engine.compose.ruled import written_by_rules  # noqa: PLC0415 (the grammars are seldom needed)

            return written_by_rules(plan, candidates=candidates, given=given, index=self.writer.copy_index)
        return self.writer.write(
            plan, candidates=candidates, progress=lambda share: progress("compose", share), given=given
        )

    def _make(
        self, song: Song, plan: Plan, place: _Place, progress: Progress, performance_seed: int | None
    ) -> SoundFiles:
        return self.sound.make(
            song,
            load_style(plan.style),
            seconds=plan.seconds,
            seed=plan.seed,
            folder=place.folder,
            name=place.name,
            delivery=place.delivery,
            progress=progress,
            performance_seed=performance_seed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where the files go, what they are called, and what is wanted."""

    folder: Path
    name: str
    delivery: Delivery


class _Watch:
    """Seconds by stage, told to `progress` as stages begin and end."""

    def __init__(self, progress: Progress) -> None:
        self.timings_s: dict[str, float] = {}
        self._progress = progress
        self._began = perf_counter()

    def begin(self, stage: Stage) -> None:
        """Say that a stage begins."""
        self._progress(stage, 0.0)

    def timed(self, stage: Stage, work: Callable[[], T]) -> T:
        """Do the work of a stage."""
        self.begin(stage)
        began = perf_counter()
        result = work()
        self.timings_s[stage] = round(perf_counter() - began, 4)
        self._progress(stage, 1.0)
        return result

    def untimed(self, work: Callable[[], T]) -> T:
        """Do work that counts neither to a stage nor to the total."""
        began = perf_counter()
        result = work()
        self._began += perf_counter() - began
        return result

    def move(self, source: Stage, target: Stage, seconds_s: float) -> None:
        """Count some of one stage's seconds to another."""
        self.timings_s[target] = round(seconds_s, 4)
        self.timings_s[source] = round(self.timings_s[source] - seconds_s, 4)

    def finished(self) -> dict[str, float]:
        """All stages in their order, and the total since the watch was made, but for what was untimed."""
        in_order: dict[str, float] = {stage: self.timings_s[stage] for stage in STAGES}
        return {**in_order, "total": round(perf_counter() - self._began, 4)}
