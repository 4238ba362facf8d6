"""Candidates' events → the one song that is kept, and what became of the others.

In: a plan, what was given with it, and `Candidates`. Out: `Written`. Conventions: everything here is whole numbers and
statistics, so it needs no network: it runs where songs are recorded, which may be another process than the one that
wrote. Caveat: where every candidate fails a gate the best of them is kept all the same, and its failures are told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.compose.choose import choose, judge
from engine.compose.finish import finish_song
from engine.compose.given import Given
from engine.compose.plan import Plan
from engine.metrics.originality import CopyGate
from engine.music.notes import Role, Song
from engine.music.styles import Style
from engine.music.tokens import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """What a network wrote for a plan. `events`: of each candidate, from the first bar of the plan on; `reference`:
    what songs of its style should measure; `model`: style, version, sha256, for the receipt.
    """

    events: tuple[tuple[Event, ...], ...]
    reference: Mapping[str, Sequence[float]]
    model: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The kept song, what became of the candidates (for the receipt), and the model: style, version, sha256.

    `gates`, `originality`: which gates the kept song passed, and what the copying gate found (see `choose.Verdict`).
    """

    song: Song
    candidates: dict[str, Any]
    model: dict[str, str]
    gates: dict[str, bool | None]
    originality: dict[str, Any]


def keep_best(
    candidates: Candidates, plan: Plan, given: Given, index: CopyGate | None, style: Style | None = None
) -> Written:
    """Finish and judge all candidates, and keep one. `style`: the plan's, where that is not the shipped one."""
    songs = [_song(plan, events, given) for events in candidates.events]
    verdicts = [judge(song, plan, candidates.reference, index=index, style=style) for song in songs]
    kept = choose(verdicts)
    dropped = {str(i): list(v.failures) for i, v in enumerate(verdicts) if v.failures and i != kept}
    return Written(
        song=songs[kept],
        candidates={
            "composed": len(songs),
            "kept": kept,
            "passed": sum(not v.failures for v in verdicts),
            "failures_of_kept": list(verdicts[kept].failures),
            "dropped": dropped,
            "distances": [v.distance for v in verdicts],
        },
        model=dict(candidates.model),
        gates=dict(verdicts[kept].gates),
        originality=verdicts[kept].originality_to_json(),
    )


def _song(plan: Plan, events: Sequence[Event], given: Given) -> Song:
    """A candidate as a song; kept roles have the very notes that they were kept with."""
    song = finish_song(plan, list(events))
    if not given.kept or given.score is None:
        return song
    tracks = [track for track in song.tracks if track.role not in given.kept]
    for track in given.score.tracks:
        if track.role in given.kept:
            cast = plan.cast.get(track.role)
            tracks.append(track if cast is None else replace(track, program=cast.program))
    return replace(song, tracks=tuple(sorted(tracks, key=lambda track: list(Role).index(track.role))))
