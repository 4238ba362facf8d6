"""The first half of making a song: a request is read, planned and written.

In: a `ComposeRequest`. Out: a `SongDraft`. Conventions: what is dear (text encoder, networks) is loaded when first
needed and kept; `begin`, the batch's steps and `finish` are for many songs at once, `draft` is one from beginning to
end; a song is the same either way. The styles' written grammars need no network, so they write in the second half.
Caveat: not to be used from two threads at once.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from engine.compose.given import Given
from engine.compose.guild import NO_GUILD, Guild
from engine.compose.loop import looping
from engine.compose.plan import Plan
from engine.compose.planner import Planner
from engine.compose.request import AUDIO_FORMATS, PICTURE_THEMES, ComposeRequest, Progress
from engine.compose.seeds import without_lost_primer
from engine.compose.songdraft import SongDraft
from engine.compose.task import Find, Task, open_task
from engine.compose.taught import check_sound
from engine.compose.watch import Watch
from engine.errors import BadRequest
from engine.music.shelf import SHIPPED, Shelf
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.compose.generate import SongWriter, Writing
    from engine.text.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What a song is composed from beside its request: the styles there are, and what its server taught of them."""

    shelf: Shelf = SHIPPED
    guild: Guild = NO_GUILD


PLAIN = Books()
"""The shipped styles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafting:
    """A song that has been planned. `writing`: its place in the batch, None where no network writes it."""

    task: Task
    guild: Guild
    plan: Plan
    watch: Watch
    writing: Writing | None

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to write."""
        return self.writing is None or self.writing.handle.finished

    def tell(self) -> None:
        """Tell how far the writing is."""
        if self.writing is not None:
            self.watch.progress("compose", self.writing.handle.share)


