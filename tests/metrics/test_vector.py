"""The metric vector: laws that every measure keeps, and songs counted by hand."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
import pytest

from engine.evaluate.baselines import random_notes, shuffled_bars
from engine.grammar.corpus import composed_songs
from engine.metrics.jazz_transformer import chord_irregularity, groove_similarity, window_entropy
from engine.metrics.manner import bar_likeness, distinct_share, longest_run, returning_share
from engine.metrics.muspy import muspy_measures
from engine.metrics.structure import fitness_scape, frames, self_similarity, structure_measures
from engine.metrics.table import entropy, sounding, table_of
from engine.metrics.vector import metric_vector
from engine.music.notes import Note, Role, Song
from tests.metrics.songs import BAR, line, note, song

SHARES = (
    "polyphony_rate", "scale_consistency", "empty_beat_rate", "empty_measure_rate", "drum_in_pattern_rate",
    "drum_pattern_consistency", "groove_consistency", "groove_similarity", "chord_irregularity", "structure_short",
    "structure_mid", "structure_long", "melody_repeats", "melody_steps", "melody_leaps", "melody_octave_leaps",
    "melody_turns", "melody_chord_tones", "melody_weak_chord_tones", "melody_rests", "bass_roots", "bass_repeats",
    "bass_steps", "bass_downbeats", "melody_distinct_bars", "melody_returning_bars", "distinct_bars", "returning_bars",
    "neighbour_likeness", "on_beat", "sixteenths", "triplets", "chord_fifths", "melody_presence", "drums_presence",
)  # fmt: skip
TUNE = (60, 62, 64, 65, 67, 69, 71, 72, 71, 67, 65, 62)


@pytest.fixture(scope="module")
def composed() -> list[Song]:
    return list(composed_songs("lofi", 3, 5))


def returning_song(loops: int) -> Song:
    """Twelve bars of a wandering tune, `loops` times, at 60 quarter notes a minute."""
    rng = np.random.default_rng(3)
    tune = rng.choice(TUNE, size=24).tolist()
    return song({Role.MELODY: line(*(tune * loops), every=24)}, bars=6 * loops)


def test_shares_lie_between_0_and_1_and_entropies_are_not_negative(composed: list[Song]) -> None:
    rng = np.random.default_rng(1)
    for one in (*composed, *(random_notes(s, rng) for s in composed), *(shuffled_bars(s, rng) for s in composed)):
        vector = metric_vector(one)
        assert all(0 <= vector[name] <= 1 for name in SHARES if not math.isnan(vector[name]))
        assert all(value >= 0 for name, value in vector.items() if "entropy" in name and not math.isnan(value))


def test_every_song_has_the_same_names_in_the_same_order(composed: list[Song]) -> None:
    bare = song({Role.DRUMS: [note(0, 36)]})
    assert list(metric_vector(bare)) == list(metric_vector(composed[0]))


def test_what_is_not_there_is_nan_and_never_0() -> None:
    vector = metric_vector(song({Role.DRUMS: [note(0, 36)]}))
    for name in ("pitch_range", "scale_consistency", "melody_steps", "bass_roots", "chord_entropy", "velocity_spread"):
        assert math.isnan(vector[name]), name
    assert math.isnan(metric_vector(song({Role.MELODY: line(60, 62)}))["drum_in_pattern_rate"])


def test_a_song_without_bars_is_refused() -> None:
    with pytest.raises(ValueError, match="without bars"):
        metric_vector(replace(song({}), sections=()))


def test_transposing_changes_nothing_but_what_counts_pitches(composed: list[Song]) -> None:
    one = replace(composed[0], chords=())
    tracks = tuple(
        replace(t, notes=tuple(replace(n, pitch=n.pitch + 5 * (t.role is not Role.DRUMS)) for n in t.notes))
        for t in one.tracks
    )
    before, after = metric_vector(one), metric_vector(replace(one, tracks=tracks))
    assert after == pytest.approx(before, nan_ok=True)


def test_a_minute_is_measured_in_less_than_150_ms_of_processor_time(composed: list[Song]) -> None:
    spent = []
    for one in composed:
        began = time.process_time()
        metric_vector(one)
        spent.append(time.process_time() - began)
    assert min(spent) < 0.15


def test_muspy_measures_of_a_song_counted_by_hand() -> None:
    chord = [note(0, pitch, 48) for pitch in (60, 64, 67)]
    drums = [note(tick, 36) for tick in (0, 24, 8, 16)]
    counted = muspy_measures(table_of(song({Role.HARMONY: [*chord, note(96, 61, 24)], Role.DRUMS: drums}, bars=2)))
    assert counted["pitch_range"] == 7
    assert counted["pitches_used"] == counted["pitch_classes_used"] == 4
    assert counted["polyphony"] == pytest.approx((3 * 48 + 24) / 72)
    assert counted["polyphony_rate"] == pytest.approx(48 / 192)
    assert counted["scale_consistency"] == pytest.approx(3 / 4)
    assert counted["pitch_entropy"] == counted["pitch_class_entropy"] == 2.0
    assert counted["empty_beat_rate"] == pytest.approx(5 / 8)
    assert counted["empty_measure_rate"] == 0.0
    assert counted["drum_in_pattern_rate"] == 0.5
    assert counted["drum_pattern_consistency"] == 1.0


def test_a_repeated_bar_is_a_perfect_groove_and_another_one_is_not() -> None:
    same = song({Role.MELODY: line(*[60] * 16)}, bars=4)
    other = song({Role.MELODY: [*line(*[60] * 4), note(BAR + 12, 60), note(2 * BAR, 60)]}, bars=4)
    assert groove_similarity(table_of(same)) == 1.0 == muspy_measures(table_of(same))["groove_consistency"]
    assert groove_similarity(table_of(other)) < 1.0


def test_entropies_of_one_and_of_four_bars() -> None:
    scale = song({Role.MELODY: line(60, 60, 62, 62, 64, 64, 65, 65, 67, 67, 69, 69, 71, 71, 72, 72)})
    table = table_of(scale)
    assert window_entropy(table, 1) == 1.0
    assert window_entropy(table, 4) == pytest.approx(entropy(table.pitch % 12))
    assert window_entropy(table, 4) == window_entropy(table, 40)


def test_chords_that_go_round_are_regular_and_ones_that_never_return_are_not() -> None:
    round_and_round = song({}, bars=12, chords=["C", "F", "G"] * 4)
    never = song({}, bars=6, chords=["C", "F", "G", "Am", "Dm", "Em"])
    assert chord_irregularity(table_of(round_and_round)) == pytest.approx(3 / 10)
    assert chord_irregularity(table_of(never)) == 1.0
    assert math.isnan(chord_irregularity(table_of(song({}, bars=4, chords=["C"] * 4))))


def test_a_loop_has_more_structure_than_noise_and_noise_has_none() -> None:
    loop = structure_measures(table_of(returning_song(4)))
    rng = np.random.default_rng(0)
    noise_notes = [note(24 * i, int(p)) for i, p in enumerate(rng.integers(48, 84, size=96))]
    noise = structure_measures(table_of(song({Role.MELODY: noise_notes}, bars=24)))
    for scale in ("structure_short", "structure_mid", "structure_long"):
        assert loop[scale] > noise[scale] + 0.3
    assert noise["structure_mid"] == noise["structure_long"] == 0.0


def test_a_song_of_equal_halves_is_fittest_where_the_half_stands_alone() -> None:
    table = table_of(returning_song(2))
    scape = fitness_scape(self_similarity(frames(table, table.beat_ticks)))
    length, start = np.unravel_index(int(scape.argmax()), scape.shape)
    assert (length + 1, start) == (24, 0)
    assert scape.max() == pytest.approx(0.5, abs=0.01)  # score and coverage are both a half


def fitness_by_the_book(similarity: np.ndarray, start: int, length: int) -> float:
    """Fitness of one segment: the family of copies with the largest sum, frame after frame."""
    count = len(similarity)
    score, paths = [0.0] * (count + 1), [0] * (count + 1)
    for end in range(1, count + 1):
        score[end], paths[end] = score[end - 1], paths[end - 1]
        if end >= length:
            copy = sum(similarity[start + step, end - length + step] for step in range(length))
            if score[end - length] + copy > score[end] + 1e-12:
                score[end], paths[end] = score[end - length] + copy, paths[end - length] + 1
    covered = paths[count] * length
    normal_score, coverage = (score[count] - length) / covered, (covered - length) / count
    return 2 * normal_score * coverage / (normal_score + coverage) if normal_score + coverage > 0 else 0.0


@pytest.mark.parametrize("seed", range(4))
def test_a_segments_fitness_is_that_of_its_best_family_of_copies(seed: int) -> None:
    chance = np.random.default_rng(seed)
    rows = chance.random((6, 24))[chance.integers(6, size=22)] + 0.05 * chance.random((22, 24))
    similarity = self_similarity(rows)
    scape = fitness_scape(similarity)
    assert (scape > 0).sum() > 10
    for length in range(1, 12):
        for start in range(22 - length + 1):
            assert scape[length - 1, start] == pytest.approx(fitness_by_the_book(similarity, start, length), abs=1e-9)


def test_shuffled_bars_lose_structure_but_no_notes(composed: list[Song]) -> None:
    rng = np.random.default_rng(2)
    for one in (returning_song(4), *composed):
        mixed = shuffled_bars(one, rng)
        assert sum(len(t.notes) for t in mixed.tracks) == sum(len(t.notes) for t in one.tracks)
    song_, mixed = returning_song(4), shuffled_bars(returning_song(4), rng)
    assert metric_vector(mixed)["structure_mid"] < metric_vector(song_)["structure_mid"] - 0.3
    assert metric_vector(mixed)["melody_pitch_entropy"] == metric_vector(song_)["melody_pitch_entropy"]


def test_a_song_too_short_to_return_has_no_long_structure() -> None:
    assert math.isnan(structure_measures(table_of(song({Role.MELODY: line(*TUNE)}, bars=4)))["structure_long"])


def test_bars_that_are_distinct_or_return() -> None:
    bars = [line(60, 62, 64, 65), line(60, 62, 64, 67), line(72, 71, 69, 67), line(60, 62, 64, 65)]
    notes = [replace(n, onset=n.onset + BAR * i) for i, bar in enumerate(bars) for n in bar]
    likeness = bar_likeness(table_of(song({Role.MELODY: notes})))
    assert likeness[0, 1] == pytest.approx(3 / 5)
    assert likeness[0, 2] == 0.0
    assert distinct_share(likeness) == 3 / 4
    assert returning_share(likeness) == 2 / 3


def test_runs_and_sounding_stretches() -> None:
    assert longest_run(np.array([1, 1, 2, 2, 2, 1])) == 3
    assert math.isnan(longest_run(np.array([], dtype=np.int64)))
    held = song({Role.MELODY: [Note(onset=90, pitch=60, duration=20, velocity=70)]}, bars=3)
    assert sounding(table_of(held), BAR).tolist() == [1, 1, 0]


def test_the_tune_of_a_part_with_chords_is_its_top_line() -> None:
    notes = [note(0, 60), note(0, 72), note(24, 64), note(24, 74)]
    assert table_of(song({Role.MELODY: notes})).top_line().pitch.tolist() == [72, 74]
