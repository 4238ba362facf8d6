"""Songs on their way into a comparison: windows, baselines, wishes, files, the packaged reference."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import SetupError
from engine.evaluate import reference
from engine.evaluate.baselines import random_notes, shuffled_bars
from engine.evaluate.files import load_set, save_set
from engine.evaluate.reference import (
    BASELINES,
    REFERENCE,
    build_baselines,
    human_pool,
    load_baselines,
    load_reference,
    reference_windows,
)
from engine.evaluate.tutorial import learn_tutorial, song_of_tokens, tokens_of, tutorial_songs
from engine.evaluate.vectors import Label, Sample, heard, measure_all
from engine.evaluate.windows import LONGEST_S, SHORTEST_S, crop, windows
from engine.evaluate.wishes import wishes
from engine.grammar.corpus import composed_songs
from engine.metrics.vector import metric_vector
from engine.music.notes import Role, Song
from tests.evaluate.sets import drawn
from tests.metrics.songs import BAR, line, note, song

RNG = np.random.default_rng


@pytest.fixture(scope="module")
def composed() -> list[Song]:
    return list(composed_songs("lofi", 3, 8))


def label(name: str, style: str = "lofi") -> Label:
    return Label(id=name, style=style, split="train", kind="composed")


def test_a_crop_holds_the_notes_that_start_in_it_and_cuts_what_rings_on() -> None:
    parts = {Role.MELODY: [note(0, 60), note(BAR, 62, 2 * BAR), note(3 * BAR, 64)], Role.BASS: [note(0, 40)]}
    cut = crop(song(parts, bars=4, labels="AB", chords=["C", "F", "G", "C"]), 1, 3)
    assert [track.role for track in cut.tracks] == [Role.MELODY]
    assert cut.tracks[0].notes == (note(0, 62, 2 * BAR),)
    assert [(section.label, section.start_bar, section.bars) for section in cut.sections] == [("A", 0, 1), ("B", 1, 1)]
    assert [str(chord) for chord in cut.chords] == ["F", "F", "G", "G"]


def test_a_crop_of_everything_is_the_song(composed: list[Song]) -> None:
    for one in composed:
        assert crop(one, 0, one.bars) == one


def test_an_empty_crop_is_refused() -> None:
    with pytest.raises(ValueError, match="no stretch"):
        crop(song({}, bars=4), 2, 2)


def test_windows_are_30_to_60_seconds_long_and_follow_one_another(composed: list[Song]) -> None:
    for one in composed:
        cut = list(windows(one, RNG(1)))
        assert cut
        assert all(SHORTEST_S <= window.duration_s <= LONGEST_S for window in cut)
        bars = sum(window.bars for window in cut)
        assert bars <= one.bars
        rest_s = one.duration_s * (one.bars - bars) / one.bars
        assert rest_s < SHORTEST_S
        borders = {section.start_bar for section in one.sections} | {one.bars}
        assert cut[0].bars in borders


def test_a_short_piece_is_one_window_and_a_very_short_one_none() -> None:
    assert [w.bars for w in windows(song({Role.MELODY: line(*[60, 62] * 20)}, bars=10), RNG(0))] == [10]
    assert not list(windows(song({}, bars=4), RNG(0)))


def test_reference_windows_take_every_piece_before_a_second_window_of_any(composed: list[Song]) -> None:
    samples = [Sample(label=label(f"piece {i}"), song=one) for i, one in enumerate(composed)]
    names = [sample.label.id.partition("@")[0] for sample in reference_windows(samples)]
    assert set(names[:3]) == {"piece 0", "piece 1", "piece 2"}


def test_windows_without_a_melody_are_no_reference() -> None:
    drums = song({Role.DRUMS: [note(BAR * i, 36) for i in range(10)]}, bars=10)
    assert not list(reference_windows([Sample(label=label("drums"), song=drums)]))


def test_random_notes_keep_to_scale_count_and_form(composed: list[Song]) -> None:
    for one in composed:
        random = random_notes(one, RNG(1))
        assert random == random_notes(one, RNG(1)) != one
        assert (random.sections, random.chords, random.key) == (one.sections, one.chords, one.key)
        for before, after in zip(one.tracks, random.tracks, strict=True):
            assert 0.7 * len(before.notes) <= len(after.notes) <= len(before.notes)
            if after.role is not Role.DRUMS:
                assert all(n.pitch % 12 in one.key.scale for n in after.notes)
        metric_vector(random)


def test_shuffled_bars_move_chords_along_with_notes() -> None:
    bars = [note(BAR * i, pitch) for i, pitch in enumerate((60, 65, 67, 69))]
    mixed = shuffled_bars(song({Role.MELODY: bars}, chords=["C", "F", "G", "Am"]), RNG(3))
    found = [(n.pitch % 12, mixed.chords[2 * (n.onset // BAR)].root) for n in mixed.tracks[0].notes]
    assert all(pitch == root for pitch, root in found)
    assert sorted(n.pitch for n in mixed.tracks[0].notes) == [60, 65, 67, 69]


def test_the_tutorial_reads_pitches_and_chords_and_writes_half_beats() -> None:
    parts = {Role.MELODY: [note(0, 72), note(24, 71)], Role.HARMONY: [note(0, 60), note(0, 64)]}
    tokens = tokens_of(song(parts))
    assert tokens == [(0, 4), (71,)]
    written = song_of_tokens(tokens, "rock")
    melody = written.track(Role.MELODY)
    assert melody is not None
    assert [(n.onset, n.pitch, n.duration) for n in melody.notes] == [(0, 64, 12), (12, 71, 12)]


def test_the_tutorial_learns_a_loop_and_goes_on_with_it() -> None:
    loop = song({Role.MELODY: line(*[60, 62, 64, 65] * 60)}, bars=60)
    tutorial = learn_tutorial([loop], seed=1, steps=12, hidden=24)
    assert tutorial.losses[-1] < 0.98 * tutorial.losses[0]
    songs = list(tutorial_songs(tutorial, "rock", 2, 5))
    assert all(SHORTEST_S - 2 <= one.duration_s <= LONGEST_S for one in songs)
    assert songs == list(tutorial_songs(tutorial, "rock", 2, 5))


def test_an_interrupted_build_of_the_baselines_goes_on_where_it_was(
    composed: list[Song], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference, "BASELINE_ROWS", 3)
    samples = [Sample(label=label(f"piece {i}"), song=one) for i, one in enumerate(composed)]
    chosen = list(reference_windows(samples))
    said: list[str] = []
    first = build_baselines(chosen, tmp_path, seed=1, steps=1, say=said.append)
    assert Counter(row.kind for row in first.labels) == {"random": 3, "shuffled": 3, "tutorial": 3}
    assert said == ["baselines: chance", "baselines: lofi"]
    (tmp_path / "lofi-1-1.npz").unlink()
    again = build_baselines(chosen, tmp_path, seed=1, steps=1, say=said.append)
    assert said[2:] == ["baselines: lofi"]
    np.testing.assert_array_equal(again.values, first.values)


def test_too_little_music_teaches_the_tutorial_nothing() -> None:
    with pytest.raises(ValueError, match="too few"):
        learn_tutorial([song({Role.MELODY: line(60, 62)})], seed=1, steps=1)


def test_wishes_come_again_whatever_their_count_and_ask_for_30_to_60_seconds() -> None:
    asked = list(wishes("rock", (96.0, 164.0), 40, 7))
    assert asked[:5] == list(wishes("rock", (96.0, 164.0), 5, 7))
    assert len({wish.seed for wish in asked}) == 40
    assert all(30 <= wish.seconds <= 60 for wish in asked)
    assert {wish.key is None for wish in asked} == {wish.bpm is None for wish in asked} == {True, False}
    assert all(96 <= wish.bpm <= 164 for wish in asked if wish.bpm is not None)


def test_chords_are_heard_from_notes_and_not_taken_from_the_plan() -> None:
    arpeggio = [note(BAR * bar + 24 * i, p, 24) for bar in range(4) for i, p in enumerate((48, 52, 55, 60))]
    told = song({Role.BASS: arpeggio[::4], Role.HARMONY: arpeggio}, chords=["F#m"] * 4)
    assert {str(chord) for chord in heard(told).chords} == {"C"}


def test_a_set_comes_back_from_its_file(tmp_path: Path) -> None:
    one = drawn(12)
    values = one.values.copy()
    values[0, 0], values[1, 1] = np.nan, 0.0
    save_set(replace(one, values=values), tmp_path / "set.npz", {"seed": 3})
    back, facts = load_set(tmp_path / "set.npz")
    assert back.labels == one.labels
    assert back.metrics == one.metrics
    assert facts == {"seed": 3}
    np.testing.assert_allclose(back.values, values, rtol=1e-4)


def test_a_missing_or_foreign_set_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SetupError, match="is missing"):
        load_set(tmp_path / "none.npz")
    monkeypatch.setattr("engine.evaluate.files.FORMAT", 99)
    save_set(drawn(3), tmp_path / "set.npz")
    monkeypatch.undo()
    with pytest.raises(SetupError, match="has format 99"):
        load_set(tmp_path / "set.npz")


def test_the_packaged_sets_speak_of_the_measures_that_there_are(composed: list[Song]) -> None:
    measured = measure_all([Sample(label=label("a"), song=composed[0])])
    for packaged in (load_reference(), load_baselines()):
        assert packaged.metrics == measured.metrics
        assert packaged.trait_names == measured.trait_names


def test_the_packaged_reference_is_small_and_tells_people_from_grammar() -> None:
    assert REFERENCE.stat().st_size + BASELINES.stat().st_size < 1.5e6
    people = load_reference()
    pool = human_pool(people, "lofi")
    assert {row.style for row in pool.labels if row.kind == "composed"} == {"lofi"}
    assert {row.split for row in people.of_style("rock").labels} == {"train", "valid"}


def test_what_is_known_of_random_notes_shuffled_bars_and_the_tutorial_shows_in_the_packaged_sets() -> None:
    """The figures that calibrate every report: see docs/evaluation.md."""
    from engine.evaluate.bands import share_inside  # noqa: PLC0415
    from engine.evaluate.learners import discriminator_auc  # noqa: PLC0415
    from engine.evaluate.neighbours import precision  # noqa: PLC0415

    human, others = load_reference().of_style("rock"), load_baselines().of_style("rock")
    kinds = {
        kind: others.rows([i for i, row in enumerate(others.labels) if row.kind == kind])
        for kind in ("random", "shuffled", "tutorial")
    }
    assert discriminator_auc(human, kinds["random"], seed=1) > 0.98
    assert discriminator_auc(human, kinds["tutorial"], seed=1) > 0.98
    assert 0.75 < discriminator_auc(human, kinds["shuffled"], seed=1) < 0.98
    assert precision(human_pool(load_reference(), "rock"), kinds["random"]) < 0.05
    assert share_inside(human, kinds["random"]) < share_inside(human, kinds["shuffled"])
    assert not math.isnan(share_inside(human, kinds["tutorial"]))
