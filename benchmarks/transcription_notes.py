"""Pieces as transcription would write them down, without playing them: thousands of lessons at no cost.

In: a dataset folder. Out: `Sheet`s: notes, strokes, beats and key of a performance in seconds; and those notes with
mistakes such as transcription makes: some missed, some at an octave or a fifth, lengths cut, times shaken. Conventions:
pieces of the training side alone, none of them a piece of the development half; keys, tempos and instruments are drawn
at random, as for training recordings. Caveat: mistakes are drawn one by one, while real ones come in swarms.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.transcription_set import (
    COMPOSED_STYLES,
    PIANO_SOURCES,
    RING_S,
    SEEDS,
    Kind,
    copied,
    cut,
    generator,
    truth_of,
    varied,
)
from benchmarks.transcription_truth import PITCHED
from engine.compose.perform import perform
from engine.grammar.corpus import composed_songs
from engine.learn.composed import played_bars
from engine.learn.corpus import load_corpus
from engine.learn.sources.piece import Piece
from engine.learn.transcribe.drums import KINDS
from engine.music.harmony import Mode
from engine.music.notes import Song
from engine.music.styles import load_style, style_names

Rows = npt.NDArray[np.float64]

SHEETS = {
    "mutopia": 330, "ragtime": 48, "chopin": 72, "lieder": 150, "hymnal": 128, "chorales": 150,
    "freedoom": 320, "simutrans": 80, "chip": 150,
}  # fmt: skip
"""How many sheets come from where, or as many as there are of the longest copies."""
COMPOSED_SHEETS, COMPOSED_SEED = 200, 7303
DARK = (Mode.MINOR, Mode.DORIAN, Mode.PHRYGIAN, Mode.LOCRIAN)
WRONG_STEPS = (12, -12, 7, 19, 24, 28, 4, 3, -5)
MOST_MISSED = {"piano": 0.12, "band": 0.5}
MOST_WRONG = {"piano": 0.05, "band": 0.15}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """`notes [n, 5]`: onset, end, pitch, role, velocity. `drums [m, 3]`: onset, key, velocity. `key`: index among
    `engine.learn.transcribe.key.KEYS`.
    """

    name: str
    source: str
    kind: Kind
    notes: Rows
    drums: Rows
    beats: Rows
    downbeats: Rows
    seconds: float
    key: int


def sheets(corpus: Path, without: frozenset[str]) -> Iterator[Sheet]:
    """All sheets; `without`: names of pieces to leave out. About a minute for two thousand."""
    by_source: dict[str, list[Piece]] = defaultdict(list)
    for piece in load_corpus(corpus):
        if piece.split == "train" and piece.id not in without:
            by_source["ragtime" if piece.style == "ragtime" else piece.source].append(piece)
    for source, count in SHEETS.items():
        kind: Kind = "piano" if source in PIANO_SOURCES else "band"
        for name, song in copied(by_source[source], count, kind, "training"):
            yield _sheet(name, source, kind, song)
    bars = played_bars(load_corpus(corpus, sources=("groove",)))
    for style in COMPOSED_STYLES:
        songs = composed_songs(style, COMPOSED_SHEETS, COMPOSED_SEED, drum_bars=bars.get(style) or None)
        for index, song in enumerate(songs):
            name = f"composed-{style}/b{index}"
            yield _sheet(name, f"composed-{style}", "band", cut(song, generator(COMPOSED_SEED, name)) or song)


def _sheet(name: str, source: str, kind: Kind, song: Song) -> Sheet:
    rng = generator(SEEDS["training"] + 2, name)
    song = varied(song, kind, rng)
    style = load_style(song.style if song.style in style_names() else "pop")
    performed = perform(song, seed=int(rng.integers(1 << 30)), touch=style.touch, room_s=RING_S)
    truth = truth_of(performed, kind, name, float(rng.uniform(0.1, 1.5)))
    rows = [[*r[:3], role, r[4]] for role, named in enumerate(PITCHED) for r in truth["notes"].get(named, [])]
    drums = [[r[0], r[2], r[4]] for r in truth["notes"].get("drums", [])]
    return Sheet(
        name=name, source=source, kind=kind, seconds=truth["seconds"],
        notes=np.array(rows, dtype=np.float64).reshape(-1, 5), drums=np.array(drums, dtype=np.float64).reshape(-1, 3),
        beats=np.array(truth["beats"]), downbeats=np.array(truth["downbeats"]),
        key=song.key.tonic + 12 * (song.key.mode in DARK),
    )  # fmt: skip


def heard_notes(sheet: Sheet, rng: np.random.Generator) -> Rows:
    """`[n, 4]`: onset, end, pitch, strength, with mistakes."""
    missed = rng.uniform(0.0, MOST_MISSED[sheet.kind], len(PITCHED))
    kept = rng.random(len(sheet.notes)) >= missed[sheet.notes[:, 3].astype(int)]
    mine = sheet.notes[kept] if kept.sum() > 8 else sheet.notes
    onset = mine[:, 0] + rng.normal(0, 0.008, len(mine))
    length = np.maximum((mine[:, 1] - mine[:, 0]) * rng.uniform(0.4, 1.15, len(mine)), 0.04)
    rows = np.stack([onset, onset + length, mine[:, 2], rng.uniform(0.45, 1.0, len(mine))], axis=1)
    wrong = rows[rng.random(len(rows)) < rng.uniform(0.0, MOST_WRONG[sheet.kind])].copy()
    wrong[:, 2] = np.clip(wrong[:, 2] + rng.choice(WRONG_STEPS, len(wrong)), 21, 108)
    wrong[:, 3] *= 0.7
    return np.concatenate([rows, wrong])


def heard_strokes(sheet: Sheet, rng: np.random.Generator) -> Rows:
    """`[m, 3]`: onset, kind, strength, with mistakes: soft ones are missed more."""
    if not len(sheet.drums):
        return np.zeros((0, 3))
    loud, missed, found = float(np.percentile(sheet.drums[:, 2], 95)), rng.uniform(0.0, 0.35, len(KINDS)), []
    for kind, (_, keys) in enumerate(KINDS):
        mine = sheet.drums[np.isin(sheet.drums[:, 1], list(keys))]
        mine = mine[rng.random(len(mine)) >= missed[kind] + np.where(mine[:, 2] < 0.4 * loud, 0.4, 0.0)]
        onset = mine[:, 0] + rng.normal(0, 0.006, len(mine))
        found.append(np.stack([onset, np.full(len(mine), kind), rng.uniform(0.5, 1.0, len(mine))], axis=1))
        if rng.random() < 0.5 and len(sheet.notes):
            wrong = int(rng.uniform(0, 0.1) * len(mine))
            onset = rng.choice(sheet.notes[:, 0], wrong)
            found.append(np.stack([onset, np.full(wrong, kind), rng.uniform(0.35, 0.8, wrong)], axis=1))
    return np.concatenate(found)
