"""Seed banks: short passages of a style's own music, which the network reads before a song's first bar.

In: `seeds.json` in a style's folder; a plan's wishes. Out: the seeds, the one that a plan takes, and a seed as a
`Primer`. Conventions: seeds are in normal form (the scale on the white keys); energy, register and valence lie in
0…1, 0…1 and −1…1; their moods are measured when they are read, each axis against the bank's other seeds; notes are kept
as the network's integers. The seeds are this project's own songs, written by the style's network
(`engine.compose.sowing`), never excerpts of what it learnt from. Caveat: a style without a bank has no primers, and
composes all the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import log2
from pathlib import Path
from typing import Any

import numpy as np

from engine.compose.given import Primer
from engine.compose.plan import Plan
from engine.compose.tempo import bar_seconds
from engine.errors import BadRequest, CheckpointError
from engine.music.frames import ranks
from engine.music.harmony import WHITE_TONIC, Chord, Key, Mode
from engine.music.notes import Role, Section, SectionKind, Song
from engine.music.shelf import SHIPPED, Shelf
from engine.music.styles import Style
from engine.music.timing import METERS, Meter
from engine.music.tokens import BAR_EVENT, DRUMS, ROLE_INDEX, ROLE_ORDER, Event, events_to_tracks, slots_in_bar
from engine.text.meaning import Mood

FILE = "seeds.json"
FORMAT = "tunesmith-seeds-1"
MAX_BYTES = 60_000
NEAREST = 6
"""A plan draws among so many of the nearest seeds."""
ENOUGH = 12
"""Where fewer seeds fit, so much fewer plans take one: measured in docs/LOG.md."""
KEPT_BANKS = 20
"""So many styles' banks stay in memory, shipped ones and servers' together."""
NO_CHORD = "-"
SILENT_VELOCITY, LOUD_VELOCITY = 30.0, 110.0
MODE_LIGHT = {
    Mode.LYDIAN: 0.7, Mode.MAJOR: 0.6, Mode.MIXOLYDIAN: 0.35, Mode.DORIAN: -0.2, Mode.MINOR: -0.45,
    Mode.PHRYGIAN: -0.65, Mode.LOCRIAN: -0.8,
}  # fmt: skip
"""How bright a mode sounds, −1…1: by the sharps of its scale over one tonic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """One passage. `chords`: one a half bar; `events`: a tuple a bar, in their order; `density`: notes a bar."""

    name: str
    meter: Meter
    mode: Mode
    tempo_bpm: float
    chords: tuple[Chord | None, ...]
    events: tuple[tuple[Event, ...], ...]
    energy: float
    density: float
    register: float
    valence: float

    @property
    def notes_per_second(self) -> float:
        """All notes, at the seed's tempo."""
        return self.density / bar_seconds(self.meter, self.tempo_bpm)


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


def seed_to_song(seed: Seed, style: str) -> Song:
    """A seed as a song of one section, in the key whose scale is the white keys."""
    bars = len(seed.events)
    key = Key(tonic=WHITE_TONIC[seed.mode], mode=seed.mode)
    events = [event for bar in seed.events for event in (*bar, BAR_EVENT)]
    return Song(
        style=style,
        tempo_bpm=seed.tempo_bpm,
        key=key,
        meter=seed.meter,
        swing=0.5,
        sections=(Section(kind=SectionKind.VERSE, label="A", start_bar=0, bars=bars),),
        chords=seed.chords,
        tracks=events_to_tracks(
            events, meter=seed.meter, shift_to_white=key.shift_to_white, programs=(0,) * len(ROLE_ORDER)
        ),
        title=seed.name,
    )


def seed_to_primer(seed: Seed, style: str) -> Primer:
    """All of a seed, to be read before a song."""
    return Primer(song=seed_to_song(seed, style), bars=len(seed.events))


def energy_of(*, notes_per_second: float, velocity: float) -> float:
    """How energetic music is, 0…1: half by its notes a second (on a logarithmic scale to 31), half by its loudness."""
    loudness = (velocity - SILENT_VELOCITY) / (LOUD_VELOCITY - SILENT_VELOCITY)
    return 0.5 * min(1.0, log2(1 + notes_per_second) / 5) + 0.5 * min(1.0, max(0.0, loudness))


def valence_of(mode: Mode, tempo_bpm: float) -> float:
    """How happy music is by its mode and tempo, −1…1."""
    return min(1.0, max(-1.0, MODE_LIGHT[mode] + 0.4 * log2(tempo_bpm / 100)))


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
    seeds = load_seeds(_folder(style))
    seed = choose_seed(seeds, sought, rng)
    if seed is None:
        return plan
    return replace(plan, primer=seed.name, primer_mood=moods_of_seeds(seeds)[seeds.index(seed)])


def primer_of(plan: Plan, shelf: Shelf = SHIPPED) -> Primer | None:
    """The primer that a plan names. Raises `CheckpointError` if no bank of its styles holds it."""
    if plan.primer is None:
        return None
    for style in sorted(plan.blend):
        for seed in load_seeds(_folder(shelf.style(style))):
            if seed.name == plan.primer:
                return seed_to_primer(seed, style)
    return seed_to_primer(seed_called(plan.primer, _folder(shelf.style(plan.style))), plan.style)


