"""Every word that a style's grammar writes can be read, and means what the conventions say."""

import numpy as np
import pytest

from engine.grammar.chance import pick
from engine.grammar.corpus import GRAMMARS
from engine.grammar.grammar import SIXTEENTH, read_figure, read_grid
from engine.grammar.motif import read_rhythm
from engine.grammar.progression import read_cell
from engine.grammar.voicing import lead, shapes, voicings
from engine.music.harmony import QUALITIES, Chord, Key

TRIPLET = 8
FEELS = {
    f"{name} {number}": feel
    for name, grammar in GRAMMARS.items()
    for number, feel in enumerate([*([feel for feel, _ in grammar.variants] or [grammar]), *grammar.others], start=1)
}
grammars = pytest.mark.parametrize("grammar", FEELS.values(), ids=FEELS)


@grammars
def test_every_progression_is_whole_phrases_of_four_bars_in_every_key(grammar):
    pools = [*grammar.cells.items(), *(item for own in grammar.cells_by_kind.values() for item in own.items())]
    for mode, cells in pools:
        for tonic in range(12):
            assert {len(read_cell(cell, Key(tonic=tonic, mode=mode))) for cell, _ in cells} <= {4, 8, 12, 16}


@grammars
def test_every_ending_is_two_bars_that_close_on_the_tonic(grammar):
    for mode, endings in grammar.endings.items():
        key = Key(tonic=7, mode=mode)
        for ending, _ in endings:
            bars = read_cell(ending, key)
            assert len(bars) == 2
            assert bars[-1][-1].root == key.tonic


@grammars
def test_a_dozen_progressions_stand_behind_each_usual_mode(grammar):
    for mode, weight in grammar.modes:
        assert weight < 0.1 or len(grammar.cells[mode]) >= 12


@grammars
def test_colours_keep_the_kind_of_the_chord(grammar):
    for quality, choices in grammar.colours.items():
        for other, _ in choices:
            assert (3 in QUALITIES[quality]) == (3 in QUALITIES[other])


@grammars
def test_every_figure_fits_its_bar_and_the_bass_starts_it(grammar):
    for figures, _ in (*grammar.comping, *grammar.bass):
        for figure in figures:
            steps, end = read_figure(figure), grammar.meter.bar_ticks // SIXTEENTH
            assert all(0 <= step.onset < end for step in steps)
            assert all(step.onset + step.duration <= end or step.what == "push" for step in steps)
    for figures, _ in grammar.bass:
        assert all(read_figure(figure)[0].onset == 0 and read_figure(figure)[0].what in "RT" for figure in figures)


@grammars
def test_every_drum_grid_fills_its_bar(grammar):
    drums = grammar.drums
    grids = [grid for pair, _ in drums.kicks for grid in pair]
    grids += [grid for pool in (drums.backbeats, drums.ghosts, drums.hats) for grid, _ in pool]
    grids += [entry[1] for entry, _ in drums.layers if entry]
    grids += [line.split(" ", 1)[1] for pool in (drums.fills, drums.quiet) for lines, _ in pool for line in lines]
    for grid in grids:
        written = grid.removeprefix("t").replace(" ", "")
        assert len(written) == grammar.meter.bar_ticks // (TRIPLET if grid.startswith("t") else SIXTEENTH)
        assert {mark for _, mark in read_grid(written)} <= set("xo-O")


@grammars
def test_every_rhythm_fills_a_beat_and_every_close_a_bar(grammar):
    words = grammar.melody
    beat = words.meter.beat_ticks // SIXTEENTH
    assert words.meter == grammar.meter
    assert all(word == "ttt" or len(word) == beat for word, _ in words.beats)
    for close, _ in (*words.half_closes, *words.full_closes):
        assert [len(word) for word in close.split() if word != "ttt"] <= [beat] * (grammar.meter.bar_ticks // 6 // beat)
        assert len(close.split()) == grammar.meter.bar_ticks // grammar.meter.beat_ticks


@grammars
def test_phrase_plans_and_arcs_have_a_word_a_bar(grammar):
    for plans in (grammar.melody.phrases, grammar.melody.sparse):
        for bars, choices in plans.items():
            assert all(len(plan.split()) == bars for plan, _ in choices)
            assert all(set(plan.replace(" ", "")) <= set("ab'ifcd.") for plan, _ in choices)
    assert {len(arc) for arc, _ in grammar.melody.arcs} <= {8, 12}


@grammars
def test_every_section_kind_of_every_form_has_a_cast(grammar):
    for form, _ in grammar.forms:
        words = [word.split(":") for word in form.split()]
        assert 24 <= sum(int(bars) for _, _, bars in words) <= 64
        assert all(kind in grammar.casts and int(bars) in (4, 8, 12, 16) for kind, _, bars in words)


def test_a_figure_is_read_with_its_accents():
    first, second = read_figure("0:6:R! 14:2:A-")
    assert (first.onset, first.duration, first.what, first.accent) == (0, 6, "R", 1)
    assert (second.onset, second.accent) == (14, -1)


def test_an_unreadable_figure_is_named():
    with pytest.raises(ValueError, match="'0;6;R' is no step"):
        read_figure("0;6;R")


def test_a_rhythm_is_read_in_ticks_and_a_hold_after_a_rest_stays_a_rest():
    assert read_rhythm("x~x~ ~~x~") == ((0, 12), (12, 24), (36, 12))
    assert read_rhythm("~~x~ ..~x") == ((12, 12), (42, 6))
    assert read_rhythm("ttt x~~~") == ((0, 8), (8, 8), (16, 8), (24, 24))


def test_choices_follow_their_weights():
    rng = np.random.default_rng(1)
    drawn = [pick(rng, (("often", 9.0), ("seldom", 1.0))) for _ in range(2000)]
    assert 0.86 < drawn.count("often") / 2000 < 0.94


def test_every_quality_has_voicings_in_range_made_of_its_notes():
    for quality in QUALITIES:
        if quality == "5":
            continue
        for root in range(12):
            found = voicings(root, quality, 48, 76)
            assert found, quality
            allowed = {(root + step) % 12 for shape in shapes(quality) for step in shape}
            for voicing in found:
                assert 48 <= voicing[0] < voicing[-1] <= 76
                assert {pitch % 12 for pitch in voicing} <= allowed


def test_a_voicing_moves_less_from_a_near_chord_than_chance_would():
    rng = np.random.default_rng(2)
    led, loose = [], []
    for _ in range(200):
        root, step = int(rng.integers(12)), int(rng.integers(1, 12))
        before = lead(Chord(root=root, quality="m9", bass=root), None, 48, 76, rng)
        target = Chord(root=(root + step) % 12, quality="maj9", bass=(root + step) % 12)
        options = voicings(target.root, target.quality, 48, 76)
        led.append(_motion(before, lead(target, before, 48, 76, rng)))
        loose.append(_motion(before, options[int(rng.integers(len(options)))]))
    assert np.mean(led) < 0.6 * np.mean(loose)


def _motion(before: tuple[int, ...], after: tuple[int, ...]) -> float:
    return sum(min(abs(pitch - old) for old in before) for pitch in after) / len(after)
