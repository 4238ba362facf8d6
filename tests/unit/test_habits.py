"""A style's habits: measured on songs, kept as JSON, written by the command."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from engine.cli.app import build_app
from engine.grammar.corpus import composed_songs
from engine.learn import habits as measuring
from engine.learn import train as training
from engine.learn.habits import habits_of, profile_of, write_habits
from engine.learn.sources.piece import Piece
from engine.music.habits import (
    FILE,
    FORMAT,
    Habits,
    chord_token,
    habits_from_json,
    light_of,
    load_habits,
    token_chord,
)
from engine.music.harmony import QUALITIES, Chord, Key, Mode
from engine.music.notes import Note, Role, Song
from engine.music.styles import load_style, style_names
from tests.metrics.songs import BAR, line, note, song


@pytest.fixture(scope="module")
def pieces() -> list[Song]:
    return list(composed_songs("lofi", 6, 11))


@pytest.fixture(scope="module")
def measured(pieces) -> Habits:
    return habits_of(pieces, seed=1, chords=True)


def loop(*names: str, bars: int = 16, label: str = "A") -> Song:
    """A song of quarter notes over a loop of chords, one a half bar; "-" for none."""
    chords = tuple(
        None if name == "-" else Chord.parse(name) for name in itertools.islice(itertools.cycle(names), 2 * bars)
    )
    return replace(song({Role.MELODY: line(*[60] * 4 * bars)}, bars=bars, labels=label), chords=chords)


def test_what_is_written_is_read_back_as_it_was(measured, tmp_path):
    assert measured.profiles
    assert measured.chords
    assert habits_from_json(json.loads(measured.dumps())) == measured
    write_habits(measured, tmp_path / "styles" / "lofi")
    assert load_habits(tmp_path / "styles" / "lofi") == measured
    assert [path.name for path in (tmp_path / "styles" / "lofi").iterdir()] == [FILE], "nothing is left half written"


def test_empty_habits_are_read_back_too():
    assert habits_from_json(json.loads(habits_of([], seed=1, chords=True).dumps())).profiles == ()


def test_a_style_without_habits_has_none(tmp_path):
    assert load_habits(tmp_path) is None


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"format": FORMAT + 1}, f"format {FORMAT + 1} are not known; format {FORMAT} would work"),
        ({"format": None}, "format None are not known"),
        ({"deviations": None}, "lack deviations; measuring them anew would work"),
        ({"profiles": None, "chords": None}, "lack chords and profiles"),
    ],
)
def test_habits_that_cannot_be_read_say_what_is_wrong(measured, change, complaint):
    data = json.loads(measured.dumps()) | change
    with pytest.raises(ValueError, match=complaint):
        habits_from_json({key: value for key, value in data.items() if value is not None})


def test_a_profile_with_fewer_measures_than_the_deviations_name_is_refused(measured):
    data = json.loads(measured.dumps())
    data["profiles"][0]["measures"].pop()
    with pytest.raises(ValueError, match="shorter"):
        habits_from_json(data)


@pytest.mark.parametrize("key", [Key.parse("C major"), Key.parse("F# minor"), Key.parse("Bb dorian")], ids=str)
def test_every_chord_is_its_tokens_chord(key):
    tokens = set()
    for root, quality, bass in itertools.product(range(12), QUALITIES, range(12)):
        chord = Chord(root=root, quality=quality, bass=bass)
        tokens.add(token := chord_token(chord, key))
        assert token_chord(token, key) == chord
    assert len(tokens) == 12 * 12 * len(QUALITIES)


def test_a_token_is_relative_to_the_tonic():
    for tonic in range(12):
        key = Key(tonic=tonic, mode=Mode.MAJOR)
        assert chord_token(Chord.parse("G7").transposed(tonic), key) == "7:7"
        assert chord_token(Chord.parse("C/E").transposed(tonic), key) == "0:/4"


@pytest.mark.parametrize(
    "token", ["", "7", "x:7", "7:dominant", "12:7", "07:7", "7:7/0", "7:7/x", "7:7/12", "-1:", "²:7"]
)
def test_what_is_no_token_is_named(token):
    with pytest.raises(ValueError, match="is no chord token") as refused:
        token_chord(token, Key.parse("C major"))
    assert repr(token) in str(refused.value)


def test_modes_are_bright_or_dark():
    assert {mode for mode in Mode if light_of(mode) == "bright"} == {Mode.MAJOR, Mode.LYDIAN, Mode.MIXOLYDIAN}
    assert {light_of(mode) for mode in Mode} == {"bright", "dark"}


def test_a_profile_counts_what_stands_in_the_song():
    parts: dict[Role, list[Note]] = {
        Role.MELODY: [
            note(bar * BAR + step * 24, 60 + step, velocity=70 + 20 * (step % 2))
            for bar in range(8)
            for step in range(4)
        ],
        Role.BASS: [note(bar * BAR, 40, BAR, 90) for bar in (0, 3, 4)],
        Role.DRUMS: [note(bar * BAR + step * 12, 42, velocity=50) for bar in (0, 4, 5) for step in range(8)],
    }
    hand_made = replace(
        song(parts, bars=8, chords=("C", "C", "F", "F", "G", "G", "C", "C"), key="C mixolydian"), swing=0.61234
    )
    found = profile_of(hand_made)
    assert (found.meter, found.mode, found.tempo_bpm, found.swing, found.energy) == (
        "4/4",
        Mode.MIXOLYDIAN,
        60.0,
        0.612,
        0.5,
    )
    assert found.chords_per_bar == pytest.approx(3 / 7, abs=1e-3)
    melody, bass, drums = (found.roles[role] for role in (Role.MELODY, Role.BASS, Role.DRUMS))
    assert (melody.density, melody.presence, melody.velocity, melody.spread) == (4.0, 1.0, 80.0, 10.0)
    assert (melody.low, melody.high) == (60, 63)
    assert bass.presence == 5 / 8, "a rest of two bars is no exit"
    assert bass.density == 0.6
    assert bass.spread == 0
    assert drums.presence == 3 / 8, "a rest of three bars is one"
    assert drums.density == 8.0
    assert found.measures["notes_per_second"] == pytest.approx((32 + 3 + 24) / 32, rel=1e-3)
    assert all(np.isfinite(value) for value in found.measures.values())


def test_a_few_stray_notes_do_not_make_the_register():
    notes = [note(index * 24, 60 + index % 5) for index in range(200)]
    stray = song({Role.MELODY: [*notes[:-2], note(198 * 24, 20), note(199 * 24, 110)]}, bars=50)
    assert (profile_of(stray).roles[Role.MELODY].low, profile_of(stray).roles[Role.MELODY].high) == (60, 64)


def test_a_half_bar_without_chord_goes_on_with_the_chord_before():
    assert profile_of(loop("C", "-", "G", "-", bars=9)).chords_per_bar == 1.0
    assert profile_of(loop("C", "C", "G", "G", bars=9)).chords_per_bar == 1.0
    assert profile_of(loop("-", bars=9)).chords_per_bar == 0.0


def test_energies_are_ranks_from_0_to_1_and_denser_music_has_more(measured):
    energies = sorted(profile.energy for profile in measured.profiles)
    assert energies == pytest.approx(np.linspace(0, 1, len(energies)), abs=1e-3)

    def band(every: int, velocity: int) -> Song:
        notes = [note(tick, 60 + tick % 7, every, velocity) for tick in range(0, 16 * BAR, every)]
        return song({role: notes for role in (Role.MELODY, Role.HARMONY, Role.BASS)}, bars=16)

    ranked = habits_of([band(12, 90), band(24, 50), band(6, 70)], seed=1, chords=False).profiles
    by_density = sorted(ranked, key=lambda profile: profile.roles[Role.MELODY].density)
    assert len({profile.roles[Role.MELODY].density for profile in ranked}) == 3
    assert sorted(ranked, key=lambda profile: profile.energy)[0].roles == by_density[0].roles
    assert sorted(ranked, key=lambda profile: profile.energy)[-1].roles == by_density[-1].roles


def test_only_stretches_in_which_a_band_plays_a_tune_are_profiles(pieces):
    def habits_without(*roles: Role) -> Habits:
        left = [replace(s, tracks=tuple(t for t in s.tracks if t.role not in roles)) for s in pieces]
        return habits_of(left, seed=1, chords=False)

    assert habits_without().profiles
    assert not habits_without(Role.MELODY).profiles
    assert not habits_without(Role.BASS, Role.HARMONY, Role.COUNTER).profiles, "two roles are no band"


def test_one_long_piece_is_not_the_style(pieces, monkeypatch):
    tracks = tuple(
        replace(t, notes=tuple(replace(n, onset=n.onset + lap * 16 * BAR) for lap in range(12) for n in t.notes))
        for t in song({role: line(*[60, 64] * 32) for role in (Role.MELODY, Role.HARMONY, Role.BASS)}, bars=16).tracks
    )
    long = replace(song({}, bars=192), tracks=tracks)
    assert len(habits_of([long], seed=1, chords=False).profiles) == measuring.WINDOWS_A_PIECE
    monkeypatch.setattr(measuring, "MOST_PROFILES", 4)
    assert len(habits_of([long, long, *pieces], seed=1, chords=False).profiles) == 4


def test_the_same_pieces_and_seed_give_the_same_habits(pieces, measured):
    assert habits_of(iter(pieces), seed=1, chords=True) == measured
    assert habits_of(pieces, seed=2, chords=True) != measured


def test_deviations_are_over_all_profiles(measured):
    values = [profile.measures["notes_per_second"] for profile in measured.profiles]
    assert measured.deviations["notes_per_second"] == pytest.approx(np.std(values), abs=1e-4)
    assert set(measured.deviations) == {name for profile in measured.profiles for name in profile.measures}


def test_chords_are_counted_where_they_stand():
    known = habits_of([loop("C", "F", "G", "C")] * 2, seed=1, chords=True).chords
    assert set(known) == {"bright"}
    follows = known["bright"].follows
    assert follows["|5:"] == {"7:": 16}
    assert follows[".7:"] == {"0:": 16}
    assert follows["|0:"] == {"0:": 14}
    assert follows["|0: 5:"] == {"7:": 16}
    assert follows["|7: 0:"] == {"0:": 14}
    assert "|0: 0:" not in follows, "within a bar, not over a bar line"
    dark = replace(loop("Am", "Dm"), key=Key.parse("A minor"))
    assert set(habits_of([dark] * 2, seed=1, chords=True).chords) == {"dark"}


def test_chords_are_not_counted_where_nobody_asks(pieces):
    assert habits_of(pieces, seed=1, chords=False).chords == {}


def test_what_sections_begin_with_is_counted_and_what_begins_one_alone_is_not():
    twice = loop("C", "F", bars=4)
    other = loop("G", "F", bars=4)
    assert habits_of([twice, twice, other], seed=1, chords=True).chords["bright"].starts == {"0:": 2}


def test_rare_contexts_are_not_kept():
    usual, rare = loop("C", "F", "G", "C", bars=8), loop("Eb", "Ab", "Db", "Gb", bars=4)
    follows = habits_of([usual, usual, rare], seed=1, chords=True).chords["bright"].follows
    assert "|5: 7:" not in follows
    assert ".5: 7:" in follows
    assert not [context for context in follows if "8:" in context or "1:" in context], "seen three times, on one memory"
    for counts in follows.values():
        assert all(count >= 2 for count in counts.values())
        assert len(counts) <= 8


def test_only_the_most_usual_contexts_are_kept(monkeypatch, pieces):
    monkeypatch.setattr(measuring, "MOST_CONTEXTS", 3)
    full, few = (habits_of([loop("C", "F", "G", "Am"), *extra], seed=1, chords=True) for extra in ([], pieces))
    assert all(len(habit.follows) <= 6 for known in (full, few) for habit in known.chords.values())


def test_the_command_measures_and_writes_the_file(monkeypatch, tmp_path, pieces):
    def as_piece(index: int, split: str = "train") -> Piece:
        return Piece(id=f"p{index}", source="here", licence="CC0-1.0", style="lofi", split=split, song=pieces[index])

    held_out = as_piece(5, "valid")
    monkeypatch.setattr(training, "load_corpus", lambda folder: iter([*map(as_piece, range(5)), held_out]))
    monkeypatch.setattr(training, "build_corpus", lambda root, out: {})
    monkeypatch.setattr(training, "COMPOSED", {})
    options = ["--corpora", str(tmp_path / "none"), "--work", str(tmp_path / "work"), "--out", str(tmp_path / "styles")]
    result = CliRunner().invoke(build_app(), ["habits", "lofi", *options, "--seed", "7"])
    assert result.exit_code == 0, result.output
    written = load_habits(tmp_path / "styles" / "lofi")
    walked = load_style("lofi").walk_share > 0
    assert written == habits_of(pieces[:5], seed=7, chords=walked), "training pieces alone"
    assert f"lofi: {len(written.profiles)} profiles" in result.output


def test_the_command_names_a_style_without_a_band(monkeypatch, tmp_path):
    monkeypatch.setattr(training, "load_corpus", lambda folder: iter(()))
    monkeypatch.setattr(training, "COMPOSED", {})
    options = ["--corpora", str(tmp_path), "--work", str(tmp_path), "--out", str(tmp_path / "styles")]
    monkeypatch.setattr(training, "build_corpus", lambda root, out: {})
    result = CliRunner().invoke(build_app(), ["habits", "rock", *options])
    assert result.exit_code != 0
    assert "rock" in str(result.exception) + result.output
    assert not (tmp_path / "styles").exists()


@pytest.mark.parametrize("style", style_names())
def test_every_shipped_style_has_habits_whose_roles_it_casts(style: str):
    folder: Path = load_style(style).folder
    known = load_habits(folder)
    assert known is not None
    assert known.profiles
    for profile in known.profiles:
        assert profile.roles
        assert profile.roles.keys() <= load_style(style).parts.keys()
        assert 0 <= profile.energy <= 1
        assert all(
            0 < part.presence <= 1 and part.density > 0 and part.low <= part.high for part in profile.roles.values()
        )
    for habit in known.chords.values():
        for tokens in (habit.starts, *habit.follows.values()):
            assert tokens
            assert all(token_chord(token, Key.parse("C major")) for token in tokens)
