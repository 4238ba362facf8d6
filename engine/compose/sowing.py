"""A style's seed bank, made: songs by its network, of them the passages that are best and least alike.

In: a style, how many seeds, a seed for chance, a writer. Out: `Seed`s, and `seeds.json` in the style's folder.
Conventions: the songs differ in energy, meter and all that chance decides; only songs that pass every gate count, and
of those the half nearest to the style's own music in each meter; passages begin where phrases do, and are chosen by
farthest point (Gonzalez, 1985) over what they measure. Caveat: a style whose network is trained anew wants a new bank.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.compose.generate import BATCH, SongWriter
from engine.compose.planner import Planner
from engine.compose.request import ComposeRequest
from engine.music.harmony import Chord
from engine.music.notes import Role, SectionKind, Song
from engine.music.seed import Seed, measured
from engine.music.seedbank import FILE, write_seeds
from engine.music.styles import load_style
from engine.music.tokens import (
    BAR,
    DRUMS,
    MELODY,
    N_ROLES,
    ROLE_ORDER,
    SLOTS_PER_QUARTER,
    Event,
    song_to_events,
)

SONGS_PER_SEED = 2
SONG_S = 30.0
PHRASE_BARS = 4
SHORT_BARS, LONG_BARS = 2, 4
FEW_NOTES = 16
"""Two bars with fewer notes than this say too little; four are taken."""
LEAST_MELODY = 3
BEST_SHARE = 0.5
MOST_OF_A_SONG = 2
SHOWN_KINDS = (SectionKind.VERSE, SectionKind.CHORUS, SectionKind.BRIDGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Passage:
    """A seed that may become one: which song it is from, and what it measures `[K]`."""

    song: int
    seed: Seed
    measures: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sowing:
    """Which bank is wanted: up to `count` seeds; `seed` decides everything that is left to chance."""

    style: str
    count: int = 48
    seed: int = 1


def sow(sowing: Sowing, writer: SongWriter, progress: Callable[[float], None] = lambda _: None) -> list[Seed]:
    """Write `SONGS_PER_SEED` songs a seed and choose among their passages, the most different ones first.

    Raises `BadRequest` for an unknown style and `CheckpointError` for one without a network.
    """
    return choose_seeds(_best(_songs(sowing, writer, progress)), sowing.style, sowing.count)


def choose_seeds(songs: Sequence[tuple[int, Song]], style: str, count: int) -> list[Seed]:
    """Up to `count` passages of numbered songs as seeds of `style`, the most different ones first."""
    passages = [passage for index, song in songs for passage in _passages(song, index)]
    chosen = _farthest(passages, count)
    return [replace(passage.seed, name=f"{style}-{index + 1:03}") for index, passage in enumerate(chosen)]


def sow_bank(
    sowing: Sowing, writer: SongWriter, folder: Path, progress: Callable[[float], None] = lambda _: None
) -> int:
    """`sow`, and write the bank into `folder`; returns how many seeds it holds."""
    seeds = sow(sowing, writer, progress)
    checkpoint = writer.checkpoint(sowing.style)
    made_by = {"version": checkpoint.facts.version, "sha256": checkpoint.sha256}
    return write_seeds(folder / FILE, style=sowing.style, checkpoint=made_by, seeds=seeds)


def _songs(sowing: Sowing, writer: SongWriter, progress: Callable[[float], None]) -> list[tuple[float, Song]]:
    """The best of each batch with its distance from the style's own music; those that fail a gate are left out."""
    style, count = sowing.style, sowing.count * SONGS_PER_SEED
    planner, rng = Planner(None), np.random.Generator(np.random.PCG64(sowing.seed))
    meters = tuple(dict.fromkeys(load_style(style).meters))
    passed: list[tuple[float, Song]] = []
    for index in range(count):
        request = ComposeRequest(
            prompt=style,
            style=style,
            seconds=SONG_S,
            meter=meters[index % len(meters)],
            energy=round(float((index * 0.618) % 1.0), 3),
            seed=int(rng.integers(2**53)),
        )
        written = writer.write(replace(planner.plan(request), primer=None), candidates=BATCH)
        if not written.candidates["failures_of_kept"]:
            passed.append((written.candidates["distances"][written.candidates["kept"]], written.song))
        progress((index + 1) / count)
    return passed


