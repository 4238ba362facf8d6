"""The human reference and the baselines, kept in the package so that nobody needs the corpora to evaluate.

In: samples of the corpora. Out: two files of metric values with the pieces' names, and back. Conventions: at most
`ROWS_A_STYLE` windows a style, one a piece before a second one of any; held-out pieces fill up to a quarter. The
baselines hold, for each style, random notes in place of human windows, the same windows with their bars shuffled, and
songs of the tutorial LSTM. Caveat: facts only; no notes are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np

from engine.evaluate.baselines import random_notes, shuffled_bars
from engine.evaluate.files import load_set, save_set
from engine.evaluate.vectors import COMPOSED, Label, Sample, VectorSet, joined, measure_all
from engine.evaluate.windows import windows
from engine.music.notes import Role, Song

REFERENCE = Path(__file__).parent / "reference.npz"
BASELINES = Path(__file__).parent / "baselines.npz"
ROWS_A_STYLE, VALID_ROWS = 160, 40
WINDOWS_A_PIECE = 6
BAND_ROLES = 3
BASELINE_ROWS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ranked:
    """A window, how many of its piece come before it, and its place by chance within its split."""

    turn: int
    chance: int
    sample: Sample


def reference_windows(pieces: Iterable[Sample]) -> Iterator[Sample]:
    """Windows of the pieces in which a band plays (at least `BAND_ROLES` roles, a melody among them)."""
    found: dict[tuple[str, str], list[_Ranked]] = {}
    for piece in pieces:
        digest = hashlib.sha256(piece.label.id.encode()).digest()
        rng = np.random.default_rng(list(digest[:8]))
        cut = [s for s in windows(piece.song, rng) if len(s.tracks) >= BAND_ROLES and s.track(Role.MELODY)]
        for turn, index in enumerate(rng.permutation(len(cut))[:WINDOWS_A_PIECE].tolist()):
            label = replace(piece.label, id=f"{piece.label.id}@{index}")
            sample = Sample(label=label, song=cut[index])
            ranked = _Ranked(turn=turn, chance=int.from_bytes(digest[8:16], "big"), sample=sample)
            found.setdefault((label.style, label.split), []).append(ranked)
    for style in sorted({style for style, _ in found}):
        valid = _first(found.get((style, "valid"), []), VALID_ROWS)
        yield from valid
        yield from _first(found.get((style, "train"), []), ROWS_A_STYLE - len(valid))


def _first(ranked: list[_Ranked], count: int) -> list[Sample]:
    return [r.sample for r in sorted(ranked, key=lambda r: (r.turn, r.chance))[:count]]


def build_reference(pieces: Iterable[Sample], path: Path = REFERENCE) -> list[Sample]:
    """Measure the windows of `pieces`, write the file, return the windows. Raises `ValueError` if there are none."""
    chosen = list(reference_windows(pieces))
    save_set(measure_all(chosen), path)
    return chosen


def chance_baselines(chosen: Iterable[Sample], *, seed: int) -> Iterator[Sample]:
    """Random notes and shuffled bars in place of the first `BASELINE_ROWS` windows of each style."""
    counts: dict[str, int] = {}
    for index, sample in enumerate(chosen):
        style = sample.label.style
        counts[style] = counts.get(style, 0) + 1
        if counts[style] <= BASELINE_ROWS:
            rng = np.random.default_rng((seed, index))
            for kind, change in (("random", random_notes), ("shuffled", shuffled_bars)):
                label = replace(sample.label, kind=kind, id=f"{kind}/{sample.label.id}")
                yield Sample(label=label, song=change(sample.song, rng))


def tutorial_baseline(style: str, songs: list[Song], *, seed: int, steps: int) -> Iterator[Sample]:
    """Songs of the tutorial LSTM, trained for `steps` steps on a style's training songs."""
    from engine.evaluate.tutorial import learn_tutorial, tutorial_songs  # noqa: PLC0415 (loads torch)

    tutorial = learn_tutorial(songs, seed=seed, steps=steps)
    for index, song in enumerate(tutorial_songs(tutorial, style, BASELINE_ROWS, seed)):
        yield Sample(label=Label(id=f"tutorial/{index}", style=style, split="valid", kind="tutorial"), song=song)


def build_baselines(
    chosen: list[Sample], parts: Path, *, seed: int, steps: int, say: Callable[[str], None]
) -> VectorSet:
    """Measure the baselines of every style that has windows. `chosen`: the reference's windows; `parts`: a folder that
    keeps each finished set, so that an interrupted build goes on.
    """

    def kept(name: str, samples: Callable[[], Iterable[Sample]]) -> VectorSet:
        path = parts / f"{name}-{seed}-{steps}.npz"
        if not path.exists():
            say(f"baselines: {name}")
            save_set(measure_all(samples()), path)
        return load_set(path)[0]

    def tutorial(style: str) -> Iterator[Sample]:
        songs = [s.song for s in chosen if s.label.style == style and s.label.split == "train"]
        return tutorial_baseline(style, songs, seed=seed, steps=steps)

    styles = sorted({sample.label.style for sample in chosen})
    chance = kept("chance", lambda: chance_baselines(chosen, seed=seed))
    return joined([chance, *(kept(style, partial(tutorial, style)) for style in styles)])


@cache
def load_reference(path: Path = REFERENCE) -> VectorSet:
    """The human reference. Raises `SetupError` if it is missing."""
    return load_set(path)[0]


@cache
def load_baselines(path: Path = BASELINES) -> VectorSet:
    """The baselines. Raises `SetupError` if they are missing."""
    return load_set(path)[0]


def human_pool(reference: VectorSet, style: str) -> VectorSet:
    """Music by people in all styles; for a style with a composed corpus its own songs too."""
    return reference.rows(
        [i for i, label in enumerate(reference.labels) if label.kind != COMPOSED or label.style == style]
    )


def is_composed(reference: VectorSet, style: str) -> bool:
    """Whether a style's reference is its grammar's corpus."""
    return all(label.kind == COMPOSED for label in reference.of_style(style).labels)
