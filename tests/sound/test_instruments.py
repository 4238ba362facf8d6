import pytest

from engine.music.instruments import drum_name, kit_name, program_name, program_range
from engine.music.notes import Role
from engine.music.styles import load_style, style_names


def test_every_program_has_its_own_name_and_a_range_of_at_least_an_octave():
    names = [program_name(program) for program in range(128)]
    assert len(set(names)) == 128
    for program in range(128):
        low, high = program_range(program)
        assert 12 <= low < high <= 108
        assert high - low >= 12 or names[program] == "Tubular Bells"


@pytest.mark.parametrize(
    ("program", "name", "low", "high"),
    [(0, "Grand Piano", 21, 108), (32, "Acoustic Bass", 28, 60), (40, "Violin", 55, 100), (73, "Flute", 60, 96)],
)
def test_familiar_instruments_are_where_general_midi_puts_them(program, name, low, high):
    assert program_name(program) == name
    assert program_range(program) == (low, high)


def test_drum_keys_and_kits_are_named():
    assert drum_name(36) == "Kick"
    assert drum_name(42) == "Closed Hat"
    assert drum_name(3) == "Drum 3"
    assert kit_name(0) == "Standard Kit"
    assert kit_name(43) == "Brush Kit"


@pytest.mark.parametrize("number", [-1, 128])
def test_numbers_outside_midi_are_refused_by_name(number):
    for function in (program_name, program_range, kit_name, drum_name):
        with pytest.raises(ValueError, match=str(number)):
            function(number)


def test_every_style_casts_instruments_that_can_play_something_of_its_part():
    for name in style_names():
        for role, part in load_style(name).parts.items():
            for program in () if role is Role.DRUMS else part.programs:
                low, high = program_range(program)
                assert min(high, part.high) - max(low, part.low) >= 7, (name, role, program_name(program))
