"""Stretches cut out of songs: what they hold, and how long they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.grammar.corpus import composed_songs
from engine.music.excerpt import excerpt, windows
from engine.music.harmony import Chord
from engine.music.notes import Note, Role, Song
from tests.metrics.songs import BAR, line, note, song


@pytest.fixture(scope="module")
def piece() -> Song:
    """Eight bars in two sections: a quarter note after the other, a bass a bar, a counter in the second bar alone."""
    parts = {
        Role.MELODY: line(*range(60, 92)),
        Role.COUNTER: [note(BAR, 70)],
        Role.BASS: [note(bar * BAR, 40, BAR) for bar in range(8)],
    }
    return song(parts, bars=8, labels="AB", chords=("C", "F", "G", "C", "Am", "Dm", "G7", "C"))


def notes_between(source: Song, role: Role, start: int, end: int) -> tuple[Note, ...]:
    track = source.track(role)
    notes = track.notes if track else ()
    return tuple(replace(n, onset=n.onset - start * BAR) for n in notes if start * BAR <= n.onset < end * BAR)


def test_a_whole_song_is_its_own_excerpt(piece):
    assert excerpt(piece, 0, piece.bars) == piece
    for composed in composed_songs("lofi", 2, 3):
        assert excerpt(composed, 0, composed.bars) == composed


def test_notes_sections_and_chords_are_counted_from_the_first_bar_again(piece):
    cut = excerpt(piece, 2, 4)
    assert cut.bars == 4
    assert [(s.label, s.start_bar, s.bars) for s in cut.sections] == [("A", 0, 2), ("B", 2, 2)]
    assert cut.chords == tuple(Chord.parse(name) for name in ("G", "G", "C", "C", "Am", "Am", "Dm", "Dm"))
    assert [track.role for track in cut.tracks] == [Role.MELODY, Role.BASS], "a role without a note there leaves"
    for track in cut.tracks:
        assert track.notes == notes_between(piece, track.role, 2, 6)


def test_an_excerpt_of_an_excerpt_is_an_excerpt(piece):
    assert excerpt(excerpt(piece, 1, 6), 2, 3) == excerpt(piece, 3, 3)


def test_a_note_over_the_first_bar_line_is_left_out_and_one_over_the_last_is_cut(piece):
    held = replace(
        piece, tracks=(replace(piece.tracks[0], notes=(note(48, 60, 96), note(BAR, 62), note(2 * BAR - 24, 64, 48))),)
    )
    assert excerpt(held, 1, 1).tracks[0].notes == (note(0, 62), note(BAR - 24, 64, 24))


@pytest.mark.parametrize(("start", "bars"), [(-1, 2), (0, 0), (7, 2), (8, 1)])
def test_bars_that_are_not_there_are_named(piece, start, bars):
    with pytest.raises(ValueError, match="the song's 8 bars"):
        excerpt(piece, start, bars)


@pytest.mark.parametrize("tempo_bpm", [60.0, 97.0, 180.0])
def test_windows_are_of_the_asked_length_and_follow_one_another(tempo_bpm):
    long = replace(song({Role.MELODY: line(*[60, 62, 64, 65] * 150)}, bars=150), tempo_bpm=tempo_bpm)
    lengths = set()
    for seed in range(20):
        cuts = list(windows(long, np.random.default_rng(seed)))
        assert cuts
        assert all(30.0 <= cut.duration_s <= 60.0 for cut in cuts)
        start = 0
        for cut in cuts:
            assert cut == excerpt(long, start, cut.bars)
            start += cut.bars
        lengths |= {cut.bars for cut in cuts}
    assert len(lengths) > 5


def test_the_asked_bounds_hold_for_other_lengths_too(piece):
    long = song({Role.MELODY: line(*[60] * 400)}, bars=100)
    found = [
        cut.duration_s for seed in range(20) for cut in windows(long, np.random.default_rng(seed), low_s=26, high_s=33)
    ]
    assert set(found) == {28.0, 32.0}
    assert list(windows(piece, np.random.default_rng(0), low_s=40, high_s=50)) == [], "the song is too short"
    assert list(windows(long, np.random.default_rng(0), low_s=10, high_s=20)) == [], "five bars are no music"
