"""A seed: a short passage that a style's network reads before a song's first bar, as a value, as JSON, as numbers.

In: notes as the network's integers. Out: `Seed`s, what they measure, their JSON. Conventions: seeds are in normal form
(the scale on the white keys); energy, register and valence lie in 0…1, 0…1 and −1…1; `measured` takes them from the
notes. Seeds that were bred have a `Lineage` beside them in the same JSON object. Light: no network, no files
(`seedbank`). Caveat: a seed has no instruments; whoever reads it plays it as its own song's cast would.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from math import log2
from statistics import fmean
from typing import Any

from engine.errors import BadRequest, EngineError
from engine.music.harmony import WHITE_TONIC, Chord, Key, Mode
from engine.music.notes import Role, Section, SectionKind, Song
from engine.music.timing import METERS, Meter, ticks_to_seconds
from engine.music.tokens import (
    BAR_EVENT,
    DRUMS,
    MELODY,
    ROLE_INDEX,
    ROLE_ORDER,
    Event,
    class_to_velocity,
    events_to_tracks,
    slots_in_bar,
)

NO_CHORD = "-"
LOWEST_PITCH, PITCH_SPAN = 36, 60
"""Of the register: the pitch at 0, and semitones up to 1."""
SILENT_VELOCITY, LOUD_VELOCITY = 30.0, 110.0
MODE_LIGHT = {
    Mode.LYDIAN: 0.7, Mode.MAJOR: 0.6, Mode.MIXOLYDIAN: 0.35, Mode.DORIAN: -0.2, Mode.MINOR: -0.45,
    Mode.PHRYGIAN: -0.65, Mode.LOCRIAN: -0.8,
}  # fmt: skip
"""How bright a mode sounds, −1…1: by the sharps of its scale over one tonic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """One passage. `chords`: one a half bar; `events`: a tuple a bar, in their order; `density`: notes a bar. The last
    four are what `measured` makes of the notes.
    """

    name: str
    meter: Meter
    mode: Mode
    tempo_bpm: float
    chords: tuple[Chord | None, ...]
    events: tuple[tuple[Event, ...], ...]
    energy: float = 0.5
    density: float = 0.0
    register: float = 0.5
    valence: float = 0.0

    @property
    def notes_per_second(self) -> float:
        """All notes, at the seed's tempo."""
        return self.density / ticks_to_seconds(self.meter.bar_ticks, self.tempo_bpm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """Where a bred seed is from: names of its parents (one or two), how it was made, in words, and how many generations
    lie between it and seeds that nobody bred.
    """

    parents: tuple[str, ...]
    how: str
    generation: int


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


def energy_of(*, notes_per_second: float, velocity: float) -> float:
    """How energetic music is, 0…1: half by its notes a second (on a logarithmic scale to 31), half by its loudness."""
    loudness = (velocity - SILENT_VELOCITY) / (LOUD_VELOCITY - SILENT_VELOCITY)
    return 0.5 * min(1.0, log2(1 + notes_per_second) / 5) + 0.5 * min(1.0, max(0.0, loudness))


def valence_of(mode: Mode, tempo_bpm: float) -> float:
    """How happy music is by its mode and tempo, −1…1."""
    return min(1.0, max(-1.0, MODE_LIGHT[mode] + 0.4 * log2(tempo_bpm / 100)))


def digest_of(seed: Seed) -> str:
    """Six hexadecimal digits that follow from the notes: a part of names that shall never mean another seed."""
    return sha256(json.dumps({**seed_to_json(seed), "name": ""}, sort_keys=True).encode()).hexdigest()[:6]


def register_of(events: Sequence[Event]) -> float:
    """How high the tune lies (where there is none, everything pitched), 0…1; .5 where nothing is."""
    pitched = [event for event in events if event.role != DRUMS]
    lead = [event.pitch for event in pitched if event.role == MELODY] or [event.pitch for event in pitched]
    return min(1.0, max(0.0, (fmean(lead) - LOWEST_PITCH) / PITCH_SPAN)) if lead else 0.5


def measured(seed: Seed) -> Seed:
    """The seed with its energy, density, register and valence as its notes have them. Raises `ValueError` for one
    without bars or notes.
    """
    events = [event for bar in seed.events for event in bar]
    if not events:
        raise ValueError(f"the seed {seed.name!r} has no notes")
    seconds = len(seed.events) * ticks_to_seconds(seed.meter.bar_ticks, seed.tempo_bpm)
    velocity = fmean(class_to_velocity(event.velocity) for event in events)
    return replace(
        seed,
        energy=energy_of(notes_per_second=len(events) / seconds, velocity=velocity),
        density=len(events) / len(seed.events),
        register=register_of(events),
        valence=valence_of(seed.mode, seed.tempo_bpm),
    )


def seed_to_json(seed: Seed) -> dict[str, Any]:
    """Plain JSON object, rounded: a seed that was read from one comes back equal."""
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


def seed_from_json(row: Mapping[str, Any]) -> Seed:
    """Inverse of `seed_to_json`; a lineage beside it is left aside. Raises `EngineError` for what is no seed."""
    try:
        return _seed_from_json(row)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, BadRequest) as error:
        raise EngineError(f"A seed cannot be read ({error!r}).") from error


def bred_to_json(seed: Seed, lineage: Lineage) -> dict[str, Any]:
    """A bred seed with its lineage beside it, as a plain JSON object."""
    return {
        **seed_to_json(seed),
        "parents": list(lineage.parents),
        "how": lineage.how,
        "generation": lineage.generation,
    }


def lineage_of(row: Mapping[str, Any]) -> Lineage | None:
    """The lineage beside a seed's JSON; None for one that nobody bred."""
    if "parents" not in row:
        return None
    return Lineage(parents=tuple(row["parents"]), how=str(row["how"]), generation=int(row["generation"]))


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
