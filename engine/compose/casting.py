"""Who plays what: the style's own ensemble, changed by the instruments that the prompt wants or forbids.

In: a style, the wishes. Out: role → `Casting`. Conventions: roles whose parts list the same programs are one player's
two hands and get the same program. A wanted instrument takes the first of its usual roles that is free; a forbidden
one takes its family with it. Caveat: "solo piano" is the whole ensemble, "solo flute" a melody alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.compose.plan import Casting
from engine.compose.prompt import Wishes
from engine.compose.words.instruments import INSTRUMENTS, Instrument
from engine.errors import BadRequest
from engine.music.instruments import kit_name, program_name, program_range
from engine.music.notes import Role, Song, Track
from engine.music.styles import Part, Style
from engine.music.timbre import brightness_of
from engine.music.timing import METERS, Meter

FAMILIES: dict[str, range] = {
    "piano": range(4),
    "electric piano": range(4, 6),
    "organ": range(16, 21),
    "guitar": range(24, 32),
    "strings": range(40, 52),
    "violin": range(40, 41),
    "brass": range(56, 64),
    "saxophone": range(64, 68),
    "synth": range(80, 96),
    "pad": range(88, 96),
    "choir": range(52, 55),
}
"""A word whose "no" means more than its own programs."""

ELSE: dict[Role, Part] = {
    Role.MELODY: Part(programs=(73, 71, 11, 40, 0), low=60, high=86, density=5.0),
    Role.COUNTER: Part(programs=(71, 46, 48, 11, 0), low=52, high=81, density=3.0, presence=0.6),
    Role.HARMONY: Part(programs=(0, 18, 48, 46, 105), low=48, high=76, density=7.0),
    Role.BASS: Part(programs=(32, 58, 43, 33), low=28, high=52, density=3.0),
    Role.DRUMS: Part(programs=(0, 40), low=35, high=81, density=10.0),
}
"""Parts for roles that a style does not have, and programs for those whose own are all forbidden."""

ORDER = (Role.MELODY, Role.HARMONY, Role.BASS, Role.COUNTER, Role.DRUMS)
RARE = 0.4
"""A role whose presence is below this is a guest: missing from some songs altogether."""
BAR_EXPONENT = 0.6
"""Notes grow with this power of a bar's length: measured on songs, three quarters hold 0.8 of what four hold."""
IMPOSSIBLE = 1000.0
BRIGHTNESS_NATS = 2.5
"""How much likelier an instrument becomes for each unit that it sounds brighter, in the brightest mood."""
ENSEMBLE_REACH = 2.0
"""Ensembles differ less in brightness than single instruments do, so their differences count more."""
MOST_DENSITY = 32.0
"""Notes a bar that a role may take over from a file."""
LEAST_RANGE = 10
"""Semitones that an instrument must have within a part's range; with less, its own range counts."""


def choose_cast(
    style: Style, wishes: Wishes, meter: Meter, rng: np.random.Generator, *, brightness: float = 0.0
) -> dict[Role, Casting]:
    """Cast the style's roles; shorter bars than the style's usual ones hold fewer notes. Instruments that sound as
    bright (1) or as dull (−1) as `brightness` are likelier.

    Raises `BadRequest` if the wishes leave nobody to play.
    """
    forbidden = forbidden_programs(wishes.unwanted_instruments)
    wanted = _place_wanted(style, wishes)
    programs = _Draw(style, forbidden, brightness).draw(_fitting(style, forbidden, wanted), rng)
    guests = [role for role in ORDER if role in programs and _part(style, role).presence < RARE]
    for role, draw in zip(guests, rng.random(len(guests)), strict=True):
        if draw >= _part(style, role).presence / RARE:
            del programs[role]
    programs.update(wanted)
    if wishes.alone:
        programs = _alone(wishes, wanted)
    for role in wishes.roles_off:
        programs.pop(role, None)
    if not programs:
        raise BadRequest(f"The prompt {wishes.text[:60]!r} leaves nobody to play; at least one instrument would work.")
    fill = min(1.0, (meter.bar_ticks / METERS[style.meters[0]].bar_ticks) ** BAR_EXPONENT)
    return {role: _casting(role, programs[role], _part(style, role), fill) for role in ORDER if role in programs}


