"""Training pieces → the copy index, and what people share with one another → its limits.

In: labelled pieces. Out: `Built`: the windows of every training piece's tune, with a limit a style, and the facts that
were measured. Conventions: held-out pieces of people are cut into excerpts as long as a song and asked against the
finished index; the limit of a style is the 95th percentile of the notes of their longest runs, where the style has
enough excerpts, else that of all styles together (Yin et al. 2021 take the same baseline, from the corpus itself).
An excerpt of which half or more stands in one training piece is no other music but the same tune in another edition,
key or setting; it is counted and left out, or a handful of them would allow copying. Composed pieces are in the index,
but set no limit: nobody made them. Caveat: the more pieces are in the index, the longer are the runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from engine.errors import BadRequest
from engine.learn.composed import is_composed
from engine.learn.sources.piece import Piece
from engine.metrics.copyindex import OTHER_STYLES, IndexDraft, with_limits
from engine.metrics.originality import CopyIndex, TuneWindows, tune_of
from engine.music.notes import Song

EXCERPT_S = 45.0
LIMIT_PERCENTILE = 95
SHOWN_PERCENTILES = (50, 75, 90, 95, 99)
ENOUGH_EXCERPTS = 100
"""A style with fewer held-out excerpts takes the limit of all."""
ENOUGH_NOTES = 20
SAME_TUNE_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The index, and what was measured: pieces by source, licences, distributions of runs by style."""

    windows: TuneWindows
    facts: dict[str, Any]


@dataclass(slots=True)
class _Runs:
    """Notes of the longest runs of some excerpts, and how many were the same tune."""

    notes: list[int] = field(default_factory=list)
    same_tune: int = 0

    def facts(self) -> dict[str, Any]:
        found = {f"p{share}": round(float(np.percentile(self.notes, share)), 1) for share in SHOWN_PERCENTILES}
        return {"excerpts": len(self.notes), "same_tune": self.same_tune, **found}

    @property
    def limit(self) -> int:
        return math.ceil(np.percentile(self.notes, LIMIT_PERCENTILE))


def build_index(pieces: Iterable[Piece], *, on_piece: Callable[[int], None] = lambda _: None) -> Built:
    """Index the training pieces, ask the held-out ones. Raises `BadRequest` where either are missing."""
    draft, held_out = IndexDraft(), list[Piece]()
    sources: dict[str, int] = {}
    licences: dict[str, str] = {}
    for count, piece in enumerate(pieces, 1):
        if piece.split != "train":
            held_out.append(piece)
        elif draft.add(name_of(piece), piece.song):
            sources[piece.source] = sources.get(piece.source, 0) + 1
            licences.setdefault(piece.source, piece.licence)
        on_piece(count)
    windows = draft.finish(limit=0)
    human, composed = _ask(CopyIndex(windows), held_out)
    if not sources or OTHER_STYLES not in human:
        raise BadRequest("The corpora hold no tunes of people to train on and to hold out; larger ones would work.")
    enough = {style: runs for style, runs in human.items() if len(runs.notes) >= ENOUGH_EXCERPTS}
    limits = {style: runs.limit for style, runs in ({OTHER_STYLES: human[OTHER_STYLES]} | enough).items()}
    facts = {
        "pieces": sources,
        "licences": licences,
        "windows": len(windows.hashes),
        "common_windows": len(windows.common),
        "held_out": {style: runs.facts() for style, runs in sorted(human.items()) if runs.notes},
        "held_out_composed": {style: runs.facts() for style, runs in sorted(composed.items()) if runs.notes},
    }
    return Built(windows=with_limits(windows, limits), facts=facts)


def name_of(piece: Piece) -> str:
    """How a receipt names a piece: its id, or `"composed lofi 123"`."""
    if is_composed(piece.source):
        return f"composed {piece.style} {piece.id.rpartition('/')[2]}"
    return piece.id


def excerpts_of(song: Song) -> Iterator[Song]:
    """The song in stretches of about `EXCERPT_S`, all of the same number of bars as nearly as may be."""
    count = max(1, round(song.duration_s / EXCERPT_S))
    edges = [round(song.bars * index / count) * song.meter.bar_ticks for index in range(count + 1)]
    for low, high in pairwise(edges):
        tracks = (
            replace(track, notes=tuple(note for note in track.notes if low <= note.onset < high))
            for track in song.tracks
        )
        yield replace(song, tracks=tuple(tracks))


def _ask(index: CopyIndex, held_out: Iterable[Piece]) -> tuple[dict[str, _Runs], dict[str, _Runs]]:
    """Runs by style, and of all under `"*"`: of people's pieces, and of composed ones."""
    human: dict[str, _Runs] = {}
    composed: dict[str, _Runs] = {}
    for piece in held_out:
        group = composed if is_composed(piece.source) else human
        for excerpt in excerpts_of(piece.song):
            notes = len(tune_of(excerpt))
            if notes < ENOUGH_NOTES:
                continue
            run = index.longest_run(excerpt).notes
            for style in (OTHER_STYLES, piece.style):
                runs = group.setdefault(style, _Runs())
                if run >= SAME_TUNE_SHARE * notes:
                    runs.same_tune += 1
                else:
                    runs.notes.append(run)
    return human, composed
