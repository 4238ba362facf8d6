"""A tune with its chords → a small band: a plucked chordal part, a bass, sometimes a second voice.

In: a song of a melody alone, with chords (such as those that the corpus guesses for fiddle tunes). Out: the same
melody with written accompaniment, so that a network can learn real tunes over a band's texture. Conventions: guessed
chords are first brought back to what a folk guitarist plays, triads and dominant sevenths over their roots; one
pattern a song, drawn from those of its meter. Caveat: the accompaniment is by rule, and whoever trains on it says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.grammar.voicing import Voicing, lead
from engine.music.harmony import QUALITIES, Chord, Key
from engine.music.notes import Note, Role, Song, Track

GUITAR, BASS_PROGRAM, SECOND = 25, 32, 105
LOW, HIGH = 48, 67
BASS_LOW, BASS_HIGH = 33, 52
SECOND_SHARE = 0.45
VELOCITIES = {Role.HARMONY: 62, Role.BASS: 74, Role.COUNTER: 60}

Hit = tuple[int, int, str]
"""Tick in the bar, duration in ticks, and what: `c` the chord, `1`–`3` one of its voices, `b` root, `f` fifth."""

PATTERNS: dict[str, tuple[tuple[Hit, ...], ...]] = {
    "4/4": (
        ((0, 24, "b"), (24, 12, "c"), (48, 24, "f"), (72, 12, "c")),
        ((0, 24, "b"), (24, 24, "c"), (36, 12, "c"), (48, 24, "f"), (72, 24, "c"), (84, 12, "c")),
        ((0, 48, "b"), (0, 24, "c"), (24, 12, "c"), (36, 12, "c"), (48, 24, "c"), (72, 12, "c"), (84, 12, "c")),
        ((0, 48, "b"), *((12 * i, 12, "1323"[i % 4]) for i in range(8)), (48, 48, "f")),
        ((0, 96, "b"), (0, 48, "c"), (48, 48, "c")),
    ),
    "2/4": (
        ((0, 24, "b"), (12, 12, "c"), (24, 24, "f"), (36, 12, "c")),
        ((0, 24, "b"), (24, 24, "c"), (36, 12, "c")),
        ((0, 48, "b"), *((12 * i, 12, "1323"[i % 4]) for i in range(4))),
    ),
    "3/4": (
        ((0, 24, "b"), (24, 24, "c"), (48, 24, "c")),
        ((0, 72, "b"), (24, 24, "c"), (48, 12, "c"), (60, 12, "c")),
        ((0, 72, "b"), *((12 * i, 12, "123231"[i]) for i in range(6))),
    ),
    "6/8": (
        ((0, 24, "b"), (24, 12, "c"), (36, 24, "f"), (60, 12, "c")),
        ((0, 36, "b"), (0, 24, "c"), (24, 12, "c"), (36, 24, "c"), (60, 12, "c"), (36, 36, "f")),
        ((0, 36, "b"), *((12 * i, 12, "123"[i % 3]) for i in range(6)), (36, 36, "f")),
        ((0, 36, "b"), (0, 36, "c"), (36, 36, "c")),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hand:
    """What a half bar's chord gives to play: the guitar's voicing, and the bass's root and fifth."""

    voicing: Voicing
    root: int
    fifth: int


def plain_chord(chord: Chord, key: Key) -> Chord:
    """The triad (or dominant seventh) that a chord stands for, over its root; a missing third is the key's own."""
    tones = QUALITIES[chord.quality]
    if chord.quality in ("7", "9", "13", "7b9"):
        return Chord(root=chord.root, quality="7", bass=chord.root)
    unsaid = 3 not in tones and 4 not in tones
    has_minor, has_major = ((chord.root + third) % 12 in key.scale for third in (3, 4))
    minor = 3 in tones or (unsaid and has_minor and not has_major)
    quality = "dim" if minor and 6 in tones and 7 not in tones else "m" if minor else ""
    return Chord(root=chord.root, quality=quality, bass=chord.root)


