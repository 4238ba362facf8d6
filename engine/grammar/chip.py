"""A song → the same song for an old games machine: a lead, a fast arpeggio or a second voice, a jumping bass, noise.

In: any `Song` with a melody, and a generator. Out: a song in the style chiptune, or None if there is no tune.
Conventions: the tune keeps every note and only moves by whole octaves; a chord that somebody played becomes a run
through its tones for as long as it sounded; the bass keeps its pitch on the beat and jumps an octave off it; of the
drums a kick and one noise a moment stay. A tune without a band gets one by rule first (`engine.grammar.accompany`).
Caveat: everything but the tune, the chords and the drummer's places is by rule, and whoever trains on it says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.grammar.accompany import with_accompaniment
from engine.grammar.chance import happens
from engine.music.harmony import Chord
from engine.music.notes import Note, Role, Section, Song, Track
from engine.music.timing import Meter

SQUARE, SAW, CHIP_BASS, NOISE_KIT = 80, 81, 38, 25
LEAD_CENTRE, LEAD_LOW, LEAD_HIGH = 76, 60, 96
SECOND_CENTRE, SECOND_LOW, SECOND_HIGH = 65, 50, 84
ARPEGGIO_LOW = 58
BASS_LOW, BASS_HIGH = 31, 55
SIXTEENTH, EIGHTH, QUARTER = 6, 12, 24
SHORTEST_RUN = 3
BUSY_NOTES_A_BAR = 2.5
SHORT_TUNE_BARS = 24
LEVELS = {Role.MELODY: 100, Role.COUNTER: 76, Role.HARMONY: 64, Role.BASS: 92, Role.DRUMS: 88}
"""Usual velocity a role; a chip has few steps of loudness, so dynamics are halved and rounded to `LEVEL_STEP`."""
LEVEL_STEP = 8
KICK, SNARE, CLOSED_HAT, OPEN_HAT = 36, 38, 42, 46
NOISE = {
    **dict.fromkeys((35, 36), KICK),
    **dict.fromkeys((37, 38, 39, 40, 41, 43, 45, 47, 48, 50), SNARE),
    **dict.fromkeys((42, 44, 51, 53, 54, 56, 59, 69, 70, 82), CLOSED_HAT),
    **dict.fromkeys((46, 49, 52, 55, 57), OPEN_HAT),
}
"""General MIDI percussion key → one of the four sounds."""
LOUDEST_FIRST = (SNARE, OPEN_HAT, CLOSED_HAT)
BEATS: dict[str, tuple[str, ...]] = {
    "4/4": ("K-h-S-h-K-h-S-h-", "K-h-S-hKK-h-S-hh", "K-hhS-hhK-hhS-hS"),
    "2/4": ("K-h-S-h-", "K-hhS-hh"),
    "3/4": ("K-h-S-h-S-h-", "K---h-h-S-h-"),
    "6/8": ("K-h-h-S-h-h-", "K---h-S---h-"),
}
"""Noise for a tune that has no drummer: a sign a sixteenth."""
SIGNS = {"K": KICK, "S": SNARE, "h": CLOSED_HAT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """What is drawn once a song: the arpeggio's step and shape, whether there is one, and how the bass jumps."""

    step: int
    shape: tuple[int, ...]
    arpeggio: bool
    second: bool
    jumps: bool
    pulses: bool


def draw_patch(song: Song, rng: np.random.Generator) -> Patch:
    """One way to arrange the song. Quick songs never get the quickest arpeggio; two voices alone must both be busy."""
    counter = song.track(Role.COUNTER)
    busy = counter is not None and len(counter.notes) >= BUSY_NOTES_A_BAR * song.bars
    arpeggio = happens(rng, 0.75) or not busy
    steps = (SIXTEENTH, SIXTEENTH, EIGHTH) if song.tempo_bpm > 150 else (4, SIXTEENTH, SIXTEENTH, SIXTEENTH)
    shapes = ((0, 1, 2), (0, 1, 2, 3), (0, 1, 2, 1), (0, 2, 1, 2), (3, 2, 1, 0))
    return Patch(
        step=int(steps[int(rng.integers(len(steps)))]),
        shape=shapes[int(rng.integers(len(shapes)))],
        arpeggio=arpeggio,
        second=not arpeggio or happens(rng, 0.6),
        jumps=happens(rng, 0.7),
        pulses=happens(rng, 0.6),
    )