def without_lost_primer(plan: Plan, shelf: Shelf) -> Plan:
    """A plan of an earlier song without its primer, where a server's new model has another bank than the one that the
    primer is from.
    """
    styles = [shelf.style(name) for name in plan.blend]
    held = {seed.name for style in styles for seed in load_seeds(_folder(style))}
    if plan.primer in held or all(style.taught is None for style in styles):
        return plan
    return replace(plan, primer=None, primer_mood=None)


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


def choose_seed(seeds: Sequence[Seed], sought: Sought, rng: np.random.Generator) -> Seed | None:
    """One of the nearest seeds in the sought meter, of its mode or at least its third; None if there is none, and more
    often the fewer than `ENOUGH` there are, because a few seeds for all would make songs alike.

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
    return fitting[nearest[int(rng.integers(len(nearest)))]]


def _gap(own: float, wanted: float) -> float:
    """How far a seed is from the mood on one axis; nothing where the mood does not care."""
    return 0.5 * abs(wanted) * abs(own - wanted)


def _bright(mode: Mode) -> bool:
    return MODE_LIGHT[mode] > 0


@lru_cache(maxsize=KEPT_BANKS)
def load_seeds(folder: Path) -> tuple[Seed, ...]:
    """The seeds of a style's folder; none without a bank. Raises `CheckpointError` for one that is damaged."""
    path = folder / FILE
    if not path.exists():
        return ()
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise ValueError(f"format {data['format']!r}")
        return tuple(_seed_from_json(row) for row in data["seeds"])
    except (KeyError, TypeError, ValueError, IndexError, BadRequest) as error:
        raise CheckpointError(f"The seed bank {path} is damaged ({error}); `tunesmith seeds` makes it anew.") from error


def seed_called(name: str, folder: Path) -> Seed:
    """A seed by its name; raises `CheckpointError` if the style's bank does not hold it."""
    for seed in load_seeds(folder):
        if seed.name == name:
            return seed
    raise CheckpointError(f"The seed bank {folder / FILE} has no seed called {name!r}; plan the song again.")


def write_seeds(path: Path, *, style: str, checkpoint: Mapping[str, str], seeds: Sequence[Seed]) -> int:
    """Write a bank, dropping seeds from the end until it has at most `MAX_BYTES`; returns how many it holds."""
    rows = [json.dumps(_seed_to_json(seed), separators=(",", ":")) for seed in seeds]
    head = json.dumps({"format": FORMAT, "style": style, "checkpoint": dict(checkpoint)}, separators=(",", ":"))[:-1]
    while len(head) + sum(len(row) + 2 for row in rows) + 20 > MAX_BYTES:
        rows.pop()
    draft = path.with_suffix(".tmp")
    draft.write_text(head + ',"seeds":[\n' + ",\n".join(rows) + "\n]}\n", encoding="utf-8")
    draft.replace(path)
    load_seeds.cache_clear()
    return len(rows)


def _seed_to_json(seed: Seed) -> dict[str, Any]:
    slots = slots_in_bar(seed.meter)
    notes: dict[str, list[int]] = {}
    for bar, events in enumerate(seed.events):
        for event in events:
            row = [bar * slots + event.onset, event.pitch, event.duration, event.velocity]
            notes.setdefault(ROLE_ORDER[event.role].value, []).extend(row[:2] + row[3:] if event.role == DRUMS else row)
    return {
        "name": seed.name,
        "meter": str(seed.meter),
        "mode": seed.mode.value,
        "tempo_bpm": round(seed.tempo_bpm, 1),
        "energy": round(seed.energy, 3),
        "density": round(seed.density, 1),
        "register": round(seed.register, 3),
        "valence": round(seed.valence, 3),
        "chords": " ".join(chord.name() if chord else NO_CHORD for chord in seed.chords),
        "notes": notes,
    }


def _seed_from_json(row: Mapping[str, Any]) -> Seed:
    meter = METERS[row["meter"]]
    chords = tuple(None if name == NO_CHORD else Chord.parse(name) for name in row["chords"].split())
    slots = slots_in_bar(meter)
    bars: list[list[Event]] = [[] for _ in range(len(chords) // 2)]
    for name, numbers in row["notes"].items():
        role = ROLE_INDEX[Role(name)]
        width = 3 if role == DRUMS else 4
        for start in range(0, len(numbers), width):
            at, pitch, *duration, velocity = numbers[start : start + width]
            bar, slot = divmod(at, slots)
            bars[bar].append(Event(slot, role, pitch, duration[0] if duration else 0, velocity))
    return Seed(
        name=row["name"],
        meter=meter,
        mode=Mode(row["mode"]),
        tempo_bpm=float(row["tempo_bpm"]),
        chords=chords,
        events=tuple(tuple(sorted(bar)) for bar in bars),
        energy=float(row["energy"]),
        density=float(row["density"]),
        register=float(row["register"]),
        valence=float(row["valence"]),
    )
