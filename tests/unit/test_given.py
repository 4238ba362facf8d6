"""What is given before composing: bars to go on from, and roles that stay as they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.compose.board import Board
from engine.compose.decode import Line
from engine.compose.generate import BATCH, SongWriter
from engine.compose.given import Given, Primer
from engine.compose.masks import missing, onset_mask, role_mask
from engine.compose.plan import Plan
from engine.compose.script import script_of
from engine.compose.sheet import Sheet
from engine.errors import BadRequest
from engine.grammar.corpus import composed_songs
from engine.model.checkpoint import save_checkpoint
from engine.music.context import Context
from engine.music.frames import MODES, frame_of_song
from engine.music.harmony import Key, Mode
from engine.music.notes import Role, Song
from engine.music.timing import METERS
from engine.music.tokens import BAR, BAR_EVENT, ROLE_ORDER, Event, song_to_events
from tests.small import plan_of_song, small_facts, small_network

KEPT = frozenset({Role.BASS, Role.DRUMS})
SEEDS = range(5)


@pytest.fixture(scope="session")
def writer(tmp_path_factory) -> SongWriter:
    styles = tmp_path_factory.mktemp("styles")
    save_checkpoint(small_network(), small_facts(), styles / "lofi" / "v1.safetensors")
    return SongWriter(device="cpu", styles_dir=styles)


@pytest.fixture(scope="session")
def songs() -> list[Song]:
    return list(composed_songs("lofi", 3, 5))


@pytest.fixture(scope="session")
def plan(songs) -> Plan:
    """The first sections of a song, with a bar that returns."""
    sections = songs[0].sections[:2]
    bars = sections[-1].end_bar
    song = replace(songs[0], sections=sections, chords=songs[0].chords[: 2 * bars])
    return plan_of_song(song, copies={bars - 2: bars - 3})


@pytest.fixture(scope="session")
def score(writer, plan) -> Song:
    return writer.write(plan, candidates=1).song


def primer(song: Song, bars: int = 2) -> Given:
    return Given(primer=Primer(song=song, bars=bars))


def bars_of(events: list[Event]) -> list[list[Event]]:
    bars: list[list[Event]] = [[]]
    for event in events:
        if event.onset == BAR:
            bars.append([])
        else:
            bars[-1].append(event)
    return bars[:-1]


def drawn_at_random(plan: Plan, given: Given, seed: int) -> list[Event]:
    """The events of one line whose draws are made from the rules alone."""
    script = script_of(plan, given)
    rng, board = np.random.default_rng(seed), Board(8)
    line = Line(Sheet(script, 5), board, rng)
    seats = np.array([line.seat])
    while not line.done:
        drawn, here = BAR_EVENT, board.at(seats)
        due = missing(here)
        onset = int(rng.choice(np.flatnonzero(onset_mask(here, due)[0]))) if line.free else BAR
        if onset != BAR:
            roles = np.flatnonzero(role_mask(here, due, np.array([onset]))[0])
            if roles.size:
                drawn = Event(onset, int(rng.choice(roles)), int(rng.integers(16)), 3, 9)
        event = line.choose(drawn)
        if event.onset != BAR:
            board.push(seats, np.array([event]))
        line.take(event)
    return script.of_the_plan(line.events)


def test_the_network_reads_the_last_bars_of_the_primer_and_they_are_no_part_of_the_song(writer, plan, songs):
    script = script_of(plan, primer(songs[1], 3))
    assert len(script.frame.bars) == len(plan.bars) + 3
    assert script.frame.bars[:3] == frame_of_song(songs[1]).bars[-3:]
    board = Board(8)
    line = Line(Sheet(script, 5), board, np.random.default_rng(0))
    read = []
    for _ in range(sum(len(bar) + 1 for bar in script.primer)):
        assert not line.free
        read.append(line.dictated[0])
        line.take(line.choose(BAR_EVENT))
        if read[-1].onset != BAR:
            board.push(np.array([line.seat]), np.array([read[-1]]))
    assert bars_of(read) == [list(bar) for bar in script.primer]
    assert line.bar == 3
    context = Context(script.frame, 5)
    for event in read:
        context.push(event)
    assert board.features(np.array([line.seat]))[0].tolist() == context.features()
    song = writer.write(plan, candidates=1, given=primer(songs[1], 3)).song
    assert song.bars == len(plan.bars)
    assert song.sections == plan.sections
    assert all(note.onset < song.bars * song.meter.bar_ticks for track in song.tracks for note in track.notes)


def test_a_primer_is_read_in_normal_form_whatever_its_key(plan, songs):
    key = songs[1].key
    other = Key(tonic=(key.tonic + 1) % 12, mode=key.mode)
    up = (other.shift_to_white - key.shift_to_white) % 12
    moved = replace(
        songs[1],
        key=other,
        chords=tuple(chord and chord.transposed(-up) for chord in songs[1].chords),
        tracks=tuple(
            track
            if track.role is Role.DRUMS
            else replace(track, notes=tuple(replace(note, pitch=note.pitch - up) for note in track.notes))
            for track in songs[1].tracks
        ),
    )
    there, here = script_of(plan, primer(moved)), script_of(plan, primer(songs[1]))
    classes = [
        [[(e.onset, e.role, e.pitch if e.role == 0 else e.pitch % 12) for e in bar] for bar in script.primer]
        for script in (there, here)
    ]
    assert classes[0] == classes[1]
    assert there.frame.bars[:2] == here.frame.bars[:2]


def test_a_primer_far_from_an_instruments_range_is_brought_into_it_by_octaves(plan, songs):
    high = replace(
        songs[1],
        tracks=tuple(
            replace(track, notes=tuple(replace(note, pitch=min(127, note.pitch + 24)) for note in track.notes))
            if track.role is Role.BASS
            else track
            for track in songs[1].tracks
        ),
    )
    index, casting, shift = ROLE_ORDER.index(Role.BASS), plan.cast[Role.BASS], plan.key.shift_to_white
    pitches = [e.pitch - shift for bar in script_of(plan, primer(high)).primer for e in bar if e.role == index]
    assert pitches
    assert sum(casting.low <= pitch <= casting.high for pitch in pitches) >= len(pitches) / 2


def test_roles_that_the_plan_does_not_cast_are_left_out_of_the_primer(plan, songs):
    quiet = replace(plan, cast={role: casting for role, casting in plan.cast.items() if role is not Role.DRUMS})
    script = script_of(quiet, primer(songs[1]))
    assert {event.role for bar in script.primer for event in bar} == {
        ROLE_ORDER.index(track.role) for track in songs[1].tracks if track.role in quiet.cast
    } & {event.role for bar in script_of(plan, primer(songs[1])).primer for event in bar}
    assert not any(bar.roles[0] for bar in script.frame.bars[:2])


def test_another_primer_is_another_song_and_the_same_one_the_same(writer, plan, songs, score):
    one, again, other = (
        writer.write(plan, candidates=1, given=primer(song)).song for song in (songs[1], songs[1], songs[2])
    )
    assert one == again
    assert len({one.tracks, other.tracks, score.tracks}) == 3


def test_a_primed_song_returns_and_ends_as_planned(writer, plan, songs):
    song = writer.write(plan, candidates=1, given=primer(songs[1])).song
    last, bar = len(plan.bars) - 1, plan.meter.bar_ticks
    for track in song.tracks:
        assert {note.onset for note in track.notes if note.onset >= last * bar} <= {last * bar}
        returning, source = (
            [(note.onset % bar, note.pitch) for note in track.notes if note.onset // bar == index]
            for index in (last - 1, last - 2)
        )
        assert returning == source


def test_a_primer_longer_than_its_song_is_the_whole_song(plan, songs):
    assert len(script_of(plan, primer(songs[1], 999)).primer) == songs[1].bars


def test_a_primer_in_another_meter_is_refused_with_both_named(plan, songs):
    with pytest.raises(BadRequest, match=r"3/4.*4/4"):
        script_of(plan, primer(replace(songs[1], meter=METERS["3/4"])))


@pytest.mark.parametrize("kept", [KEPT, {Role.MELODY}, {Role.HARMONY, Role.COUNTER}, set(Role)], ids=str)
def test_kept_roles_are_the_same_for_every_seed_and_the_others_are_not(writer, plan, score, kept):
    given = Given(kept=frozenset(kept), score=score)
    songs = [writer.write(replace(plan, seed=seed + 100), candidates=1, given=given).song for seed in SEEDS]
    for role in Role:
        parts = {song.track(role) for song in songs}
        if role in kept:
            assert parts == {score.track(role)}
        elif score.track(role) is not None:
            assert len(parts) > 1


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kept", [KEPT, {Role.MELODY}, {Role.HARMONY}], ids=str)
def test_kept_notes_stand_in_their_bars_in_the_order_of_events_whatever_is_drawn(plan, score, kept, seed):
    indices = {ROLE_ORDER.index(role) for role in kept}
    events = drawn_at_random(plan, Given(kept=frozenset(kept), score=score), seed)
    there = bars_of(song_to_events(score))
    for bar, source in zip(bars_of(events), there, strict=True):
        assert [e for e in bar if e.role in indices] == [e for e in source if e.role in indices]
        assert [(e.onset, e.role) for e in bar] == sorted((e.onset, e.role) for e in bar)


def test_others_play_around_what_is_kept_and_break_no_rule(writer, plan, score):
    song = writer.write(plan, candidates=1, given=Given(kept=KEPT, score=score)).song
    for track in song.tracks:
        bars = {note.onset // plan.meter.bar_ticks for note in track.notes}
        assert all(track.role in plan.bars[bar].roles for bar in bars)
        if track.role is Role.HARMONY:
            assert bars == {i for i, bar in enumerate(plan.bars) if Role.HARMONY in bar.roles}


def test_kept_notes_are_played_on_the_instrument_that_is_planned(writer, plan, score):
    cast = {**plan.cast, Role.BASS: replace(plan.cast[Role.BASS], program=38)}
    song = writer.write(replace(plan, cast=cast), candidates=1, given=Given(kept=KEPT, score=score)).song
    bass, before = song.track(Role.BASS), score.track(Role.BASS)
    assert bass is not None
    assert before is not None
    assert (bass.program, bass.notes) == (38, before.notes)


def test_a_candidate_with_given_notes_is_the_same_alone_as_in_a_batch(writer, plan, score, songs):
    given = Given(primer=Primer(song=songs[1], bars=2), kept=KEPT, score=score)
    alone, batch = (writer.write(plan, candidates=count, given=given) for count in (1, BATCH))
    assert batch.candidates["distances"][0] == alone.candidates["distances"][0]
    if batch.candidates["kept"] == 0:
        assert batch.song == alone.song


def test_a_score_of_another_length_is_refused(plan, score):
    short = replace(score, sections=score.sections[:1], chords=score.chords[: 2 * score.sections[0].bars])
    with pytest.raises(BadRequest, match="length"):
        script_of(plan, Given(kept=KEPT, score=short))


def test_roles_cannot_be_kept_from_nothing(plan):
    with pytest.raises(ValueError, match="score"):
        script_of(plan, Given(kept=KEPT))


def test_the_network_is_told_the_plans_mode_also_over_a_primer_in_another(plan, songs):
    other = Mode.PHRYGIAN if plan.key.mode is not Mode.PHRYGIAN else Mode.LYDIAN
    moded = replace(songs[1], key=Key(tonic=9, mode=other))
    assert MODES[script_of(plan, primer(moded)).frame.mode] is plan.key.mode