def cast_of_file(song: Song, style: Style, wishes: Wishes) -> dict[Role, Casting]:
    """Cast the roles that a song has, with its instruments, registers and densities, but for what the wishes say.

    Raises `BadRequest` if the wishes leave nobody to play.
    """
    forbidden = forbidden_programs(wishes.unwanted_instruments)
    wanted = _place_wanted(style, wishes)
    own = {
        track.role: track.program for track in song.tracks if track.program not in forbidden or track.role is Role.DRUMS
    }
    programs = _alone(wishes, wanted) if wishes.alone else {**own, **wanted}
    cast = {}
    for role in ORDER:
        if role not in programs or role in wishes.roles_off:
            continue
        part, track = _part(style, role), song.track(role)
        if track is not None and role not in wanted:
            part = _part_of_track(part, track, song.meter.bar_ticks)
        cast[role] = _casting(role, programs[role], part, 1.0)
    if not cast:
        raise BadRequest("The file's instruments are all left out; at least one instrument would work.")
    return cast


def _part_of_track(part: Part, track: Track, bar_ticks: int) -> Part:
    """The part with a track's register and its notes a bar."""
    bars = {note.onset // bar_ticks for note in track.notes}
    density = min(max(len(track.notes) / len(bars), 0.5), MOST_DENSITY)
    if track.role is Role.DRUMS:
        return replace(part, density=density)
    pitches = [note.pitch for note in track.notes]
    return replace(part, density=density, low=max(0, min(pitches) - 2), high=min(127, max(pitches) + 2))


def presence(style: Style, role: Role, wishes: Wishes) -> float:
    """Share of bars in which the role plays; a wanted instrument plays throughout."""
    return 1.0 if role in _place_wanted(style, wishes) else _part(style, role).presence


def _part(style: Style, role: Role) -> Part:
    return style.parts.get(role, ELSE[role])


def forbidden_programs(names: Collection[str]) -> frozenset[int]:
    """Programs that unwanted instruments rule out."""
    programs: set[int] = set()
    for name in names:
        programs.update(FAMILIES.get(name, INSTRUMENTS[name].programs))
    return frozenset(programs)


def _place_wanted(style: Style, wishes: Wishes) -> dict[Role, int]:
    """Give each wanted instrument a role of its own."""
    return {
        role: _program(INSTRUMENTS[name], _part(style, role)) for name, role in _seats(style, wishes).items() if role
    }


def _seats(style: Style, wishes: Wishes) -> dict[str, Role | None]:
    """Who takes which role: all together as well as can be, roles of the style before others; None: no role."""
    names = wishes.instruments[: len(Role)]
    free = tuple(role for role in Role if role not in wishes.roles_off)

    def best(index: int, left: tuple[Role, ...]) -> tuple[float, tuple[Role | None, ...]]:
        if index == len(names):
            return 0.0, ()
        options = []
        for role in (*left, None):
            cost = _seat_cost(style, names[index], role)
            if cost < IMPOSSIBLE:
                rest, others = best(index + 1, tuple(other for other in left if other is not role))
                options.append((cost + rest, (role, *others)))
        return min(options, key=lambda option: option[0])

    seats = dict.fromkeys(wishes.instruments)
    return {**seats, **dict(zip(names, best(0, free)[1], strict=True))}


def _seat_cost(style: Style, name: str, role: Role | None) -> float:
    """How badly a role suits an instrument; None: it does not play, which is worst but for what cannot be."""
    instrument = INSTRUMENTS[name]
    if role is None:
        return 50.0 if instrument.programs else 20.0
    if role in instrument.roles:
        return instrument.roles.index(role) + (0 if role in style.parts else 3)
    return IMPOSSIBLE if Role.DRUMS in (role, *instrument.roles) or not instrument.programs else 12.0


def unplaced(style: Style, wishes: Wishes) -> tuple[str, ...]:
    """Wanted instruments that find no role; a mere "bass" or "drums" is there as soon as its role is."""
    seats = _seats(style, wishes)
    taken = set(seats.values())
    generic = {name for name in seats if not INSTRUMENTS[name].programs and INSTRUMENTS[name].roles[0] in taken}
    return tuple(name for name, role in seats.items() if role is None and name not in generic)


def _program(instrument: Instrument, part: Part) -> int:
    """The instrument's program that the part knows, else its most usual one."""
    programs = instrument.programs or part.programs
    return next((program for program in programs if program in part.programs), programs[0])


def _fitting(style: Style, forbidden: frozenset[int], wanted: dict[Role, int]) -> list[dict[Role, int]]:
    """The style's ensembles without forbidden instruments; those with most of the wanted ones, if any has one."""
    allowed = [row for row in style.ensembles if not forbidden & set(row.values())]
    matches = [sum(program in wanted.values() for program in row.values()) for row in allowed]
    return [row for row, count in zip(allowed, matches, strict=True) if count == max(matches)]


@dataclass(frozen=True, slots=True)
class _Draw:
    """How programs are drawn: the style's own, nothing forbidden, near a brightness −1…1."""

    style: Style
    forbidden: frozenset[int]
    brightness: float

    def draw(self, ensembles: Sequence[dict[Role, int]], rng: np.random.Generator) -> dict[Role, int]:
        """Draw an ensemble, then the roles that it leaves open."""
        chosen: dict[Role, int] = {}
        if ensembles:
            sounds = [ENSEMBLE_REACH * _mean_brightness(row) for row in ensembles]
            chosen = dict(ensembles[self._pick(sounds, np.ones(len(ensembles)), rng)])
        drawn: dict[Sequence[int], int] = {}
        for role in ORDER:
            if role in chosen or role not in self.style.parts:
                continue
            own = self.style.parts[role].programs
            usable = [program for program in own if program not in self.forbidden]
            usable = usable or [program for program in ELSE[role].programs if program not in self.forbidden]
            if usable:
                sounds = [0.0 if role is Role.DRUMS else brightness_of(program) for program in usable]
                pick = self._pick(sounds, np.array([1 / (1 + rank) for rank in range(len(usable))]), rng)
                chosen[role] = drawn.setdefault(own, usable[pick]) if own == tuple(usable) else usable[pick]
        return chosen

    def _pick(self, sounds: Sequence[float], weights: NDArray[np.float64], rng: np.random.Generator) -> int:
        """An index, by weights and by how bright each choice sounds."""
        weights = weights * np.exp(BRIGHTNESS_NATS * self.brightness * np.array(sounds))
        return int(rng.choice(len(sounds), p=weights / weights.sum()))


def _mean_brightness(programs: Mapping[Role, int]) -> float:
    """Of an ensemble without its drums."""
    sounds = [brightness_of(program) for role, program in programs.items() if role is not Role.DRUMS]
    return sum(sounds) / max(1, len(sounds))


def _alone(wishes: Wishes, wanted: dict[Role, int]) -> dict[Role, int]:
    """Only the wanted instruments; one that can play chords also takes the melody, and alone the bass."""
    programs = dict(wanted)
    chordal = next((INSTRUMENTS[n] for n in wishes.instruments if Role.HARMONY in INSTRUMENTS[n].roles), None)
    if chordal is not None and chordal.programs:
        hands = (Role.MELODY, Role.HARMONY, Role.BASS) if len(wanted) == 1 else (Role.MELODY,)
        for role in hands:
            programs.setdefault(role, chordal.programs[0])
    return programs


def _casting(role: Role, program: int, part: Part, fill: float) -> Casting:
    """The role's instrument with the range that both the part and it allow; `fill`: share of the density."""
    density = round(part.density * fill, 2)
    if role is Role.DRUMS:
        return Casting(program=program, name=kit_name(program), low=part.low, high=part.high, density=density)
    low, high = program_range(program)
    both = max(low, part.low), min(high, part.high)
    if both[1] - both[0] < LEAST_RANGE:
        both = _nearest_range(low, high, part)
    return Casting(program=program, name=program_name(program), low=both[0], high=both[1], density=density)


def _nearest_range(low: int, high: int, part: Part) -> tuple[int, int]:
    """The part of an instrument's range (an octave and a half at most) that lies nearest to the part's."""
    span = min(18, high - low)
    start = min(max(part.low, low), high - span)
    return start, start + span
