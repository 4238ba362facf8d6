"""What every grammar keeps when it plays a given outline, in every meter."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from engine.grammar.corpus import GRAMMARS, composed_songs, grammar_of
from engine.grammar.grammar import Casting
from engine.grammar.lofi import LOFI
from engine.grammar.meters import GENERIC, in_meter
from engine.grammar.score import Outline, OutlineBar, play
from engine.music.harmony import Chord, Mode
from engine.music.notes import Note, Role, SectionKind, Track
from engine.music.timing import METERS
from tests.grammar.outlines import outline_for

SEEDS = 3
BACKING = (Role.HARMONY, Role.BASS)
styles = pytest.mark.parametrize("style", GRAMMARS)
every = pytest.mark.parametrize("meter", METERS)


@cache
def played(style: str, meter: str, seed: int) -> tuple[Track, ...]:
    return play(GRAMMARS[style], outline_for(meter, seed), np.random.default_rng([seed, 7]))


def songs(style: str, meter: str) -> list[tuple[Outline, dict[Role, tuple[Note, ...]]]]:
    """Outlines and what was played of them."""
    return [
        (outline_for(meter, seed), {track.role: track.notes for track in played(style, meter, seed)})
        for seed in range(SEEDS)
    ]


def chord_at(outline: Outline, tick: int) -> Chord:
    half = min(tick // outline.meter.half_bar_ticks, 2 * len(outline.bars) - 1)
    return outline.bars[half // 2].chords[half % 2]


@styles
@every
def test_a_note_starts_only_where_its_role_plays_and_stops_with_it(style, meter):
    for outline, parts in songs(style, meter):
        bar = outline.meter.bar_ticks
        for role, notes in parts.items():
            for note in notes:
                bars = range(note.onset // bar, -(-note.end // bar))
                assert note.duration > 0
                assert all(role in outline.bars[index].roles for index in bars)


@styles
@every
def test_chords_and_bass_sound_in_every_bar_in_which_they_play(style, meter):
    for outline, parts in songs(style, meter):
        bar = outline.meter.bar_ticks
        for role in BACKING:
            heard = {index for note in parts[role] for index in range(note.onset // bar, -(-note.end // bar))}
            assert heard == {index for index, line in enumerate(outline.bars) if role in line.roles}


@styles
@every
def test_notes_stay_within_their_parts(style, meter):
    for outline, parts in songs(style, meter):
        for role, notes in parts.items():
            assert all(outline.parts[role].low <= note.pitch <= outline.parts[role].high for note in notes)


@styles
@every
def test_no_bar_is_silent_and_every_beat_is_used(style, meter):
    beats: set[int] = set()
    for outline, parts in songs(style, meter):
        bar = outline.meter.bar_ticks
        notes = [note for part in parts.values() for note in part]
        assert {index for n in notes for index in range(n.onset // bar, -(-n.end // bar))} == set(
            range(len(outline.bars))
        )
        beats |= {note.onset % bar // outline.meter.beat_ticks for note in notes}
    assert beats == set(range(METERS[meter].bar_ticks // METERS[meter].beat_ticks))


@styles
@every
def test_the_bass_states_the_root_on_most_downbeats(style, meter):
    judged = agreeing = 0
    for outline, parts in songs(style, meter):
        for note in parts[Role.BASS]:
            if note.onset % outline.meter.bar_ticks == 0:
                judged += 1
                agreeing += note.pitch % 12 == chord_at(outline, note.onset).bass
    assert judged > SEEDS * 10
    assert agreeing / judged >= 0.8


@styles
@every
def test_harmony_plays_the_chord_that_is_written_or_the_next_one_early(style, meter):
    judged = agreeing = 0
    for outline, parts in songs(style, meter):
        for note in parts[Role.HARMONY]:
            now, soon = chord_at(outline, note.onset), chord_at(outline, note.onset + outline.meter.half_bar_ticks)
            judged += 1
            agreeing += note.pitch % 12 in {*now.pitch_classes, *soon.pitch_classes}
    assert agreeing / judged >= (0.7 if style in COLOURED else 0.99)


COLOURED = ("lofi", "jazz", "bossa", "blues", "ambient")
"""Styles whose chords are played with further colours: sixths and ninths that the symbol does not name."""


@styles
@every
def test_the_tune_meets_the_chords_on_downbeats(style, meter):
    judged = agreeing = 0
    for outline, parts in songs(style, meter):
        for note in parts[Role.MELODY]:
            if note.onset % outline.meter.bar_ticks == 0:
                judged += 1
                agreeing += note.pitch % 12 in chord_at(outline, note.onset).pitch_classes
    assert agreeing / judged >= 0.65


@styles
@every
def test_bars_that_repeat_have_the_notes_of_their_source(style, meter):
    for outline, parts in songs(style, meter):
        bar = outline.meter.bar_ticks
        for notes in parts.values():
            starts = [
                {(n.onset % bar, n.pitch) for n in notes if n.onset // bar == index}
                for index in range(len(outline.bars))
            ]
            for index, line in enumerate(outline.bars):
                if line.copy_of is not None:
                    assert starts[index] == starts[line.copy_of]


@styles
@every
def test_no_pitch_is_hammered(style, meter):
    for _, parts in songs(style, meter):
        run = longest = 1
        for before, after in pairwise(parts[Role.MELODY]):
            run = run + 1 if after.pitch == before.pitch else 1
            longest = max(longest, run)
        assert longest <= 8


@styles
@every
def test_the_last_bar_is_a_held_tonic_chord(style, meter):
    for outline, parts in songs(style, meter):
        start = (len(outline.bars) - 1) * outline.meter.bar_ticks
        tonic = outline.bars[-1].chords[0]
        for role, notes in parts.items():
            closing = [note for note in notes if note.onset >= start]
            assert bool(closing) == (role in outline.bars[-1].roles)
            assert all((n.onset, n.duration) == (start, outline.meter.bar_ticks) for n in closing)
            if role in BACKING:
                assert {note.pitch % 12 for note in closing} <= set(tonic.pitch_classes)
        assert {n.pitch % 12 for n in parts[Role.BASS] if n.onset >= start} == {outline.key.tonic}


@styles
@every
def test_one_seed_is_one_song_and_another_seed_another(style, meter):
    outline = outline_for(meter, 1)
    again = play(GRAMMARS[style], outline, np.random.default_rng([1, 7]))
    assert again == played(style, meter, 1)
    others = {play(GRAMMARS[style], outline, np.random.default_rng([1, k])) for k in range(8, 11)}
    assert len({again, *others}) == 4


@styles
def test_four_meters_are_four_musics(style):
    """The same seed in another meter is no cut of the same bars."""
    onsets = {meter: {n.onset for t in played(style, meter, 2) for n in t.notes} for meter in ("3/4", "6/8")}
    assert onsets["3/4"] != onsets["6/8"]


def test_a_grammar_is_used_in_its_own_meter_and_borrows_rhythms_for_others():
    assert in_meter(LOFI, METERS["4/4"]) is LOFI
    folk = in_meter(grammar_of("folk"), METERS["6/8"])
    assert folk in grammar_of("folk").others
    waltz = in_meter(LOFI, METERS["3/4"])
    assert (waltz.comping, waltz.melody.beats) == (GENERIC[METERS["3/4"]].comping, GENERIC[METERS["3/4"]].beats)
    assert (waltz.counters, waltz.melody.moves) == (LOFI.counters, LOFI.melody.moves)


def test_parts_of_ten_semitones_anywhere_are_playable():
    for low in range(24, 100, 19):
        for style, grammar in GRAMMARS.items():
            outline = outline_for("4/4", low)
            narrow = {role: Casting(programs=((0, 1.0),), low=low, high=low + 10) for role in outline.parts}
            parts = {**narrow, Role.DRUMS: outline.parts[Role.DRUMS]}
            tracks = play(grammar, replace(outline, parts=parts), np.random.default_rng(low))
            pitched = [note.pitch for track in tracks if track.role is not Role.DRUMS for note in track.notes]
            assert len(pitched) > 32, style
            assert low <= min(pitched) <= max(pitched) <= low + 10, style


@styles
def test_a_role_alone_leaves_no_bar_silent(style):
    outline = outline_for("4/4", 3)
    for role in Role:
        bars = tuple(replace(bar, roles=frozenset({role})) for bar in outline.bars)
        alone = replace(outline, bars=bars, parts={role: outline.parts[role]})
        (track,) = play(GRAMMARS[style], alone, np.random.default_rng(3))
        heard = {bar for n in track.notes for bar in range(n.onset // 96, -(-n.end // 96))}
        assert heard == set(range(len(bars)))


def test_sections_of_any_length_and_mode_can_be_played():
    for seed in range(60):
        rng = np.random.default_rng(seed)
        outline = outline_for(list(METERS)[seed % 4], seed)
        length = int(rng.integers(1, 23))
        section = replace(outline.sections[0], bars=length, kind=list(SectionKind)[seed % 6])
        key = replace(outline.key, mode=list(Mode)[seed % 7])
        bars = tuple(replace(bar, copy_of=None) for bar in outline.bars[4 : 4 + length])
        short = replace(outline, key=key, sections=(section,), bars=bars)
        tracks = play(list(GRAMMARS.values())[seed % 12], short, rng)
        assert {track.role for track in tracks} >= set(BACKING)


def test_silence_on_every_role_is_kept():
    outline = outline_for("4/4", 0)
    empty = OutlineBar(chords=outline.bars[5].chords, roles=frozenset(), energy=0.5)
    bars = (*outline.bars[:5], empty, *outline.bars[6:])
    bars = tuple(replace(bar, copy_of=None) for bar in bars)
    tracks = play(LOFI, replace(outline, bars=bars), np.random.default_rng(1))
    assert not any(note.end > 5 * 96 and note.onset < 6 * 96 for track in tracks for note in track.notes)


def test_a_style_that_only_follows_plans_composes_no_corpus():
    with pytest.raises(ValueError, match="'ragtime' has no written grammar that composes"):
        next(composed_songs("ragtime", 1, 0))


def test_a_style_without_a_grammar_is_played_with_the_plainest_words():
    assert grammar_of("polka").name == "pop"
