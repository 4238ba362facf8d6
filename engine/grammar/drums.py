"""The drums role: a groove of layered grids, ghost notes, fills at section ends.

In: a passage and a `Groove` chosen once a section label. Out: notes counted from the passage's start, General MIDI
percussion keys. A groove may also come from played bars given from outside: tuples of notes counted from the bar line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.grammar.chance import any_of, happens, pick
from engine.grammar.grammar import COMMON, SIXTEENTH, DrumVocabulary, Passage, read_grid
from engine.music.notes import Note, SectionKind
from engine.music.timing import GRID_IN_QUARTER, TICKS_PER_QUARTER

KICK, CLOSED_HAT, OPEN_HAT, CRASH, RIDE = 36, 42, 46, 49, 51
LOUD = {"x": 12, "o": 0, "-": -26, "O": 4}
LEVEL = {
    KICK: 84,
    35: 84,
    38: 82,
    40: 82,
    37: 68,
    39: 60,
    CLOSED_HAT: 58,
    44: 50,
    OPEN_HAT: 60,
    CRASH: 74,
    RIDE: 58,
    53: 46,
    70: 42,
}
PLAYABLE = frozenset((35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 53, 54, 56, 57, 59, 69, 70))
TRIPLET = TICKS_PER_QUARTER // 3
PLAYED_SHARE = 0.3

Layer = tuple[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Groove:
    """Two bars in turn, each a tuple of layers; or two played bars instead."""

    bars: tuple[tuple[Layer, ...], tuple[Layer, ...]]
    played: tuple[tuple[Note, ...], ...] = ()


def choose_groove(
    drums: DrumVocabulary, kind: SectionKind, rng: np.random.Generator, played: Sequence[tuple[Note, ...]] | None
) -> Groove:
    """The groove of a section; intros, outros and breaks sometimes keep only a quiet layer."""
    if played and happens(rng, PLAYED_SHARE):
        return Groove(bars=((), ()), played=(any_of(rng, played), any_of(rng, played)))
    if kind in (SectionKind.INTRO, SectionKind.BREAK, SectionKind.OUTRO) and happens(rng, 0.5):
        quiet = tuple(_layer(line) for line in pick(rng, drums.quiet))
        return Groove(bars=(quiet, quiet))
    kicks = pick(rng, drums.kicks)
    snare = pick(rng, drums.snares[kind])
    hat = _cymbal(drums, kind, rng)
    shared: list[Layer] = [(hat, pick(rng, drums.hats)), (snare, pick(rng, drums.backbeats))]
    ghosts = pick(rng, drums.ghosts)
    extra = pick(rng, drums.layers)
    if extra is not None:
        shared.append(extra)
    first, second = ((KICK, kick) for kick in kicks)
    pair = pick(rng, drums.pairs) if drums.pairs else None
    odd, even = (((pair[0], pair[1]),), ((pair[0], pair[2]),)) if pair is not None else ((), ())
    return Groove(bars=((first, *shared, *odd), (second, *shared, *even, (38, ghosts))))


def _cymbal(drums: DrumVocabulary, kind: SectionKind, rng: np.random.Generator) -> int:
    if kind in drums.cymbals:
        return pick(rng, drums.cymbals[kind])
    return RIDE if kind is SectionKind.CHORUS and happens(rng, 0.2) else CLOSED_HAT


def play_drums(passage: Passage, groove: Groove, drums: DrumVocabulary, rng: np.random.Generator) -> list[Note]:
    """The groove for the passage's bars, a fill before most section ends, now and then a crash on the first beat."""
    notes: list[Note] = []
    for bar in range(passage.bars):
        fills = bar == passage.bars - 1 and passage.bars >= 4 and not passage.final and happens(rng, 0.8)
        small = bar % 4 == 3 and not fills and happens(rng, 0.3)
        hits = _bar_hits(groove, bar, passage.energy, rng)
        if fills or small:
            hits = _filled(hits, pick(rng, drums.fills), passage.energy, rng)
        notes += [
            Note(onset=bar * passage.bar_ticks + h.onset, pitch=h.pitch, duration=h.duration, velocity=h.velocity)
            for h in hits
        ]
    if passage.section.kind is SectionKind.CHORUS and happens(rng, 0.35):
        notes.append(Note(onset=0, pitch=CRASH, duration=24, velocity=_loud(CRASH, 0, passage.energy, rng)))
    return notes


def _bar_hits(groove: Groove, bar: int, energy: float, rng: np.random.Generator) -> list[Note]:
    if groove.played:
        return quantised(groove.played[bar % len(groove.played)])
    return [hit for layer in groove.bars[bar % 2] for hit in _layer_hits(layer, energy, rng)]


def _layer_hits(layer: Layer, energy: float, rng: np.random.Generator) -> list[Note]:
    pitch, grid = layer
    hits = []
    for tick, mark in timed_grid(grid):
        sounding = OPEN_HAT if mark == "O" and pitch == CLOSED_HAT else pitch
        if mark == "-" and happens(rng, 0.15):
            continue  # a ghost note is not played every time
        velocity = _loud(sounding, LOUD[mark], energy, rng)
        duration = 2 * SIXTEENTH if mark == "O" else SIXTEENTH
        hits.append(Note(onset=tick, pitch=sounding, duration=duration, velocity=velocity))
    return hits


def _filled(hits: list[Note], fill: tuple[str, ...], energy: float, rng: np.random.Generator) -> list[Note]:
    layers = [_layer(line) for line in fill]
    start = min(tick for _, grid in layers for tick, _ in timed_grid(grid))
    kept = [hit for hit in hits if hit.onset < start or (hit.pitch in (CLOSED_HAT, RIDE) and len(layers) == 1)]
    return kept + [hit for layer in layers for hit in _layer_hits(layer, energy, rng)]


def timed_grid(grid: str) -> tuple[tuple[int, str], ...]:
    """A grid to (tick, mark) pairs; a grid behind a `t` is written in eighth triplets, twelve a bar."""
    unit = TRIPLET if grid.startswith("t") else SIXTEENTH
    return tuple((place * unit, mark) for place, mark in read_grid(grid.removeprefix("t")))


def _layer(line: str) -> Layer:
    pitch, grid = line.split(" ", 1)
    return int(pitch), grid


def _loud(pitch: int, accent: int, energy: float, rng: np.random.Generator) -> int:
    value = LEVEL.get(pitch, 66) + accent + 14 * (energy - 0.6) + 3 * rng.standard_normal()
    return int(min(120, max(18, round(value))))


def quantised(bar: Sequence[Note]) -> list[Note]:
    """A played bar of 4/4 on the grid: onsets to the nearest written position, pitches not `PLAYABLE` left out."""
    hits: dict[tuple[int, int], Note] = {}
    for note in bar:
        beat, within = divmod(note.onset, TICKS_PER_QUARTER)
        onset = beat * TICKS_PER_QUARTER + min((*GRID_IN_QUARTER, TICKS_PER_QUARTER), key=lambda g: abs(g - within))
        if note.pitch in PLAYABLE and 0 <= onset < COMMON.bar_ticks:
            hits[onset, note.pitch] = Note(onset=onset, pitch=note.pitch, duration=SIXTEENTH, velocity=note.velocity)
    return list(hits.values())
