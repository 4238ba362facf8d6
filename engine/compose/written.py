"""Candidates' events → the one song that is kept, and what became of the others.

In: a plan, what was given with it, and `Candidates`. Out: `Written`. Conventions: everything here is whole numbers and
statistics, so it needs no network: it runs where songs are recorded, which may be another process than the one that
wrote. Caveat: where every candidate fails a gate the best of them is kept all the same, and its failures are told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.compose.choose import Verdict, choose, judge, liked
from engine.compose.finish import finish_song
from engine.compose.given import Given
from engine.compose.leaning import Leaning, leaning_of
from engine.compose.plan import Plan
from engine.metrics.features import song_features
from engine.metrics.originality import CopyGate
from engine.music.notes import Role, Song
from engine.music.shelf import SHIPPED, Shelf
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
    `moved`: what votes changed in the choice, in words.
    """

    song: Song
    candidates: dict[str, Any]
    model: dict[str, str]
    gates: dict[str, bool | None]
    originality: dict[str, Any]
    moved: tuple[str, ...] = ()


def keep_best(
    candidates: Candidates, plan: Plan, given: Given, index: CopyGate | None, shelf: Shelf = SHIPPED
) -> Written:
    """Finish and judge all candidates, and keep one. `shelf`: what the plan's styles are from, with their tastes."""
    style = shelf.style(plan.style)
    songs = [_song(plan, events, given) for events in candidates.events]
    verdicts = [judge(song, plan, candidates.reference, index=index, style=style) for song in songs]
    kept, moved = _chosen(songs, verdicts, leaning_of(plan.blend, shelf))
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
        moved=moved,
    )


def _chosen(songs: Sequence[Song], verdicts: Sequence[Verdict], leaning: Leaning) -> tuple[int, tuple[str, ...]]:
    """Which candidate is kept, and what votes changed in that."""
    usual = choose(verdicts)
    if not leaning.ranks_songs:
        return usual, ()
    features = [song_features(song) for song in songs]
    kept = choose(liked(verdicts, [leaning.song_score(own) for own in features]))
    words = leaning.words("song", features[kept], features[usual])
    told = f"votes here chose among {len(songs)} candidates"
    return kept, () if kept == usual else (f"{told}: {words}" if words else told,)


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
