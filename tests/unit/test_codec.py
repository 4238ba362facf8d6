"""Songs, plans and entries of the songbook come back from JSON as they were."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compose.plan import Plan
from engine.compose.planner import Planner
from engine.compose.request import ComposeRequest
from engine.compose.songbook import Entry, find_song
from engine.errors import BadRequest, NotFound
from engine.music.codec import from_plain, song_from_json, song_to_json, to_plain
from engine.music.harmony import QUALITIES, Chord, Key, Mode
from engine.music.notes import Note, Role, Section, SectionKind, Song, Track
from engine.music.styles import style_names
from engine.music.timing import METERS

NOTES = st.builds(
    Note,
    onset=st.integers(0, 10_000),
    pitch=st.integers(0, 127),
    duration=st.integers(1, 400),
    velocity=st.integers(1, 127),
)
CHORDS = st.builds(Chord, root=st.integers(0, 11), quality=st.sampled_from(list(QUALITIES)), bass=st.integers(0, 11))
TRACKS = st.builds(
    Track,
    role=st.sampled_from(list(Role)),
    program=st.integers(0, 127),
    notes=st.lists(NOTES, max_size=5).map(lambda notes: tuple(sorted(notes))),
)
SECTIONS = st.builds(
    Section,
    kind=st.sampled_from(list(SectionKind)),
    label=st.sampled_from("ABIO"),
    start_bar=st.integers(0, 50),
    bars=st.integers(1, 16),
)
SONGS = st.builds(
    Song,
    style=st.sampled_from(style_names()),
    tempo_bpm=st.floats(40, 240),
    key=st.builds(Key, tonic=st.integers(0, 11), mode=st.sampled_from(list(Mode))),
    meter=st.sampled_from(list(METERS.values())),
    swing=st.floats(0.5, 0.75),
    sections=st.lists(SECTIONS, max_size=3).map(tuple),
    chords=st.lists(st.none() | CHORDS, max_size=6).map(tuple),
    tracks=st.lists(TRACKS, max_size=3).map(tuple),
    title=st.text(max_size=10),
    meta=st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2),
)


@settings(max_examples=60, deadline=None)
@given(SONGS)
def test_a_song_comes_back_from_json_as_it_was(song: Song) -> None:
    assert song_from_json(json.loads(json.dumps(song_to_json(song)))) == song


@settings(max_examples=10, deadline=None)
@given(st.sampled_from(style_names()), st.integers(0, 2**53), st.sampled_from(["", " with flute", " in 3/4"]))
def test_a_plan_comes_back_from_json_as_it_was(style: str, seed: int, more: str) -> None:
    plan = Planner(None).plan(ComposeRequest(prompt=style + more, seconds=20, seed=seed))
    assert from_plain(Plan, json.loads(json.dumps(to_plain(plan)))) == plan


@pytest.mark.parametrize(
    "damage",
    [
        {"tempo_bpm": "fast"},
        {"tempo_bpm": True},
        {"tracks": {}},
        {"key": [0]},
        {"meter": [4, 4, 4]},
        {"chords": [[0, "maj77", 0]]},
        {"sections": [{"kind": "coda", "label": "A", "start_bar": 0, "bars": 1}]},
        {"colour": "blue"},
    ],
)
def test_what_is_no_song_is_an_error(damage: dict[str, object]) -> None:
    song = Song(
        style="lofi", tempo_bpm=80, key=Key(tonic=0, mode=Mode.MAJOR), meter=METERS["4/4"], swing=0.5,
        sections=(), chords=(), tracks=(),
    )  # fmt: skip
    with pytest.raises(ValueError, match=r"\w"):
        song_from_json({**song_to_json(song), **damage})


def test_a_type_that_cannot_come_back_is_a_bug_that_shows() -> None:
    @dataclass(frozen=True)
    class Odd:
        value: complex

    with pytest.raises(TypeError, match="complex"):
        from_plain(Odd, {"value": 1j})


@pytest.fixture(scope="module")
def entry() -> Entry:
    request = ComposeRequest(prompt="lofi", seconds=8, seed=3, without=("drums",), chords="Am F")
    song = Song(
        style="lofi", tempo_bpm=80, key=Key(tonic=9, mode=Mode.MINOR), meter=METERS["4/4"], swing=0.57,
        sections=(), chords=(None,), tracks=(),
    )  # fmt: skip
    return Entry(id="abcd1234", request=request, plan=Planner(None).plan(request), score=song, performance_seed=3)


def test_an_entry_comes_back_as_it_was(entry: Entry) -> None:
    assert Entry.loads(entry.dumps()) == entry


def test_a_song_is_found_by_its_id_in_the_first_folder_that_has_it(entry: Entry, tmp_path_factory) -> None:  # type: ignore[no-untyped-def]
    empty, full = tmp_path_factory.mktemp("empty"), tmp_path_factory.mktemp("full")
    (full / "chill-lofi-abcd1234.song.json").write_text(entry.dumps())
    (full / "other-zbcd1234.song.json").write_text("{}")
    assert find_song("abcd1234", [empty, full]) == entry


@pytest.mark.parametrize("song_id", ["abcd9999", "../abcd1234", "*", "", "a" * 99, "ABCD1234"])
def test_an_unknown_id_gets_one_sentence(song_id: str, tmp_path_factory) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NotFound, match=r"song .* would work\.$"):
        find_song(song_id, [tmp_path_factory.mktemp("folder")])


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2}', '{"format": 1}', "[" * 100_000])
def test_a_damaged_file_is_named(text: str, tmp_path_factory) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("folder")
    (folder / "x-abcd1234.song.json").write_text(text)
    with pytest.raises(BadRequest, match=r"x-abcd1234\.song\.json' is damaged"):
        find_song("abcd1234", [folder])
