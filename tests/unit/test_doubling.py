"""Who plays along with whom: the styles' doublings, and what decides about them."""

from collections import Counter

import numpy as np
import pytest

from engine.compose.doubling import MOST, Terms, doubled
from engine.compose.plan import Casting
from engine.compose.planner import Planner
from engine.compose.request import ComposeRequest
from engine.music.codec import song_from_json, song_to_json
from engine.music.instruments import program_name, program_range
from engine.music.notes import Doubling, Role
from engine.music.styles import load_style, style_names
from engine.music.timbre import brightness_of, loudness_of
from tests.sound.songs import band

PLANNER = Planner(None)


def casts(style, count=200, **terms):
    """Casts of the style's usual instruments, doubled `count` times."""
    parts = load_style(style).parts
    cast = {
        role: Casting(program=part.programs[0], name=program_name(part.programs[0]), low=40, high=80, density=4)
        for role, part in parts.items()
    }
    settings = {"energy": 0.6} | terms
    return [doubled(cast, load_style(style), Terms(**settings), np.random.default_rng(seed)) for seed in range(count)]


def programs(found):
    return Counter(c.doubling.program for cast in found for c in cast.values() if c.doubling)


@pytest.mark.parametrize("style", style_names())
def test_every_doubling_of_a_style_can_be_played_and_has_somebody_to_double(style):
    for role, part in load_style(style).parts.items():
        for double in part.doubles:
            assert role is not Role.DRUMS
            assert set(double.of) <= set(part.programs) | {
                row[role] for row in load_style(style).ensembles if role in row
            }
            assert 0 < double.share <= 1
            assert double.energy_low < double.energy_high
            assert -14 <= double.gain_db <= -3
            low, high = program_range(double.program)
            assert min(high, part.high + double.semitones) - max(low, part.low + double.semitones) >= 7


@pytest.mark.parametrize("style", [name for name in style_names() if name != "chiptune"])
def test_some_songs_are_doubled_and_none_in_too_many_parts(style):
    plans = [PLANNER.plan(ComposeRequest(prompt=style, seed=seed)) for seed in range(40)]
    counts = [sum(casting.doubling is not None for casting in plan.cast.values()) for plan in plans]
    assert 0.1 < np.mean([count > 0 for count in counts]) < 0.95
    assert max(counts) <= MOST


def test_a_chip_has_nobody_to_play_along():
    assert not programs(casts("chiptune"))


def test_nobody_plays_along_who_is_not_wanted_or_with_a_player_alone():
    assert programs(casts("rock"))[18] > 0
    assert programs(casts("rock", forbidden=range(16, 24)))[18] == 0
    assert not programs(casts("rock", alone=list(Role)))
    for seed in range(30):
        assert not any(
            c.doubling for c in PLANNER.plan(ComposeRequest(prompt="solo piano, classical", seed=seed)).cast.values()
        )
        plan = PLANNER.plan(ComposeRequest(prompt="rock without organ", seed=seed))
        assert not any(c.doubling and 16 <= c.doubling.program < 21 for c in plan.cast.values())


def test_bright_moods_take_bright_doublings():
    def mean(brightness):
        found = programs(casts("synthwave", brightness=brightness)) + programs(casts("ambient", brightness=brightness))
        return sum(brightness_of(program) * count for program, count in found.items()) / found.total()

    assert mean(0.9) > mean(-0.9) + 0.1


def test_a_doubling_waits_for_the_energy_that_suits_it():
    assert programs(casts("rock", energy=0.9))[29] > 0
    assert programs(casts("rock", energy=0.3))[29] == 0


def test_a_song_keeps_its_doublings_as_json():
    song = band(bars=2)
    double = Doubling(program=73, semitones=12, gain_db=-6.0, pan=0.2, loud_only=True)
    track = song.tracks[0]
    doubled_song = type(song)(
        **{name: getattr(song, name) for name in song.__slots__}
        | {"tracks": (type(track)(role=track.role, program=4, notes=track.notes, doubling=double),)}
    )
    assert song_from_json(song_to_json(doubled_song)) == doubled_song
    old = song_to_json(song)
    for plain in old["tracks"]:
        del plain["doubling"]
    assert song_from_json(old) == song


def test_loudness_is_told_for_every_program_and_no_other():
    assert all(-45 < loudness_of(program) < -10 for program in range(128))
    with pytest.raises(ValueError, match="no General MIDI program"):
        loudness_of(128)
