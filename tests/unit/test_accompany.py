"""Tunes get a band: the melody stays, chords become plain, harmony and bass follow them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.grammar.accompany import plain_chord, with_accompaniment
from engine.learn.sources.piece import Piece
from engine.learn.train import accompanied
from engine.music.harmony import Chord, Key, Mode
from engine.music.notes import Note, Role, Section, SectionKind, Song, Track
from engine.music.timing import METERS

G_MAJOR = Key(tonic=7, mode=Mode.MAJOR)


def tune(meter_name: str) -> Song:
    meter, bars = METERS[meter_name], 8
    chords = tuple(Chord.parse(name) for name in ("Gmaj7/F#", "G", "Em", "Dsus4", "C", "Am7", "D7", "G") * 2)
    notes = tuple(
        Note(onset=onset, pitch=67 + (onset // 12) % 7, duration=12, velocity=80)
        for onset in range(0, bars * meter.bar_ticks, 12)
    )
    return Song(
        style="folk",
        tempo_bpm=120,
        key=G_MAJOR,
        meter=meter,
        swing=0.5,
        sections=(Section(kind=SectionKind.VERSE, label="A", start_bar=0, bars=bars),),
        chords=chords,
        tracks=(Track(role=Role.MELODY, program=40, notes=notes),),
    )


@pytest.mark.parametrize("meter", ["4/4", "2/4", "3/4", "6/8"])
@pytest.mark.parametrize("seed", range(12))
def test_harmony_and_bass_play_in_every_bar_on_the_bars_chords(meter, seed):
    song = tune(meter)
    made = with_accompaniment(song, np.random.default_rng(seed))
    assert made.track(Role.MELODY) == song.track(Role.MELODY)
    half = song.meter.half_bar_ticks
    for role in (Role.HARMONY, Role.BASS):
        track = made.track(role)
        assert track is not None
        assert {note.onset // song.meter.bar_ticks for note in track.notes} == set(range(song.bars))
        for note in track.notes:
            chord = made.chords[note.onset // half]
            assert chord is not None
            assert note.pitch % 12 in {*chord.pitch_classes, (chord.root + 7) % 12}
    bass = made.track(Role.BASS)
    assert bass is not None
    assert max(note.pitch for note in bass.notes) <= 52


def test_about_half_of_the_songs_get_a_second_voice_below_the_tune():
    songs = [with_accompaniment(tune("4/4"), np.random.default_rng(seed)) for seed in range(100)]
    seconds = [song.track(Role.COUNTER) for song in songs]
    assert 30 <= sum(track is not None for track in seconds) <= 60
    melody = {note.onset: note.pitch for note in tune("4/4").tracks[0].notes}
    for track in seconds:
        assert all(3 <= melody[note.onset] - note.pitch <= 9 for note in (track.notes if track else ()))


@pytest.mark.parametrize(
    ("guessed", "plain"),
    [("Gmaj7/F#", "G"), ("Dsus4", "D"), ("Am7", "Am"), ("F#m7b5", "F#dim"), ("D9", "D7"), ("Esus2", "Em")],
)  # fmt: skip
def test_guessed_chords_become_what_a_guitarist_plays(guessed, plain):
    assert plain_chord(Chord.parse(guessed), G_MAJOR) == Chord.parse(plain)


def test_gaps_between_chords_are_filled_and_a_song_without_chords_stays_as_it_is():
    song = tune("4/4")
    gaps = replace(song, chords=(None, None, *song.chords[2:]))
    assert all(with_accompaniment(gaps, np.random.default_rng(0)).chords)
    bare = replace(song, chords=(None,) * 16)
    assert with_accompaniment(bare, np.random.default_rng(0)) == bare


def test_most_tunes_are_accompanied_the_same_way_every_time_and_other_sources_never():
    pieces = [
        Piece(id=f"folk/{i}", source="folk", licence="public-domain", style="folk", split="train", song=tune("6/8"))
        for i in range(60)
    ]
    made = [accompanied(piece) for piece in pieces]
    assert made == [accompanied(piece) for piece in pieces]
    assert 40 <= sum(len(piece.song.tracks) > 1 for piece in made) < 60
    hymn = replace(pieces[0], source="hymnal")
    assert accompanied(hymn) == hymn