def _best(written: Sequence[tuple[float, Song]]) -> list[tuple[int, Song]]:
    """The nearer half of the songs in each meter, numbered."""
    best: list[tuple[int, Song]] = []
    for meter in dict.fromkeys(song.meter for _, song in written):
        mine = [(distance, index) for index, (distance, song) in enumerate(written) if song.meter == meter]
        kept = sorted(mine)[: max(1, round(BEST_SHARE * len(mine)))]
        best += [(index, written[index][1]) for _, index in kept]
    return best


def _passages(song: Song, number: int) -> list[_Passage]:
    """Passages at the beginnings of a song's phrases, with everybody who is there."""
    bars: list[list[Event]] = [[]]
    for event in song_to_events(song):
        if event.onset == BAR:
            bars.append([])
        else:
            bars[-1].append(event)
    passages = []
    for section in song.sections:
        if section.kind not in SHOWN_KINDS:
            continue
        for start in range(section.start_bar, section.end_bar, PHRASE_BARS):
            length = SHORT_BARS
            if sum(len(bar) for bar in bars[start : start + length]) < FEW_NOTES:
                length = LONG_BARS
            if start + length > min(section.end_bar, song.bars - 1):
                continue
            passage = tuple(tuple(bar) for bar in bars[start : start + length])
            if sum(event.role == MELODY for bar in passage for event in bar) >= LEAST_MELODY and all(passage):
                passages.append(_passage(song, number, start, passage))
    return passages


def _passage(song: Song, number: int, start: int, bars: tuple[tuple[Event, ...], ...]) -> _Passage:
    """A passage with what it measures."""
    events = [event for bar in bars for event in bar]
    pitched = [event for event in events if event.role != DRUMS]
    tune = [event for event in events if event.role == MELODY]
    lead = [event.pitch for event in tune] or [event.pitch for event in pitched]
    shift = song.key.shift_to_white
    chords = song.chords[2 * start : 2 * (start + len(bars))]
    seed = measured(
        Seed(
            name="",
            meter=song.meter,
            mode=song.key.mode,
            tempo_bpm=song.tempo_bpm,
            chords=tuple(_white(chord, shift) for chord in chords),
            events=bars,
        )
    )
    steps = [abs(b.pitch - a.pitch) for a, b in pairwise(tune)]
    counts = [sum(event.role == role for event in events) / len(bars) for role in range(N_ROLES)]
    measures = (
        seed.energy,
        seed.register,
        seed.valence,
        float(np.log2(song.tempo_bpm)),
        *(float(np.log2(1 + count)) for count in counts),
        _off_beat(tune),
        _off_beat([event for event in events if ROLE_ORDER[event.role] in (Role.HARMONY, Role.BASS)]),
        float(np.mean(steps)) if steps else 0.0,
        float(max(lead) - min(lead)),
    )
    return _Passage(song=number, seed=seed, measures=measures)


def _white(chord: Chord | None, shift: int) -> Chord | None:
    return chord.transposed(shift) if chord else None


def _off_beat(events: Sequence[Event]) -> float:
    """Share of notes that do not begin on a quarter; 0 for none."""
    return sum(event.onset % SLOTS_PER_QUARTER != 0 for event in events) / max(1, len(events))


def _farthest(passages: Sequence[_Passage], count: int) -> list[_Passage]:
    """Up to `count` passages, each as far as can be from those before it, at most `MOST_OF_A_SONG` of one song.

    The first is the one nearest to the middle of all.
    """
    if not passages:
        return []
    table: NDArray[np.float64] = np.asarray([passage.measures for passage in passages])
    table = (table - table.mean(axis=0)) / np.maximum(table.std(axis=0), 1e-6)
    chosen = [int(np.argmin((table**2).sum(axis=1)))]
    nearest = ((table - table[chosen[0]]) ** 2).sum(axis=1)
    taken = {passages[chosen[0]].song: 1}
    while len(chosen) < count:
        open_ = [i for i, p in enumerate(passages) if nearest[i] > 0 and taken.get(p.song, 0) < MOST_OF_A_SONG]
        if not open_:
            break
        best = max(open_, key=lambda i: (nearest[i], -i))
        chosen.append(best)
        taken[passages[best].song] = taken.get(passages[best].song, 0) + 1
        nearest = np.minimum(nearest, ((table - table[best]) ** 2).sum(axis=1))
    return [passages[index] for index in chosen]
