import pytest

from engine.music.analysis.chords import estimate_chords
from engine.music.analysis.key import estimate_key
from engine.music.harmony import Chord, Key, Mode
from engine.music.notes import Note
from engine.music.timing import METERS
from tests.corpus.midi_bytes import chords_of, note

C_MAJOR = Key(tonic=0, mode=Mode.MAJOR)
CADENCE = [(48, 64, 67, 72), (53, 65, 69, 72), (55, 67, 71, 74), (48, 64, 67, 72)]


def moved(notes: list[Note], steps: int) -> list[Note]:
    return [note(n.onset, n.pitch + steps, n.duration, n.velocity) for n in notes]


@pytest.mark.parametrize("steps", range(12))
def test_the_key_moves_with_the_notes(steps):
    assert estimate_key(moved(chords_of(CADENCE), steps)) == Key(tonic=steps, mode=Mode.MAJOR)


def test_a_minor_cadence_is_heard_as_minor_and_not_as_its_relative():
    notes = chords_of([(45, 60, 64, 69), (50, 62, 65, 69), (52, 64, 68, 71), (45, 60, 64, 69)])
    assert estimate_key(notes) == Key(tonic=9, mode=Mode.MINOR)


def test_only_the_given_keys_are_chosen_from():
    given = (Key(tonic=7, mode=Mode.MAJOR), Key(tonic=4, mode=Mode.MINOR))
    assert estimate_key(chords_of(CADENCE), among=given) in given


def test_block_chords_are_named_each_by_itself():
    named = estimate_chords(chords_of(CADENCE), C_MAJOR, METERS["4/4"], 2)
    assert [str(c) for c in named] == ["C", "F", "G", "C"]


@pytest.mark.parametrize("steps", [1, 5, 10])
def test_chords_move_with_the_notes(steps):
    notes = chords_of([(45, 60, 64, 67), (50, 60, 65, 69), (55, 65, 71, 74), (48, 64, 67, 71)])
    plain = estimate_chords(notes, C_MAJOR, METERS["4/4"], 2)
    shifted = estimate_chords(moved(notes, steps), Key(tonic=steps, mode=Mode.MAJOR), METERS["4/4"], 2)
    assert shifted == tuple(c.transposed(steps) if c else None for c in plain)


@pytest.mark.parametrize(
    ("pitches", "name"),
    [((43, 59, 62, 65), "G7"), ((50, 60, 65, 69), "Dm7"), ((47, 62, 65, 69), "Bm7b5"), ((44, 59, 62, 65), "G#dim7"),
     ((52, 60, 67, 72), "C/E"), ((48, 64, 67, 71), "Cmaj7")],
)  # fmt: skip
def test_sevenths_and_inversions_have_their_names(pitches, name):
    assert [str(c) for c in estimate_chords(chords_of([pitches] * 4), C_MAJOR, METERS["4/4"], 2)] == [name] * 4


def test_a_bare_tune_gets_chords_of_its_key_and_ends_on_the_tonic():
    tune = [note(24 * i, p) for i, p in enumerate([67, 64, 60, 64, 65, 69, 72, 69, 71, 67, 74, 71, 72, 67, 64, 60])]
    named = estimate_chords(tune, C_MAJOR, METERS["4/4"], 4, melody_only=True)
    assert [str(c) for c in named] == ["C", "C", "F", "F", "G", "G", "C", "C"]


def test_long_silence_has_no_chord_and_a_short_rest_keeps_the_last_one():
    notes = [*chords_of(CADENCE[:1]), *(note(96 * 6 + n.onset, n.pitch, 48) for n in chords_of(CADENCE[:1]))]
    named = estimate_chords(notes, C_MAJOR, METERS["4/4"], 7)
    assert named[1] == named[0] == Chord(root=0, quality="", bass=0)
    assert named[8] is None


def test_no_notes_have_no_chords():
    assert estimate_chords([], C_MAJOR, METERS["3/4"], 3) == (None,) * 6
