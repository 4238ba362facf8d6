"""Songs survive the way into the network's integers and back."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from engine.grammar.corpus import composed_songs
from engine.music.harmony import Key, Mode
from engine.music.notes import Note, Role, Section, SectionKind, Song, Track
from engine.music.timing import METERS
from engine.music.tokens import (
    BAR,
    DRUM_KEYS,
    DURATIONS_TICKS,
    MAX_SLOTS,
    ROLE_ORDER,
    SLOT_TICKS,
    class_to_velocity,
    duration_to_class,
    events_to_tracks,
    slots_in_bar,
    song_to_events,
    ticks_to_slot,
    velocity_to_class,
)


def random_song(seed: int, meter_name: str) -> Song:
    """A song of kept values only: grid onsets, kept durations and velocities, kept percussion."""
    rng = np.random.default_rng(seed)
    meter, bars = METERS[meter_name], 6
    key = Key(tonic=int(rng.integers(12)), mode=[Mode.MAJOR, Mode.MINOR, Mode.DORIAN][int(rng.integers(3))])
    tracks = []
    for role in Role:
        notes = {}
        for _ in range(40):
            slot = int(rng.integers(slots_in_bar(meter)))
            onset = int(rng.integers(bars)) * meter.bar_ticks + SLOT_TICKS[slot]
            drums = role is Role.DRUMS
            pitch = int(rng.choice(DRUM_KEYS)) if drums else int(rng.integers(30, 90))
            duration = SLOT_TICKS[1] if drums else int(rng.choice(DURATIONS_TICKS))
            velocity = class_to_velocity(int(rng.integers(1, 16)))
            notes[onset, pitch] = Note(onset=onset, pitch=pitch, duration=duration, velocity=velocity)
        tracks.append(Track(role=role, program=0, notes=tuple(sorted(notes.values()))))
    section = Section(kind=SectionKind.VERSE, label="A", start_bar=0, bars=bars)
    return Song(style="lofi", tempo_bpm=90, key=key, meter=meter, swing=0.5, sections=(section,),
                chords=(None,) * (2 * bars), tracks=tuple(tracks))  # fmt: skip


@pytest.mark.parametrize("meter", ["4/4", "3/4", "6/8", "2/4"])
@pytest.mark.parametrize("seed", range(10))
def test_decoding_an_encoded_song_gives_the_song(seed, meter):
    song = random_song(seed, meter)
    tracks = events_to_tracks(
        song_to_events(song), meter=song.meter, shift_to_white=song.key.shift_to_white, programs=[0] * 5
    )
    assert {t.role: t.notes for t in tracks} == {t.role: t.notes for t in song.tracks}


def test_transposing_a_song_leaves_its_events_as_they_are():
    song = random_song(3, "4/4")
    up = Key(tonic=(song.key.tonic + 1) % 12, mode=song.key.mode)
    step = song.key.shift_to_white - up.shift_to_white
    moved = tuple(
        track
        if track.role is Role.DRUMS
        else Track(
            role=track.role,
            program=0,
            notes=tuple(
                Note(onset=n.onset, pitch=n.pitch + step, duration=n.duration, velocity=n.velocity) for n in track.notes
            ),
        )
        for track in song.tracks
    )
    other = Song(style="lofi", tempo_bpm=90, key=up, meter=song.meter, swing=0.5, sections=song.sections,
                 chords=song.chords, tracks=moved)  # fmt: skip
    assert song_to_events(other) == song_to_events(song)


def test_every_bar_closes_with_a_bar_line_and_events_are_in_order():
    song = next(composed_songs("lofi", 1, 5))
    events = song_to_events(song)
    assert sum(event.onset == BAR for event in events) == song.bars
    for left, right in pairwise(events):
        if BAR not in (left.onset, right.onset):
            assert left[:3] < right[:3]


def test_a_note_between_two_slots_goes_to_the_nearer_one():
    assert [ticks_to_slot(t) for t in (0, 1, 3, 5, 7, 11, 93)] == [0, 0, 1, 1, 2, 4, 31]
    assert ticks_to_slot(96) == MAX_SLOTS


def test_durations_and_velocities_keep_their_classes():
    assert all(DURATIONS_TICKS[duration_to_class(d)] == d for d in DURATIONS_TICKS)
    assert duration_to_class(1000) == len(DURATIONS_TICKS) - 1
    assert all(velocity_to_class(class_to_velocity(i)) == i for i in range(16))


def test_unknown_percussion_is_left_out_and_aliases_are_kept():
    section = Section(kind=SectionKind.VERSE, label="A", start_bar=0, bars=1)
    notes = tuple(Note(onset=0, pitch=p, duration=4, velocity=80) for p in (35, 87))
    drums = Track(role=Role.DRUMS, program=0, notes=notes)
    song = Song(
        style="rock",
        tempo_bpm=100,
        key=Key(tonic=0, mode=Mode.MAJOR),
        meter=METERS["4/4"],
        swing=0.5,
        sections=(section,),
        chords=(None, None),
        tracks=(drums,),
    )
    events = song_to_events(song)
    assert [DRUM_KEYS[e.pitch] for e in events if e.onset != BAR] == [36]
    assert ROLE_ORDER[events[0].role] is Role.DRUMS
