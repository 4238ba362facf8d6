"""Which seed a plan takes, and a seed as a `Primer`, which the network reads before a song's first bar.

In: a style's seed bank (`engine.music.seedbank`), the seeds that a home's votes bred of it, a plan's wishes. Out: the
plan with the name of a seed; a `Primer`. Conventions: moods of seeds are measured when they are read, each axis against
the other seeds. Among the seeds nearest to the plan one is drawn: all alike where nobody voted, else by Thompson
sampling (Thompson, 1933): of each a draw from the Beta posterior of its votes, and the highest is taken. Seeds that
rest are drawn no more, but songs that began from one can be made again. Caveat: a style without seeds has no primers,
and composes all the same.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import log2
from pathlib import Path
from typing import Any

import numpy as np

from engine.compose.given import Primer
from engine.compose.plan import Plan
from engine.errors import CheckpointError, EngineError
from engine.music.frames import ranks
from engine.music.harmony import Mode
from engine.music.seed import MODE_LIGHT, Seed, seed_from_json, seed_to_song
from engine.music.seedbank import FILE, KEPT_BANKS, load_seeds
from engine.music.shelf import SHIPPED, Shelf
from engine.music.styles import Style
from engine.music.taste import Posterior
from engine.music.timing import Meter
from engine.text.meaning import Mood

log = logging.getLogger(__name__)

NEAREST = 6
"""A plan draws among so many of the nearest seeds."""
ENOUGH = 12
"""Where fewer seeds fit, so much fewer plans take one: measured in docs/LOG.md."""
NO_VOTES: Mapping[str, Posterior] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What a plan looks for: `energy` 0…1 where .5 is usual in the style, the `mood` that was asked for, notes a bar in
    all.
    """

    meter: Meter
    mode: Mode
    energy: float
    mood: Mood
    tempo_bpm: float
    density: float


def seed_to_primer(seed: Seed, style: str) -> Primer:
    """All of a seed, to be read before a song."""
    return Primer(song=seed_to_song(seed, style), bars=len(seed.events))


def with_primer(plan: Plan, rng: np.random.Generator, shelf: Shelf = SHIPPED) -> Plan:
    """The plan with a seed of one of its styles (drawn as they weigh), if that has one that fits.

    Music by rule reads none.
    """
    if plan.engine != "network":
        return plan
    pick, total = rng.random(), sum(plan.blend.values())
    styles = sorted(plan.blend)
    bounds = np.cumsum([plan.blend[style] / total for style in styles])
    style = shelf.style(styles[min(int(np.searchsorted(bounds, pick, side="right")), len(styles) - 1)])
    sought = Sought(
        meter=plan.meter,
        mode=plan.key.mode,
        energy=min(1.0, max(0.0, 0.5 + plan.energy - style.energy)),
        mood=plan.mood,
        tempo_bpm=plan.tempo_bpm,
        density=sum(casting.density for casting in plan.cast.values()),
    )
    seeds = drawn_seeds(style)
    seed = choose_seed(seeds, sought, rng, style.taste.seeds if style.taste else NO_VOTES)
    if seed is None:
        return plan
    moved = _told(seed.name, style.taste.seeds if style.taste else NO_VOTES)
    mood = moods_of_seeds(seeds)[seeds.index(seed)]
    return replace(plan, primer=seed.name, primer_mood=mood, moved=(*plan.moved, *moved))


def _told(name: str, votes: Mapping[str, Posterior]) -> list[str]:
    """What is said of a seed that votes speak for."""
    posterior = votes.get(name)
    if posterior is None or posterior.up <= posterior.down:
        return []
    share = posterior.up / (posterior.up + posterior.down)
    return [f"it begins from the seed {name}, whose songs are liked here ({100 * share:.0f} % of votes)"]


def drawn_seeds(style: Style) -> tuple[Seed, ...]:
    """The seeds that plans may take: the style's bank and what was bred of it, without those that rest."""
    seeds = seeds_of(style)
    resting = style.taste.resting if style.taste else ()
    return tuple(seed for seed in seeds if seed.name not in resting) if resting else seeds


def seeds_of(style: Style) -> tuple[Seed, ...]:
    """All seeds of a style that there are, resting ones too: the bank's first, then those that were bred."""
    seeds = load_seeds(_folder(style))
    if style.taste is None or not style.taste.bred:
        return seeds
    known = {seed.name for seed in seeds}
    return (*seeds, *(seed for seed in _bred(_Rows(style.taste.bred)) if seed.name not in known))


