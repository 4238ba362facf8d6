"""The one door to the engine: a prompt goes in and a finished, stored song comes out; a vote goes in, a tally comes
out.

Used by the Discord process and by whoever else wants songs kept. Light: importing this module and opening a `Studio`
never loads torch, music21 or onnxruntime; those live in the resident composing process that the studio starts. Caveat:
a caller who is cancelled gets no song, and what was made until then is cleared away when a studio is opened next.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from engine.compose.naming import new_seed, new_song_id
from engine.compose.request import ComposeRequest, Receipt
from engine.compose.shares import overall_share
from engine.errors import NotFound, TunesmithError
from engine.jobs import Executor, JobEvent, LocalExecutor
from engine.music.styles import style_names
from engine.settings import Settings
from engine.store import Origin, Store, Tally, VoteValue, place_of

Phase = Literal["queued", "composing", "rendering", "done"]

COMPOSER = "engine.compose.resident:open_composer"
HANDED_OVER = frozenset({"audio", "midi", "picture", "stems", "musicxml"})
COMPOSING_STAGES = ("read", "plan", "compose")


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """How far a request is: its phase, finished share 0…1 within the whole, and how many wait before it (0 = none)."""

    phase: Phase
    share: float
    ahead: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSong:
    """A finished song as the store knows it. The paths are absolute and exist; stems and score are there if they were
    wanted.
    """

    id: str
    request: ComposeRequest
    receipt: Receipt
    audio: Path
    midi: Path
    picture: Path
    stems: Path | None = None
    musicxml: Path | None = None


OnUpdate = Callable[[Update], None]


class Studio:
    """Open with `await Studio.open(settings)`; close with `await studio.close()`. Also an async context manager."""

    def __init__(self, store: Store, executor: Executor, *, interrupted: tuple[Origin, ...] = ()) -> None:
        self._store = store
        self._executor = executor
        self.interrupted = interrupted
        """Whose songs the last process left unfinished; they get nothing, and may be told so."""

    @classmethod
    async def open(cls, settings: Settings, *, executor: Executor | None = None) -> Self:
        """Open the store and start the composing process (loading goes on in the background). Raises `SetupError`.

        `executor`: another place for the composing, such as a thread; the studio starts and closes it.
        """
        store = await Store.open(settings.resolved_database_url, settings.data_dir, place_of(settings))
        unfinished = await store.fail_unfinished()
        for song in unfinished:
            await _swept(store, song.id)
        if executor is None:
            config = settings.model_dump(mode="json", exclude={"database_url", "files_key", "files_secret"})
            executor = LocalExecutor(COMPOSER, config, timeout_s=settings.job_timeout_s)
        await executor.start()
        return cls(store, executor, interrupted=tuple(song.origin for song in unfinished))

    async def close(self) -> None:
        """Let the running song end (for a while), stop the composing process, close the store. Safe to call twice."""
        await self._executor.close()
        await self._store.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def compose(
        self,
        request: ComposeRequest,
        *,
        origin: Origin,
        on_update: OnUpdate | None = None,
        limit_bytes: int | None = None,
    ) -> StoredSong:
        """Compose, render, store. `on_update` is called on the event loop. `limit_bytes`: the most that a file may
        have; bit rates go down until it does.

        Raises `BadRequest`, `SetupError`, `EngineError`.
        """
        song_id = new_song_id()
        await self._store.begin(song_id, request.to_json(), origin)
        try:
            await self._bring_forerunner(request)
            folder = await asyncio.to_thread(self._store.scratch.make, song_id)
            payload = {"id": song_id, "request": request.to_json(), "folder": str(folder), "limit_bytes": limit_bytes}
            answer = await self._executor.submit("compose", payload, _listener(on_update))
            await self._store.files.publish(song_id, folder)
            await asyncio.to_thread(self._store.scratch.remove, song_id)
            await self._store.finish(song_id, answer["receipt"])
        except TunesmithError as error:
            await self._clear(song_id, error)
            raise
        if on_update is not None:
            on_update(Update(phase="done", share=1.0))
        return await self.song(song_id)

    async def another(
        self,
        song_id: str,
        *,
        origin: Origin,
        on_update: OnUpdate | None = None,
        keep: tuple[str, ...] = (),
        limit_bytes: int | None = None,
    ) -> StoredSong:
        """Compose the stored song's request anew with a fresh seed; its files may be gone. `keep`: roles that stay as
        they are, for which its files are needed. Raises `NotFound` too.
        """
        request = ComposeRequest.from_json((await self._store.song(song_id)).request)
        if keep:
            request = ComposeRequest(prompt=request.prompt, again=song_id, keep=keep)
        request = dataclasses.replace(request, seed=new_seed())
        return await self.compose(request, origin=origin, on_update=on_update, limit_bytes=limit_bytes)

    async def vote(self, song_id: str, *, person_id: int, value: VoteValue) -> Tally:
        """Set the person's vote; the same value again withdraws it. Raises `NotFound`."""
        return await self._store.press(song_id, person_id=person_id, value=value)

    async def song(self, song_id: str) -> StoredSong:
        """Recall a song. Raises `NotFound`."""
        record = await self._store.song(song_id)
        if record.receipt is None:
            raise NotFound(f"The song {song_id!r} is not there: it is being composed, or came to nothing.")
        receipt = Receipt.from_json(record.receipt)
        folder = await self._store.files.bring(song_id)
        paths = {kind: folder / Path(path).name for kind, path in receipt.files.items() if kind in HANDED_OVER}
        for path in paths.values():
            if not await asyncio.to_thread(path.is_file):
                raise NotFound(f"The file {path.name} of the song {song_id!r} is gone; compose it again with its seed.")
        request = ComposeRequest.from_json(record.request)
        return StoredSong(id=song_id, request=request, receipt=receipt, **paths)

    def style_names(self) -> tuple[str, ...]:
        """Styles that can be asked for."""
        return style_names()

    async def _bring_forerunner(self, request: ComposeRequest) -> None:
        """The song that this one builds on has to lie on this machine; whether it must, composing itself says."""
        if request.again is not None:
            with suppress(NotFound):
                await self._store.files.bring(request.again)

    async def _clear(self, song_id: str, error: TunesmithError) -> None:
        """Nothing half-made stays: the folder goes, the row says why."""
        await _swept(self._store, song_id)
        await self._store.fail(song_id, f"{type(error).__name__}: {error}")


async def _swept(store: Store, song_id: str) -> None:
    """Take away what there is of a song that came to nothing."""
    await asyncio.to_thread(store.scratch.remove, song_id)
    await store.files.remove(song_id)


def _listener(on_update: OnUpdate | None) -> Callable[[JobEvent], None] | None:
    """What the job runner tells, as updates; the share never goes back."""
    if on_update is None:
        return None
    furthest = 0.0

    def listen(event: JobEvent) -> None:
        nonlocal furthest
        if event.state == "queued":
            on_update(Update(phase="queued", share=0.0, ahead=event.ahead))
            return
        stage = event.data.get("stage", "read")
        furthest = max(furthest, overall_share(stage, event.data.get("share", 0.0)))
        on_update(Update(phase="composing" if stage in COMPOSING_STAGES else "rendering", share=furthest))

    return listen