def with_accompaniment(song: Song, rng: np.random.Generator) -> Song:
    """The song with harmony and bass, and often a second voice. A song without chords or melody comes back as it is."""
    melody = song.track(Role.MELODY)
    chords = _filled(song)
    if melody is None or not chords:
        return song
    hands = _hands(chords, rng)
    patterns = PATTERNS[str(song.meter)]
    pattern = patterns[int(rng.integers(len(patterns)))]
    harmony: list[Note] = []
    bass: list[Note] = []
    for bar in range(song.bars):
        for tick, duration, what in pattern:
            half = 1 if tick >= song.meter.half_bar_ticks else 0
            hand = hands[2 * bar + half]
            onset = bar * song.meter.bar_ticks + tick
            role = Role.BASS if what in "bf" else Role.HARMONY
            accent = 8 if tick == 0 else 0
            velocity = int(np.clip(VELOCITIES[role] + accent + rng.integers(-5, 6), 1, 127))
            notes = bass if role is Role.BASS else harmony
            notes += [Note(onset=onset, pitch=p, duration=duration, velocity=velocity) for p in _pitches(hand, what)]
    tracks = [
        melody,
        Track(role=Role.HARMONY, program=GUITAR, notes=tuple(sorted(harmony))),
        Track(role=Role.BASS, program=BASS_PROGRAM, notes=tuple(sorted(bass))),
    ]
    if rng.random() < SECOND_SHARE:
        tracks.append(Track(role=Role.COUNTER, program=SECOND, notes=_second_voice(song, melody, chords)))
    return replace(song, chords=chords, tracks=tuple(tracks))


def _filled(song: Song) -> tuple[Chord, ...]:
    """A plain chord for every half bar: where there is none, the last one goes on; empty if there are none at all."""
    last = next((chord for chord in song.chords if chord is not None), None)
    chords: list[Chord] = []
    for chord in song.chords:
        last = chord or last
        if last is not None:
            chords.append(plain_chord(last, song.key))
    return tuple(chords)


def _hands(chords: tuple[Chord, ...], rng: np.random.Generator) -> list[_Hand]:
    """A hand a half bar; the same chord keeps its hand."""
    hands: list[_Hand] = []
    for index, chord in enumerate(chords):
        if index and chord == chords[index - 1]:
            hands.append(hands[-1])
            continue
        before = hands[-1].voicing if hands else None
        root = BASS_LOW + (chord.root - BASS_LOW) % 12
        above = root + (QUALITIES[chord.quality] + (7,))[2]
        fifth = above if above <= BASS_HIGH and rng.random() < 0.6 else above - 12
        triad = replace(chord, quality="") if chord.quality == "7" else chord  # a seventh's voicings would add ninths
        hands.append(_Hand(voicing=lead(triad, before, LOW, HIGH, rng), root=root, fifth=max(fifth, BASS_LOW - 5)))
    return hands


def _pitches(hand: _Hand, what: str) -> tuple[int, ...]:
    if what == "c":
        return hand.voicing
    if what in "bf":
        return (hand.root if what == "b" else hand.fifth,)
    return (hand.voicing[(int(what) - 1) % len(hand.voicing)],)


def _second_voice(song: Song, melody: Track, chords: tuple[Chord, ...]) -> tuple[Note, ...]:
    """A slower line under the tune: on each beat where the tune moves, the chord tone a third to a sixth below."""
    notes: list[Note] = []
    half = song.meter.half_bar_ticks
    for note in melody.notes:
        if note.onset % song.meter.beat_ticks or note.onset // half >= len(chords):
            continue
        classes = chords[note.onset // half].pitch_classes
        below = [p for p in range(note.pitch - 9, note.pitch - 2) if p % 12 in classes]
        if below:
            duration = song.meter.beat_ticks
            notes.append(Note(onset=note.onset, pitch=below[-1], duration=duration, velocity=VELOCITIES[Role.COUNTER]))
    return tuple(notes)
