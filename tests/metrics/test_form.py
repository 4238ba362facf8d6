"""Laws and small cases of the measures of bars, of tune and bass against the chords."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.metrics import form
from engine.music.notes import Note, Role
from tests.metrics.songs import BAR, line, note, song


def bars_of(*bars: list[int]) -> list[Note]:
    """Quarter notes, a list of pitches a bar."""
    return [note(i * BAR + j * 24, pitch) for i, bar in enumerate(bars) for j, pitch in enumerate(bar)]


def test_one_bar_for_ever_is_hardly_distinct_and_all_frozen():
    notes = bars_of(*[[60, 64, 67, 72]] * 4)
    made = song({Role.MELODY: notes})
    assert form.distinct_bars_share(made, notes) == 0.25
    assert form.longest_frozen_run(made, notes) == 4


def test_different_bars_are_all_distinct_and_none_frozen():
    notes = bars_of([60], [62], [64], [65])
    made = song({Role.MELODY: notes})
    assert form.distinct_bars_share(made, notes) == 1
    assert form.longest_frozen_run(made, notes) == 1


def test_rests_are_not_frozen_bars():
    notes = bars_of([60], [], [], [60])
    assert form.longest_frozen_run(song({Role.MELODY: notes}), notes) == 1
    assert form.distinct_bars_share(song({}), []) is None


def test_a_section_that_returns_note_for_note_returns_wholly():
    notes = bars_of([60, 62], [64, 65], [72], [74], [60, 62], [64, 65])
    made = song({Role.MELODY: notes}, bars=6, labels="ABA")
    assert form.returning_bars_share(made, notes) == 1


def test_a_section_that_returns_with_other_music_does_not_return():
    notes = bars_of([60, 62], [64, 65], [72], [74], [61, 63], [66, 68])
    assert form.returning_bars_share(song({Role.MELODY: notes}, bars=6, labels="ABA"), notes) == 0


def test_a_varied_tail_still_returns_and_nothing_returning_is_none():
    notes = bars_of([60, 62, 64, 65], [72], [60, 62, 64, 67])
    assert form.returning_bars_share(song({Role.MELODY: notes}, bars=3, labels="ABA"), notes) == 1
    assert form.returning_bars_share(song({Role.MELODY: notes}, bars=3, labels="ABC"), notes) is None


contents = st.frozensets(st.tuples(st.integers(0, 95), st.integers(60, 70)), max_size=8)


@given(contents, contents)
def test_likeness_is_symmetric_and_greatest_for_the_same(left, right):
    assert form.likeness(left, left) == 1
    assert form.likeness(left, right) == form.likeness(right, left) <= 1


def test_the_bass_is_judged_on_downbeats_with_roots_and_written_basses_right():
    bass = [note(0, 36), note(BAR, 43), note(2 * BAR, 40), note(2 * BAR + 24, 41), note(3 * BAR, 41)]
    made = song({Role.BASS: bass}, chords=["C", "G7", "C/E", "Am"])
    assert form.bass_root_at_downbeat_share(made) == 0.75
    assert form.bass_root_at_downbeat_share(song({Role.BASS: bass})) is None


def test_melody_notes_on_strong_beats_are_judged_by_the_chord():
    tune = [note(0, 64), note(24, 61), note(48, 65), note(BAR, 71), note(BAR + 60, 61)]
    made = song({Role.MELODY: tune}, bars=2, chords=["C", "G7"])
    assert form.chord_tone_share(made) == pytest.approx(2 / 3)
    assert form.chord_tone_share(song({Role.BASS: tune})) is None


def test_octave_leaps_and_steps_are_shares_of_intervals():
    tune = line(60, 72, 74, 74, 61)
    assert form.octave_leap_share(tune) == 0.5
    assert form.step_share(tune) == pytest.approx(1 / 3)
    assert form.octave_leap_share(line(60)) is None
    assert form.step_share(line(60, 60)) is None
