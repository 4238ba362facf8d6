from hypothesis import given
from hypothesis import strategies as st

from engine.music.analysis.quantise import find_latency, quantise
from engine.music.timing import GRID_IN_QUARTER
from tests.corpus.midi_bytes import note

notes = st.lists(
    st.builds(note, st.integers(0, 500), st.integers(40, 80), st.integers(1, 200), st.integers(1, 127)), max_size=30
)


@given(notes)
def test_every_onset_and_duration_lands_on_the_grid(free):
    for n in quantise(free, keep_short=True):
        assert n.onset % 24 in GRID_IN_QUARTER
        assert n.duration > 0
        assert n.duration % 24 in GRID_IN_QUARTER


@given(notes)
def test_quantising_twice_changes_nothing_more(free):
    once = quantise(free, keep_short=True)
    assert quantise(once, keep_short=True) == once


@given(notes)
def test_no_onset_moves_by_more_than_half_a_sixteenth(free):
    moved = {n.onset for n in quantise(free, keep_short=True)}
    assert all(min(abs(n.onset - m) for m in moved) <= 3 for n in free)


def test_a_quarter_of_triplets_and_one_of_sixteenths_stay_what_they_are():
    played = [note(t, 60, 5) for t in (0, 8, 17, 24, 29, 37, 43)]
    assert [n.onset for n in quantise(played, keep_short=True)] == [0, 8, 16, 24, 30, 36, 42]


def test_two_notes_that_fall_together_become_one_with_the_longer_duration():
    assert quantise([note(0, 60, 12, 40), note(1, 60, 24, 70)]) == (note(0, 60, 24, 70),)


def test_grace_notes_are_dropped_but_short_drum_hits_kept():
    grace = note(22, 62, 1)
    assert quantise([grace, note(24, 60)]) == (note(24, 60),)
    assert len(quantise([grace, note(24, 60)], keep_short=True)) == 2


def test_a_constant_lag_is_found_and_random_timing_is_none():
    assert find_latency([note(12 * i + 4, 60) for i in range(40)]) == 4
    assert find_latency([note(12 * i, 60) for i in range(40)]) == 0
    assert find_latency([note(7 * i, 60) for i in range(60)]) == 0
