import itertools

from hypothesis import given
from hypothesis import strategies as st

from engine.music.analysis.roles import assign_roles, polyphony
from engine.music.notes import Role
from tests.corpus.midi_bytes import chords_of, note, part

TUNE = [note(12 * i, 72 + (i * 5) % 7, 12, 100) for i in range(64)]
BASS = [note(48 * i, 36 + i % 5, 48) for i in range(16)]
CHORDS = chords_of([(60, 64, 67)] * 16)
HITS = [note(24 * i, 36 if i % 2 else 38, 6) for i in range(32)]
any_notes = st.lists(
    st.builds(note, st.integers(0, 40).map(lambda i: i * 12), st.integers(30, 90), st.integers(6, 90)), min_size=4
)


def test_a_band_is_cast_by_programs_names_and_the_drum_channel():
    cast = assign_roles([part(CHORDS, "Pad", 89), part(BASS, "", 33), part(TUNE, "Lead", 81), part(HITS, drum=True)])
    assert {role: track.program for role, track in cast.items()} == {
        Role.MELODY: 81, Role.HARMONY: 89, Role.BASS: 33, Role.DRUMS: 0,
    }  # fmt: skip
    assert cast[Role.MELODY].notes == tuple(TUNE)


def test_without_names_the_high_single_line_is_the_tune_and_the_low_one_the_bass():
    cast = assign_roles([part(BASS, "", 57), part(CHORDS, "", 49), part(TUNE, "", 40)])
    assert cast[Role.MELODY].program == 40
    assert cast[Role.BASS].program == 57


def test_a_name_beats_the_register():
    low_tune = [note(n.onset, n.pitch - 12, 12) for n in TUNE]
    cast = assign_roles([part(TUNE, "Strings", 49), part(low_tune, "Melody", 60), part(BASS, "", 33)])
    assert cast[Role.MELODY].program == 60


def test_piano_staves_split_into_top_voice_lowest_voice_and_the_rest():
    right = [*TUNE[:32], *(note(48 * i, 62, 48) for i in range(8))]
    left = [*BASS[:8], *(note(48 * i + 24, 55, 24) for i in range(8))]
    cast = assign_roles([part(right), part(left)])
    assert {n.pitch for n in cast[Role.MELODY].notes} <= {n.pitch for n in TUNE}
    assert {n.pitch for n in cast[Role.HARMONY].notes} >= {62}
    assert cast[Role.BASS].notes[0] == note(0, 36, 24) or cast[Role.BASS].notes[0].pitch == 36


def test_known_roles_are_kept_even_in_unison():
    tenor = [note(0, 48, 48), note(48, 52, 48)]
    bass = [note(0, 48, 48), note(48, 45, 48)]
    cast = assign_roles([part(TUNE, role=Role.MELODY), part(tenor, role=Role.HARMONY), part(bass, role=Role.BASS)])
    assert cast[Role.HARMONY].notes == tuple(tenor)
    assert cast[Role.BASS].notes == tuple(bass)


def test_a_single_line_is_a_melody_alone():
    assert set(assign_roles([part(TUNE, "", 40)])) == {Role.MELODY}


def test_a_track_that_doubles_another_is_left_out():
    cast = assign_roles([part(TUNE, "", 81), part(TUNE, "", 82), part(BASS, "", 33)])
    assert set(cast) == {Role.MELODY, Role.BASS}


def test_where_the_melody_rests_for_long_the_counter_takes_its_place():
    answer = [note(96 * 8 + 12 * i, 67 + i % 5, 12, 60) for i in range(60)]
    accompaniment = chords_of([(60, 64, 67)] * 32)
    cast = assign_roles([part(TUNE, "Lead", 81), part(answer, "", 60), part(accompaniment, "", 89), part(BASS, "", 33)])
    assert max(n.onset for n in cast[Role.MELODY].notes) > 96 * 9


@given(any_notes, any_notes)
def test_melody_counter_and_bass_are_single_lines_and_nothing_is_invented(upper, lower):
    for tracks in ([part(upper, "", 0), part(lower, "", 0)], [part(upper, "Lead", 80), part(lower, "Bass", 33)]):
        cast = assign_roles(tracks)
        for role in (Role.MELODY, Role.COUNTER, Role.BASS):
            line = cast[role].notes if role in cast else ()
            assert all(a.end <= b.onset for a, b in itertools.pairwise(line))
        given_notes = {(n.onset, n.pitch) for n in (*upper, *lower)}
        assert {(n.onset, n.pitch) for t in cast.values() for n in t.notes} <= given_notes


def test_polyphony_is_one_for_a_line_and_three_for_triads():
    assert polyphony(TUNE) == 1.0
    assert polyphony(CHORDS) == 3.0
