"""From events to a song: as loud and as even as the profile, with accents where the meter has them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from engine.compose.finish import accent, finish_song
from engine.compose.plan import Plan
from engine.grammar.corpus import composed_songs
from engine.music.excerpt import excerpt
from engine.music.habits import RoleProfile
from engine.music.notes import Note, Role, Song
from engine.music.timing import METERS
from engine.music.tokens import BAR, DRUMS, ROLE_INDEX, ROLE_ORDER, Event, song_to_events
from tests.profiles import part, profile
from tests.small import plan_of_song


@pytest.fixture(scope="module")
def song() -> Song:
    return excerpt(next(composed_songs("lofi", 1, 17)), 4, 16)


@pytest.fixture(scope="module")
def plan(song) -> Plan:
    return plan_of_song(song)


@pytest.fixture(scope="module")
def events(song) -> list[Event]:
    return song_to_events(song)


def like(plan: Plan, **parts: RoleProfile) -> Plan:
    return replace(plan, profile=profile(roles={Role(name): row for name, row in parts.items()}))


def going_round(plan: Plan) -> Plan:
    """Without a last bar that is apart from the others."""
    return replace(plan, bars=tuple(replace(bar, final=False) for bar in plan.bars))


def velocities(song: Song, role: Role) -> np.ndarray:
    track = song.track(role)
    assert track is not None
    return np.array([note.velocity for note in track.notes], float)


def uneven(events: list[Event], seed: int = 0) -> list[Event]:
    rng = np.random.default_rng(seed)
    return [e if e.onset == BAR else e._replace(velocity=int(rng.integers(6, 14))) for e in events]


def even(events: list[Event]) -> list[Event]:
    return [e if e.onset == BAR else e._replace(velocity=10) for e in events]


@pytest.mark.parametrize(("velocity", "spread"), [(52.0, 12.0), (84.0, 5.0), (100.0, 9.0)])
def test_a_role_is_as_loud_and_as_uneven_as_in_the_profile(plan, events, velocity, spread):
    wanted = like(plan, melody=part(velocity=velocity, spread=spread), bass=part(velocity=66.0, spread=4.0))
    song = finish_song(wanted, uneven(events))
    melody, bass = velocities(song, Role.MELODY), velocities(song, Role.BASS)
    assert melody.mean() == pytest.approx(velocity, abs=1)
    assert melody.std() == pytest.approx(spread, abs=1)
    assert bass.mean() == pytest.approx(66, abs=1)
    assert bass.std() == pytest.approx(4, abs=1)


def test_a_role_that_the_profile_lacks_and_a_song_without_one_stay_as_written(plan, events):
    bare, other = finish_song(plan, events), finish_song(like(plan, bass=part()), events)
    assert bare.track(Role.MELODY) == other.track(Role.MELODY)
    assert bare.track(Role.BASS) != other.track(Role.BASS)
    assert len(set(velocities(bare, Role.MELODY) % 8)) == 1, "the middles of the bands that the network writes"


def test_what_is_written_unevenly_keeps_its_own_accents(plan, events):
    wanted = like(plan, melody=part(velocity=80.0, spread=10.0))
    before, after = (velocities(finish_song(p, uneven(events)), Role.MELODY) for p in (plan, wanted))
    order = np.argsort(before, kind="stable")
    assert (np.diff(after[order]) >= 0).all()


@pytest.mark.parametrize("spread", [0.0, 8.0])
def test_what_is_written_evenly_is_stressed_where_the_meter_is(plan, events, spread):
    wanted = going_round(like(plan, drums=part(velocity=80.0, spread=spread)))
    song = finish_song(wanted, even(events))
    drums = song.track(Role.DRUMS)
    assert drums is not None
    by_accent: dict[float, set[int]] = {}
    for note in drums.notes:
        by_accent.setdefault(accent(plan.meter, note.onset), set()).add(note.velocity)
    assert len(by_accent) >= 3
    loudness = [by_accent[stress] for stress in sorted(by_accent)]
    assert all(max(soft) < min(loud) for soft, loud in pairwise(loudness))
    assert velocities(song, Role.DRUMS).std() == pytest.approx(max(spread, 3.0), abs=1), "nobody plays like a machine"


@pytest.mark.parametrize(
    ("meter", "stresses"),
    [
        ("4/4", {0: 1.0, 24: 0.5, 48: 0.5, 72: 0.5, 12: 0.0, 36: 0.0, 6: -0.5, 8: -0.5, 96: 1.0}),
        ("3/4", {0: 1.0, 24: 0.5, 48: 0.5, 12: 0.0, 18: -0.5, 72: 1.0}),
        ("6/8", {0: 1.0, 36: 0.5, 18: 0.0, 12: -0.5, 24: -0.5, 72: 1.0}),
        ("2/4", {0: 1.0, 24: 0.5, 12: 0.0, 48: 1.0}),
    ],
)
def test_a_meter_stresses_bar_lines_then_beats_then_half_beats(meter, stresses):
    assert {onset: accent(METERS[meter], onset) for onset in stresses} == stresses


@pytest.mark.parametrize(("velocity", "spread"), [(1.0, 60.0), (127.0, 60.0), (127.0, 0.0), (1.0, 0.0)])
def test_no_note_is_inaudible_or_louder_than_midi_allows(plan, events, velocity, spread):
    bars = tuple(replace(bar, energy=float(index % 2)) for index, bar in enumerate(plan.bars))
    wanted = replace(like(plan, **{role.value: part(velocity=velocity, spread=spread) for role in Role}), bars=bars)
    for made in (uneven(events), even(events)):
        song = finish_song(wanted, made)
        for track in song.tracks:
            assert all(18 <= note.velocity <= 127 and isinstance(note.velocity, int) for note in track.notes)
            assert 30 < np.mean([note.velocity for note in track.notes]) < 120, "however the piece was recorded"


def test_loud_bars_are_louder_by_a_little_and_the_mean_stays(plan, events):
    half = len(plan.bars) // 2
    bars = tuple(replace(bar, energy=0.2 if index < half else 0.8) for index, bar in enumerate(plan.bars))
    wanted = replace(like(plan, drums=part(velocity=80.0, spread=4.0)), bars=bars)
    track = finish_song(wanted, even(events)).track(Role.DRUMS)
    assert track is not None
    soft, loud = (
        [note.velocity for note in track.notes if (note.onset // plan.meter.bar_ticks < half) is first]
        for first in (True, False)
    )
    assert np.mean(loud) - np.mean(soft) == pytest.approx(12, abs=2)
    assert (np.mean(loud) + np.mean(soft)) / 2 == pytest.approx(80, abs=2)


def test_only_loudness_changes(plan, events):
    wanted = like(plan, **{role.value: part(velocity=60.0, spread=20.0) for role in Role})
    bare, touched = finish_song(plan, events), finish_song(wanted, events)
    for one, two in zip(bare.tracks, touched.tracks, strict=True):
        assert [replace(note, velocity=1) for note in one.notes] == [replace(note, velocity=1) for note in two.notes]


def test_drums_are_the_first_role_of_events():
    assert ROLE_INDEX[Role.DRUMS] == DRUMS
    assert ROLE_ORDER[DRUMS] is Role.DRUMS


def landing(plan: Plan, events: list[Event], *, velocity: int) -> list[Event]:
    """The events, but in the last bar everybody who plays strikes once, with one velocity."""
    bars = [index for index, event in enumerate(events) if event.onset == BAR]
    roles = {event.role: event for event in events if event.onset != BAR}
    last = [event._replace(onset=0, velocity=velocity) for _, event in sorted(roles.items())]
    return [*events[: bars[-2] + 1], *last, events[bars[-1]]]


def parted(song: Song, role: Role) -> tuple[np.ndarray, np.ndarray]:
    """Velocities before the last bar, and in it."""
    track = song.track(role)
    assert track is not None
    last = (song.bars - 1) * song.meter.bar_ticks
    before = np.array([note.velocity for note in track.notes if note.onset < last])
    return before, np.array([note.velocity for note in track.notes if note.onset >= last])


@pytest.mark.parametrize("with_profile", [True, False])
@pytest.mark.parametrize("energy", [0.0, 0.5, 1.0])
def test_the_last_stroke_is_not_louder_than_the_role_has_been(plan, events, energy, with_profile):
    rows = {role.value: part(velocity=40 + 60 * energy, spread=9.0) for role in Role}
    bars = tuple(replace(bar, energy=energy) for bar in plan.bars)
    wanted = replace(like(plan, **rows) if with_profile else plan, bars=bars)
    song = finish_song(wanted, landing(plan, uneven(events), velocity=15))
    for track in song.tracks:
        before, last = parted(song, track.role)
        assert last.size > 0
        assert np.percentile(before, 45) - 1 <= last.max() <= np.percentile(before, 90) + 1, track.role


def test_the_last_bar_does_not_change_how_loud_the_others_are(plan, events):
    wanted = like(plan, **{role.value: part(velocity=60.0, spread=12.0) for role in Role})
    soft, loud = (finish_song(wanted, landing(plan, uneven(events), velocity=v)) for v in (2, 15))
    assert soft == loud
    assert parted(soft, Role.MELODY)[0].mean() == pytest.approx(60, abs=1)


def test_soft_endings_are_softer_than_energetic_ones(plan, events):
    wanted = like(plan, **{role.value: part(velocity=80.0, spread=12.0) for role in Role})
    levels = []
    for energy in (0.1, 0.9):
        bars = (*plan.bars[:-1], replace(plan.bars[-1], energy=energy))
        song = finish_song(replace(wanted, bars=bars), landing(plan, uneven(events), velocity=11))
        levels.append([parted(song, track.role)[1].mean() for track in song.tracks])
    assert (np.array(levels[0]) < np.array(levels[1])).all()


def test_a_song_that_goes_round_has_no_last_stroke(plan, events):
    wanted = going_round(like(plan, drums=part(velocity=80.0, spread=4.0)))
    drums = finish_song(wanted, even(events)).track(Role.DRUMS)
    assert drums is not None
    by_bar: dict[int, set[int]] = {}
    for note in drums.notes:
        if accent(plan.meter, note.onset) == 1.0:
            by_bar.setdefault(note.onset // plan.meter.bar_ticks, set()).add(note.velocity)
    assert by_bar[len(plan.bars) - 1] == by_bar[0]


def test_a_note_changes_in_what_was_asked_alone():
    note = Note(onset=24, pitch=60, duration=12, velocity=80)
    assert note.lasting(6) == replace(note, duration=6)
    assert note.struck(90) == replace(note, velocity=90)
    assert note.lasting(12) == note.struck(80) == note