class _Rows:
    """Bred seeds as JSON, told apart by identity: all sketches of a song read the same ones."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.rows = rows

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rows) and self.rows is other.rows

    def __hash__(self) -> int:
        return id(self.rows)


@lru_cache(maxsize=KEPT_BANKS)
def _bred(bred: _Rows) -> tuple[Seed, ...]:
    """Bred seeds that can be read; one that cannot is left out, since songs can be composed without it."""
    seeds = []
    for row in bred.rows:
        try:
            seeds.append(seed_from_json(row))
        except EngineError:
            log.exception("A bred seed is left out.")
    return tuple(seeds)


def primer_of(plan: Plan, shelf: Shelf = SHIPPED) -> Primer | None:
    """The primer that a plan names. Raises `CheckpointError` if no bank of its styles holds it."""
    if plan.primer is None:
        return None
    for name in sorted(plan.blend):
        for seed in seeds_of(shelf.style(name)):
            if seed.name == plan.primer:
                return seed_to_primer(seed, name)
    folder = _folder(shelf.style(plan.style))
    raise CheckpointError(f"The seed bank {folder / FILE} has no seed called {plan.primer!r}; plan the song again.")


def without_lost_primer(plan: Plan, shelf: Shelf) -> Plan:
    """A plan of an earlier song, without its primer and with a notice where that is gone: bred seeds are not kept for
    ever, and a server's new model has another bank than the one before.
    """
    held = {seed.name for name in plan.blend for seed in seeds_of(shelf.style(name))}
    if plan.primer is None or plan.primer in held:
        return plan
    told = f"The seed {plan.primer!r}, from which the song began, is gone; the song begins without it."
    return replace(plan, primer=None, primer_mood=None, notices=(*plan.notices, told))


def _folder(style: Style) -> Path:
    return style.folder_of(FILE)


def moods_of_seeds(seeds: Sequence[Seed]) -> tuple[Mood, ...]:
    """How each seed feels, measured on itself: valence as it is, the other axes by rank among `seeds`, so that 1 is the
    most energetic, the densest in notes a second, the highest and the fastest of them, and −1 the least so.
    """
    energies, densities, registers, tempos = (
        [2 * rank - 1 for rank in ranks(values)]
        for values in (
            [seed.energy for seed in seeds],
            [seed.notes_per_second for seed in seeds],
            [seed.register for seed in seeds],
            [seed.tempo_bpm for seed in seeds],
        )
    )
    return tuple(
        Mood(valence=seed.valence, energy=energy, density=density, brightness=register, tempo=tempo)
        for seed, energy, density, register, tempo in zip(seeds, energies, densities, registers, tempos, strict=True)
    )


def choose_seed(
    seeds: Sequence[Seed], sought: Sought, rng: np.random.Generator, votes: Mapping[str, Posterior] = NO_VOTES
) -> Seed | None:
    """One of the nearest seeds in the sought meter, of its mode or at least its third; None if there is none, and more
    often the fewer than `ENOUGH` there are, because a few seeds for all would make songs alike. `votes`: a seed's name
    → votes of songs that began from it.

    Energy is compared by rank among those seeds, so that a style's loudest seed is the most energetic there is.
    """
    fitting = [seed for seed in seeds if seed.meter == sought.meter and _bright(seed.mode) == _bright(sought.mode)]
    if rng.random() >= len(fitting) / ENOUGH:
        return None
    far = [
        0.5 * abs(own.energy - (2 * sought.energy - 1))
        + 0.5 * abs(log2((seed.density + 1) / (sought.density + 1)))
        + 0.5 * abs(log2(seed.tempo_bpm / sought.tempo_bpm))
        + 0.25 * abs(own.valence - sought.mood.valence)
        + sum(_gap(getattr(own, axis), getattr(sought.mood, axis)) for axis in ("density", "brightness", "tempo"))
        + 0.5 * (seed.mode is not sought.mode)
        for seed, own in zip(fitting, moods_of_seeds(fitting), strict=True)
    ]
    nearest = sorted(range(len(fitting)), key=lambda i: (far[i], fitting[i].name))[:NEAREST]
    return _drawn([fitting[index] for index in nearest], rng, votes)


def _drawn(seeds: Sequence[Seed], rng: np.random.Generator, votes: Mapping[str, Posterior]) -> Seed:
    """Any of them where nobody voted for or against one; else by Thompson sampling."""
    if not any(seed.name in votes for seed in seeds):
        return seeds[int(rng.integers(len(seeds)))]
    known = [votes.get(seed.name, Posterior()) for seed in seeds]
    draws = [rng.beta(posterior.alpha, posterior.beta) for posterior in known]
    return seeds[int(np.argmax(draws))]


def _gap(own: float, wanted: float) -> float:
    """How far a seed is from the mood on one axis; nothing where the mood does not care."""
    return 0.5 * abs(wanted) * abs(own - wanted)


def _bright(mode: Mode) -> bool:
    return MODE_LIGHT[mode] > 0
