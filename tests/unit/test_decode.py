"""Writing notes under the plan's rules: even an untrained network cannot break them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from engine.compose.choose import Verdict, choose, distance_to
from engine.compose.generate import BATCH, SongWriter
from engine.compose.plan import Plan
from engine.compose.rules import Rules
from engine.errors import CheckpointError
from engine.grammar.corpus import composed_songs
from engine.metrics.gates import degeneracy
from engine.metrics.symbolic import longest_repeated_pitch_run, silent_bars
from engine.model.checkpoint import save_checkpoint
from engine.music.notes import Role, Song
from engine.music.tokens import BAR_EVENT, BASS, ROLE_INDEX, Event
from tests.boards import Stand
from tests.small import plan_of_song, small_facts, small_network

SEEDS = range(6)


@pytest.fixture(scope="session")
def writer(tmp_path_factory) -> SongWriter:
    """A writer whose only checkpoint is an untrained small network: the worst case for the rules."""
    styles = tmp_path_factory.mktemp("styles")
    save_checkpoint(small_network(), small_facts(), styles / "lofi" / "v1.safetensors")
    return SongWriter(device="cpu", styles_dir=styles)


@pytest.fixture(scope="session")
def plans() -> list[Plan]:
    """Plans of twelve bars or so, a seed each."""
    songs = composed_songs("lofi", len(SEEDS), 21)
    return [plan_of_song(shortened(song), seed=seed) for seed, song in zip(SEEDS, songs, strict=True)]


def shortened(song: Song) -> Song:
    """The first two or three sections."""

    sections = song.sections[:3]
    return replace(song, sections=sections, chords=song.chords[: 2 * sections[-1].end_bar])


@pytest.fixture(scope="session")
def written(writer, plans) -> list[Song]:
    return [writer.write(plan, candidates=1).song for plan in plans]


def test_only_roles_of_the_plan_play_and_only_where_they_may(written, plans):
    for song, plan in zip(written, plans, strict=True):
        assert {track.role for track in song.tracks} <= set(plan.cast)
        for track in song.tracks:
            for note in track.notes:
                assert track.role in plan.bars[note.onset // plan.meter.bar_ticks].roles


def test_no_note_is_out_of_its_instruments_range_or_past_the_end(written, plans):
    for song, plan in zip(written, plans, strict=True):
        end = len(plan.bars) * plan.meter.bar_ticks
        for track in song.tracks:
            casting = plan.cast[track.role]
            assert all(note.end <= end and note.duration > 0 for note in track.notes)
            if track.role is not Role.DRUMS:
                assert all(casting.low <= note.pitch <= casting.high for note in track.notes)


def test_no_bar_is_silent_and_the_melody_does_not_drone(written):
    for song in written:
        assert silent_bars(song) == ()
        melody = song.track(Role.MELODY)
        assert melody is not None
        assert longest_repeated_pitch_run(melody) <= 8


def test_drums_bass_and_harmony_play_in_each_of_their_bars(written, plans):
    for song, plan in zip(written, plans, strict=True):
        for role in (Role.DRUMS, Role.BASS, Role.HARMONY):
            track = song.track(role)
            playing = {note.onset // plan.meter.bar_ticks for note in track.notes} if track else set()
            assert playing == {i for i, bar in enumerate(plan.bars) if role in bar.roles and role in plan.cast}


def test_melody_and_bass_sound_one_note_at_a_time(written):
    for song in written:
        for role in (Role.MELODY, Role.BASS):
            track = song.track(role)
            notes = track.notes if track else ()
            assert all(left.end <= right.onset for left, right in pairwise(notes))


def test_the_last_bar_is_the_tonic_chord_struck_once(written, plans):
    for song, plan in zip(written, plans, strict=True):
        start = (len(plan.bars) - 1) * plan.meter.bar_ticks
        tones = set(plan.bars[-1].chords[0].pitch_classes)
        for track in song.tracks:
            last = [note for note in track.notes if note.onset >= start]
            assert {note.onset for note in last} <= {start}
            if track.role is not Role.DRUMS:
                assert {note.pitch % 12 for note in last} <= tones


def test_a_bar_that_repeats_an_earlier_one_has_its_notes(writer):
    song = shortened(next(composed_songs("lofi", 1, 8)))
    plan = plan_of_song(song, copies={6: 5})
    result = writer.write(plan, candidates=1).song
    bar = plan.meter.bar_ticks

    def notes(index: int, role: Role) -> list[tuple[int, int]]:
        track = result.track(role)
        return [(n.onset % bar, n.pitch) for n in track.notes if n.onset // bar == index] if track else []

    for role in plan.bars[6].roles & plan.bars[5].roles:
        assert notes(6, role) == notes(5, role)


def test_the_same_seed_gives_the_same_song_and_another_seed_another(writer, plans):

    first, again = (writer.write(plans[0], candidates=1).song for _ in range(2))
    assert first == again
    assert writer.write(replace(plans[0], seed=99), candidates=1).song.tracks != first.tracks


def test_a_candidate_does_not_depend_on_how_many_are_asked_for(writer, plans):
    one = writer.write(plans[1], candidates=1)
    several = writer.write(plans[1], candidates=BATCH)
    assert several.candidates["composed"] == BATCH
    if several.candidates["kept"] == 0:
        assert several.song == one.song
    assert several.candidates["distances"][0] == one.candidates["distances"][0]


def test_even_untrained_candidates_mostly_pass_the_gate(written, plans):
    passed = sum(
        not degeneracy(song, {r: (c.low, c.high) for r, c in plan.cast.items() if r is not Role.DRUMS})
        for song, plan in zip(written, plans, strict=True)
    )
    assert passed >= len(written) - 2


def test_a_style_without_a_checkpoint_is_named(writer, plans):

    with pytest.raises(CheckpointError, match="rock"):
        writer.write(replace(plans[0], style="rock"), candidates=1)


def test_the_choice_prefers_fewer_failures_then_closeness():
    verdicts = [
        Verdict(failures=("a",), distance=0.1),
        Verdict(failures=(), distance=0.9),
        Verdict(failures=(), distance=0.4),
    ]
    assert choose(verdicts) == 2
    assert choose(verdicts[:1]) == 0


def test_distance_is_zero_at_the_reference_and_grows_with_deviation():
    wanted, deviations = {"polyphony": 3.0}, {"polyphony": 0.5}
    assert distance_to(wanted, deviations, {"polyphony": 3.0}) == 0
    assert distance_to(wanted, deviations, {"polyphony": 3.5}) == pytest.approx(1.0)
    assert distance_to(wanted, deviations, {"polyphony": 99.0}) == pytest.approx(3.0)
    assert distance_to({}, deviations, {"polyphony": 99.0}) == 0
    for nothing in (None, float("nan")):
        assert distance_to(wanted, deviations, {"polyphony": nothing}) == 0


def test_no_role_writes_more_than_its_cap_and_candidates_end_in_the_steps_they_have(written, plans):
    for song, plan in zip(written, plans, strict=True):
        rules = Rules(plan)
        for track in song.tracks:
            counts = Counter(note.onset // plan.meter.bar_ticks for note in track.notes)
            for bar, count in counts.items():
                if not plan.bars[bar].final:
                    assert count <= rules.cap(bar, ROLE_INDEX[track.role])
        assert sum(len(track.notes) for track in song.tracks) + len(plan.bars) <= rules.most_events()


def test_a_role_ahead_of_its_density_waits(plans):
    plan = plans[0]
    stand = Stand(plan)
    while Role.BASS not in plan.bars[stand.bar].roles:
        stand.push(BAR_EVENT)
    assert (stand.role_bias(0) == 0).all()
    stand.push(*(Event(slot, BASS, 40, 0, 10) for slot in range(6)))
    bias = stand.role_bias(6)
    assert bias[BASS] < -0.5
    assert (np.delete(bias, BASS) == 0).all()