class Drafter:
    """See the module's docstring."""

    def __init__(self, settings: Settings, *, reader: Reader | None = None, writer: SongWriter | None = None) -> None:
        """`reader`, `writer`: loaded ones, where there are such; else they are loaded when first needed."""
        self._settings = settings
        self._reader, self._writer = reader, writer

    @cached_property
    def reader(self) -> Reader:
        """Reads meanings; loads the text encoder. Raises `SetupError` where it is not installed."""
        from engine.text.reader import Reader  # noqa: PLC0415 (refusals need none)

        return self._reader or Reader.load(SHIPPED.descriptions())

    @cached_property
    def planner(self) -> Planner:
        """Reads and plans; loads the text encoder."""
        return self._planner(self.reader)

    @cached_property
    def writer(self) -> SongWriter:
        """Writes notes; loads each style's network when it is first asked for."""
        from engine.compose.generate import SongWriter  # noqa: PLC0415 (loads torch: plans and refusals need none)

        return self._writer or SongWriter.load(self._settings.device, slots=self._settings.slots)

    @property
    def warm(self) -> bool:
        """Whether everything is loaded that every song needs."""
        return "planner" in self.__dict__

    def warm_up(self) -> None:
        """Load it. Raises `SetupError`."""
        if not self.warm:
            _ = self.writer
            # the styles' words are read once and remembered, and what explanations need is made
            self.planner.plan(ComposeRequest(prompt="rain on a quiet harbour at night"))

    def open(self, request: ComposeRequest, find: Find, *, seed: int | None = None, shelf: Shelf = SHIPPED) -> Task:
        """Find what the request builds on, and refuse what cannot be met before anything is loaded for it: a plan
        without the encoder takes milliseconds. `seed`: the one to take where none is asked for; `shelf`: the styles
        there are.

        Raises `BadRequest`, `NotFound`, `UnsoundModel`.
        """
        if request.format not in AUDIO_FORMATS:
            raise BadRequest(
                f"The audio format {request.format!r} is not known; {', '.join(AUDIO_FORMATS)} would work."
            )
        if request.theme not in PICTURE_THEMES:
            raise BadRequest(f"The theme {request.theme!r} is not known; {' or '.join(PICTURE_THEMES)} would work.")
        task = open_task(request, find, seed=seed)
        if task.plan is None and not self.warm:
            self._planner(None).plan(task.request, before=task.before, shelf=shelf)
        return task

    def plan(self, task: Task, shelf: Shelf = SHIPPED) -> Plan:
        """The plan, of whole bars that go round if that is wished. Raises `BadRequest`, `UnsoundModel`."""
        plan = self._plan_once(task, shelf)
        return looping(plan) if task.request.loop else plan

    def draft(self, task: Task, progress: Progress) -> SongDraft:
        """One song from its task to its draft. Raises what `begin` and `finish` raise."""
        drafting = self.begin(task, progress)
        if drafting.writing is not None:
            self.writer.run(drafting.writing, lambda share: progress("compose", share))
        return self.finish(drafting)

    def begin(self, task: Task, progress: Progress, books: Books = PLAIN) -> Drafting:
        """Plan a song, load its network, and let it wait for its turn in the batch.

        Raises `BadRequest`, `SetupError`, `CheckpointError`; `UnsoundModel` for a server's damaged model.
        """
        watch = Watch(progress)
        before_s = self.reader.spent_s
        progress("read", 0.0)
        plan = watch.timed("plan", lambda: self.plan(task, books.shelf))
        watch.move("plan", "read", self.reader.spent_s - before_s)
        guild = books.guild.only(plan.blend)
        if plan.engine == "rules":
            return Drafting(task=task, guild=guild, plan=plan, watch=watch, writing=None)
        watch.untimed(lambda: self.writer.prepare(plan, books.shelf))
        watch.begin("compose")
        given = _read_first(task.given, plan)
        writing = self.writer.begin(plan, candidates=self._settings.candidates, given=given, shelf=books.shelf)
        return Drafting(task=task, guild=guild, plan=plan, watch=watch, writing=writing)

    def finish(self, drafting: Drafting) -> SongDraft:
        """The draft of a song that is written. Raises what made it fail."""
        task, writing = drafting.task, drafting.writing
        candidates = None if writing is None else self.writer.candidates(writing)
        if writing is not None:
            drafting.watch.end("compose")
        return SongDraft(
            request=task.request,
            plan=drafting.plan,
            count=self._settings.candidates,
            candidates=candidates,
            kept=task.given.kept,
            score=task.given.score,
            performance_seed=task.performance_seed,
            timings_s=drafting.watch.counted(),
            guild=drafting.guild,
        )

    def cancel(self, drafting: Drafting) -> None:
        """Give a song up; it leaves the batch with the next step."""
        if drafting.writing is not None:
            self.writer.batcher.cancel(drafting.writing.handle)

    def _plan_once(self, task: Task, shelf: Shelf) -> Plan:
        """The task's own plan, or a new one that says what it builds on."""
        if task.plan is not None:
            return _once_more(task.plan, shelf)
        plan = self.planner.plan(task.request, seed=task.seed, before=task.before, shelf=shelf)
        if task.again is not None:
            again = {"value": task.again, "from": "asked"}
            plan = dataclasses.replace(plan, requested={**plan.requested, "again": again})
        return plan

    def _planner(self, reader: Reader | None) -> Planner:
        limits = self._settings
        return Planner(
            reader,
            max_seconds=limits.max_seconds,
            default_seconds=limits.default_seconds,
            default_style=limits.default_style,
        )


def _read_first(given: Given, plan: Plan) -> Given:
    """What is given, without a primer in another meter than the plan's."""
    if given.primer is not None and given.primer.song.meter != plan.meter:
        return dataclasses.replace(given, primer=None)
    return given


def _once_more(plan: Plan, shelf: Shelf) -> Plan:
    """The plan of an earlier song, as far as the styles that it is of are still there. Raises `BadRequest`."""
    for name in plan.blend:
        check_sound(shelf.style(name))
    plan = without_lost_primer(plan, shelf)
    return dataclasses.replace(plan, notices=(*plan.notices, *shelf.noticed(tuple(plan.blend))))
