"""Bars that return while they are written: grooves, copies in which one role is new, slow roles, and all of it behind a
primer or beside kept roles.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from engine.compose.arrange import _rooted
from engine.compose.batcher import Batcher, BatchTask
from engine.compose.decode import Heat
from engine.compose.generate import SongWriter, heat_for
from engine.compose.given import NOTHING, Given, Primer
from engine.compose.plan import Plan
from engine.compose.script import script_of
from engine.grammar.corpus import composed_songs
from engine.model.checkpoint import save_checkpoint
from engine.model.sampling import BLOCK
from engine.music.excerpt import excerpt
from engine.music.notes import Role, Song
from engine.music.tokens import BAR, ROLE_INDEX, Event, song_to_events
from tests.small import plan_of_song, small_facts, small_network

BARS = 8
LINES = 8
"""Candidates of one batch, a seed each."""
BAND = (Role.MELODY, Role.HARMONY, Role.BASS, Role.DRUMS)
GROOVES = {3: 1, 4: 2, 6: 1}
COPIES = {5: 2}


@pytest.fixture(scope="module")
def writer(tmp_path_factory) -> SongWriter:
    styles = tmp_path_factory.mktemp("styles")
    save_checkpoint(small_network(), small_facts(), styles / "lofi" / "v1.safetensors")
    return SongWriter(device="cpu", styles_dir=styles)


@pytest.fixture(scope="module")
def songs() -> list[Song]:
    found = []
    for song in composed_songs("lofi", 12, 41):
        middle = excerpt(song, 8, BARS) if song.bars >= 8 + BARS else song
        if middle.bars == BARS and all(middle.track(role) for role in BAND):
            found.append(middle)
    return found[:2]


@pytest.fixture(scope="module")
def plan(songs) -> Plan:
    """Eight bars in which everybody plays: three take up earlier drums, one repeats with a new melody."""
    return with_returns(plan_of_song(songs[0]), fresh=frozenset({Role.MELODY}))


def with_returns(plan: Plan, *, fresh: frozenset[Role]) -> Plan:
    cast = {role: plan.cast[role] for role in BAND}
    chords = plan.bars[2].chords
    bars = tuple(
        replace(
            bar,
            roles=frozenset(BAND),
            chords=chords if index in {2, 5} else bar.chords,
            groove_of=GROOVES.get(index),
            copy_of=COPIES.get(index),
            fresh=fresh if index in COPIES else frozenset(),
            final=index == BARS - 1,
        )
        for index, bar in enumerate(plan.bars)
    )
    return replace(plan, bars=bars, cast=cast)


def written(writer: SongWriter, plan: Plan, given: Given = NOTHING) -> list[list[list[Event]]]:
    """`[candidate][bar]` events of a whole batch, as the plan counts bars."""
    script = script_of(plan, given)
    network = writer.checkpoint("lofi").network
    heat = heat_for(Heat.of(1.0, 0.95), 0.5)
    batcher = Batcher(BLOCK)
    handle = batcher.submit(BatchTask(script=script, network=network, style_row=5, heat=heat, candidates=LINES))
    while not handle.finished:
        batcher.step()
    return [list(split(script.of_the_plan(events))) for events in handle.events()]


def split(events: list[Event]) -> Iterator[list[Event]]:
    bar: list[Event] = []
    for event in events:
        if event.onset == BAR:
            yield bar
            bar = []
        else:
            bar.append(event)


def of(role: Role, bar: list[Event]) -> list[Event]:
    return [event for event in bar if event.role == ROLE_INDEX[role]]


@pytest.fixture(scope="module")
def candidates(writer, plan) -> list[list[list[Event]]]:
    return written(writer, plan)


def test_a_bar_with_a_groove_repeats_the_drums_exactly_and_the_others_play_anew(candidates):
    others = 0
    for bars in candidates:
        for bar, source in GROOVES.items():
            assert of(Role.DRUMS, bars[bar]) == of(Role.DRUMS, bars[source]) != []
            others += sum(of(role, bars[bar]) != of(role, bars[source]) for role in (Role.MELODY, Role.HARMONY))
    assert others > LINES * len(GROOVES)


def test_bars_without_a_groove_have_drums_of_their_own(candidates):
    assert sum(of(Role.DRUMS, bars[1]) != of(Role.DRUMS, bars[2]) for bars in candidates) > LINES / 2


@pytest.mark.parametrize("fresh", [Role.MELODY, Role.DRUMS, Role.HARMONY])
def test_a_copied_bar_repeats_all_roles_but_the_fresh_one(writer, songs, fresh):
    anew = 0
    for bars in written(writer, with_returns(plan_of_song(songs[1]), fresh=frozenset({fresh}))):
        for role in BAND:
            if role is not fresh:
                assert of(role, bars[5]) == of(role, bars[2])
        anew += of(fresh, bars[5]) != of(fresh, bars[2])
    assert anew > LINES / 2


def test_a_copied_bar_without_a_fresh_role_repeats_everything(writer, songs):
    for bars in written(writer, with_returns(plan_of_song(songs[1]), fresh=frozenset())):
        assert bars[5] == bars[2] != []


def test_events_stay_in_order_in_returning_bars(candidates):
    for bars in candidates:
        for bar in bars:
            places = [(event.onset, event.role) for event in bar]
            assert places == sorted(places)


def test_behind_a_primer_the_same_bars_return(writer, plan, songs):
    given = Given(primer=Primer(song=songs[1], bars=3))
    script = script_of(plan, given)
    for index, bar in enumerate(plan.bars):
        moved = script.plan.bars[index + 3]
        assert moved.copy_of == (None if bar.copy_of is None else bar.copy_of + 3)
        assert moved.groove_of == (None if bar.groove_of is None else bar.groove_of + 3)
        assert script.plan.sections[moved.section].label == plan.sections[bar.section].label
        assert moved.fresh == bar.fresh
    anew = 0
    for bars in written(writer, plan, given):
        assert len(bars) == BARS
        for bar, source in GROOVES.items():
            assert of(Role.DRUMS, bars[bar]) == of(Role.DRUMS, bars[source]) != []
        for role in (Role.HARMONY, Role.BASS, Role.DRUMS):
            assert of(role, bars[5]) == of(role, bars[2])
        anew += of(Role.MELODY, bars[5]) != of(Role.MELODY, bars[2])
    assert anew > LINES / 2


@pytest.mark.parametrize("kept", [{Role.DRUMS}, {Role.DRUMS, Role.MELODY}, set(BAND)], ids=str)
def test_kept_drums_win_over_a_groove_and_over_a_copy(writer, plan, songs, kept):
    score = replace(songs[0], tracks=tuple(track for track in songs[0].tracks if track.role in BAND))
    there = list(split(song_to_events(score)))
    assert of(Role.DRUMS, there[6]) != of(Role.DRUMS, there[1])
    for bars in written(writer, plan, Given(kept=frozenset(kept), score=score)):
        for role in kept:
            assert [of(role, bar) for bar in bars] == [of(role, bar) for bar in there]


def test_a_groove_is_played_beside_another_kept_role(writer, plan, songs):
    given = Given(kept=frozenset({Role.MELODY}), score=songs[0])
    there = list(split(song_to_events(songs[0])))
    for bars in written(writer, plan, given):
        assert [of(Role.MELODY, bar) for bar in bars] == [of(Role.MELODY, bar) for bar in there]
        for bar, source in GROOVES.items():
            assert of(Role.DRUMS, bars[bar]) == of(Role.DRUMS, bars[source]) != []


def test_a_slow_role_may_rest_for_a_bar_but_never_for_two(writer, songs):
    plan = plan_of_song(songs[0])
    cast = {role: plan.cast[role] for role in BAND}
    cast |= {role: replace(cast[role], density=0.6) for role in (Role.HARMONY, Role.BASS)}
    bars = tuple(replace(bar, roles=frozenset(BAND), final=i == BARS - 1) for i, bar in enumerate(plan.bars))
    slow = replace(plan, bars=bars, cast=cast)
    rests = 0
    for found in written(writer, slow) + written(writer, replace(slow, seed=1)):
        for role in (Role.HARMONY, Role.BASS):
            plays = [bool(of(role, bar)) for bar in found]
            assert plays[0]
            assert all(one or two for one, two in pairwise(plays)), plays
            rests += plays.count(False)
        assert all(of(Role.DRUMS, bar) for bar in found), "drums do not rest"
    assert rests > 0


def test_a_busy_role_does_not_rest(candidates):
    for bars in candidates:
        for role in (Role.HARMONY, Role.BASS, Role.DRUMS):
            assert all(of(role, bar) for bar in bars)


def test_no_bar_stands_more_than_three_times_running() -> None:
    assert _rooted([None, 0, 0, 0, 0, 0, 0, 4]) == [None, 0, 0, None, 0, 0, 0, None]
    assert _rooted([None, None, 0, 1, 2, 3]) == [None, None, 0, 1, 0, 1]
