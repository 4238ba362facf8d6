"""The network reads where it is: frames measured on songs, and the running context."""

from __future__ import annotations

import numpy as np

from engine.compose.frame import frame_of_plan
from engine.grammar.corpus import composed_songs
from engine.learn.dataset import encode_song
from engine.music.context import (
    FEATURES,
    N_DETAIL_ROWS,
    N_DETAILS,
    N_FEATURE_ROWS,
    N_FEATURES,
    Context,
    vocabulary_hash,
)
from engine.music.frames import fill_gaps, frame_of_song
from engine.music.tokens import BAR, MELODY, song_to_events
from tests.small import plan_of_song


def value_of(row: list[int], name: str) -> int:
    at = 0
    for index, (feature, size) in enumerate(FEATURES):
        if feature == name:
            return row[index] - at
        at += size
    raise KeyError(name)


def test_every_index_lies_in_its_features_own_rows():
    for song in composed_songs("lofi", 5, 9):
        rows = encode_song(song, 5)
        assert rows["features"].shape[1] == N_FEATURES
        assert rows["details"].shape[1] == N_DETAILS
        assert rows["details"].max() < N_DETAIL_ROWS
        ends = np.cumsum([size for _, size in FEATURES])
        starts = ends - [size for _, size in FEATURES]
        assert (rows["features"] >= starts).all()
        assert (rows["features"] < ends).all()
        assert ends[-1] == N_FEATURE_ROWS


def test_the_context_looks_back_at_what_the_melody_did_a_bar_ago():
    song = next(composed_songs("lofi", 1, 2))
    events = song_to_events(song)
    context = Context(frame_of_song(song), 5)
    melody: dict[int, list[tuple[int, int]]] = {}
    checked = 0
    for event in events:
        if context.bar >= 1:
            earlier = [n for n in melody.get(context.bar - 1, []) if n[0] >= context.slot]
            row = context.features()
            assert value_of(row, "then_1_melody") == (earlier[0][0] if earlier else BAR)
            checked += bool(earlier)
        if event.role == MELODY and event.onset != BAR:
            melody.setdefault(context.bar, []).append((event.onset, event.pitch))
        context.push(event)
    assert checked > 50


def test_features_do_not_change_the_context():
    song = next(composed_songs("lofi", 1, 2))
    context = Context(frame_of_song(song), 5)
    for event in song_to_events(song)[:100]:
        first = context.features()
        context.detail(3, MELODY)
        assert context.features() == first
        context.push(event)


def test_a_breath_of_two_bars_is_not_an_exit():
    t, f = True, False
    assert fill_gaps([f, t, f, f, t, f], longest=2) == [f, t, t, t, t, f]
    assert fill_gaps([t, f, f, f, t], longest=2) == [t, f, f, f, t]


def test_a_plan_made_from_a_song_is_framed_as_the_song_is():
    song = next(composed_songs("lofi", 1, 4))
    planned, measured = frame_of_plan(plan_of_song(song)), frame_of_song(song)
    assert (planned.style, planned.meter, planned.mode, planned.tempo) == (
        measured.style,
        measured.meter,
        measured.mode,
        measured.tempo,
    )
    assert [(b.kind, b.bar_in_section, b.bars_left, b.chords) for b in planned.bars] == [
        (b.kind, b.bar_in_section, b.bars_left, b.chords) for b in measured.bars
    ]


def test_the_vocabulary_hash_is_stable():
    assert vocabulary_hash() == vocabulary_hash()
    assert len(vocabulary_hash()) == 64
