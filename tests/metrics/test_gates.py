"""The degeneracy gate refuses what is broken and passes what is not."""

import pytest

from engine.metrics.gates import degeneracy
from engine.music.notes import Note, Role, Song
from tests.metrics.songs import BAR, note, song

RANGES = {Role.MELODY: (60, 84), Role.BASS: (28, 50)}
SCALE = (60, 62, 64, 65, 67, 69, 71)


def tune(bars: int, *, rest: range = range(0)) -> list[Note]:
    """Quarters up and down the scale, another bar each time; no notes in the bars of `rest`."""
    return [note(24 * i, SCALE[(i * 3 + i // 4) % 7]) for i in range(4 * bars) if i // 4 not in rest]


def bass(bars: int) -> list[Note]:
    return [note(bar * BAR, 36 + bar % 5, BAR) for bar in range(bars)]


def band(melody: list[Note], *, bars: int = 8, low: list[Note] | None = None) -> Song:
    return song({Role.MELODY: melody, Role.BASS: bass(bars) if low is None else low}, bars=bars)


def test_a_sound_song_passes():
    assert degeneracy(band(tune(8)), RANGES) == ()


def test_eight_repetitions_pass_and_nine_do_not():
    repeated = [note(24 * i, 67) for i in range(9)]
    rest = [n for n in tune(8) if n.onset >= 9 * 24 and n.pitch != 67]
    assert degeneracy(band(repeated[:8] + rest), RANGES) == ()
    assert degeneracy(band(repeated + rest), RANGES) == ("the melody repeats a pitch 9 times running",)


def test_a_silent_bar_is_named_as_a_musician_counts():
    holed = band(tune(8, rest=range(2, 3)), low=[n for n in bass(8) if n.onset // BAR != 2])
    assert degeneracy(holed, RANGES) == ("bar 3 is silent",)


def test_notes_out_of_range_are_counted():
    assert degeneracy(band([*tune(8)[:-1], note(31 * 24, 85)]), RANGES) == ("notes outside their role's range: 1",)


def test_four_equal_bars_pass_and_five_do_not():
    def frozen(count: int) -> list[Note]:
        bars = [note(bar * BAR + 24 * i, pitch) for bar in range(count) for i, pitch in enumerate((60, 64, 67, 65))]
        return bars + [n for n in tune(8) if n.onset >= count * BAR]

    assert degeneracy(band(frozen(4)), RANGES) == ()
    assert degeneracy(band(frozen(5)), RANGES) == ("the melody plays the same bar 5 times running",)


def test_three_pitches_are_no_melody():
    poor = [note(24 * i, (60, 62, 64)[(i * i + i // 3) % 3]) for i in range(32)]
    assert "the melody has only" in " ".join(degeneracy(band(poor), RANGES))


def test_a_note_held_for_five_bars_is_a_drone():
    assert degeneracy(band(tune(8), low=[note(0, 36, 5 * BAR), note(5 * BAR, 38, 3 * BAR)]), RANGES) == (
        "the bass holds a note for more than 4 bars",
    )


def test_a_rest_of_four_bars_passes_and_of_five_does_not():
    assert degeneracy(band(tune(8, rest=range(2, 6))), RANGES) == ()
    assert degeneracy(band(tune(8, rest=range(2, 7))), RANGES) == ("the melody rests for 5 bars running",)


def test_a_role_that_was_meant_to_rest_may_rest():
    active = [frozenset({Role.BASS} if 2 <= bar < 7 else {Role.BASS, Role.MELODY}) for bar in range(8)]
    assert degeneracy(band(tune(8, rest=range(2, 7))), RANGES, active=active) == ()


def test_a_role_that_was_meant_to_play_and_does_not_is_missing():
    alone = song({Role.MELODY: tune(8)}, bars=8)
    assert degeneracy(alone, RANGES) == ()
    active = [frozenset({Role.MELODY, Role.BASS})] * 8
    assert degeneracy(alone, RANGES, active=active) == ("the bass is missing",)


def test_a_track_without_notes_is_missing_unless_it_was_meant_to_be():
    empty = band(tune(8), low=[])
    assert degeneracy(empty, RANGES) == ("the bass is missing",)
    assert degeneracy(empty, RANGES, active=[frozenset({Role.MELODY})] * 8) == ()


def test_roles_must_be_given_for_every_bar():
    with pytest.raises(ValueError, match="given for 3 bars, the song has 8"):
        degeneracy(band(tune(8)), RANGES, active=[frozenset({Role.MELODY})] * 3)
