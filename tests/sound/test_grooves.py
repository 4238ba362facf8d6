"""What is measured on drummers, and that what is played has it."""

import json

import numpy as np
import pytest

from engine.cli.grooves import grooves as grooves_command
from engine.compose.perform import perform
from engine.compose.performing.clock import Clock
from engine.compose.performing.dynamics import DRUM_ACCENTS
from engine.compose.performing.strays import TIGHTNESS
from engine.errors import BadRequest
from engine.learn.grooves import measure_grooves, measure_take
from engine.music.grooves import PIECES, PLACES, grooves_from_json, grooves_to_json, load_grooves, piece_of, place_of
from engine.music.notes import Note, Role, Section, SectionKind, Song, Track
from engine.music.performance import PERFORMED_PER_WRITTEN
from engine.music.styles import load_style, style_names
from engine.music.timing import METERS
from engine.music.touch import Touch
from tests.sound.songs import band

KEYS = {"kick": 36, "snare": 38, "hat": 42, "ride": 51}


def every_sixteenth(pitch, *, bars=8, tempo_bpm=100.0):
    base = band(bars=bars, tempo_bpm=tempo_bpm)
    notes = tuple(Note(onset=at, pitch=pitch, duration=4, velocity=75) for at in range(0, 96 * bars, 6))
    section = Section(kind=SectionKind.VERSE, label="A", start_bar=0, bars=bars)
    return Song(
        style="rock",
        tempo_bpm=tempo_bpm,
        key=base.key,
        meter=METERS["4/4"],
        swing=0.5,
        sections=(section,),
        chords=base.chords,
        tracks=(Track(role=Role.DRUMS, program=0, notes=notes),),
    )


def test_every_style_follows_a_groove_that_was_measured():
    for name in style_names():
        groove = load_style(name).touch.groove
        assert groove == "" or groove in load_grooves()
    assert {"all", "rock", "jazz", "lofi", "bossa", "blues", "pop"} <= set(load_grooves())


def test_what_was_measured_is_what_drummers_do():
    for name, groove in load_grooves().items():
        hat, snare = groove.pieces["hat"], groove.pieces["snare"]
        assert set(groove.pieces) >= set(PIECES)
        for piece in groove.pieces.values():
            assert len(piece.late_ms) == len(piece.accent) == len(piece.strokes) == PLACES
            assert max(map(abs, piece.late_ms)) < 30
        if name in ("rock", "pop", "lofi", "blues", "all"):
            assert snare.accent[4] > 10
            assert snare.accent[12] > 10
            assert hat.accent[4] > hat.accent[5]


def test_a_take_gives_back_the_lateness_and_accents_that_were_put_into_it():
    rng = np.random.default_rng(1)
    hits = []
    for bar in range(40):
        for place in range(PLACES):
            late = 12 if place % 4 == 1 else -4
            onset = bar * 1920 + place * 120 + late + round(float(rng.normal(0, 2))) + round(10 * np.sin(bar / 6))
            velocity = 100 if place % 4 == 0 else 60
            hits.append(Note(onset=max(onset, 0), pitch=42, duration=20, velocity=velocity))
    rows = measure_take(hits, 120.0)["hat"]
    mean = [rows[rows[:, 0] == place, 1].mean() for place in range(PLACES)]
    tick_ms = 60_000 / 120 / 480
    assert mean[1] - mean[0] == pytest.approx(16 * tick_ms, abs=0.5)
    assert np.mean(mean) == pytest.approx(0, abs=0.5)
    accents = [rows[rows[:, 0] == place, 2].mean() for place in (0, 1)]
    assert accents[0] - accents[1] == pytest.approx(40, abs=0.1)
    assert rows[rows[:, 0] == 0, 1].std() < 3


def test_a_take_of_a_few_strokes_tells_nothing():
    assert measure_take([Note(onset=480 * at, pitch=36, duration=9, velocity=90) for at in range(5)], 100.0) == {}


def test_a_folder_without_takes_is_named(tmp_path):
    with pytest.raises(BadRequest, match=r"holds no info\.csv"):
        measure_grooves(tmp_path)
    with pytest.raises(BadRequest, match=r"holds no info\.csv"):
        grooves_command(corpora=tmp_path, out=tmp_path / "out.json")


def test_grooves_come_back_from_json():
    assert grooves_from_json(json.loads(json.dumps(grooves_to_json(load_grooves())))) == load_grooves()


@pytest.mark.parametrize("piece", ["kick", "snare", "hat", "ride"])
@pytest.mark.parametrize("name", ["rock", "jazz", "lofi", "bossa", "pop"])
def test_drums_are_as_late_and_as_loud_as_the_drummers_at_each_place_of_the_bar(name, piece):
    song = every_sixteenth(KEYS[piece])
    learnt = load_grooves()[name].pieces[piece]
    late, loud = np.zeros((PLACES, 0)).tolist(), np.zeros((PLACES, 0)).tolist()
    for seed in range(100, 120):
        performed = perform(song, seed=seed, touch=Touch(groove=name))
        clock = Clock(song.tracks[0].notes, song)
        for before, after in zip(song.tracks[0].notes, performed.tracks[0].notes, strict=True):
            place = place_of(before.onset, 96)
            late[place].append(1000 * performed.seconds(after.onset - clock.performed(before.onset)))
            loud[place].append(after.velocity - before.velocity)
    inside = slice(1, None)  # nothing comes before the first note
    np.testing.assert_allclose([np.mean(x) for x in late][inside], learnt.late_ms[inside], atol=2.0)
    spread = np.array([np.std(x) for x in late])
    assert np.all(spread < 1.6 * TIGHTNESS * np.array(learnt.spread_ms) + 0.5)
    assert np.mean(spread) > 0.5 * TIGHTNESS * np.mean(learnt.spread_ms)
    played, wanted = np.array([np.mean(x) for x in loud]), DRUM_ACCENTS * np.array(learnt.accent)
    np.testing.assert_allclose(played - played.mean(), wanted - wanted.mean(), atol=2.5)


def test_everybody_leans_towards_the_hats_by_half():
    notes = tuple(Note(onset=at, pitch=60 + at % 5, duration=5, velocity=75) for at in range(0, 96 * 8, 6))
    song = every_sixteenth(42)
    song = Song(
        **{name: getattr(song, name) for name in song.__slots__}
        | {"tracks": (Track(role=Role.COUNTER, program=73, notes=notes),)}
    )
    offsets = np.zeros((PLACES, 0)).tolist()
    for seed in range(60):
        played = perform(song, seed=seed, touch=Touch(groove="lofi")).tracks[0].notes
        for before, after in zip(notes, played, strict=True):
            offset = after.onset - before.onset * PERFORMED_PER_WRITTEN
            offsets[place_of(before.onset, 96)].append(offset / 1.6)
    mean = np.array([np.mean(x) for x in offsets])
    learnt = np.array(load_grooves()["lofi"].pieces["hat"].late_ms)
    assert np.corrcoef(mean[1:], learnt[1:])[0, 1] > 0.7
    assert np.polyfit(learnt[1:], mean[1:], 1)[0] == pytest.approx(0.5, abs=0.2)


def test_keys_of_the_kit_belong_to_one_piece_each():
    assert [piece_of(key) for key in (35, 38, 46, 59, 49)] == ["kick", "snare", "hat", "ride", "others"]
