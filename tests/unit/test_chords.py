"""Chord symbols: what is written is read back, usual spellings mean the same, what cannot be read is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.compose.words.chords import MAX_BARS, key_of_chords, read_chord, read_chords
from engine.errors import BadRequest
from engine.music.harmony import QUALITIES, Chord, Key, Mode

PITCH_CLASSES = st.integers(0, 11)
KEYS = st.builds(Key, tonic=PITCH_CLASSES, mode=st.sampled_from(list(Mode)))
CHORDS = st.builds(Chord, root=PITCH_CLASSES, quality=st.sampled_from(list(QUALITIES)), bass=PITCH_CLASSES)


@pytest.mark.parametrize("quality", QUALITIES)
@pytest.mark.parametrize("root", range(12))
def test_every_root_and_quality_that_is_printed_is_read_back(root: int, quality: str) -> None:
    for bass in range(12):
        chord = Chord(root=root, quality=quality, bass=bass)
        for key in (None, Key(tonic=5, mode=Mode.MAJOR), Key(tonic=4, mode=Mode.MINOR)):
            assert read_chord(chord.name(key)) == (chord, True)


@given(st.lists(CHORDS, min_size=1, max_size=MAX_BARS), KEYS, st.sampled_from([" ", " | ", "|", ", ", " - "]))
def test_a_printed_progression_is_read_back(chords: list[Chord], key: Key, between: str) -> None:
    read = read_chords(between.join(chord.name(key) for chord in chords))
    assert read.bars == tuple((chord, chord) for chord in chords)
    assert read.replaced == ()


SPELLINGS = {
    "Cmaj7": "CM7 CMaj7 CMAJ7 Cma7 CΔ CΔ7 C^7 Cj7 Cmajor7",
    "Cm": "C- Cmin Cmi cm Cminor CMIN",
    "Cm7": "C-7 Cmin7 Cmi7 cm7",
    "Cm7b5": "Cø Cø7 CØ C-7b5 Cmin7b5 Cm7(b5) Cm7♭5",
    "Cdim": "C° Co Cº",
    "Cdim7": "C°7 Co7",
    "Caug": "C+",
    "Csus4": "Csus",
    "C7sus4": "C7sus",
    "Cmmaj7": "CmM7 Cm(maj7) C-maj7 Cm/maj7 CminMaj7",
    "C6": "CMaj6",
    "C7b9": "C7(b9) C7-9",
    "Cmaj9": "CM9 CΔ9",
    "Cadd9": "C2 C(add9)",
    "C5": "Cno3",
    "Cm11": "Cmin11 Cm7add11",
    "F#": "F♯ f#",
    "Bb": "B♭ bb",
    "C": "Cmaj CM c",
}


@pytest.mark.parametrize(("plain", "others"), SPELLINGS.items())
def test_usual_spellings_mean_the_same(plain: str, others: str) -> None:
    for spelling in others.split():
        assert read_chord(spelling) == (Chord.parse(plain), True), spelling


@pytest.mark.parametrize(
    ("symbol", "nearest"),
    [
        ("C7#9", "C7"), ("C7#5", "C7"), ("C+7", "C7"), ("C7b5", "C7"), ("C6/9", "C6"), ("C69", "C6"),
        ("C9sus4", "C7sus4"), ("C11", "C7sus4"),
        ("Cmaj13", "Cmaj9"), ("Cmaj7#11", "Cmaj7"), ("C7(b9,#5)", "C7b9"), ("Cm13", "Cm9"),
        ("Cadd11", "C"), ("C6/9/E", "C6/E"), ("Cm9b5", "Cm7b5"),
    ],
)  # fmt: skip
def test_an_unknown_quality_becomes_the_nearest_and_says_so(symbol: str, nearest: str) -> None:
    assert read_chord(symbol) == (Chord.parse(nearest), False)
    assert read_chords(symbol).replaced == ((symbol, nearest),)


@pytest.mark.parametrize("symbol", ["H7", "xyz", "ii", "V7", "N.C.", "Cfoo", "C/H", "add9", "C##", "C7/", "?"])
def test_a_symbol_that_cannot_be_read_is_named_with_what_would_work(symbol: str) -> None:
    with pytest.raises(BadRequest, match=r"cannot be read; 'Am', .* would work") as refused:
        read_chords(f"Am {symbol} C")
    assert repr(symbol) in str(refused.value)


@pytest.mark.parametrize("text", ["", "  ", "|", "||"])
def test_no_chord_at_all_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="name no chord"):
        read_chords(text)


def test_more_bars_than_there_is_room_for_are_refused() -> None:
    with pytest.raises(BadRequest, match="65 bars"):
        read_chords("Am " * 65)


@pytest.mark.parametrize(
    ("text", "bars"),
    [
        ("Am F C G", ["Am Am", "F F", "C C", "G G"]),
        ("| Am | F | C G | Em |", ["Am Am", "F F", "C G", "Em Em"]),
        ("Am F C G | Dm G C C", ["Am Am", "F F", "C C", "G G", "Dm Dm", "G G", "C C", "C C"]),
        ("Am % F %", ["Am Am", "Am Am", "F F", "F F"]),
        ("Dm G7 | C", ["Dm G7", "C C"]),
    ],
)
def test_spaces_and_bar_lines_make_bars(text: str, bars: list[str]) -> None:
    assert [f"{one} {two}" for one, two in read_chords(text).bars] == bars


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Am F C G", "A minor"), ("C G Am F", "C major"), ("Dm7 G7 Cmaj7", "C major"), ("C7 F7 G7", "C major"),
        ("E7 Am", "A minor"), ("Bm7 E7 Amaj7", "A major"), ("Dm A7 Dm Gm", "D minor"), ("D C G D", "D mixolydian"),
        ("Dm G Dm G", "D dorian"), ("Fmaj7 Em7 Dm7 Cmaj7", "C major"), ("Eb Bb Cm Ab", "Eb major"),
        ("E5 G5 A5", "E minor"),
    ],
)  # fmt: skip
def test_the_key_is_the_one_that_the_chords_are_in(text: str, key: str) -> None:
    assert str(key_of_chords(read_chords(text).bars)) == key


@given(KEYS.filter(lambda key: key.mode in (Mode.MAJOR, Mode.MINOR)), st.integers(0, 11))
def test_moving_chords_moves_their_key(key: Key, semitones: int) -> None:
    bars = read_chords("Dm7 G7 C Am" if key.mode is Mode.MAJOR else "Am Dm E7 Am").bars
    moved = [(one.transposed(semitones), two.transposed(semitones)) for one, two in bars]
    home = key_of_chords(bars)
    assert key_of_chords(moved) == Key(tonic=(home.tonic + semitones) % 12, mode=home.mode)
