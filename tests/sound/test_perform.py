import os
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compose.perform import MAX_STRAY, perform
from engine.music.harmony import Key
from engine.music.midi.write import write_midi
from engine.music.notes import Note, Role, Section, SectionKind, Song, Track
from engine.music.performance import PERFORMED_PER_WRITTEN
from engine.music.timing import GRID_IN_QUARTER, METERS
from tests.sound.songs import band, style

ROOT = Path(__file__).resolve().parents[2]


def song_of(notes, *, role=Role.MELODY, meter="4/4", swing=0.5, tempo_bpm=100.0, program=0):
    bars = 1 + max(note.onset for note in notes) // METERS[meter].bar_ticks
    return Song(
        style="folk",
        tempo_bpm=tempo_bpm,
        key=Key.parse("C"),
        meter=METERS[meter],
        swing=swing,
        sections=(Section(kind=SectionKind.VERSE, label="A", start_bar=0, bars=bars),),
        chords=(None,) * (2 * bars),
        tracks=(Track(role=role, program=program, notes=tuple(sorted(notes))),),
    )


def eighths(count=64):
    return [Note(onset=12 * i, pitch=60 + i % 7, duration=12, velocity=80) for i in range(count)]


def strays_of(song, *, seed):
    played = perform(song, seed=seed).tracks[0].notes
    return [a.onset - b.onset * PERFORMED_PER_WRITTEN for a, b in zip(played, song.tracks[0].notes, strict=True)]


written_notes = st.builds(
    Note,
    onset=st.builds(lambda beat, place: 24 * beat + place, st.integers(0, 31), st.sampled_from(GRID_IN_QUARTER)),
    pitch=st.integers(40, 90),
    duration=st.integers(4, 96),
    velocity=st.integers(1, 127),
)
any_song = st.builds(
    song_of,
    st.lists(written_notes, min_size=1, max_size=60, unique_by=lambda note: (note.onset, note.pitch)),
    role=st.sampled_from(list(Role)),
    meter=st.sampled_from(["4/4", "3/4", "6/8", "2/4"]),
    swing=st.floats(0.5, 0.75),
    tempo_bpm=st.floats(40, 220),
    program=st.sampled_from([0, 25, 48, 73]),
)


@settings(max_examples=150, deadline=None)
@given(song=any_song, seed=st.integers(0, 2**63 - 1))
def test_every_written_note_is_played_in_its_bar_and_in_its_order(song, seed):
    track = perform(song, seed=seed).tracks[0]
    written = song.tracks[0].notes
    assert sorted(note.pitch for note in track.notes) == sorted(note.pitch for note in written)
    bar = song.meter.bar_ticks
    ordered = sorted(written)
    by_time = {}
    for pitch in {note.pitch for note in written}:
        pairs = zip(
            [note for note in ordered if note.pitch == pitch],
            [note for note in track.notes if note.pitch == pitch],
            strict=True,
        )
        by_time.update({(before.onset, pitch): after for before, after in pairs})
    for before in ordered:
        after = by_time[before.onset, before.pitch]
        for later in ordered:
            if later.onset // bar > before.onset // bar:
                assert by_time[later.onset, later.pitch].onset > after.onset
            elif later.onset > before.onset:
                assert by_time[later.onset, later.pitch].onset >= after.onset


@settings(max_examples=150, deadline=None)
@given(song=any_song, seed=st.integers(0, 2**63 - 1))
def test_played_notes_are_legal_and_never_sound_into_the_next_of_their_pitch(song, seed):
    until = {}
    for note in perform(song, seed=seed).tracks[0].notes:
        assert note.onset >= 0
        assert note.duration >= 1
        assert 1 <= note.velocity <= 127
        assert note.onset > until.get(note.pitch, -1)
        until[note.pitch] = note.end


def test_the_same_seed_plays_the_same_and_another_seed_differs():
    song = band()
    assert perform(song, seed=5) == perform(song, seed=5)
    assert perform(song, seed=5) != perform(song, seed=6)


def test_another_process_plays_the_same():
    code = (
        "from hashlib import sha256\n"
        "from engine.compose.perform import perform\n"
        "from engine.music.midi.write import write_midi\n"
        "from tests.sound.songs import band, style\n"
        "print(sha256(write_midi(perform(band(bars=4, swing=0.58), seed=3), style().parts)).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for hash_seed in (1, 2)
    }
    here = sha256(write_midi(perform(band(bars=4, swing=0.58), seed=3), style().parts)).hexdigest()
    assert digests == {here}


