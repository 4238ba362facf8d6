"""Events → a Song that can be played: absolute notes, clean overlaps, chords that let go, loudness that follows the
plan.

In: a plan and one candidate's events; out: a `Song`. Conventions: melody and bass sound one note at a time; an
accompanying note is cut at a chord change unless it belongs to the new chord; nothing sounds past the last bar line.
Caveat: the final chord may ring longer than its bar; that is added when the song is rendered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from engine.compose.plan import Plan
from engine.music.notes import Note, Role, Song, Track
from engine.music.timing import Meter
from engine.music.tokens import ROLE_ORDER, Event, events_to_tracks

SINGLE_LINES = (Role.MELODY, Role.BASS)
SHORTEST_TICKS = 4
LEAST_SPREAD, MOST_STRETCH = 3.0, 3.0
VELOCITIES = (18, 127)
LOUDNESS = (38.0, 116.0)
"""Between these a role's mean velocity stays, however softly or loudly the profile's piece was recorded."""
ENERGY_SWING = 20
"""Velocity between the softest and the loudest bar of a plan."""
MOOD_SWING = 8
"""Velocity by which the calmest songs are softer, and the most energetic ones louder."""
LANDING = (50.0, 90.0)
"""Percentile of a role's velocities that its last stroke has in a bar without energy, and in one with all of it."""


def single_line(notes: tuple[Note, ...]) -> tuple[Note, ...]:
    """End every note where the next begins; of notes struck together the highest stays."""
    line: list[Note] = []
    for note in notes:
        if line and line[-1].onset == note.onset:
            line.pop()
        elif line and line[-1].end > note.onset:
            line[-1] = line[-1].lasting(note.onset - line[-1].onset)
        line.append(note)
    return tuple(line)


def no_restrikes(notes: tuple[Note, ...]) -> tuple[Note, ...]:
    """End every note where its own pitch is struck again."""
    following: dict[int, int] = {}
    kept: list[Note] = []
    for note in reversed(notes):
        limit = following.get(note.pitch)
        if limit is not None and limit > note.onset:
            kept.append(note.lasting(min(note.duration, limit - note.onset)))
        else:
            kept.append(note)
        following[note.pitch] = note.onset
    return tuple(reversed(kept))


def _let_go(plan: Plan, notes: tuple[Note, ...]) -> tuple[Note, ...]:
    """Cut accompanying notes at the first chord change whose chord they do not belong to."""
    half = plan.meter.half_bar_ticks
    chords = [chord for bar in plan.bars for chord in bar.chords]
    kept = []
    for note in notes:
        end = min(note.end, len(chords) * half)
        for change in range(note.onset // half + 1, -(-end // half)):
            if chords[change] != chords[change - 1] and note.pitch % 12 not in chords[change].pitch_classes:
                end = max(change * half, note.onset + SHORTEST_TICKS)
                break
        kept.append(note.lasting(end - note.onset))
    return tuple(kept)


def _touch(plan: Plan, role: Role, notes: tuple[Note, ...]) -> tuple[Note, ...]:
    """The role as loud, and as evenly or unevenly, as in the profile that the song takes after."""
    part = plan.profile.roles.get(role) if plan.profile else None
    if part is None or not notes:
        return notes
    spread = max(part.spread, LEAST_SPREAD)
    velocities = np.array([note.velocity for note in notes], np.float64)
    if velocities.std() < spread / 2:  # written evenly: accents where the meter has them
        velocities += spread * np.array([accent(plan.meter, note.onset) for note in notes])
    moved = velocities - velocities.mean()
    moved *= min(spread / max(float(velocities.std()), 1.0), MOST_STRETCH)
    moved += min(max(part.velocity, LOUDNESS[0]), LOUDNESS[1])
    moved = moved.clip(*VELOCITIES)
    return tuple(note.struck(round(velocity)) for note, velocity in zip(notes, moved.tolist(), strict=True))


def accent(meter: Meter, onset: int) -> float:
    """How much the meter stresses a tick: 1 on the bar line, 0.5 on a beat, 0 half way between two, below it −0.5."""
    place = onset % meter.bar_ticks
    if place == 0:
        return 1.0
    if place % meter.beat_ticks == 0:
        return 0.5
    return 0.0 if place % (meter.beat_ticks // 2) == 0 else -0.5


def _shade(plan: Plan, notes: tuple[Note, ...]) -> tuple[Note, ...]:
    """Louder where the plan is loud; a song without a profile is also loud or soft as a whole."""
    middle = sum(bar.energy for bar in plan.bars) / len(plan.bars) if plan.profile else 0.5
    lifts = [(bar.energy - middle) * ENERGY_SWING + plan.mood.energy * MOOD_SWING for bar in plan.bars]
    shaded, bar_ticks = [], plan.meter.bar_ticks
    for note in notes:
        lift = lifts[min(note.onset // bar_ticks, len(lifts) - 1)]
        shaded.append(note.struck(round(min(127.0, max(18.0, note.velocity + lift)))))
    return tuple(shaded)


def _loudness(plan: Plan, role: Role, notes: tuple[Note, ...]) -> tuple[Note, ...]:
    """The role's velocities: after the profile and the plan, and at the end as loud as the role has been before.

    The last bar is written with velocities of its own (`ending`), which know nothing of the song's; among the others
    such outliers would be stretched to the loudest that MIDI has.
    """
    last = (len(plan.bars) - plan.bars[-1].final) * plan.meter.bar_ticks
    before = tuple(note for note in notes if note.onset < last)
    landing = tuple(note for note in notes if note.onset >= last)
    if not before or not landing:
        return _shade(plan, _touch(plan, role, notes))
    before = _shade(plan, _touch(plan, role, before))
    level = float(np.percentile([note.velocity for note in before], np.interp(plan.bars[-1].energy, (0, 1), LANDING)))
    return (*before, *(note.struck(round(level)) for note in landing))


def finish_song(plan: Plan, events: list[Event]) -> Song:
    """The candidate as a song."""
    programs = [plan.cast[role].program if role in plan.cast else 0 for role in ROLE_ORDER]
    tracks = events_to_tracks(events, meter=plan.meter, shift_to_white=plan.key.shift_to_white, programs=programs)
    return song_of(plan, [replace(track, notes=_loudness(plan, track.role, track.notes)) for track in tracks])


def song_of(plan: Plan, tracks: Iterable[Track]) -> Song:
    """Tracks in absolute time as the planned song: overlaps ended, chords let go, nothing past the last bar line."""
    total = len(plan.bars) * plan.meter.bar_ticks
    finished = []
    for track in tracks:
        notes = tuple(note.lasting(min(note.duration, total - note.onset)) for note in track.notes)
        if track.role in SINGLE_LINES:
            notes = single_line(notes)
        if track.role in (Role.HARMONY, Role.BASS, Role.COUNTER):
            notes = _let_go(plan, notes)
        if track.role is not Role.DRUMS:
            notes = no_restrikes(notes)
        doubling = plan.cast[track.role].doubling if track.role in plan.cast else None
        finished.append(replace(track, notes=notes, doubling=doubling))
    return Song(
        style=plan.style,
        tempo_bpm=plan.tempo_bpm,
        key=plan.key,
        meter=plan.meter,
        swing=plan.swing,
        sections=plan.sections,
        chords=tuple(chord for bar in plan.bars for chord in bar.chords),
        tracks=tuple(sorted(finished, key=lambda track: list(Role).index(track.role))),
        title=plan.title,
    )
