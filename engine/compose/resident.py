"""The composing process: songs of many people are read, planned and written side by side.

In: the engine's settings as JSON; then jobs of kind `compose` with `{"request", "entry", "seed", "guild"}`: `entry` is
the text of the forerunner's `.song.json` where the request names one, `seed` the one to take where neither a field nor
a word asks for one, `guild` what the song's server taught (`guild.py`); all three may be missing. Out: events
`{"stage", "share"}`, at most one a hundredth of the whole, and `{"draft"}`, which a recording process takes.
Conventions: encoder and writer are loaded while opening, each style's network when it is first asked for; a step plans
one song that waits, then takes all that are written some events further. A song is the same alone and in company, so
prompts are read one by one: read together, one meaning in sixty differs in its last digit. A server's models are
brought in threads while others are written; one that turns out to be damaged is left out, and the song is planned anew.
Caveat: this is where torch comes in; the studio names this module by a string and never imports it.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from time import perf_counter

from engine.compose.drafting import Books, Drafter, Drafting
from engine.compose.guild import NO_GUILD, Guild
from engine.compose.library import Library
from engine.compose.request import ComposeRequest
from engine.compose.shares import thinned
from engine.compose.songbook import read_song
from engine.errors import JobError, UnsoundModel
from engine.jobs.apart import each_apart
from engine.jobs.job import Done, Failed, Json, Told
from engine.settings import Settings
from engine.store.opening import open_files, place_of

STEPS = 8
"""Of the batch, between two looks at what came in meanwhile."""

BRINGING_S = 0.05
"""How long a round waits for models when there is nothing else to do."""

Word = Told | Done | Failed


def open_composer(config: Json) -> ComposingLane:
    """Load what every song needs; `config` is `Settings` as JSON. Raises `SetupError`."""
    settings = Settings.read(**config)
    drafter = Drafter(settings)
    drafter.warm_up()
    return ComposingLane(drafter, Library(open_files(place_of(settings), settings.data_dir, "models")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A job that is not planned yet. `brought`: done when its server's models are here, None where they are."""

    payload: Json
    guild: Guild
    brought: Future[None] | None

    @property
    def is_ready(self) -> bool:
        """Whether it can be planned."""
        return self.brought is None or self.brought.done()


class ComposingLane:
    """A `Resident`: see the module's docstring."""

    def __init__(self, drafter: Drafter, library: Library) -> None:
        """`drafter`: a warm one."""
        self._drafter, self._library = drafter, library
        self._batcher = drafter.writer.batcher
        self._waiting: dict[str, Waiting] = {}
        """In the order of their coming."""
        self._writing: dict[str, Drafting] = {}
        self._words: list[Word] = []
        self._before = self._batcher.occupancy
        self._spent_s = 0.0
        """In steps, since the facts were asked."""

    def admit(self, job: str, kind: str, payload: Json) -> None:
        """Let a job wait until it is planned. Raises `JobError`."""
        if kind != "compose":
            raise JobError(f"The composing process knows no job of kind {kind!r}.")
        taught = payload.get("guild")
        self._wait(job, payload, Guild.from_json(taught) if taught else NO_GUILD)

    def step(self) -> Sequence[Word]:
        """Plan whoever has waited longest and can be planned, and take everybody some events further."""
        ready = next((job for job, waiting in self._waiting.items() if waiting.is_ready), None)
        if ready is not None:
            self._begin(ready)
        if not self._batcher.idle:
            self._write()
        elif ready is None and self._waiting:
            brought = [waiting.brought for waiting in self._waiting.values() if waiting.brought is not None]
            wait(brought, BRINGING_S, FIRST_COMPLETED)
        words, self._words = self._words, []
        return words

    def cancel(self, job: str) -> None:
        """Forget a job."""
        self._waiting.pop(job, None)
        drafting = self._writing.pop(job, None)
        if drafting is not None:
            self._drafter.cancel(drafting)

    @property
    def idle(self) -> bool:
        """Whether nobody waits and nobody is written."""
        return not self._waiting and self._batcher.idle

    def facts(self) -> Json:
        """Model versions by style, checkpoints that were damaged, songs inside; how full and how quick the batch is:
        now, in all, and (`occupancy`, `step_ms`) since the last time that somebody asked.
        """
        now, before = self._batcher.occupancy, self._before
        steps, spent_s = now.steps - before.steps, self._spent_s
        self._before, self._spent_s = now, 0.0
        return {
            "models": self._drafter.writer.voices.versions,
            "checkpoint_failures": self._drafter.writer.voices.failures + self._library.failures,
            "songs": len(self._waiting) + len(self._writing),
            "slots": now.slots,
            "rows": now.rows,
            "waiting": now.waiting,
            "steps": now.steps,
            "rows_served": now.rows_served,
            "occupancy": round((now.rows_served - before.rows_served) / (steps * now.slots), 4) if steps else 0.0,
            "step_ms": round(1000 * spent_s / steps, 3) if steps else None,
        }

    def _wait(self, job: str, payload: Json, guild: Guild) -> None:
        """Bring what the job's server taught, where it is not here yet."""
        self._waiting[job] = Waiting(payload=payload, guild=guild, brought=self._library.brought(guild))

    def _begin(self, job: str) -> None:
        """Plan a song and put it into the batch, or tell why not; where a model of its server is damaged, the song
        waits once more, for what is there beside it.
        """
        waiting = self._waiting.pop(job)
        planned, failed = each_apart(lambda waiting: self._planned(job, waiting), [waiting])
        for _, error in failed:
            if isinstance(error, UnsoundModel) and self._library.condemned(error):
                self._wait(job, waiting.payload, waiting.guild)
            else:
                self._words.append(Failed(job=job, error=error))
        for _, drafting in planned:
            self._writing[job] = drafting
            if drafting.finished:
                self._end(job)

    def _planned(self, job: str, waiting: Waiting) -> Drafting:
        """Raises what the bringing of models raised, too."""
        if waiting.brought is not None:
            waiting.brought.result()
        guild, shelf = self._library.shelf_of(waiting.guild)
        payload, books = waiting.payload, Books(shelf=shelf, guild=guild)
        entry = payload.get("entry")
        task = self._drafter.open(
            ComposeRequest.from_json(payload["request"]),
            lambda song_id: read_song(song_id, entry),
            seed=payload.get("seed"),
            shelf=shelf,
        )
        return self._drafter.begin(task, thinned(lambda data: self._words.append(Told(job=job, data=data))), books)

    def _write(self) -> None:
        """Some steps of the batch, until somebody is finished; the others hear how far they are."""
        began = perf_counter()
        for _ in range(STEPS):
            if self._batcher.step():
                break
        self._spent_s += perf_counter() - began
        for job, drafting in tuple(self._writing.items()):
            if drafting.finished:
                self._end(job)
            else:
                drafting.tell()

    def _end(self, job: str) -> None:
        """A song's last word."""
        drafts, failed = each_apart(lambda song: self._drafter.finish(song).to_json(), [self._writing.pop(job)])
        self._words += [Done(job=job, result={"draft": draft}) for _, draft in drafts]
        self._words += [Failed(job=job, error=error) for _, error in failed]
