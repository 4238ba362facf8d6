"""The styles' own files: every numeral can be read, every part can be played, every form can be laid out."""

from __future__ import annotations

import pytest

from engine.compose.form import KINDS
from engine.music.harmony import WHITE_TONIC, Key, roman_to_chord
from engine.music.instruments import program_range
from engine.music.notes import Role
from engine.music.styles import load_style, style_names
from engine.music.timing import Meter

FIVE = {"lofi", "classical", "ragtime", "folk", "rock"}


def test_the_five_styles_are_there() -> None:
    assert set(style_names()) >= FIVE


@pytest.mark.parametrize("name", style_names())
def test_every_numeral_of_a_style_is_a_chord(name: str) -> None:
    style = load_style(name)
    for table in (style.progressions, style.cadences):
        for mode, rows in table.items():
            for text in (part for row in rows for bar in row for part in bar.split("|")):
                for tonic in (WHITE_TONIC[mode], 6):
                    roman_to_chord(text, Key(tonic=tonic, mode=mode))


@pytest.mark.parametrize("name", style_names())
def test_a_style_has_enough_progressions_and_two_bars_a_cadence(name: str) -> None:
    style = load_style(name)
    assert set(style.cadences) == set(style.progressions)
    for mode, rows in style.progressions.items():
        assert len(set(rows)) == len(rows) >= 10, mode
        assert {len(row) for row in rows} <= {4, 8, 12}
        key = Key(tonic=WHITE_TONIC[mode], mode=mode)
        assert any(roman_to_chord(row[-1], key).root == key.tonic for row in style.cadences[mode])
        assert all(len(row) == 2 for row in style.cadences[mode])


@pytest.mark.parametrize("name", style_names())
def test_a_style_describes_itself_in_at_least_eight_sentences(name: str) -> None:
    assert len(set(load_style(name).descriptions)) >= 8


@pytest.mark.parametrize("name", style_names())
def test_every_instrument_of_a_style_has_an_octave_in_its_part(name: str) -> None:
    style = load_style(name)
    for role, part in style.parts.items():
        programs = {*part.programs, *(row[role] for row in style.ensembles if role in row)}
        for program in programs if role is not Role.DRUMS else ():
            low, high = program_range(program)
            assert min(high, part.high) - max(low, part.low) >= 12, (role, program)


@pytest.mark.parametrize("name", style_names())
def test_a_styles_forms_tempos_and_meters_are_usable(name: str) -> None:
    style = load_style(name)
    assert {letter for form in style.forms for letter in form} <= set(KINDS)
    assert 40 <= style.tempo_low < style.tempo_usual < style.tempo_high <= 240
    assert all(Meter.parse(meter) for meter in style.meters)


def test_no_two_styles_share_an_alias() -> None:
    listed = [alias for name in style_names() for alias in {name, *load_style(name).aliases}]
    assert len(listed) == len(set(listed))


def test_a_bass_degree_may_be_altered() -> None:
    minor = Key.parse("A minor")
    assert str(roman_to_chord("V/#7", minor)) == "E/G#"
    assert str(roman_to_chord("V7/iv", minor)) == "A7"
    assert str(roman_to_chord("i/3", minor)) == "Am/C"
    with pytest.raises(ValueError, match="no Roman numeral"):
        roman_to_chord("V/9", minor)
