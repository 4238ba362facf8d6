"""Many candidates side by side: the board says of each what the context says of one song, and nobody's row depends on
the others'.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.compose import masks
from engine.compose.board import CHANCES, Board
from engine.compose.plan import Plan
from engine.compose.script import script_of
from engine.compose.sheet import Sheet
from engine.errors import EngineError
from engine.grammar.corpus import composed_songs
from engine.music.context import Context
from engine.music.notes import Role
from engine.music.tokens import BAR, BASS, DRUMS, HARMONY, MELODY, N_ROLES, Event, song_to_events
from tests.boards import Stand
from tests.small import plan_of_song

STYLES = ("lofi", "blues", "jazz", "bossa")


@pytest.fixture(scope="module", params=STYLES)
def song(request):
    return next(composed_songs(request.param, 1, 17))


def test_the_board_says_what_the_context_says(song):
    plan = plan_of_song(song)
    stand, context = Stand(plan), Context(script_of(plan).frame, 5)
    for event in song_to_events(song)[:-1]:
        assert stand.features() == context.features()
        for role in range(N_ROLES):
            assert stand.details(min(event.onset, stand.sheet.rules.slots - 1), role) == context.detail(
                min(event.onset, stand.sheet.rules.slots - 1), role
            )
        assert stand.board.pitches(stand.seat) == context.pitch
        stand.push(event)
        context.push(event)


def test_a_seat_that_was_used_before_says_the_same(song):
    plan = plan_of_song(song)
    used, fresh = Stand(plan), Stand(plan)
    used.push(*song_to_events(song)[:200])
    used.board.leave(used.seat)
    again = used.board.sit(fresh.sheet, np.random.default_rng(0), (1.0,) * 7)
    assert again == used.seat
    assert used.features() == fresh.features()
    assert used.onsets() == fresh.onsets()
    assert used.here.tobytes() == fresh.here.tobytes()


def test_what_is_asked_for_many_is_what_is_asked_for_each():
    """Every answer of the masks for twelve candidates at twelve places, against each by itself."""
    board, seats, chance = Board(16), [], np.random.default_rng(5)
    for number in range(12):
        song = list(composed_songs(STYLES[number % 4], 2, 23))[number % 2]
        sheet = Sheet(script_of(plan_of_song(song)), number)
        seat = board.sit(sheet, np.random.default_rng(number), (1.0,) * 7)
        notes: list[Event] = []
        for event in song_to_events(song)[: 30 * number]:
            if event.onset == BAR:
                board.begin_bar(seat, sheet, notes)
                notes = []
            else:
                board.push(np.array([seat]), np.array([event]))
                notes.append(event)
        seats.append(seat)
    everybody = np.array(seats)
    for _ in range(20):
        slot, role = chance.integers(24, size=12), chance.integers(1, N_ROLES, size=12)
        together = answers(board, everybody, slot, role)
        for at in range(12):
            alone = answers(board, everybody[at : at + 1], slot[at : at + 1], role[at : at + 1])
            for many, one in zip(together, alone, strict=True):
                assert np.array_equal(many[at], one[0])


def answers(board: Board, seats: np.ndarray, slot: np.ndarray, role: np.ndarray) -> list[np.ndarray]:
    here = board.at(seats)
    due = masks.missing(here)
    return [
        due,
        masks.onset_mask(here, due),
        masks.role_mask(here, due, slot),
        masks.role_bias(here, slot),
        masks.drum_mask(here, slot),
        masks.pitch_bias(board, here, slot, role),
        board.features(seats),
        board.details(here, slot, role),
    ]


def test_a_candidate_gets_its_generators_numbers_in_order_however_they_are_portioned():
    board, sheet = Board(8), Sheet(script_of(small_plan()), 5)
    one, other = (board.sit(sheet, np.random.Generator(np.random.PCG64(seed)), (1.0,) * 7) for seed in (3, 4))
    generator = np.random.Generator(np.random.PCG64(3))
    for time in range(3 * CHANCES):
        asked = [one, other] if time % 3 else [one]
        assert np.array_equal(board.chances(np.array(asked))[0], generator.random(5))


def small_plan() -> Plan:
    return plan_of_song(next(composed_songs("lofi", 1, 9)))


def everybody_plays(plan: Plan) -> Plan:
    return replace(plan, bars=tuple(replace(bar, roles=frozenset(plan.cast)) for bar in plan.bars))


def test_a_bar_does_not_end_before_those_have_played_who_must():
    stand = Stand(everybody_plays(small_plan()))
    assert BAR not in stand.onsets()
    assert max(stand.onsets()) == stand.sheet.rules.slots // 4, "and they come early in the bar"
    stand.push(Event(0, DRUMS, 0, 0, 9), Event(0, BASS, 40, 3, 9))
    assert BAR not in stand.onsets()
    assert max(stand.onsets()) == stand.sheet.rules.slots // 2
    stand.push(Event(4, HARMONY, 60, 3, 9))
    assert BAR in stand.onsets()
    assert min(stand.onsets()) == 4


def test_a_tune_that_repeats_a_pitch_too_often_must_leave_it():
    plan = everybody_plays(small_plan())
    casting = plan.cast[Role.MELODY]
    pitch = (casting.low + casting.high) // 2 + plan.key.shift_to_white
    stand = Stand(plan)
    costs = []
    for slot in range(6):
        costs.append(stand.pitch_bias(slot, MELODY)[pitch])
        stand.push(Event(slot, MELODY, pitch, 3, 9))
    assert costs[2] > costs[3] > costs[4] > masks.FORBIDDEN / 2
    assert costs[5] == masks.FORBIDDEN


@pytest.mark.parametrize("event", [Event(BAR, 0, 40, 3, 9), Event(0, N_ROLES, 40, 3, 9), Event(-1, 1, 40, 3, 9)])
def test_a_script_with_a_note_that_cannot_be_is_refused(event):
    script = script_of(small_plan())
    with pytest.raises(EngineError, match="cannot be"):
        Sheet(replace(script, kept=((event,), *script.kept[1:])), 5)
