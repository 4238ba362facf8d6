"""Seed banks: made from a network's own songs, kept as small files, chosen by what a plan is like."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from engine.cli.app import build_app
from engine.compose import seeds as seeds_module
from engine.compose.generate import SongWriter
from engine.compose.given import Given
from engine.compose.script import script_of
from engine.compose.seeds import (
    ENOUGH,
    NEAREST,
    Sought,
    choose_seed,
    moods_of_seeds,
    primer_of,
    seed_to_primer,
    with_primer,
)
from engine.compose.sowing import MOST_OF_A_SONG, Sowing, _farthest, _Passage, sow, sow_bank
from engine.errors import BadRequest, CheckpointError
from engine.grammar.corpus import composed_songs
from engine.model.checkpoint import save_checkpoint
from engine.music.harmony import Chord, Mode
from engine.music.seed import Seed, energy_of, seed_to_song, valence_of
from engine.music.seedbank import FILE, MAX_BYTES, load_seeds, write_seeds
from engine.music.styles import load_style
from engine.music.timing import METERS
from engine.music.tokens import BAR, BAR_EVENT, Event, song_to_events
from engine.text.meaning import Mood
from tests.small import plan_of_song, small_facts, small_network

EVENTS = (
    (
        Event(0, 0, 0, 0, 12),
        Event(0, 1, 38, 8, 11),
        Event(4, 2, 60, 5, 9),
        Event(4, 2, 64, 5, 9),
        Event(8, 4, 72, 7, 9),
    ),
    (Event(0, 0, 0, 0, 12), Event(2, 3, 67, 4, 8), Event(31, 4, 71, 3, 10)),
)
CHORDS = (Chord.parse("Am7"), Chord.parse("D9/F#"), None, Chord.parse("F#m7b5"))


def a_seed(name: str = "lofi-001", **changes: object) -> Seed:
    seed = Seed(
        name=name,
        meter=METERS["4/4"],
        mode=Mode.MINOR,
        tempo_bpm=80.0,
        chords=CHORDS,
        events=EVENTS,
        energy=0.5,
        density=4.0,
        register=0.5,
        valence=-0.5,
    )
    return replace(seed, **changes)  # type: ignore[arg-type]


SAD = Mood(valence=-0.5)


def sought(**changes: object) -> Sought:
    usual = Sought(meter=METERS["4/4"], mode=Mode.MINOR, energy=0.5, mood=SAD, tempo_bpm=80.0, density=4.0)
    return replace(usual, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def writer(tmp_path_factory) -> SongWriter:
    styles = tmp_path_factory.mktemp("styles")
    save_checkpoint(small_network(), small_facts(), styles / "lofi" / "v1.safetensors")
    return SongWriter(device="cpu", styles_dir=styles)


@pytest.fixture(scope="session")
def plan():
    song = next(composed_songs("lofi", 1, 8))
    return plan_of_song(replace(song, sections=song.sections[:2], chords=song.chords[: 2 * song.sections[1].end_bar]))


@pytest.fixture
def bank(tmp_path, monkeypatch):
    """The folder of a bank of lofi that stands in for the shipped one."""
    (tmp_path / "lofi").mkdir()
    monkeypatch.setattr(seeds_module, "_folder", lambda style: tmp_path / style.name)
    return tmp_path / "lofi"


def fill(folder, seeds: list[Seed]) -> int:
    return write_seeds(folder / FILE, style="lofi", checkpoint={"version": "v1"}, seeds=seeds)


def test_a_bank_is_read_as_it_was_written(tmp_path):
    waltz = a_seed("lofi-002", meter=METERS["3/4"], mode=Mode.MAJOR, chords=(None, None), events=(EVENTS[0],))
    assert fill(tmp_path, [a_seed(), waltz]) == 2
    assert load_seeds(tmp_path) == (a_seed(), waltz)


def test_a_style_without_a_bank_has_no_seeds(tmp_path):
    assert load_seeds(tmp_path) == ()


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:50],
        lambda text: text.replace("tunesmith-seeds-1", "tunesmith-seeds-9"),
        lambda text: text.replace("Am7", "Hm7"),
        lambda text: text.replace('"bass":[0,', '"bass":["x",'),
        lambda text: text.replace('"minor"', '"sad"'),
    ],
    ids=["cut short", "another format", "no chord", "no number", "no mode"],
)
def test_a_damaged_bank_is_named(tmp_path, damage):
    fill(tmp_path, [a_seed()])
    path = tmp_path / FILE
    path.write_text(damage(path.read_text()))
    with pytest.raises(CheckpointError, match=FILE):
        load_seeds(tmp_path)


def test_a_bank_never_grows_past_its_limit(tmp_path):
    many = [a_seed(f"lofi-{index:03}", events=EVENTS * 2, chords=CHORDS * 2) for index in range(400)]
    held = fill(tmp_path, many)
    assert 0 < held < 400
    assert (tmp_path / FILE).stat().st_size <= MAX_BYTES
    assert load_seeds(tmp_path) == tuple(many[:held])


def test_a_seed_is_a_song_whose_events_are_the_seeds():
    song = seed_to_song(a_seed(), "lofi")
    assert song_to_events(song) == [*EVENTS[0], BAR_EVENT, *EVENTS[1], BAR_EVENT]
    assert song.chords == CHORDS


def test_the_network_reads_a_seed_note_for_note_where_ranges_allow(plan):
    primer = seed_to_primer(a_seed(), "lofi")
    script = script_of(plan, Given(primer=primer))
    played = [[event[:1] + event[1:2] for event in bar] for bar in script.primer]
    cast = {role.value for role in plan.cast}
    roles = ("drums", "bass", "harmony", "counter", "melody")
    assert played == [[(e.onset, e.role) for e in bar if roles[e.role] in cast] for bar in EVENTS]


def test_a_seed_is_chosen_in_the_plans_meter_and_third_only():
    seeds = [
        seed
        for index in range(ENOUGH)
        for seed in (
            a_seed(f"waltz-{index}", meter=METERS["3/4"]),
            a_seed(f"glad-{index}", mode=Mode.MAJOR),
            a_seed(f"dorian-{index}", mode=Mode.DORIAN),
        )
    ]
    rng = np.random.default_rng(0)
    assert {choose_seed(seeds, sought(), rng).mode for _ in range(20)} == {Mode.DORIAN}  # type: ignore[union-attr]
    assert choose_seed(seeds, sought(meter=METERS["6/8"]), rng) is None
    assert choose_seed([], sought(), rng) is None


def test_the_fewer_seeds_fit_the_fewer_plans_take_one():
    rng = np.random.default_rng(5)
    few = [a_seed(f"lofi-{index}") for index in range(ENOUGH // 4)]
    taken = sum(choose_seed(few, sought(), rng) is not None for _ in range(400))
    assert 60 < taken < 140
    many = [a_seed(f"lofi-{index}") for index in range(ENOUGH)]
    assert all(choose_seed(many, sought(), rng) for _ in range(100))


@pytest.mark.parametrize(
    ("wanted", "near"),
    [({"energy": 1.0}, "loud"), ({"energy": 0.0}, "soft"), ({"tempo_bpm": 160.0}, "fast"), ({"density": 30.0}, "full")],
    ids=str,
)
def test_the_nearest_seeds_are_drawn_among(wanted, near):
    seeds = [a_seed(f"usual-{index}", energy=0.4 + index / 100) for index in range(20)]
    seeds += [
        a_seed("loud", energy=0.9),
        a_seed("soft", energy=0.1),
        a_seed("fast", tempo_bpm=160.0),
        a_seed("full", density=30.0),
    ]
    rng = np.random.default_rng(3)
    drawn = {choose_seed(seeds, sought(**wanted), rng).name for _ in range(80)}  # type: ignore[union-attr]
    assert near in drawn
    assert 1 < len(drawn) <= NEAREST


def test_the_moods_of_a_bank_are_measured_against_each_other():
    slow, usual, fast = moods_of_seeds([a_seed(tempo_bpm=bpm) for bpm in (60.0, 80.0, 120.0)])
    assert -1 < slow.tempo < usual.tempo == 0 < fast.tempo < 1
    assert slow.density < usual.density < fast.density, "as many notes a bar are more a second"
    assert slow.energy == fast.energy == slow.brightness == 0
    high, low = moods_of_seeds([a_seed(register=0.7, energy=0.2), a_seed(register=0.3, energy=0.6, valence=0.4)])
    assert high.brightness == -low.brightness == 0.5
    assert low.energy == -high.energy == 0.5
    assert (high.valence, low.valence) == (-0.5, 0.4)


@pytest.mark.parametrize(
    ("axis", "bank"),
    [
        ("brightness", [a_seed(f"s-{n:02}", register=n / 30) for n in range(30)]),
        ("tempo", [a_seed(f"s-{n:02}", tempo_bpm=80.0 + n / 10) for n in range(30)]),
        ("density", [a_seed(f"s-{n:02}", density=4.0 + n / 100) for n in range(30)]),
    ],
)
def test_a_mood_draws_among_the_seeds_that_feel_so(axis, bank):
    rng = np.random.default_rng(3)
    for sign, own in ((-1, bank[:10]), (1, bank[20:])):
        feels = sought(mood=Mood(valence=-0.5, **{axis: float(sign)}))
        found = [choose_seed(bank, feels, rng) for _ in range(40)]
        assert all(seed in own for seed in found)
        assert len({seed.name for seed in found}) > 1  # type: ignore[union-attr]


def test_a_plan_names_its_seed_and_the_same_generator_names_the_same(plan, bank):
    fill(bank, [a_seed(f"lofi-{index:03}", mode=plan.key.mode) for index in range(20)])
    names = [with_primer(plan, np.random.default_rng(seed)).primer for seed in (1, 1, 2, 3, 4)]
    assert names[0] == names[1]
    assert None not in names
    assert len(set(names)) > 1
    primer = primer_of(with_primer(plan, np.random.default_rng(1)))
    assert primer is not None
    assert primer.bars == 2
    assert primer.song.title == names[0]


def test_without_a_bank_a_plan_stays_as_it_is(plan, bank):
    assert with_primer(plan, np.random.default_rng(1)) == plan
    assert primer_of(plan) is None


def test_music_by_rule_reads_no_seed(plan, bank):
    fill(bank, [a_seed(mode=plan.key.mode)])
    assert with_primer(replace(plan, engine="rules"), np.random.default_rng(1)).primer is None


def test_a_blends_seed_comes_from_one_of_its_styles(plan, tmp_path, monkeypatch):
    monkeypatch.setattr(seeds_module, "_folder", lambda style: tmp_path / style.name)
    for style in ("lofi", "folk"):
        (tmp_path / style).mkdir()
        fill(tmp_path / style, [a_seed(f"{style}-{index:03}", mode=plan.key.mode) for index in range(ENOUGH)])
    blend = replace(plan, blend={"lofi": 0.5, "folk": 0.5})
    names = [with_primer(blend, np.random.default_rng(seed)).primer for seed in range(20)]
    assert {name.rpartition("-")[0] for name in names if name} == {"lofi", "folk"}
    assert None not in names


def test_a_seed_that_the_bank_does_not_hold_is_named(plan, bank):
    fill(bank, [a_seed()])
    with pytest.raises(CheckpointError, match="lofi-999"):
        primer_of(replace(plan, primer="lofi-999"))


def test_the_plans_seed_is_read_unless_another_primer_is_given(writer, plan, bank):
    other = a_seed("lofi-002", events=(EVENTS[1], EVENTS[0]))
    fill(bank, [a_seed(), other])
    plain = writer.write(plan, candidates=1).song
    named = writer.write(replace(plan, primer="lofi-001"), candidates=1).song
    given = Given(primer=seed_to_primer(other, "lofi"))
    by_name = writer.write(replace(plan, primer="lofi-002"), candidates=1).song
    assert writer.write(replace(plan, primer="lofi-001"), candidates=1, given=given).song == by_name
    assert len({plain.tracks, named.tracks, by_name.tracks}) == 3


def test_energy_grows_with_notes_and_loudness_and_valence_with_mode_and_tempo():
    assert energy_of(notes_per_second=1, velocity=40) < energy_of(notes_per_second=8, velocity=40)
    assert energy_of(notes_per_second=8, velocity=40) < energy_of(notes_per_second=8, velocity=100)
    assert energy_of(notes_per_second=500, velocity=127) == 1.0
    assert valence_of(Mode.MINOR, 100) < valence_of(Mode.DORIAN, 100) < valence_of(Mode.MAJOR, 100)
    assert valence_of(Mode.MINOR, 60) < valence_of(Mode.MINOR, 180)


@pytest.fixture(scope="session")
def sown(writer) -> list[Seed]:
    return sow(Sowing(style="lofi", count=3, seed=3), writer)


def test_seeds_are_whole_bars_of_the_styles_own_songs(sown):
    assert 1 <= len(sown) <= 3
    assert [seed.name for seed in sown] == [f"lofi-{index + 1:03}" for index in range(len(sown))]
    for seed in sown:
        assert len(seed.events) in (2, 4)
        assert len(seed.chords) == 2 * len(seed.events)
        assert all(bar == tuple(sorted(bar)) and all(e.onset != BAR for e in bar) for bar in seed.events)
        assert 0 <= seed.energy <= 1
        assert 0 <= seed.register <= 1
    assert len({seed.events for seed in sown}) == len(sown)


def test_the_same_sowing_gives_the_same_bank(writer, sown, tmp_path):
    held = sow_bank(Sowing(style="lofi", count=3, seed=3), writer, tmp_path)
    assert held == len(sown)
    stored = load_seeds(tmp_path)
    assert [seed.events for seed in stored] == [seed.events for seed in sown]
    assert [seed.chords for seed in stored] == [seed.chords for seed in sown]
    assert json.loads((tmp_path / FILE).read_text())["checkpoint"]["version"] == "v1"


def test_the_most_different_passages_are_chosen_and_few_of_one_song():
    here = [_Passage(song=0, seed=a_seed(), measures=(float(x), 0.0)) for x in range(6)]
    chosen = _farthest([*here, _Passage(song=1, seed=a_seed(), measures=(2.6, 0.0))], 6)
    assert [passage.song for passage in chosen].count(0) == MOST_OF_A_SONG
    assert len(chosen) == MOST_OF_A_SONG + 1
    apart = [_Passage(song=x, seed=a_seed(), measures=(float(x), 0.0)) for x in range(6)]
    assert {passage.song for passage in _farthest(apart, 3)} == {2, 5, 0}
    assert _farthest([], 3) == []


def test_a_bank_of_an_unknown_style_is_refused(writer):
    with pytest.raises(BadRequest, match="polka"):
        sow(Sowing(style="polka", count=1), writer)


def test_the_command_writes_a_bank_into_the_styles_folder(writer, tmp_path, monkeypatch):
    (tmp_path / "lofi").mkdir()
    shutil.copy(load_style("lofi").folder / "style.toml", tmp_path / "lofi")
    monkeypatch.setattr("engine.music.styles.STYLES_DIR", tmp_path)
    monkeypatch.setattr(SongWriter, "load", lambda _device: writer)
    result = CliRunner().invoke(build_app(), ["seeds", "lofi", "--count", "1", "--seed", "4"])
    assert result.exit_code == 0, result.output
    assert "1 seeds" in result.output
    assert [seed.name for seed in load_seeds(tmp_path / "lofi")] == ["lofi-001"]