def chip_song(song: Song, rng: np.random.Generator) -> Song | None:
    """The song arranged for a chip; None if nobody plays a tune in it."""
    if song.track(Role.MELODY) is None:
        return None
    alone = len([t for t in song.tracks if t.role is not Role.DRUMS]) == 1
    if alone:
        song = _with_band(song, rng)
    patch = draw_patch(song, rng)
    tracks = {t.role: t for t in song.tracks}
    notes: dict[Role, list[Note]] = {
        Role.MELODY: _line(tracks[Role.MELODY].notes, LEAD_CENTRE, LEAD_LOW, LEAD_HIGH),
        Role.BASS: _bass(tracks[Role.BASS].notes, song.meter, patch) if Role.BASS in tracks else [],
        Role.DRUMS: _noise(tracks[Role.DRUMS].notes) if Role.DRUMS in tracks else [],
    }
    if patch.arpeggio and Role.HARMONY in tracks:
        notes[Role.HARMONY] = _arpeggio(tracks[Role.HARMONY].notes, song, patch)
    if patch.second and Role.COUNTER in tracks:
        notes[Role.COUNTER] = _line(tracks[Role.COUNTER].notes, SECOND_CENTRE, SECOND_LOW, SECOND_HIGH)
    programs = {Role.MELODY: SQUARE, Role.COUNTER: SAW, Role.HARMONY: SQUARE, Role.BASS: CHIP_BASS}
    return replace(
        song,
        style="chiptune",
        swing=0.5,
        tracks=tuple(
            Track(role=role, program=programs.get(role, NOISE_KIT), notes=tuple(_levelled(notes[role], role)))
            for role in Role
            if notes.get(role)
        ),
        meta={**song.meta, "arranged": "chip"},
    )


def _with_band(song: Song, rng: np.random.Generator) -> Song:
    """A lone tune with chords, bass and noise; a short one twice, its arpeggio and noise coming in the second time."""
    band = with_accompaniment(song, rng)
    beats = BEATS[str(song.meter)]
    pattern = beats[int(rng.integers(len(beats)))]
    hits = [
        Note(onset=bar * song.meter.bar_ticks + i * SIXTEENTH, pitch=SIGNS[sign], duration=SIXTEENTH, velocity=88)
        for bar in range(song.bars)
        for i, sign in enumerate(pattern)
        if sign in SIGNS
    ]
    band = replace(band, tracks=(*band.tracks, Track(role=Role.DRUMS, program=NOISE_KIT, notes=tuple(hits))))
    return twice(band, late=(Role.DRUMS, Role.HARMONY)) if song.bars <= SHORT_TUNE_BARS else band


def twice(song: Song, *, late: Sequence[Role] = ()) -> Song:
    """The song played two times over; the roles in `late` play only the second time."""
    shift = song.bars * song.meter.bar_ticks
    again = tuple(
        Section(kind=s.kind, label=s.label, start_bar=s.start_bar + song.bars, bars=s.bars) for s in song.sections
    )
    tracks = []
    for track in song.tracks:
        inside = tuple(n for n in track.notes if n.onset < shift)
        first = (
            () if track.role in late else tuple(replace(n, duration=min(n.duration, shift - n.onset)) for n in inside)
        )
        tracks.append(replace(track, notes=first + tuple(replace(n, onset=n.onset + shift) for n in inside)))
    return replace(song, sections=song.sections + again, chords=song.chords * 2, tracks=tuple(tracks))


def _line(notes: Sequence[Note], centre: int, low: int, high: int) -> list[Note]:
    """A single voice, moved by octaves so that its middle lies next to `centre`; what is out of reach then folds in."""
    middle = int(np.median([n.pitch for n in notes]))
    shift = 12 * round((centre - middle) / 12)
    return [replace(n, pitch=_folded(n.pitch + shift, low, high)) for n in _single(notes)]


