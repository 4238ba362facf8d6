"""Written time to human time: swing, microtiming, accents, phrase dynamics, articulation.

In: a `Song` (straight, on the 24-tick grid) and a seed. Out: a `PerformedSong` (960 ticks a quarter). The same song
and seed give the same performance. Conventions: swing moves the off-beat eighth to `song.swing` of its beat and
everything between in proportion; a beat that holds only triplets stays as written; compound meters do not swing.
Nobody strays further than 0.9 of a written tick, so notes of different bars, and of different places in a straight
grid, never change order; drums are tightest. Accents are lighter where the written velocities already vary. Caveat:
there is no final ritardando.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from engine.music.instruments import HATS, KICKS, SNARES
from engine.music.notes import Note, Role, SectionKind, Song, Track
from engine.music.performance import PERFORMED_PER_WRITTEN, PerformedSong, PerformedTrack
from engine.music.timing import TICKS_PER_QUARTER, seconds_to_ticks

MAX_STRAY = int(0.9 * PERFORMED_PER_WRITTEN)
"""Furthest that human timing moves an onset, in performed ticks."""

LOOSENESS_MS = {Role.MELODY: 7.0, Role.COUNTER: 7.0, Role.HARMONY: 5.0, Role.BASS: 4.0, Role.DRUMS: 3.5}
"""Standard deviation of an onset. Drummers of the Groove dataset (Gillick et al. 2019) stray by about 8 ms from stroke
to stroke (hat and kick struck together lie 12 ms apart); a record is tighter, so less than half of that is used."""

LAID_BACK_MS = {Role.MELODY: 12.0, Role.COUNTER: 8.0, Role.HARMONY: 5.0, Role.BASS: 6.0, Role.DRUMS: 0.0}
"""How late a role plays in slow, swung music."""

SNARE_LATE_MS = 10.0
"""How late the backbeat lies in slow, swung music."""

STRUM_MS = {**dict.fromkeys(range(24, 32), 7.0), 46: 12.0, **dict.fromkeys(range(0, 8), 2.5)}
"""Spread from one note of a chord to the next, lowest first: guitars, harp, keyboards."""

SECTION_DYNAMICS = {
    SectionKind.INTRO: -6.0,
    SectionKind.VERSE: 0.0,
    SectionKind.CHORUS: 5.0,
    SectionKind.BRIDGE: 1.0,
    SectionKind.BREAK: -4.0,
    SectionKind.OUTRO: -5.0,
}
"""Velocity that a section adds."""

REPEAT_GAP_S = 0.012
"""A key is up at least this long before it is struck again."""
SHORTEST_S = 0.03
HOLD_LAST_S = 1.0
"""Notes that end with the last bar are held so much longer, into the ring-out."""


@dataclass(frozen=True, slots=True)
class _Feel:
    """What all tracks of a song share."""

    song: Song
    laid_back: float
    ticks_per_ms: float

    def ticks(self, seconds_s: float) -> int:
        """Performed ticks in `seconds_s`."""
        return round(seconds_s * 1000 * self.ticks_per_ms)


def perform(song: Song, *, seed: int) -> PerformedSong:
    """Play `song` as people would; deterministic in `song` and `seed`."""
    swung = min(max((song.swing - 0.5) / 0.08, 0.0), 1.0)
    slow = min(max((115.0 - song.tempo_bpm) / 35.0, 0.0), 1.0)
    per_ms = seconds_to_ticks(0.001, song.tempo_bpm) * PERFORMED_PER_WRITTEN
    feel = _Feel(song=song, laid_back=swung * slow, ticks_per_ms=per_ms)
    roles = list(Role)
    tracks = tuple(
        _perform_track(track, feel, np.random.Generator(np.random.PCG64([seed, roles.index(track.role)])))
        for track in song.tracks
    )
    return PerformedSong(song=song, tracks=tracks)


def _perform_track(track: Track, feel: _Feel, rng: np.random.Generator) -> PerformedTrack:
    song = feel.song
    written = sorted(track.notes)
    clock = _Clock(written, song)
    accents = _accent_weight(written)
    end_ticks = song.bars * song.meter.bar_ticks
    played: list[Note] = []
    floor = 0
    for onset, group in groupby(written, key=lambda note: note.onset):
        together = list(group)
        offsets = _offsets(track, together, feel, rng)
        start = clock.performed(onset)
        first = floor
        for note, offset in zip(together, offsets, strict=True):
            at = max(start + offset, first, 0)
            floor = max(floor, at)
            end = clock.performed(note.end)
            if note.end >= end_ticks and track.role is not Role.DRUMS:
                end += feel.ticks(HOLD_LAST_S)
            velocity = _velocity(track.role, note, feel, accents, rng)
            played.append(Note(onset=at, pitch=note.pitch, duration=max(end - at, 1), velocity=velocity))
    return PerformedTrack(role=track.role, program=track.program, notes=_articulate(played, feel))


class _Clock:
    """Written ticks to performed ticks: the swing of one track, beat by beat."""

    def __init__(self, notes: list[Note], song: Song) -> None:
        simple = song.meter.denominator == 4
        self._swing = min(max(song.swing, 0.5), 0.75) if simple else 0.5
        places: dict[int, set[int]] = defaultdict(set)
        for note in notes:
            places[note.onset // TICKS_PER_QUARTER].add(note.onset % TICKS_PER_QUARTER)
        self._triplets = {beat for beat, held in places.items() if held & {8, 16} and not held & {6, 12, 18}}

    def performed(self, tick: int) -> int:
        """Where the written tick lies when it is played without human error."""
        beat, place = divmod(tick, TICKS_PER_QUARTER)
        half = TICKS_PER_QUARTER / 2
        if beat in self._triplets:
            moved = float(place)
        elif place <= half:
            moved = place / half * self._swing * TICKS_PER_QUARTER
        else:
            moved = TICKS_PER_QUARTER * (self._swing + (place - half) / half * (1 - self._swing))
        return round((beat * TICKS_PER_QUARTER + moved) * PERFORMED_PER_WRITTEN)


def _offsets(track: Track, together: list[Note], feel: _Feel, rng: np.random.Generator) -> list[int]:
    """Ticks that each note of one written onset strays (lowest first); within ±`MAX_STRAY`."""
    loose = LOOSENESS_MS[track.role]
    late = LAID_BACK_MS[track.role] * feel.laid_back
    if track.role is Role.DRUMS:
        strays = [
            float(rng.normal(0.0, loose * (0.6 if note.pitch in KICKS else 1.0)))
            + (SNARE_LATE_MS * feel.laid_back if note.pitch in SNARES else 0.0)
            for note in together
        ]
    else:
        shared = float(rng.normal(late, loose))
        spread = STRUM_MS.get(track.program, 1.0) if len(together) > 1 else 0.0
        room = max(MAX_STRAY / feel.ticks_per_ms - shared, 0.0) / max(len(together) - 1, 1)
        strays = [shared + i * min(spread * float(rng.uniform(0.8, 1.2)), room) for i in range(len(together))]
    return [round(min(max(ms * feel.ticks_per_ms, -MAX_STRAY), MAX_STRAY)) for ms in strays]


def _accent_weight(notes: list[Note]) -> float:
    """1 for flat velocities, down to 0.4 for a track that is already played with expression."""
    spread = float(np.std([note.velocity for note in notes])) if notes else 0.0
    return max(0.4, 1.0 - spread / 16.0)


def _velocity(role: Role, note: Note, feel: _Feel, weight: float, rng: np.random.Generator) -> int:
    """Velocity with accent, phrase arch, section level and a little chance, 1–127."""
    meter = feel.song.meter
    bar, place = divmod(note.onset, meter.bar_ticks)
    change = _accent(role, note.pitch, place, meter.beat_ticks) + _section_level(feel.song, bar)
    if role is not Role.DRUMS:
        through = (bar % 4 + place / meter.bar_ticks) / 4
        change += 5.0 * math.sin(math.pi * through) - 2.5
    change = weight * change + float(rng.normal(0.0, 2.0 if role is Role.DRUMS else 2.5))
    return int(min(max(round(note.velocity + change), 1), 127))


def _accent(role: Role, pitch: int, place: int, beat: int) -> float:
    """Velocity for the place in the bar; of the drums only the hats (Groove: 10–28 louder on the beat)."""
    if role is Role.DRUMS and pitch not in HATS:
        return 0.0
    lift = 3.0 if role is Role.DRUMS else 1.0
    if place == 0:
        return 5.0 * lift
    if place % beat == 0:
        return 2.0 * lift
    return -2.0 * lift if place % (beat // 2) == 0 else -4.0 * lift


def _section_level(song: Song, bar: int) -> float:
    if bar >= song.bars:
        return 0.0
    return SECTION_DYNAMICS[song.section_at(bar).kind]


def _articulate(notes: list[Note], feel: _Feel) -> tuple[Note, ...]:
    """Shorten notes so that none sounds into the next of its pitch; drop a double strike of one key at one time."""
    gap, shortest = feel.ticks(REPEAT_GAP_S), max(feel.ticks(SHORTEST_S), 1)
    following: dict[int, int] = {}
    result: list[Note] = []
    for note in sorted(notes, reverse=True):
        ceiling = following.get(note.pitch, note.end + gap + shortest) - note.onset
        if ceiling < 2:
            continue
        duration = max(min(note.duration, ceiling - gap), min(shortest, ceiling - 1))
        following[note.pitch] = note.onset
        result.append(Note(onset=note.onset, pitch=note.pitch, duration=duration, velocity=note.velocity))
    return tuple(sorted(result))
