"""Composed corpora: a table by style, drum bars from training takes only, people's pieces first where there are any."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from engine.grammar.corpus import GRAMMARS
from engine.learn import composed
from engine.learn.composed import COMPOSED, LEAST_HITS, Composed, composed_pieces, is_composed, played_bars
from engine.learn.dataset import STYLE_IDS, Dataset, Label
from engine.learn.recipe import BASE, LARGE_RECIPE, NOTES, SMALL_RECIPE, human_shares, measured_on, recipe_for
from engine.learn.sources.piece import Piece, split_of
from engine.model.training import Columns
from engine.music.harmony import Key, Mode
from engine.music.notes import Note, Role, Section, SectionKind, Song, Track
from engine.music.styles import style_names
from engine.music.timing import METERS


def take(style: str, word: str, *, pitch: int, split: str = "train", meter: str = "4/4") -> Piece:
    """Two bars of a drummer's: the first with six hits, the second with one."""
    bar = METERS[meter].bar_ticks
    hits = [*(12 * i for i in range(6)), bar]
    track = Track(
        role=Role.DRUMS, program=0, notes=tuple(Note(onset=t, pitch=pitch, duration=6, velocity=90) for t in hits)
    )
    song = Song(
        style=style, tempo_bpm=90, key=Key(tonic=0, mode=Mode.MAJOR), meter=METERS[meter], swing=0.5,
        sections=(Section(kind=SectionKind.VERSE, label="A", start_bar=0, bars=2),), chords=(None,) * 4,
        tracks=(track,), meta={"groove": word},
    )  # fmt: skip
    return Piece(id=f"groove/{pitch}", source="groove", licence="CC-BY-4.0", style=style, split=split, song=song)  # type: ignore[arg-type]


def test_every_composed_style_is_known_and_says_openly_that_it_is_composed():
    assert set(COMPOSED) <= set(STYLE_IDS)
    for style in COMPOSED:
        assert "project's own written grammar" in NOTES[style]
    for style, note in NOTES.items():
        assert style == BASE or style in style_names() or style in COMPOSED
        assert note.endswith(".")
    assert "by rule" in NOTES["chiptune"]


def test_drum_bars_come_from_fitting_takes_in_training_and_full_bars_only():
    takes = [
        take("jazz", "jazz", pitch=36), take("jazz", "jazz/fusion", pitch=38), take("rock", "rock", pitch=40),
        take("jazz", "jazz/swing", pitch=42, split="valid"), take("jazz", "jazz", pitch=44, meter="3/4"),
        take("bossa", "latin/brazilian-bossa", pitch=46), take("rock", "rock/shuffle", pitch=49),
    ]  # fmt: skip
    bars = played_bars(takes)
    assert {n.pitch for bar in bars["jazz"] for n in bar} == {36}
    assert {n.pitch for bar in bars["bossa"] for n in bar} == {46}
    assert {n.pitch for bar in bars["blues"] for n in bar} == {49}
    assert len(bars["jazz"]) == 1
    assert len(bars["jazz"][0]) == 6 >= LEAST_HITS
    assert bars["ambient"] == () or not bars["ambient"]


def test_a_style_in_the_table_without_a_grammar_stops_nobody(monkeypatch):
    monkeypatch.setattr(composed, "COMPOSED", {"polka": Composed(songs=3), "lofi": Composed(songs=2)})
    pieces = list(composed_pieces(most=5, seed=1, bars={}))
    assert [p.id for p in pieces] == ["composed-lofi/0", "composed-lofi/1"]
    assert all(is_composed(p.source) and p.split == split_of(p.id) for p in pieces)
    assert [p.song for p in composed_pieces(most=1, seed=1, bars={})] == [pieces[0].song]


@pytest.mark.parametrize("style", sorted(set(COMPOSED) & set(GRAMMARS)))
def test_a_grammar_of_the_table_composes(style, monkeypatch):
    bars = played_bars([take("jazz", "jazz", pitch=36)])["jazz"]
    monkeypatch.setattr(composed, "COMPOSED", {style: COMPOSED[style]})
    (piece,) = composed_pieces(most=1, seed=4, bars={style: bars})
    assert piece.style == piece.song.style == style
    assert piece.song.bars >= 8


def dataset(*rows: tuple[str, str, int]) -> Dataset:
    """Pieces of (source, style, events), nothing in them."""
    labels = tuple(
        Label(id=f"{source}/{i}", source=source, licence="x", style=style, split="train")
        for i, (source, style, _) in enumerate(rows)
    )
    total = sum(events for *_, events in rows)
    blank = np.zeros((total, 1), np.int16)
    columns = Columns(
        features=blank, details=blank, events=blank, root=blank[:, 0], previous=blank[:, 0],
        starts=np.cumsum([0, *(events for *_, events in rows)]).astype(np.int64),
    )  # fmt: skip
    return Dataset(columns=columns, labels=labels)


def test_people_keep_their_share_of_a_widened_style():
    heard = dataset(("simutrans", "pop", 100), ("composed-pop", "pop", 900), ("composed-lofi", "lofi", 500))
    sizes = np.diff(heard.columns.starts)
    share = heard.weights({"pop": 1.0, "lofi": 1.0}, human_shares()) * sizes
    assert share == pytest.approx([0.7, 0.3, 1.0])
    assert heard.weights({"pop": 1.0, "lofi": 1.0}) * sizes == pytest.approx([0.1, 0.9, 1.0])
    many = dataset(("simutrans", "pop", 900), ("composed-pop", "pop", 100))
    assert many.weights({"pop": 1.0}, human_shares()) * np.diff(many.columns.starts) == pytest.approx([0.9, 0.1])


def test_a_widened_style_is_measured_on_people_alone_and_a_composed_one_on_its_songs():
    held = dataset(("simutrans", "pop", 3), ("composed-pop", "pop", 4), ("composed-lofi", "lofi", 5), ("x", "folk", 2))
    counted = measured_on(held)
    assert [label.source for label in counted.labels] == ["simutrans", "composed-lofi", "x"]
    assert counted.columns.starts.tolist() == [0, 3, 8, 10]
    alone = dataset(("composed-pop", "pop", 4))
    assert measured_on(alone).labels == alone.labels


def test_songs_that_only_widen_a_style_do_not_make_it_a_large_one():
    heard = dataset(("simutrans", "pop", 3), ("composed-pop", "pop", 600_000), ("composed-lofi", "lofi", 600_000))
    assert recipe_for("pop", heard, known={"pop"}) == SMALL_RECIPE
    assert recipe_for("lofi", heard, known={"lofi"}) == LARGE_RECIPE


def test_no_pattern_of_takes_is_broken():
    assert all(re.compile(entry.takes) for entry in COMPOSED.values())
    assert replace(COMPOSED["lofi"], songs=1).songs == 1