def test_dropping_one_role_leaves_the_others_playing_the_same():
    song = band()
    alone = replace(song, tracks=song.tracks[:1])
    assert perform(alone, seed=5).tracks[0] == perform(song, seed=5).tracks[0]


@pytest.mark.parametrize("swing", [0.5, 0.58, 0.667])
def test_off_beat_eighths_come_at_the_swing_ratio(swing):
    song = song_of(eighths(256), swing=swing, tempo_bpm=160.0)
    places = [note.onset / PERFORMED_PER_WRITTEN % 24 / 24 for note in perform(song, seed=1).tracks[0].notes][1::2]
    assert np.mean(places) == pytest.approx(swing, abs=0.01)


def test_compound_meters_and_pure_triplets_do_not_swing():
    triplets = [Note(onset=8 * i, pitch=60 + i % 5, duration=8, velocity=80) for i in range(96)]
    compound = song_of(eighths(), swing=0.667, meter="6/8", tempo_bpm=160)
    for song in (compound, song_of(triplets, swing=0.667, tempo_bpm=160)):
        strays = strays_of(song, seed=1)
        assert abs(np.mean(strays)) < 8
        assert max(np.abs(strays)) <= MAX_STRAY


def test_drums_are_tighter_than_the_melody_but_not_mechanical():
    spread = {}
    for role in (Role.DRUMS, Role.MELODY):
        song = song_of([replace(note, pitch=42) for note in eighths(256)], role=role, tempo_bpm=150.0)
        spread[role] = np.std(strays_of(song, seed=2))
    assert 0 < spread[Role.DRUMS] < 0.7 * spread[Role.MELODY]


def test_the_snare_lies_back_in_slow_swung_music_only():
    snares = [Note(onset=24 + 48 * i, pitch=38, duration=6, velocity=90) for i in range(100)]

    def lateness(**settings_):
        song = song_of(snares, role=Role.DRUMS, **settings_)
        return np.mean(strays_of(song, seed=3))

    assert lateness(swing=0.58, tempo_bpm=78.0) > 8
    assert abs(lateness(swing=0.5, tempo_bpm=78.0)) < 2
    assert abs(lateness(swing=0.6, tempo_bpm=160.0)) < 2


def test_flat_velocities_get_accents_and_choruses_are_louder_than_intros():
    song = band(bars=12)
    melody = perform(song, seed=4).tracks[0].notes
    downbeats = [note.velocity for note in melody if round(note.onset / 40) % 96 < 4]
    off_beats = [note.velocity for note in melody if 8 < round(note.onset / 40) % 24 < 16]
    assert np.mean(downbeats) > np.mean(off_beats) + 4
    by_section = [np.mean([n.velocity for n in melody if n.onset // (40 * 96 * 4) == at]) for at in range(3)]
    assert by_section[2] > by_section[0] + 6


def test_a_track_that_is_already_expressive_keeps_its_own_dynamics():
    rng = np.random.default_rng(0)
    flat = eighths(128)
    lively = [replace(note, velocity=int(rng.integers(40, 120))) for note in flat]

    def change(notes):
        played = perform(song_of(notes), seed=1).tracks[0].notes
        return np.std([a.velocity - b.velocity for a, b in zip(played, notes, strict=True)])

    assert change(lively) < 0.75 * change(flat)


def test_the_last_notes_ring_beyond_the_last_bar_line_by_a_second():
    song = band(bars=4, tempo_bpm=60.0)
    held = replace(song.tracks[2], notes=(Note(onset=288, pitch=60, duration=96, velocity=80),))
    played = perform(replace(song, tracks=(held,)), seed=1)
    assert played.seconds(played.tracks[0].notes[0].end) == pytest.approx(song.duration_s + 1.0, abs=0.05)


def test_chords_of_a_guitar_are_strummed_from_below():
    chord = [Note(onset=0, pitch=pitch, duration=48, velocity=80) for pitch in (48, 52, 55, 60)]
    onsets = [
        note.onset
        for note in sorted(perform(song_of(chord, program=25), seed=1).tracks[0].notes, key=lambda n: n.pitch)
    ]
    assert onsets == sorted(onsets)
    assert len(set(onsets)) == 4


def test_kick_times_are_given_in_seconds():
    played = perform(band(bars=2, tempo_bpm=120.0), seed=1)
    times = played.onset_times_s(Role.DRUMS, frozenset({36}))
    assert times == pytest.approx([0.0, 2.0], abs=0.02)
