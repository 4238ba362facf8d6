"""What preferences look at in songs: always finite, the same names, and what each feature says."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

import pytest

from engine.compose.leaning import WORDS
from engine.compose.traits import plan_features
from engine.grammar.corpus import composed_songs
from engine.metrics.features import song_features
from engine.music.harmony import Key
from engine.music.notes import Role, Song
from engine.music.seed import seed_to_song
from engine.music.seedbank import load_seeds
from engine.music.styles import load_style, style_names
from tests.metrics.songs import line, note, song
from tests.small import plan_of_song

TUNE = line(60, 64, 67, 72, every=24)


@pytest.fixture(scope="module")
def songs() -> list[Song]:
    return [song for style in ("lofi", "jazz", "bossa") for song in composed_songs(style, 2, 11)]


def test_every_song_has_the_same_finite_features(songs: list[Song]) -> None:
    seeds = [
        seed_to_song(seed, style)
        for style in style_names()
        for seed in load_seeds(load_style(style).folder)[:3]
        if style != "base"
    ]
    odd = [
        song({}),
        song({Role.DRUMS: [note(0, 36)]}),
        song({Role.BASS: [note(0, 36)]}, bars=1),
        song({Role.MELODY: TUNE}, chords=["C", "G", "C", "C"]),
    ]
    rows = [song_features(one) for one in (*songs, *seeds, *odd)]
    assert len({tuple(row) for row in rows}) == 1
    assert all(isfinite(value) for row in rows for value in row.values())


def test_every_plan_has_the_same_finite_features(songs: list[Song]) -> None:
    rows = [plan_features(plan_of_song(one)) for one in songs]
    assert len({tuple(row) for row in rows}) == 1
    assert all(isfinite(value) for row in rows for value in row.values())


def test_words_are_known_for_what_is_measured(songs: list[Song]) -> None:
    measured = song_features(songs[0]).keys() | plan_features(plan_of_song(songs[0])).keys()
    assert WORDS.keys() <= measured


def test_an_octave_higher_moves_the_registers_alone(songs: list[Song]) -> None:
    for one in songs:
        up = tuple(
            track
            if track.role is Role.DRUMS
            else replace(track, notes=tuple(replace(note, pitch=note.pitch + 12) for note in track.notes))
            for track in one.tracks
        )
        before, after = song_features(one), song_features(replace(one, tracks=up))
        moved = {name for name in before if before[name] != pytest.approx(after[name], abs=1e-3)}
        assert moved == {"register", "melody_register"}
        assert after["register"] - before["register"] == pytest.approx(12, abs=1e-3)


def test_more_notes_are_denser_and_a_faster_song_too(songs: list[Song]) -> None:
    for one in songs:
        sparse = tuple(replace(track, notes=track.notes[::2]) for track in one.tracks)
        usual = song_features(one)
        assert song_features(replace(one, tracks=sparse))["density"] < usual["density"]
        faster = song_features(replace(one, tempo_bpm=2 * one.tempo_bpm))
        assert faster["density"] > usual["density"]
        assert faster["tempo_log2"] == pytest.approx(usual["tempo_log2"] + 1, abs=1e-3)


def test_features_say_what_their_names_say() -> None:
    plain = song_features(song({Role.MELODY: TUNE}))
    assert (plain["syncopation"], plain["offbeats"], plain["drums_share"], plain["roles"]) == (0, 0, 0, 1)
    assert plain["melody_register"] == pytest.approx(65.75)
    assert plain["melody_range"] == 12
    pushed = song_features(song({Role.MELODY: [note(12, 60), note(36, 62)]}))
    assert pushed["offbeats"] == 1
    assert pushed["syncopation"] == 1
    answered = song_features(song({Role.MELODY: [note(0, 60), note(12, 60), note(24, 62)]}))
    assert answered["syncopation"] == 0
    drummed = song_features(song({Role.MELODY: TUNE, Role.DRUMS: line(36, 38, 36, 38)}))
    assert drummed["drums_share"] == 0.5
    assert drummed["drums_density"] > plain["drums_density"] == 0
    minor = song_features(song({Role.MELODY: TUNE}, key="C minor"))
    assert minor["brightness"] < plain["brightness"]
    chords = song_features(song({Role.MELODY: TUNE}, chords=["C", "Am", "F", "G"]))
    assert chords["chord_variety"] == pytest.approx(2)
    assert song_features(song({Role.MELODY: TUNE}, meter="3/4", bars=4))["triple"] == 1
    held = song({Role.HARMONY: [note(0, pitch, 96) for pitch in (60, 64, 67)]}, bars=1)
    assert song_features(held)["polyphony"] == 3


def test_a_plan_says_what_is_cast(songs: list[Song]) -> None:
    plan = plan_of_song(songs[0])
    usual = plan_features(plan)
    busier = {role: replace(casting, density=2 * casting.density) for role, casting in plan.cast.items()}
    assert plan_features(replace(plan, cast=busier))["notes_per_second"] > usual["notes_per_second"]
    tune = plan.cast[Role.MELODY]
    higher = {**plan.cast, Role.MELODY: replace(tune, low=tune.low + 5, high=tune.high + 5)}
    assert plan_features(replace(plan, cast=higher))["melody_register"] == usual["melody_register"] + 5
    assert plan_features(replace(plan, swing=0.66))["swing"] == 0.66
    assert plan_features(replace(plan, key=Key.parse("A phrygian")))["brightness"] < 0
    assert plan_features(plan)["primed"] == 0
