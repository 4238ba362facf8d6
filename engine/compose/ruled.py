"""A song by the written grammar alone, told as the network's songs are.

In: a plan, kept roles. Out: `Written`, whose model says `rules` instead of a version. Conventions: kept roles' notes
replace what the grammar wrote for them. Caveat: a grammar reads no primer, so going on from a file takes over only its
key, tempo, meter and instruments.
"""

from __future__ import annotations

from dataclasses import replace

from engine.compose.by_rules import write_by_rules
from engine.compose.choose import judge
from engine.compose.given import NOTHING, Given
from engine.compose.plan import Plan
from engine.compose.taught import lineage_of
from engine.compose.written import Written
from engine.metrics.originality import CopyGate
from engine.music.notes import Role, Song
from engine.music.styles import Style, load_style

VERSION = "rules"


def written_by_rules(
    plan: Plan,
    *,
    candidates: int,
    given: Given = NOTHING,
    index: CopyGate | None = None,
    style: Style | None = None,
) -> Written:
    """The best of `candidates` songs of the grammar, with what is kept. `style`: the plan's, where that is not the
    shipped one.
    """
    style = style or load_style(plan.style)
    song = with_kept(write_by_rules(plan, candidates=candidates, style=style), given)
    verdict = judge(song, plan, {}, index=index, style=style)
    return Written(
        song=song,
        candidates={
            "composed": candidates,
            "passed": int(not verdict.failures),
            "failures_of_kept": list(verdict.failures),
        },
        model={"style": plan.style, "version": VERSION, "sha256": "", **lineage_of([style])},
        gates=dict(verdict.gates),
        originality=verdict.originality_to_json(),
    )


def with_kept(song: Song, given: Given) -> Song:
    """`song` with the kept roles' tracks of the score instead of its own."""
    if not given.kept or given.score is None:
        return song
    tracks = [track for track in song.tracks if track.role not in given.kept]
    tracks += [track for track in given.score.tracks if track.role in given.kept]
    return replace(song, tracks=tuple(sorted(tracks, key=lambda track: list(Role).index(track.role))))
