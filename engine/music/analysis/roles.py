"""Which part is the tune, which the bass, which the rest.

In: the tracks of a file, notes on the grid. Out: for each role that occurs, its General MIDI program and notes. Rules,
in this order: a role that the reader knows is kept; drums are the drum channel; a part named after its job has it; bass
programs and the lowest single line are the bass; the most salient single line is the melody; another single line is the
counter; all else is harmony. Music for one or two staves of a chordal instrument is split instead: top voice, lowest
voice, the rest. Conventions: melody, counter and bass come out monophonic. Caveat: a melody that wanders among many
tracks is followed in blocks of four bars at best.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.music.midi.file import MidiTrack
from engine.music.notes import Note, Role, Track
from engine.music.timing import TICKS_PER_QUARTER

MELODY_NAME = re.compile(
    r"melod|vocal|voice|\blead|solo|\bsing|sopran|cantus|tune|gesang|\bflute|\bviolin(?:o)? ?(?:1|i\b|$)", re.I
)
BASS_NAME = re.compile(r"\bbass?e?\b(?! clef)|basso|contrab|\bcello|violoncell|\bpedal", re.I)
BACKGROUND_NAME = re.compile(r"string|pad|rh?yth?m|chord|accomp|choir|backing|echo|\bfx\b", re.I)
BASS_PROGRAMS = range(32, 40)
CHORDAL_PROGRAMS = (*range(0, 8), *range(16, 32), 46, 105, 106, 107)
EFFECT_PROGRAMS = range(120, 128)
LEAD_PROGRAMS = (*range(80, 88), *range(56, 80), 40, 52, 53, 54)
MONOPHONIC = 1.15
SPLIT_REACH, STAFF_REACH = 9, 16
"""Semitones that an outer voice may leap inwards: among all notes or in a left hand, and within a right hand."""
BLOCK_TICKS = 16 * TICKS_PER_QUARTER
MAX_HARMONY_NOTES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What a track is like: notes that sound at once, mean pitch, share of blocks in which it plays, mean velocity,
    distinct pitches (1 = an octave's worth)."""

    polyphony: float
    pitch: float
    presence: float
    velocity: float
    variety: float


def assign_roles(tracks: Sequence[MidiTrack]) -> dict[Role, Track]:
    """Cast the tracks; each role that occurs gets one `Track` with its notes sorted and its lines monophonic."""
    drums = [t for t in tracks if t.is_drum and t.notes]
    pitched = _distinct([t for t in tracks if not t.is_drum and t.notes and t.program not in EFFECT_PROGRAMS])
    cast = _cast_staves(pitched) if _is_keyboard(pitched) else _cast_band(pitched)
    if drums:
        hits = {(n.onset, n.pitch): n for t in drums for n in t.notes}
        cast[Role.DRUMS] = Track(role=Role.DRUMS, program=drums[0].program, notes=tuple(sorted(hits.values())))
    return {role: cast[role] for role in Role if role in cast and cast[role].notes}


def highest_line(notes: Sequence[Note]) -> tuple[Note, ...]:
    """One voice: at each onset the highest note, each trimmed to the next onset."""
    return _line(notes, top=True)


def lowest_line(notes: Sequence[Note]) -> tuple[Note, ...]:
    """One voice: at each onset the lowest note, each trimmed to the next onset."""
    return _line(notes, top=False)


def _line(notes: Sequence[Note], *, top: bool) -> tuple[Note, ...]:
    chosen: dict[int, Note] = {}
    for note in notes:
        there = chosen.get(note.onset)
        if there is None or (note.pitch > there.pitch if top else note.pitch < there.pitch):
            chosen[note.onset] = note
    line = [chosen[onset] for onset in sorted(chosen)]
    return tuple(_cut(note, line[i + 1].onset if i + 1 < len(line) else note.end) for i, note in enumerate(line))


def _cut(note: Note, end: int) -> Note:
    if note.end <= end:
        return note
    return Note(onset=note.onset, pitch=note.pitch, duration=end - note.onset, velocity=note.velocity)


def _distinct(tracks: Sequence[MidiTrack]) -> list[MidiTrack]:
    """Tracks without those that double an earlier one (same onsets and pitch classes in four notes of five)."""
    kept: list[tuple[MidiTrack, set[tuple[int, int]]]] = []
    for track in tracks:
        shape = {(n.onset, n.pitch) for n in track.notes}
        if not any(len(shape & other) > 0.8 * len(shape) for _, other in kept):
            kept.append((track, shape))
    return [track for track, _ in kept]


def polyphony(notes: Sequence[Note]) -> float:
    """Mean number of notes that sound while any does (1 = a single line)."""
    if not notes:
        return 0.0
    changes = sorted([(n.onset, 1) for n in notes] + [(n.end, -1) for n in notes])
    sounding = held = covered = last = 0
    for tick, step in changes:
        held += sounding * (tick - last)
        covered += (sounding > 0) * (tick - last)
        sounding, last = sounding + step, tick
    return held / max(covered, 1)


