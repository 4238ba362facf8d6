"""The songs that are judged: composed for random wishes, measured, and kept so that an interrupted run goes on.

In: wishes and a `Maker`. Out: `Generated`: vectors, and what is known of each song beside them. Conventions: a set is
kept as a whole under a key of everything that decides it. Caveat: the notes are not kept; a song comes back from its
wish.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engine.evaluate.files import load_set, save_set
from engine.evaluate.vectors import Label, Sample, VectorSet, measure_all
from engine.evaluate.wishes import Made, Maker, Wish
from engine.metrics.form import bass_root_at_downbeat_share
from engine.metrics.symbolic import longest_repeated_pitch_run
from engine.music.notes import Role, Song


@dataclass(frozen=True, slots=True, kw_only=True)
class SongFacts:
    """Of one song: gate failures, what was asked and missed, the melody's longest run on one pitch, the share of
    downbeats on which the bass plays the planned chord's root or written bass (None without any), originality.
    """

    failures: tuple[str, ...]
    off: tuple[str, ...]
    melody_run: int
    bass_roots: float | None
    originality: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A set of songs by one maker: a row of `vectors` and of `facts` a song."""

    vectors: VectorSet
    facts: tuple[SongFacts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The folder that finished sets are kept in, and what decides them beside the wishes."""

    folder: Path
    basis: Mapping[str, Any]

    def path(self, kind: str, wishes: Sequence[Wish]) -> Path:
        """Where the set that a maker of this kind makes of these wishes is kept."""
        text = json.dumps([kind, dict(self.basis), [asdict(wish) for wish in wishes]], sort_keys=True)
        return self.folder / f"{wishes[0].style}-{kind}-{hashlib.sha256(text.encode()).hexdigest()[:16]}.npz"


def generate(
    wishes: Sequence[Wish], maker: Maker, kind: str, work: Work, *, on_song: Callable[[], None] = lambda: None
) -> Generated:
    """Compose and measure a song a wish, or take the set from an earlier run. `on_song` is called after each."""
    path = work.path(kind, wishes)
    if path.exists():
        for _ in wishes:
            on_song()
        return _load(path)
    made: list[Made] = []
    for wish in wishes:
        made.append(maker(wish))
        on_song()
    labels = [Label(id=f"{kind}/{i}", style=w.style, split="valid", kind=kind) for i, w in enumerate(wishes)]
    vectors = measure_all(Sample(label=label, song=one.song) for label, one in zip(labels, made, strict=True))
    facts = tuple(facts_of(one) for one in made)
    save_set(vectors, path, {"songs": [asdict(fact) for fact in facts]})
    return _load(path)  # as it is kept, so that a run that was interrupted ends with the same figures


def facts_of(made: Made) -> SongFacts:
    """What is kept of a song beside its vector."""
    return SongFacts(
        failures=made.failures,
        off=made.off,
        melody_run=_melody_run(made.song),
        bass_roots=bass_root_at_downbeat_share(made.song),
        originality=dict(made.originality),
    )


def _melody_run(song: Song) -> int:
    melody = song.track(Role.MELODY)
    return longest_repeated_pitch_run(melody) if melody else 0


def _load(path: Path) -> Generated:
    vectors, kept = load_set(path)
    return Generated(vectors=vectors, facts=tuple(_facts_from_json(row) for row in kept["songs"]))


def _facts_from_json(row: Mapping[str, Any]) -> SongFacts:
    return SongFacts(**{**row, "failures": tuple(row["failures"]), "off": tuple(row["off"])})
