"""Composed corpora: how many songs of which style the written grammars add, and whose drumming they may borrow.

In: pieces of the Groove corpus, a seed. Out: labelled pieces of composed songs; the table `COMPOSED`. Conventions: a
style in the table without a grammar adds nothing; a composed piece's source begins with `composed-`, and nothing else's
does; drum bars are borrowed from takes in training only. Caveat: a style with music by people is no composed one: its
songs only widen what it hears, people keep `human_share` of it, and it is measured on people's pieces alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from engine.grammar.corpus import GRAMMARS, composed_songs
from engine.learn.sources.piece import Piece, split_of
from engine.music.notes import Note, Role, Song

PREFIX = "composed-"
LICENCE = "Apache-2.0 (written by the project's own grammar)"
MOST_BARS, LEAST_HITS = 1500, 5

Bars: TypeAlias = Sequence[tuple[Note, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """`songs`: how many. `takes`: which Groove takes lend bars, a pattern for `style:groove's own word` ("" for none).
    `human_share`: the least part of what is heard of the style that people made; 0 where nobody's music is open.
    """

    songs: int
    takes: str = ""
    human_share: float = 0.0


COMPOSED: Mapping[str, Composed] = {
    "lofi": Composed(songs=2000, takes=r"lofi:"),
    "jazz": Composed(songs=1500, takes=r"jazz:jazz(?!/funk|/fusion|/linear|/march)"),
    "blues": Composed(songs=1500, takes=r"blues:|.*:(jazz/swing|rock/shuffle|neworleans/shuffle)"),
    "bossa": Composed(songs=1500, takes=r"bossa:latin(/brazilian|/samba|$)"),
    "ambient": Composed(songs=1500),
    "pop": Composed(songs=300, takes=r"pop:|.*:(rock/indie|soul/motown)", human_share=0.7),
    "synthwave": Composed(songs=300, human_share=0.7),
}
"""Style → its composed corpus. Chiptune is not here: its pieces are people's, arranged by rule."""


def is_composed(source: str) -> bool:
    """Whether a source is a grammar's songs."""
    return source.startswith(PREFIX)


def played_bars(pieces: Iterable[Piece]) -> dict[str, Bars]:
    """Style → bars of 4/4 that its grammar may borrow from the Groove pieces among `pieces`, at most `MOST_BARS`."""
    takes = [p for p in pieces if p.source == "groove" and p.split == "train" and str(p.song.meter) == "4/4"]
    out: dict[str, Bars] = {}
    for style, entry in COMPOSED.items():
        pattern = re.compile(entry.takes or r"(?!)")
        chosen = [p.song for p in takes if pattern.match(f"{p.style}:{p.song.meta.get('groove', '')}")]
        bars = [bar for song in chosen for bar in _bars(song)]
        out[style] = bars[:: max(1, -(-len(bars) // MOST_BARS))]
    return out


def _bars(song: Song) -> list[tuple[Note, ...]]:
    """The song's bars of drums, each counted from its bar line; those with hardly a hit are left out."""
    track, bar = song.track(Role.DRUMS), song.meter.bar_ticks
    bars: list[list[Note]] = [[] for _ in range(song.bars)]
    for note in track.notes if track else ():
        if note.onset < song.bars * bar:
            bars[note.onset // bar].append(replace(note, onset=note.onset % bar))
    return [tuple(hits) for hits in bars if len(hits) >= LEAST_HITS]


def composed_pieces(*, most: int, seed: int, bars: Mapping[str, Bars]) -> Iterator[Piece]:
    """All composed pieces, at most `most` a style."""
    for style, entry in COMPOSED.items():
        if style not in GRAMMARS:
            continue
        for index, song in enumerate(style_songs(style, min(most, entry.songs), seed, bars)):
            name = f"{PREFIX}{style}/{index}"
            yield Piece(
                id=name, source=f"{PREFIX}{style}", licence=LICENCE, style=style, split=split_of(name), song=song
            )


def style_songs(style: str, count: int, seed: int, bars: Mapping[str, Bars]) -> Iterator[Song]:
    """The first `count` songs of a style's grammar, with the drum bars that it may borrow."""
    return composed_songs(style, count, seed, drum_bars=bars.get(style) or None)
