"""A song between its two halves: written, but neither judged nor recorded; as a value and as JSON.

    request ─read, plan, write─→ SongDraft ─judge, finish, render─→ files, receipt

In: what the first half made (`engine.compose.drafting`). Out: all that the second one needs
(`engine.compose.recording`), in this process or, as JSON, in another. Conventions: a candidate is one list of whole
numbers, five an event. Caveat: a draft is read by the version that made it alone; nobody keeps drafts for long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from engine.compose.given import Given
from engine.compose.guild import NO_GUILD, Guild
from engine.compose.plan import Plan
from engine.compose.request import ComposeRequest
from engine.compose.written import Candidates
from engine.errors import BadRequest, EngineError
from engine.music.codec import from_plain, song_from_json, song_to_json, to_plain
from engine.music.notes import Role, Song
from engine.music.tokens import EVENT_FIELDS, Event

FORMAT = 1
NUMBERS = len(EVENT_FIELDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class SongDraft:
    """`request`: what is composed, with `again` resolved; `candidates`: what the network wrote, None where the style's
    written grammar shall write `count` of them. `kept`: roles that stay as they are in `score`, the forerunner.
    `performance_seed`: of how the notes are played, where that is not the plan's own. `timings_s`: stage → seconds so
    far, and total. `guild`: of what the song's server taught, what composed it.
    """

    request: ComposeRequest
    plan: Plan
    count: int
    candidates: Candidates | None = None
    kept: frozenset[Role] = frozenset()
    score: Song | None = None
    performance_seed: int | None = None
    timings_s: Mapping[str, float] = field(default_factory=dict)
    guild: Guild = NO_GUILD

    @property
    def given(self) -> Given:
        """What is given to the second half; whatever the network read first is behind it."""
        return Given(kept=self.kept, score=self.score)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object."""
        return {
            "format": FORMAT,
            "request": self.request.to_json(),
            "plan": to_plain(self.plan),
            "count": self.count,
            "candidates": None if self.candidates is None else _candidates_to_json(self.candidates),
            "kept": to_plain(self.kept),
            "score": None if self.score is None else song_to_json(self.score),
            "performance_seed": self.performance_seed,
            "timings_s": dict(self.timings_s),
            "guild": self.guild.to_json() if self.guild else None,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Inverse of `to_json`. Raises `EngineError` for what is no draft of this version."""
        if data.get("format") != FORMAT:
            raise EngineError(f"A song's draft has the format {data.get('format')!r}, not {FORMAT}.")
        try:
            candidates, score, performance_seed = data["candidates"], data["score"], data["performance_seed"]
            return cls(
                request=ComposeRequest.from_json(data["request"]),
                plan=from_plain(Plan, data["plan"]),
                count=int(data["count"]),
                candidates=None if candidates is None else _candidates_from_json(candidates),
                kept=frozenset(Role(name) for name in data["kept"]),
                score=None if score is None else song_from_json(score),
                performance_seed=None if performance_seed is None else int(performance_seed),
                timings_s={stage: float(seconds) for stage, seconds in data["timings_s"].items()},
                guild=Guild.from_json(data["guild"]) if data["guild"] else NO_GUILD,
            )
        except (KeyError, TypeError, ValueError, AttributeError, BadRequest) as error:
            raise EngineError(f"A song's draft cannot be read ({error!r}).") from error


def _candidates_to_json(candidates: Candidates) -> dict[str, Any]:
    return {
        "events": [[number for event in events for number in event] for events in candidates.events],
        "reference": {name: list(row) for name, row in candidates.reference.items()},
        "model": dict(candidates.model),
    }


def _candidates_from_json(data: Mapping[str, Any]) -> Candidates:
    return Candidates(
        events=tuple(_events(numbers) for numbers in data["events"]),
        reference={name: [float(number) for number in row] for name, row in data["reference"].items()},
        model=dict(data["model"]),
    )


def _events(numbers: Sequence[int]) -> tuple[Event, ...]:
    if len(numbers) % NUMBERS or not all(type(number) is int for number in numbers):
        raise ValueError("events are no whole numbers, five each")
    return tuple(Event(*numbers[at : at + NUMBERS]) for at in range(0, len(numbers), NUMBERS))
