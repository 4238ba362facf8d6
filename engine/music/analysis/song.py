"""The one path from anything to a `Song`: stretch → grid → roles → key → chords → sections.

In: a `MidiFile` and what its reader knows about it (`Reading`). Out: one song for each stretch of at least eight bars
in one meter. Conventions: bar 0 is the first bar with notes; an upbeat longer than half a bar makes a bar of its own,
else it is moved into that first bar's space before bar 1. Caveat: tempo is the stretch's main tempo; rubato is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.music.analysis.bars import Stretch, find_stretches, first_bar_line
from engine.music.analysis.chords import estimate_chords
from engine.music.analysis.key import estimate_key
from engine.music.analysis.quantise import find_latency, quantise
from engine.music.analysis.roles import assign_roles
from engine.music.analysis.sections import find_sections
from engine.music.harmony import WHITE_TONIC, Chord, Key, Mode
from engine.music.midi.file import MidiFile, MidiTrack, TempoChange, main_tempo
from engine.music.notes import Note, Role, Song, Track

MIN_BARS = 8
MIN_NOTES_A_BAR = 0.75
LOWEST_TEMPO, HIGHEST_TEMPO = 40.0, 240.0
LONGEST_SILENT_BARS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the reader of a source knows: style, title, whether key signatures and bar lines can be trusted.

    `key`: the key if it is known outright. `trust_signature`: choose only between the two keys of the signature (minor
    ones are believed; major ones are often written for minor by habit).
    `trust_bars`: bar lines fall on multiples of the bar from the stretch's start. `min_bars`: shorter stretches are
    passed over.
    """

    style: str
    title: str = ""
    key: Key | None = None
    trust_signature: bool = False
    trust_bars: bool = False
    swing: float = 0.5
    min_bars: int = MIN_BARS
    meta: Mapping[str, str] = field(default_factory=dict)


def songs_from_midi(file: MidiFile, reading: Reading) -> list[Song]:
    """All songs in the file; empty if no stretch of eight bars in a known meter holds enough notes."""
    songs = []
    for stretch in find_stretches(file, min_bars=reading.min_bars - (reading.min_bars < MIN_BARS)):
        song = _song(file, stretch, reading)
        if song is not None:
            songs.append(song)
    return songs


def _song(file: MidiFile, stretch: Stretch, reading: Reading) -> Song | None:
    meter = stretch.meter
    placed = [(t, [stretch.place(n) for n in t.notes if stretch.start <= n.onset < stretch.end]) for t in file.tracks]
    everything = [n for t, notes in placed for n in notes]
    if not everything:
        return None
    lag = find_latency(everything)
    placed = [(t, [_moved(n, -lag) for n in notes]) for t, notes in placed]
    everything = [n for t, notes in placed for n in notes]
    pitched = [n for t, notes in placed if not t.is_drum for n in notes]
    first = min(n.onset for n in everything)
    line = 0 if reading.trust_bars or not pitched else first_bar_line(pitched, stretch)
    shift = (first - line) // meter.bar_ticks * meter.bar_ticks + line
    tracks = [
        MidiTrack(
            name=t.name, program=t.program, is_drum=t.is_drum, role=t.role,
            notes=quantise((_moved(n, -shift) for n in notes), keep_short=t.is_drum),
        )
        for t, notes in placed
    ]  # fmt: skip
    cast = assign_roles([t for t in tracks if t.notes])
    cast, bars = _closed_gaps(cast, meter.bar_ticks)
    count = sum(len(t.notes) for t in cast.values())
    if bars < reading.min_bars or count < MIN_NOTES_A_BAR * bars:
        return None
    key = _key(file, stretch, reading, cast)
    chords = _chords(cast, key, stretch, bars)
    sections = find_sections(list(cast.values()), chords, meter, bars)
    tempo = _tempo(file, stretch)
    return Song(
        style=reading.style, tempo_bpm=tempo, key=key, meter=meter, swing=reading.swing, sections=sections,
        chords=chords, tracks=tuple(cast.values()), title=reading.title, meta=dict(reading.meta),
    )  # fmt: skip


def _moved(note: Note, ticks: int) -> Note:
    return Note(onset=note.onset + ticks, pitch=note.pitch, duration=note.duration, velocity=note.velocity)


def _closed_gaps(cast: dict[Role, Track], bar: int) -> tuple[dict[Role, Track], int]:
    """Shorten silences of more than `LONGEST_SILENT_BARS` bars to one bar, and count the bars."""
    filled: set[int] = set()
    for track in cast.values():
        for note in track.notes:
            filled.update(range(note.onset // bar, (note.end - 1) // bar + 1))
    if not filled:
        return {}, 0
    shift_of: dict[int, int] = {}
    removed, previous = 0, -1
    for index in sorted(filled):
        gap = index - previous - 1
        if gap > LONGEST_SILENT_BARS:
            removed += gap - 1
        shift_of[index] = removed
        previous = index
    bars = max(filled) - removed + 1
    moved = {}
    for role, track in cast.items():
        notes = tuple(_moved(n, -shift_of[n.onset // bar] * bar) for n in track.notes)
        moved[role] = Track(role=role, program=track.program, notes=notes)
    return moved, bars


def _key(file: MidiFile, stretch: Stretch, reading: Reading, cast: dict[Role, Track]) -> Key:
    if reading.key is not None:
        return reading.key
    notes = [n for role, t in cast.items() if role is not Role.DRUMS for n in t.notes]
    if reading.trust_signature:
        before = [c.key for c in file.key_signatures if c.tick <= stretch.start] or [
            c.key for c in file.key_signatures if c.tick < stretch.end
        ]
        if before:
            major = (before[-1].tonic - WHITE_TONIC[before[-1].mode]) % 12
            pair = (Key(tonic=major, mode=Mode.MAJOR), Key(tonic=(major + 9) % 12, mode=Mode.MINOR))
            return before[-1] if before[-1].mode is Mode.MINOR else estimate_key(notes, among=pair)
    return estimate_key(notes)


def _chords(cast: dict[Role, Track], key: Key, stretch: Stretch, bars: int) -> tuple[Chord | None, ...]:
    pitched = {role: t for role, t in cast.items() if role is not Role.DRUMS}
    notes = [n for t in pitched.values() for n in t.notes]
    bass = pitched[Role.BASS].notes if Role.BASS in pitched else ()
    return estimate_chords(notes, key, stretch.meter, bars, bass=bass, melody_only=set(pitched) == {Role.MELODY})


def _tempo(file: MidiFile, stretch: Stretch) -> float:
    tempos = file.tempos or (TempoChange(tick=0, bpm=file.tempo_bpm),)
    bpm = main_tempo(tempos, stretch.start, stretch.end) * stretch.up / stretch.down
    while bpm < LOWEST_TEMPO:
        bpm *= 2
    while bpm > HIGHEST_TEMPO:
        bpm /= 2
    return bpm