def _features(track: MidiTrack, end: int) -> Features:
    blocks = {n.onset // BLOCK_TICKS for n in track.notes}
    pitches = [n.pitch for n in track.notes]
    return Features(
        polyphony=polyphony(track.notes),
        pitch=float(np.mean(pitches)),
        presence=len(blocks) / max(1, -(-end // BLOCK_TICKS)),
        velocity=float(np.mean([n.velocity for n in track.notes])),
        variety=min(1.0, len(set(pitches)) / 12),
    )


def _is_keyboard(tracks: Sequence[MidiTrack]) -> bool:
    """One or two staves of a chordal instrument, without known roles."""
    if not tracks or any(t.role for t in tracks) or len(tracks) > 3:
        return False
    if len({t.program for t in tracks}) > 1 or tracks[0].program not in CHORDAL_PROGRAMS:
        return False
    if any(MELODY_NAME.search(t.name) for t in tracks):
        return False
    return len(tracks) > 1 or polyphony(tracks[0].notes) > MONOPHONIC


def _cast_staves(tracks: Sequence[MidiTrack]) -> dict[Role, Track]:
    """Top voice of the upper staff, lowest voice of the lower one, the rest between."""
    ordered = sorted(tracks, key=lambda t: -float(np.mean([n.pitch for n in t.notes])))
    program = ordered[0].program
    upper, lower = list(ordered[0].notes), list(ordered[-1].notes)
    between = [n for t in ordered[1:-1] for n in t.notes]
    if len(ordered) == 1:
        melody = _outer_voice(upper, top=True)
        taken = {(n.onset, n.pitch) for n in melody}
        bass = _outer_voice([n for n in upper if (n.onset, n.pitch) not in taken], top=False)
    else:
        melody = _outer_voice(upper, top=True, reach=STAFF_REACH)
        bass = _outer_voice(lower, top=False)
    taken = {(n.onset, n.pitch) for n in (*melody, *bass)}
    rest = [n for n in ([*upper, *lower, *between] if len(ordered) > 1 else upper) if (n.onset, n.pitch) not in taken]
    return _tracks({Role.MELODY: (program, melody), Role.BASS: (program, bass), Role.HARMONY: (program, rest)})


def _outer_voice(notes: Sequence[Note], *, top: bool, reach: int = SPLIT_REACH) -> tuple[Note, ...]:
    """The outer voice of a chordal texture: outermost at its onset, not inside the voice that is still held, and
    within `reach` semitones of where that voice has lately been."""
    by_onset: dict[int, list[Note]] = defaultdict(list)
    for note in notes:
        by_onset[note.onset].append(note)
    sign = 1 if top else -1
    voice: list[Note] = []
    for onset in sorted(by_onset):
        outer = max(by_onset[onset], key=lambda n: sign * n.pitch)
        held = voice[-1] if voice and voice[-1].end > onset else None
        if held and sign * outer.pitch < sign * held.pitch:
            continue
        recent = [n.pitch for n in voice[-8:] if n.onset > onset - 8 * TICKS_PER_QUARTER]
        if recent and sign * (float(np.mean(recent)) - outer.pitch) > reach:
            continue
        voice.append(outer)
    return _line(voice, top=top)


def _cast_band(tracks: Sequence[MidiTrack]) -> dict[Role, Track]:
    """Cast by known roles, names, programs and salience."""
    if not tracks:
        return {}
    end = max(n.end for t in tracks for n in t.notes)
    features = {id(t): _features(t, end) for t in tracks}
    parts: dict[Role, list[MidiTrack]] = defaultdict(list)
    free: list[MidiTrack] = []
    for track in tracks:
        if track.role:
            parts[track.role].append(track)
        else:
            free.append(track)
    if Role.BASS not in parts and (bass := _pick_bass(free, features)):
        parts[Role.BASS] = bass
        free = [t for t in free if t not in bass]
    if Role.MELODY not in parts and free:
        melody = max(free, key=lambda t: _salience(t, features[id(t)]))
        parts[Role.MELODY] = [melody]
        free = [t for t in free if t is not melody]
    if Role.COUNTER not in parts:
        lines = [t for t in free if features[id(t)].polyphony < 1.3 and features[id(t)].presence >= 0.2]
        if lines and (len(free) > 1 or Role.HARMONY in parts):
            counter = max(lines, key=lambda t: features[id(t)].presence * features[id(t)].variety)
            parts[Role.COUNTER] = [counter]
            free = [t for t in free if t is not counter]
    parts[Role.HARMONY] += free
    cast = _combine(parts)
    return cast if any(t.role for t in tracks) else _with_stand_in(cast)


def _with_stand_in(cast: dict[Role, Track]) -> dict[Role, Track]:
    """Where the melody is silent for a whole block, the counter takes its place."""
    melody, counter = cast.get(Role.MELODY), cast.get(Role.COUNTER)
    if melody is None or counter is None:
        return cast
    sung = {tick // BLOCK_TICKS for n in melody.notes for tick in (n.onset, n.end - 1)}
    moved = tuple(n for n in counter.notes if n.onset // BLOCK_TICKS not in sung)
    kept = tuple(n for n in counter.notes if n.onset // BLOCK_TICKS in sung)
    line = highest_line((*melody.notes, *moved))
    return {**cast, **_tracks({Role.MELODY: (melody.program, line)}), Role.COUNTER: replace(counter, notes=kept)}


def _pick_bass(tracks: Sequence[MidiTrack], features: dict[int, Features]) -> list[MidiTrack]:
    """The bass parts: by program, by name, else the lowest line if it is low enough and not alone."""
    by_program = [t for t in tracks if t.program in BASS_PROGRAMS]
    if by_program:
        return by_program
    named = [t for t in tracks if BASS_NAME.search(t.name)]
    if named:
        return named[:1]
    if len(tracks) < 2:
        return []
    lowest = min(tracks, key=lambda t: features[id(t)].pitch)
    fits = features[id(lowest)].pitch < 57 and features[id(lowest)].presence >= 0.3
    return [lowest] if fits and features[id(lowest)].polyphony < 1.5 else []


def _salience(track: MidiTrack, features: Features) -> float:
    """How likely the track is the tune: named so, a single line, high, loud, present and varied."""
    score = 3.0 * bool(MELODY_NAME.search(track.name)) - 1.5 * bool(BACKGROUND_NAME.search(track.name))
    score += 0.8 * (track.program in LEAD_PROGRAMS)
    score -= 1.2 * max(0.0, min(features.polyphony, 3.0) - 1.0)
    score += (min(features.pitch, 84.0) - 60.0) / 12.0 + features.velocity / 64.0
    return score + 2.5 * min(1.0, features.presence * 1.5) + features.variety


def _combine(parts: dict[Role, list[MidiTrack]]) -> dict[Role, Track]:
    """One track a role; what a line leaves over goes to the harmony; the bass of a chordal part is its lowest voice."""
    lines: dict[Role, tuple[int, Sequence[Note]]] = {}
    rest: list[Note] = []
    for role in (Role.MELODY, Role.COUNTER, Role.BASS):
        members = parts.get(role, [])
        if not members:
            continue
        notes = [n for t in members for n in t.notes]
        line = lowest_line(notes) if role is Role.BASS else highest_line(notes)
        kept = {(n.onset, n.pitch) for n in line}
        if len(members) == 1 and polyphony(notes) > MONOPHONIC:
            rest += [n for n in notes if (n.onset, n.pitch) not in kept]
        lines[role] = (max(members, key=lambda t: len(t.notes)).program, line)
    chordal = [t for t in parts.get(Role.HARMONY, []) if t.notes]
    harmony = [n for t in chordal for n in t.notes]
    if Role.BASS not in lines and harmony and (low := [n for n in harmony if n.pitch < 55]):
        bass = _outer_voice(low, top=False)
        taken = {(n.onset, n.pitch) for n in bass}
        lines[Role.BASS] = (max(chordal, key=lambda t: len(t.notes)).program, bass)
        harmony = [n for n in harmony if (n.onset, n.pitch) not in taken]
    if harmony or rest:
        others = [t for role in (Role.MELODY, Role.COUNTER, Role.BASS) for t in parts.get(role, [])]
        main = max(chordal, key=lambda t: len(t.notes)) if chordal else others[0]
        known = [n for t in chordal if t.role for n in t.notes]
        taken = {(n.onset, n.pitch) for _, line in lines.values() for n in line}
        inner = [n for n in (*harmony, *rest) if (n.onset, n.pitch) not in taken]
        inner += known if Role.BASS in parts else []
        lines[Role.HARMONY] = (main.program, _thin(inner))
    return _tracks(lines)


def _thin(notes: Sequence[Note]) -> list[Note]:
    """At most `MAX_HARMONY_NOTES` at an onset (the loudest), one for each pitch."""
    by_onset: dict[int, dict[int, Note]] = defaultdict(dict)
    for note in notes:
        there = by_onset[note.onset].get(note.pitch)
        if there is None or note.duration > there.duration:
            by_onset[note.onset][note.pitch] = note
    return [
        n for chord in by_onset.values() for n in sorted(chord.values(), key=lambda n: -n.velocity)[:MAX_HARMONY_NOTES]
    ]


def _tracks(lines: dict[Role, tuple[int, Sequence[Note]]]) -> dict[Role, Track]:
    return {
        role: Track(role=role, program=program, notes=tuple(sorted(set(notes))))
        for role, (program, notes) in lines.items()
        if notes
    }