def _single(notes: Sequence[Note]) -> list[Note]:
    """The notes as one voice: of those that start together the highest, and each ends where the next starts."""
    tops: dict[int, Note] = {}
    for note in notes:
        if note.onset not in tops or note.pitch > tops[note.onset].pitch:
            tops[note.onset] = note
    ordered = [tops[onset] for onset in sorted(tops)]
    ends = [n.onset for n in ordered[1:]] + [ordered[-1].end]
    return [replace(n, duration=min(n.duration, max(end - n.onset, 1))) for n, end in zip(ordered, ends, strict=True)]


def _folded(pitch: int, low: int, high: int) -> int:
    """The pitch, moved by octaves into `low`…`high`."""
    while pitch < low:
        pitch += 12
    while pitch > high:
        pitch -= 12
    return pitch


def _bass(notes: Sequence[Note], meter: Meter, patch: Patch) -> list[Note]:
    """The bass in its range; long notes pulse in eighths, and off the beat it jumps up an octave, as drawn."""
    out: list[Note] = []
    beat = meter.beat_ticks
    for note in _single(notes):
        pulses = patch.pulses and note.duration >= QUARTER
        starts = range(note.onset, note.end, EIGHTH) if pulses else (note.onset,)
        pitch = _folded(note.pitch, BASS_LOW, BASS_LOW + 14)
        for onset in starts:
            high = patch.jumps and onset % beat * 2 >= beat and note.duration % QUARTER in (0, EIGHTH, SIXTEENTH)
            lasts = min(EIGHTH, note.end - onset) if pulses else note.duration
            out.append(
                replace(note, onset=onset, duration=lasts, pitch=_folded(pitch + 12 * high, BASS_LOW, BASS_HIGH + 3))
            )
    return out


def _arpeggio(notes: Sequence[Note], song: Song, patch: Patch) -> list[Note]:
    """A run through each played chord's tones while it sounds (at least three steps); lone notes stay as they are."""
    step = patch.step
    total = song.bars * song.meter.bar_ticks
    sounding: dict[int, set[int]] = {}
    for note in notes:
        end = min(max(note.end, note.onset + SHORTEST_RUN * step), total)
        for tick in range(-(-note.onset // step) * step, end, step):
            sounding.setdefault(tick, set()).add(note.pitch % 12)
    out: list[Note] = []
    place, half = 0, song.meter.half_bar_ticks
    before: tuple[int, ...] = ()
    for tick in sorted(sounding):
        tones = _tones(sounding[tick], song.chords[min(tick // half, len(song.chords) - 1)])
        place = 0 if tones != before or tick % song.meter.beat_ticks == 0 else place + 1
        before = tones
        index = patch.shape[place % len(patch.shape)]
        octave, degree = divmod(index, len(tones))
        pitch = tones[degree] + 12 * octave
        out.append(Note(onset=tick, pitch=pitch, duration=step, velocity=LEVELS[Role.HARMONY]))
    return out


def _tones(classes: set[int], chord: Chord | None) -> tuple[int, ...]:
    """Pitches to run through, ascending from `ARPEGGIO_LOW`: what sounds, made whole by the bar's chord if it fits."""
    if len(classes) < 3 and chord is not None and classes & set(chord.pitch_classes):
        classes = set(chord.pitch_classes) | (classes if len(classes) == 2 else set())
    return tuple(sorted(ARPEGGIO_LOW + (pc - ARPEGGIO_LOW) % 12 for pc in classes))[:4]


def _noise(notes: Sequence[Note]) -> list[Note]:
    """A kick and at most one noise at a time; drums that a chip has no sound for are left out."""
    hits: dict[int, dict[int, Note]] = {}
    for note in notes:
        if (sound := NOISE.get(note.pitch)) is not None:
            hits.setdefault(note.onset, {})[sound] = replace(note, pitch=sound, duration=SIXTEENTH)
    out: list[Note] = []
    for onset in sorted(hits):
        here = hits[onset]
        noise = next((here[sound] for sound in LOUDEST_FIRST if sound in here), None)
        out += sorted(note for note in (here.get(KICK), noise) if note is not None)
    return out


def _levelled(notes: Sequence[Note], role: Role) -> list[Note]:
    """Dynamics as a chip has them: half the distance from the part's mean, in steps of `LEVEL_STEP`."""
    mean = float(np.mean([n.velocity for n in notes]))
    return [replace(n, velocity=LEVELS[role] + LEVEL_STEP * round((n.velocity - mean) / 2 / LEVEL_STEP)) for n in notes]
