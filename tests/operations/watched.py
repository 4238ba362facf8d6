"""A studio that says what the test tells it to say, in the studio's own words."""

from __future__ import annotations

import asyncio

from engine.compose.request import Receipt
from engine.dispatch.events import Listener, StudioEvent, StudioState
from engine.errors import StoreError
from engine.jobs import LaneState


def lane(name: str, **said: object) -> LaneState:
    """A lane with one worker that lives."""
    known: dict[str, object] = {"wanted": 1, "alive": 1, "running": 0, "waiting": 0}
    return LaneState(name=name, **(known | said))  # type: ignore[arg-type]


FACTS = {
    "models": {"lofi": "v3", "jazz": "v2"},
    "checkpoint_failures": 1,
    "songs": 2,
    "slots": 64,
    "rows": 16,
    "waiting": 3,
    "steps": 1200,
    "occupancy": 0.25,
    "step_ms": 12.5,
}


def small_receipt() -> Receipt:
    """Of a minute of music."""
    return Receipt(
        id="4f1c22d0a1b3",
        prompt="a song",
        style="lofi",
        blend={"lofi": 1.0},
        seed=1,
        model={"style": "lofi", "version": "v3", "sha256": "0" * 64},
        tempo_bpm=80.0,
        key="D minor",
        mode="minor",
        meter="4/4",
        bars=20,
        duration_s=60.0,
        sections=[],
        instruments={},
        requested={},
        measured={},
        files={},
        midi_sha256="0" * 64,
        timings_s={"compose": 1.25, "encode": 0.25, "total": 1.5},
        candidates={},
    )


class SaidStudio:
    """Set `lanes`, `closing`, `database`…; `tell` sends an event to whoever listens."""

    def __init__(self) -> None:
        self.lanes: tuple[LaneState, ...] = (lane("compose", facts=(FACTS,)), lane("record", wanted=2, alive=2))
        self.closing = False
        self.store_away = False
        self.store_hangs = False
        self.files_away = False
        self.asked = 0
        self.listeners: list[Listener] = []

    def state(self) -> StudioState:
        return StudioState(
            queue={"queued": 4, "composing": 2, "rendering": 1, "delivering": 0},
            queue_age_s=0.5,
            working=3,
            ready=0,
            lanes=self.lanes,
            stages_s={"composing": 2.0},
            closing=self.closing,
        )

    def listen(self, listener: Listener) -> None:
        self.listeners.append(listener)

    async def check_database(self) -> None:
        self.asked += 1
        if self.store_hangs:
            await asyncio.sleep(60)
        if self.store_away:
            raise StoreError("The database cannot be reached (connection refused).")

    async def check_files(self) -> None:
        if self.files_away:
            raise StoreError("The bucket does not answer.")

    def tell(self, *events: StudioEvent) -> None:
        for event in events:
            for listener in self.listeners:
                listener(event)
