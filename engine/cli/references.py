"""From read corpora to the human reference and the baselines that evaluation carries with it.

In: a dataset folder (`python -m engine.learn.corpus`). Out: two files in `engine/evaluate`. Conventions: styles
without music by people stand on their grammar's songs; folk tunes have the accompaniment that they are learnt with.
Caveat: a quarter of an hour, most of it the tutorial LSTM.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.evaluate.files import save_set
from engine.evaluate.reference import BASELINES, build_baselines, build_reference
from engine.evaluate.vectors import ACCOMPANIED, COMPOSED, HUMAN, Label, Sample
from engine.learn.composed import COMPOSED as TABLE
from engine.learn.composed import composed_pieces, played_bars
from engine.learn.corpus import load_corpus
from engine.learn.train import accompanied
from engine.music.styles import style_names

SEED = 1
COMPOSED_SONGS = 220
TUTORIAL_STEPS = 100


def build_references(corpus: Path, work: Path, say: Callable[[str], None], *, steps: int = TUTORIAL_STEPS) -> None:
    """Build both files from a dataset folder; `work` keeps what is finished of the baselines, and goes when all is.

    Raises `BadRequest` for a folder without a dataset.
    """
    say("measuring human windows")
    chosen = build_reference(samples(corpus))
    parts = work / "baselines"
    baselines = build_baselines(chosen, parts, seed=SEED, steps=steps, say=say)
    save_set(baselines, BASELINES, {"seed": SEED, "tutorial_steps": steps})
    shutil.rmtree(parts)


def samples(corpus: Path) -> Iterator[Sample]:
    """Every piece of a style that there is: people's, and for styles without such the grammar's."""
    pieces = list(load_corpus(corpus))
    known = set(style_names())
    for piece in map(accompanied, pieces):
        if piece.style in known and not _by_grammar(piece.style):
            kind = ACCOMPANIED if piece.source == "folk" and len(piece.song.tracks) > 1 else HUMAN
            label = Label(id=piece.id, style=piece.style, split=piece.split, kind=kind)
            yield Sample(label=label, song=piece.song)
    for piece in composed_pieces(most=COMPOSED_SONGS, seed=SEED, bars=played_bars(pieces)):
        if piece.style in known and _by_grammar(piece.style):
            label = Label(id=piece.id, style=piece.style, split=piece.split, kind=COMPOSED)
            yield Sample(label=label, song=piece.song)


def _by_grammar(style: str) -> bool:
    """Whether the style has no music by people."""
    return style in TABLE and not TABLE[style].human_share
