"""Game music and dance tunes, arranged for a chip: what the style chiptune learns from.

In: pieces of Freedoom, Simutrans and the fiddle books, as their own readers made them. Out: pieces in the style
chiptune, with the licence, the work and the side of the split of what they were made from. Conventions: every game
track with a tune is used; of the fiddle books reels, hornpipes, jigs and polkas, a fixed share of them drawn by their
names. Caveat: tunes, chords and drummers' places are people's, the arrangement is by rule (`engine.grammar.chip`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from engine.grammar.chip import chip_song
from engine.learn.sources.piece import Dropped, Found, Piece, with_style

SOURCE = "chip"
FROM = ("folk", "freedoom", "simutrans")
TUNES = "folk"
QUICK_DANCES = re.compile(r"reel|hornpipe|jig|polka", re.I)
TUNE_SHARE = 0.12


def read_chip(pieces: Iterable[Piece]) -> Iterator[Found]:
    """The pieces that suit, arranged."""
    for piece in pieces:
        if piece.source == TUNES and not _suits(piece):
            continue
        song = chip_song(piece.song, np.random.default_rng(_number(f"{SOURCE}:{piece.id}")))
        name = f"{SOURCE}/{piece.id}"
        if song is None:
            yield Dropped(id=name, reason="no tune")
        else:
            yield replace(with_style(piece, "chiptune"), id=name, source=SOURCE, song=song)


def _suits(piece: Piece) -> bool:
    """Whether a fiddle tune is a quick dance, and one of those drawn."""
    words = f"{piece.song.meta.get('dance', '')} {piece.song.title}"
    return QUICK_DANCES.search(words) is not None and _number(piece.id) / 2**64 < TUNE_SHARE


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
