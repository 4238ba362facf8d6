"""Laws and small cases of the measures of notes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.metrics import symbolic
from engine.metrics.measures import measure_song
from engine.music.notes import Note, Role, Track
from tests.metrics.songs import BAR, line, note, song

pitches = st.lists(st.integers(40, 90), min_size=1, max_size=40)


def track(notes: list[Note]) -> Track:
    return Track(role=Role.MELODY, program=0, notes=tuple(notes))


@given(st.integers(1, 60))
def test_one_pitch_played_n_times_is_a_run_of_n(count):
    assert symbolic.longest_repeated_pitch_run(track(line(*[60] * count))) == count


@given(pitches)
def test_a_run_never_shrinks_when_a_note_is_repeated(tune):
    before = symbolic.longest_repeated_pitch_run(track(line(*tune)))
    after = symbolic.longest_repeated_pitch_run(track(line(*tune, tune[-1])))
    assert before <= after <= before + 1


def test_chords_in_a_melody_are_judged_by_their_top_note():
    notes = [n for i in range(6) for n in (note(24 * i, 50 + i), note(24 * i, 72))]
    assert symbolic.longest_repeated_pitch_run(track(notes)) == 6


def test_an_empty_track_has_no_run():
    assert symbolic.longest_repeated_pitch_run(track([])) == 0


def test_a_bar_is_silent_only_if_nothing_rings_into_it():
    held = song({Role.MELODY: [note(0, 60, BAR + 1), note(3 * BAR, 60)]})
    assert symbolic.silent_bars(held) == (2,)


def test_drums_alone_break_the_silence():
    assert symbolic.silent_bars(song({Role.DRUMS: [note(i * BAR, 36, 6) for i in range(4)]})) == ()


def test_notes_below_and_above_a_range_are_counted_and_other_roles_are_not():
    notes = {Role.BASS: line(27, 28, 50, 51), Role.MELODY: line(1, 127)}
    assert symbolic.notes_out_of_range(song(notes), {Role.BASS: (28, 50)}) == 2


def test_notes_a_bar_are_counted_where_the_role_plays():
    counted = symbolic.notes_per_bar(song({Role.MELODY: line(60, 62, 64), Role.BASS: []}, bars=4))
    assert counted == {Role.MELODY: 3.0}


def test_notes_a_second_follow_the_tempo():
    slow = song({Role.MELODY: line(*range(60, 76))})
    assert symbolic.notes_per_second(slow) == 1.0
    assert symbolic.notes_per_second(replace(slow, tempo_bpm=120.0)) == 2.0


def test_entropy_is_zero_for_one_pitch_class_and_greatest_for_twelve():
    assert symbolic.pitch_class_entropy(line(48, 60, 72)) == 0
    assert symbolic.pitch_class_entropy(line(*range(60, 72))) == pytest.approx(3.58496, abs=1e-4)
    assert symbolic.pitch_class_entropy([]) is None


@given(pitches, st.integers(-20, 20))
def test_entropy_does_not_change_with_transposition(tune, shift):
    moved = [pitch + shift for pitch in tune]
    assert symbolic.pitch_class_entropy(line(*tune)) == pytest.approx(symbolic.pitch_class_entropy(line(*moved)))


def test_scale_consistency_counts_the_keys_own_notes_and_not_the_drums():
    tune = song({Role.MELODY: line(60, 62, 61, 63), Role.DRUMS: line(37, 39)})
    assert symbolic.scale_consistency(tune) == 0.5
    assert symbolic.scale_consistency(replace(tune, tracks=tune.tracks[1:])) is None


def test_polyphony_is_one_for_a_line_and_three_for_triads():
    assert symbolic.polyphony(song({Role.MELODY: line(60, 62, 64)})) == 1
    triads = [note(48 * i, pitch, 24) for i in range(4) for pitch in (60, 64, 67)]
    assert symbolic.polyphony(song({Role.HARMONY: triads})) == 3


def test_empty_beats_are_those_in_which_nothing_sounds():
    assert symbolic.empty_beat_rate(song({Role.MELODY: [note(0, 60, 48)]}, bars=1)) == 0.5
    assert symbolic.empty_beat_rate(song({Role.MELODY: line(*[60] * 16)})) == 0


def test_the_beat_of_six_eight_is_a_dotted_quarter():
    assert symbolic.empty_beat_rate(song({Role.MELODY: [note(0, 60, 36)]}, bars=1, meter="6/8")) == 0.5


def test_equal_bars_groove_perfectly_and_opposite_bars_do_not_at_all():
    steady = song({Role.DRUMS: line(*[42] * 16)})
    assert symbolic.groove_consistency(steady) == 1.0
    grid = [quarter * 24 + place for quarter in range(4) for place in (0, 4, 6, 8, 12, 16, 18, 20)]
    full_then_none = song({Role.DRUMS: [note(tick, 42, 2) for tick in grid]}, bars=2)
    assert symbolic.groove_consistency(full_then_none) == 0.0
    assert symbolic.groove_consistency(song({Role.DRUMS: [note(0, 42)]}, bars=1)) is None


@given(st.integers(0, 31))
def test_each_moved_onset_costs_groove(moved):
    onsets = [quarter * 24 + place for quarter in range(4) for place in (0, 4, 6, 8, 12, 16, 18, 20)]
    same = [note(tick, 42, 2) for tick in (*onsets, *(BAR + tick for tick in onsets))]
    fewer = [n for n in same if n.onset != BAR + onsets[moved]]
    assert symbolic.groove_consistency(song({Role.DRUMS: fewer}, bars=2)) == pytest.approx(1 - 1 / 32)


def test_equal_velocities_have_no_spread():
    assert symbolic.velocity_spread(line(60, 62)) == 0
    assert symbolic.velocity_spread([note(0, 60, velocity=60), note(24, 60, velocity=80)]) == 10
    assert symbolic.velocity_spread([]) is None


def test_a_note_past_the_end_or_a_song_without_bars_cannot_be_measured():
    with pytest.raises(ValueError, match="does not fit into 384 ticks"):
        measure_song(song({Role.MELODY: [note(384, 60)]}))
    with pytest.raises(ValueError, match="does not fit"):
        measure_song(song({Role.MELODY: [note(0, 60, 0)]}))
    with pytest.raises(ValueError, match="without bars"):
        measure_song(replace(song({}), sections=()))


def test_a_song_without_notes_is_measured_without_made_up_numbers():
    measures = measure_song(song({}))
    assert measures.notes == 0
    assert measures.silent_bars == 4
    assert measures.scale_consistency is None
    assert measures.melody_chord_tones is None


def test_measures_become_json_with_short_numbers():
    data = measure_song(song({Role.MELODY: line(60, 62, 64)}, bars=3)).to_json()
    assert data["notes_per_second"] == 0.25
    assert data["notes_per_bar"] == {"melody": 3.0}
    assert data["pitch_class_entropy_bits"] == 1.585
