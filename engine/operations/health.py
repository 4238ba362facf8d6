"""Is everything well, and can songs be accepted? Each part's state, and a verdict for machines.

In: `Sight`s, what is seen of the parts at a moment. Out: `Part`s. Conventions: a part is `ok`; or `recovering`, when it
works in part or mends itself (a worker that loads, a database that was away for a moment, a gateway that is redialled);
or `down`, when it has not worked at all for `patience_s`. Health is bad when a part is down; ready is who can accept
and compose a song now. Caveat: patience begins when a part is first seen not to work, so whoever asks seldom is told of
it late.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.jobs.job import LaneState
from engine.operations.probe import Answer

PATIENCE_S = 45.0
FOR_SONGS = ("compose", "record")

PartState = Literal["ok", "recovering", "down"]
Works = Literal["wholly", "partly", "not"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The connection to Discord: how many shards there are, how many of them hear, and the slowest one's latency."""

    shards: int
    connected: int
    latency_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is seen at a moment. `opened`: the studio is there; `closing`: it accepts nothing any more; `counts`: jobs
    by state; `late_s`: the event loop's worst lateness of the last minute.
    """

    opened: bool = False
    closing: bool = False
    counts: Mapping[str, int]
    lanes: tuple[LaneState, ...] = ()
    store: Answer | None = None
    files: Answer | None = None
    gateway: Gateway | None = None
    late_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part: its state, and what there is to say of it."""

    name: str
    state: PartState
    facts: Mapping[str, Any]


class Doctor:
    """Remembers since when a part has not worked."""

    def __init__(self, *, patience_s: float = PATIENCE_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._patience_s = patience_s
        self._clock = clock
        self._ill_since: dict[str, float] = {}

    def parts(self, sight: Sight) -> tuple[Part, ...]:
        """Every part that there is, in a fixed order."""
        return tuple(
            Part(name=name, state=self._state(name, works), facts=facts) for name, works, facts in _looked_at(sight)
        )

    def _state(self, name: str, works: Works) -> PartState:
        if works != "not":
            self._ill_since.pop(name, None)
            return "ok" if works == "wholly" else "recovering"
        since = self._ill_since.setdefault(name, self._clock())
        return "down" if self._clock() - since >= self._patience_s else "recovering"


def missing_for_songs(sight: Sight) -> tuple[str, ...]:
    """Why no song can be accepted and composed now; nothing if one can."""
    lanes = {lane.name: lane for lane in sight.lanes}
    missing = {
        "the studio is not open": not sight.opened,
        "it is closing": sight.closing,
        "the database does not answer": sight.store is None or not sight.store.ok,
        "the file store does not answer": sight.files is None or not sight.files.ok,
    }
    for name in FOR_SONGS:
        missing[f"no worker of the lane {name} has loaded"] = name not in lanes or lanes[name].alive == 0
    return tuple(reason for reason, is_so in missing.items() if is_so)


def _looked_at(sight: Sight) -> Iterator[tuple[str, Works, Mapping[str, Any]]]:
    """Name of each part, whether it works, what there is to say."""
    yield "studio", _part_of(int(sight.opened), 1), {"open": sight.opened, "closing": sight.closing}
    for name, answer in (("store", sight.store), ("files", sight.files)):
        if answer is not None:
            yield name, _part_of(int(answer.ok), 1), {"answer_s": round(answer.took_s, 4), "error": answer.error}
    for lane in sight.lanes:
        # Workers that load for the first time are the executor's to lose patience with; it then begins them anew.
        loads = lane.alive == 0 and lane.restarts == 0
        yield f"lane {lane.name}", "partly" if loads else _part_of(lane.alive, lane.wanted), _lane_facts(lane)
    if sight.gateway is not None:
        yield "gateway", _part_of(sight.gateway.connected, sight.gateway.shards), _gateway_facts(sight.gateway)


def _part_of(working: int, wanted: int) -> Works:
    if working >= max(wanted, 1):
        return "wholly"
    return "partly" if working else "not"


def _lane_facts(lane: LaneState) -> dict[str, Any]:
    return {
        "workers_wanted": lane.wanted,
        "workers_alive": lane.alive,
        "running": lane.running,
        "waiting": lane.waiting,
        "restarts": lane.restarts,
        "last_error": lane.last_error,
    }


def _gateway_facts(gateway: Gateway) -> dict[str, Any]:
    latency = None if gateway.latency_s is None else round(gateway.latency_s, 3)
    return {"shards": gateway.shards, "connected": gateway.connected, "latency_s": latency}
