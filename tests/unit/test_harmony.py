"""Keys, modes and chords: names to numbers and back."""

from __future__ import annotations

import itertools

import pytest

from engine.errors import BadRequest
from engine.music.harmony import QUALITIES, WHITE_KEYS, Chord, Key, Mode, pitch_class, roman_to_chord

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


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_every_scale_uses_each_letter_once_and_no_key_mixes_two_names_of_a_note(key):
    names = [key.spell(pc) for pc in key.scale]
    assert names[0] == key.tonic_name
    assert sorted(name[0] for name in names) == list("ABCDEFG")
    everything = [key.spell(pc) for pc in range(12)]
    assert len(set(everything)) == 12
    assert [pitch_class(name) for name in everything] == list(range(12))
    assert {name[1:] for name in everything} <= {"", "#", "b"}


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_a_chord_is_read_back_from_its_name_in_any_key(key):
    for quality, root in itertools.product(QUALITIES, range(12)):
        chord = Chord(root=root, quality=quality, bass=(root + 10) % 12)
        assert Chord.parse(chord.name(key)) == chord


def borrowed(mode):
    """Each key of the mode with the names of the five notes outside its scale, upwards from the tonic."""
    for tonic in range(12):
        key = Key(tonic=tonic, mode=mode)
        yield key, [key.spell(pc) for pc in sorted(set(range(12)) - set(key.scale), key=lambda pc: (pc - tonic) % 12)]


@pytest.mark.parametrize("mode", [Mode.MAJOR, Mode.MINOR])
def test_notes_outside_the_scale_are_lowered_degrees_but_for_the_raised_ones_that_lead_upwards(mode):
    """In major b2 b3 #4 b6 b7, in minor b2 and the raised 3 4 6 7; whatever takes a double sign is a plain note."""
    for key, names in borrowed(mode):
        for name, above in zip(names, (1, 2, 3, 5, 6), strict=True):
            expected = "ABCDEFG"[("ABCDEFG".index(key.tonic_name[0]) + above) % 7]
            assert name[0] == expected or len(name) == 1, (key, name, expected)


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("C", "Db Eb F# Ab Bb"), ("G", "Ab Bb C# Eb F"), ("D", "Eb F G# Bb C"), ("A", "Bb C D# F G"),
        ("E", "F G A# C D"), ("F", "Gb Ab B Db Eb"), ("Bb", "Cb Db E Gb Ab"), ("Eb", "Fb Gb A Cb Db"),
        ("A minor", "Bb C# D# F# G#"), ("E minor", "F G# A# C# D#"), ("D minor", "Eb F# G# B C#"),
        ("G minor", "Ab B C# E F#"), ("C minor", "Db E F# A B"), ("F minor", "Gb A B D E"),
    ],
)  # fmt: skip
def test_the_notes_outside_common_keys_have_their_usual_names(key, names):
    key = Key.parse(key)
    assert [key.spell((key.tonic + step) % 12) for step in range(12) if (key.tonic + step) % 12 not in key.scale] == (
        names.split()
    )


@pytest.mark.parametrize(
    ("numeral", "key", "name"),
    [
        ("bVII", "C", "Bb"), ("bVImaj7", "C", "Abmaj7"), ("bII7", "C", "Db7"), ("biiidim7", "C", "Ebdim7"),
        ("#idim7", "C", "C#dim7"), ("#vdim7", "C", "G#dim7"), ("#ivø7", "C", "F#m7b5"), ("V7/iii", "C", "B7"),
        ("bVII", "G", "F"), ("bVI", "E", "C"), ("iv6", "G", "Cm6"), ("bIII", "A", "C"), ("bVI7", "F", "Db7"),
        ("bII", "A minor", "Bb"), ("V7", "G# minor", "D#7"), ("viiø7", "F#", "E#m7b5"), ("IV", "D# minor", "G#"),
        ("#idim7", "F", "F#dim7"), ("#idim7", "Bb", "Bdim7"), ("bVII/2", "C", "Bb/D"), ("bVI/1", "C", "Ab/C"),
    ],
)  # fmt: skip
def test_borrowed_chords_are_spelled_in_their_key(numeral, key, name):
    key = Key.parse(key)
    assert roman_to_chord(numeral, key).name(key) == name


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
