"""Single players: counter voices, grips, and figures in bars of other lengths."""

import numpy as np
import pytest

from engine.grammar.bass import play_bass
from engine.grammar.comping import play_comping
from engine.grammar.counter import play_counter
from engine.grammar.grammar import Casting, Passage
from engine.grammar.lofi import LOFI
from engine.grammar.motif import make_motifs, make_tune, phrase_plan, read_rhythm, varied
from engine.grammar.stock import PHRASES
from engine.grammar.voicing import lead, lead_plain, voicings
from engine.music.harmony import QUALITIES, Chord, Key
from engine.music.notes import Note, Role, Section, SectionKind
from engine.music.timing import METERS

PART = Casting(programs=((0, 1.0),), low=52, high=81)


def passage(chords: str, meter: str = "4/4") -> Passage:
    """A passage in C major; `|` stands between the halves of a bar."""
    halves = [Chord.parse(name) for bar in chords.split() for name in (bar.split("|") * 2)[:2]]
    return Passage(
        key=Key.parse("C major"),
        section=Section(kind=SectionKind.VERSE, label="A", start_bar=0, bars=len(halves) // 2),
        chords=tuple(halves),
        following=halves[0],
        roles=frozenset(Role),
        energy=0.6,
        returns=0,
        final=False,
        meter=METERS[meter],
    )


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_ripple_never_rests_and_stays_in_the_chord():
    for meter in METERS:
        here = passage("C Am F G7", meter)
        notes = play_counter(here, "ripple", [], PART, rng())
        assert [note.onset for note in notes] == list(range(0, 4 * here.bar_ticks, 6))
        assert all(note.pitch % 12 in here.chord_at(note.onset).pitch_classes for note in notes)


def test_a_second_voice_moves_with_the_tune_a_third_to_a_sixth_below_it():
    tune = [Note(onset=24 * i, pitch=72 + step, duration=24, velocity=80) for i, step in enumerate((0, 4, 7, 4) * 4)]
    notes = play_counter(passage("C C C C"), "second", tune, PART, rng())
    assert [note.onset for note in notes] == [note.onset for note in tune]
    assert all(3 <= above.pitch - below.pitch <= 9 for above, below in zip(tune, notes, strict=True))
    assert {note.pitch % 12 for note in notes} <= {0, 4, 7}


def test_a_second_voice_without_a_tune_sings_by_itself():
    assert len(play_counter(passage("C Am F G7"), "second", [], PART, rng())) >= 4


@pytest.mark.parametrize("manner", ["pad", "arpeggio", "slow", "bells", "ripple", "answer", "guide", "second"])
def test_counters_stay_within_the_passage_in_every_meter(manner):
    for meter in METERS:
        for seed in range(12):
            here = passage("C Am|F Dm7 G7", meter if meter != "3/4" else "6/8")
            notes = play_counter(here, manner, [], PART, rng(seed))
            assert notes
            assert all(0 <= n.onset < n.end <= 4 * here.bar_ticks for n in notes)
            assert all(PART.low <= n.pitch <= PART.high for n in notes)


def test_power_chords_are_root_fifth_and_octave_low_in_the_part():
    for root in range(12):
        (grip,) = voicings(root, "5", 40, 67)
        assert [pitch - grip[0] for pitch in grip] == [0, 7, 12]
        assert grip[0] % 12 == root
        assert grip[0] < 52


def test_plain_chords_have_only_the_tones_of_their_symbols():
    coloured = 0
    for seed in range(40):
        for quality in ("7", "m7", "maj7", ""):
            chord = Chord(root=seed % 12, quality=quality, bass=seed % 12)
            named = {(chord.root + step) % 12 for step in QUALITIES[quality]}
            assert {pitch % 12 for pitch in lead_plain(chord, None, 48, 76, rng(seed))} <= named
            coloured += not {pitch % 12 for pitch in lead(chord, None, 48, 76, rng(seed))} <= named
    assert coloured > 10


def test_a_chord_without_a_clear_voicing_is_spread_over_the_part():
    (spread,) = voicings(0, "m9", 24, 33)
    assert all(24 <= pitch <= 33 and pitch % 12 in (0, 2, 3, 7, 10) for pitch in spread)


def test_a_chord_that_changes_within_a_short_bar_is_struck_where_it_changes():
    here = passage("C|F C|F", "2/4")
    struck = play_comping(here, ("0:4:all",), PART, rng())
    assert {note.onset for note in struck} == {0, 24, 48, 72}
    stride = play_comping(here, ("2:2:all 6:2:all",), PART, rng())
    assert {note.onset for note in stride if note.onset >= 48} == {60, 84}
    low = Casting(programs=((0, 1.0),), low=28, high=52)
    bass = play_bass(here, ("0:2:R! 4:2:F",), low, rng())
    assert [(note.onset, note.duration, note.pitch % 12) for note in bass] == [
        (0, 12, 0),
        (24, 12, 5),
        (48, 12, 0),
        (72, 12, 5),
    ]


def test_a_rhythm_of_six_eight_has_six_places_a_beat():
    assert read_rhythm("x~x~x~ x~~~x~") == ((0, 12), (12, 12), (24, 12), (36, 24), (60, 12))


def test_phrase_plans_fill_any_number_of_bars_and_close():
    for bars in range(1, 40):
        plan = phrase_plan(PHRASES, bars, rng(bars))
        assert len(plan) == bars
        assert plan[-1] == "d"


def test_a_tune_of_one_bar_returns_as_it_is():
    section = Section(kind=SectionKind.VERSE, label="A", start_bar=0, bars=1)
    tune = make_tune(make_motifs(LOFI.melody, rng()), LOFI.melody, section, rng(1))
    assert varied(tune, rng(2)) == tune
