"""Keys, modes and chords: names to numbers and back."""

from __future__ import annotations

import pytest

from engine.errors import BadRequest
from engine.music.harmony import QUALITIES, WHITE_KEYS, Chord, Key, Mode, roman_to_chord

KEYS = [Key(tonic=tonic, mode=mode) for tonic in range(12) for mode in Mode]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_a_key_is_read_back_from_its_name_and_its_normal_form_is_the_white_keys(key):
    assert Key.parse(str(key)) == key
    assert {(pc + key.shift_to_white) % 12 for pc in key.scale} == set(WHITE_KEYS)
    assert -5 <= key.shift_to_white <= 6
    assert key.scale[0] == key.tonic


@pytest.mark.parametrize(("name", "fifths"), [("C", 0), ("F# major", 6), ("Bb minor", -5), ("D dorian", 0), ("E", 4)])
def test_signatures_are_the_usual_ones(name, fifths):
    assert Key.parse(name).fifths == fifths


@pytest.mark.parametrize("name", ["H major", "", "minor", "Dq", "C blues", "D  minor minor"])
def test_what_is_no_key_is_refused_by_name(name):
    with pytest.raises(BadRequest, match="The key"):
        Key.parse(name)


@pytest.mark.parametrize("quality", QUALITIES)
@pytest.mark.parametrize("root", range(12))
def test_a_chord_is_read_back_from_its_name(quality, root):
    chord = Chord(root=root, quality=quality, bass=(root + 7) % 12)
    assert Chord.parse(chord.name()) == chord
    assert chord.transposed(5).transposed(-5) == chord
    assert chord.pitch_classes[0] == root


@pytest.mark.parametrize(
    ("chord", "key", "name"),
    [
        ("C#dim7", "D minor", "C#dim7"),
        ("A/C#", "D minor", "A/C#"),
        ("A#", "F", "Bb"),
        ("G#7", "C minor", "Ab7"),
        ("D7/F#", "F", "D7/F#"),
        ("C7/A#", "F", "C7/Bb"),
        ("E/G#", "C", "E/G#"),
        ("D#/G", "C minor", "Eb/G"),
    ],
)
def test_chords_are_spelled_as_the_key_spells_them(chord, key, name):
    assert Chord.parse(chord).name(Key.parse(key)) == name


@pytest.mark.parametrize(
    ("numeral", "key", "name"),
    [
        ("V7", "A minor", "E7"), ("iiø7", "A minor", "Bm7b5"), ("VImaj7", "A minor", "Fmaj7"), ("bVII", "C", "A#"),
        ("V7/ii", "C", "A7"), ("I/3", "C", "C/E"), ("iv7", "C minor", "Fm7"), ("#ivdim7", "C", "F#dim7"),
        ("V/#7", "A minor", "E/G#"),
    ],
)  # fmt: skip
def test_roman_numerals_are_read_in_their_key(numeral, key, name):
    assert roman_to_chord(numeral, Key.parse(key)).name() == name


@pytest.mark.parametrize("numeral", ["", "VIII", "Q7", "Iwrong", "V/9"])
def test_what_is_no_roman_numeral_is_refused(numeral):
    with pytest.raises(ValueError, match=r"."):
        roman_to_chord(numeral, Key.parse("C"))
