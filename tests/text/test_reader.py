"""What texts mean: the shipped head's laws, words that decided, styles that it does not know, damaged files."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from engine.errors import CheckpointError
from engine.music.styles import load_style, style_names
from engine.text.encoder import LAYERS, TextEncoder
from engine.text.head import HEAD_PATH, OPEN, from_bytes, load_head, save_head, to_bytes
from engine.text.meaning import MOODS, NOTHING
from engine.text.reader import LEAST_PARTS, Reader, parts_of

DESCRIPTIONS = {name: load_style(name).descriptions for name in style_names()}
SCENES = {
    "rainy evening, tea, headphones and homework": "lofi",
    "smoky club with an upright bass and brushes": "jazz",
    "hobbits dancing in the tavern": "folk",
    "floating through space half asleep": "ambient",
    "driving through a neon city at night": "synthwave",
    "angry guitars and a mosh pit": "rock",
    "first level of an old platform game": "chiptune",
    "caipirinha on the beach in Rio": "bossa",
    "a ball in the emperor's palace with violins": "classical",
    "silent movie chase on a player piano": "ragtime",
}
EMPTY = ("asdf", "qwertzuiop", "🙂", "42", "...", "play something", "hello")


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load(DESCRIPTIONS)


@pytest.mark.parametrize(("text", "style"), SCENES.items())
def test_a_plain_scene_means_its_style(reader: Reader, text: str, style: str) -> None:
    shares = reader.read([text])[0].styles
    assert max(shares, key=lambda name: shares[name]) == style


@pytest.mark.parametrize("text", EMPTY)
def test_a_text_that_says_nothing_speaks_for_no_style(reader: Reader, text: str) -> None:
    meaning = reader.read([text])[0]
    assert meaning.open > max(meaning.styles.values(), default=0.0)


def test_shares_sum_to_one_and_moods_stay_in_range(reader: Reader) -> None:
    for meaning in reader.read([*SCENES, "asdf", "sad"]):
        assert sum(meaning.styles.values()) + meaning.open == pytest.approx(1, abs=2e-3)
        assert all(-1 <= getattr(meaning.mood, axis) <= 1 for axis in MOODS)


def test_a_text_without_letters_means_nothing_at_all(reader: Reader) -> None:
    assert reader.read(["", "🙂", "123 !?"]) == (NOTHING, NOTHING, NOTHING)
    assert reader.read([]) == ()


def test_moods_follow_the_words(reader: Reader) -> None:
    grave, wild = reader.read(["a slow, quiet, mournful funeral", "a frantic happy circus chase at top speed"])
    for axis in ("valence", "energy", "density", "tempo"):
        assert getattr(grave.mood, axis) < -0.2 < 0.1 < getattr(wild.mood, axis), axis


def test_texts_read_together_mean_what_they_mean_alone(reader: Reader) -> None:
    texts = [*SCENES, "a", "sad and slow, a very long story about a king who lost his crown in the snow " * 4]
    together = reader.read(texts)
    for text, meaning in zip(texts, together, strict=True):
        alone = reader.read([text])[0]
        assert alone.styles == pytest.approx(meaning.styles, abs=2e-3)
        assert all(getattr(alone.mood, axis) == pytest.approx(getattr(meaning.mood, axis), abs=2e-3) for axis in MOODS)


def test_the_words_that_decided_are_those_without_which_the_style_is_less_likely(reader: Reader) -> None:
    text = "driving through a neon city at night"
    weights = {part.words: part.weight for part in reader.explain(text, "synthwave")}
    assert "neon" in weights
    assert weights.keys() <= {"driving", "through", "neon", "city", "night"}
    assert max(weights, key=lambda words: weights[words]) == "neon"
    rows = reader.encoder.features([text, "driving through a city at night"])
    odds = reader.head.log_odds(rows, "synthwave")
    assert weights["neon"] == pytest.approx(odds[0] - odds[1], abs=0.2)


def test_log_odds_belong_to_the_probabilities(reader: Reader) -> None:
    rows = reader.encoder.features(["a quiet tavern", "rain"])
    for style in ("folk", "lofi"):
        shares = np.array([meaning.styles[style] for meaning in reader.head.read(rows)])
        assert 1 / (1 + np.exp(-reader.head.log_odds(rows, style))) == pytest.approx(shares, abs=1e-3)


def test_the_words_that_decided_are_told_without_their_punctuation(reader: Reader) -> None:
    words = {part.words for part in reader.explain("(neon city), at night!", "synthwave")}
    assert words
    assert all(word.isalpha() for word in words)


def test_a_single_word_decided_alone(reader: Reader) -> None:
    assert [part.words for part in reader.explain("tavern", "folk")] == ["tavern"]
    assert reader.explain("🙂 of the", "folk") == ()


def test_a_long_text_is_left_out_in_few_stretches() -> None:
    assert len(parts_of("rain snow hail fog")) == 4
    text = " ".join(f"word{number}" for number in range(57))
    parts = parts_of(text)
    assert len(parts) == LEAST_PARTS
    assert parts[0][0] == 0
    assert parts[-1][1] == len(text)
    assert all(a[1] < b[0] for a, b in pairwise(parts))
    assert parts_of("the sea and the sky") == [(4, 7), (16, 19)]


def test_a_style_that_the_head_does_not_know_is_reached_by_its_descriptions(reader: Reader) -> None:
    new = {**DESCRIPTIONS, "polka": ["accordion polka at a beer festival", "a fast oompah dance with a tuba"]}
    wider = Reader(reader.encoder, reader.head, new)
    shares = wider.read(["oompah tuba and accordion polka at the beer festival"])[0].styles
    assert max(shares, key=lambda name: shares[name]) == "polka"
    scene = "first level of an old platform game"
    assert max(wider.read([scene])[0].styles.items(), key=lambda item: item[1])[0] == "chiptune"
    meaning = wider.read([scene])[0]
    assert sum(meaning.styles.values()) + meaning.open == pytest.approx(1, abs=2e-3)


def test_a_style_that_is_gone_gets_no_share(reader: Reader) -> None:
    left = {name: rows for name, rows in DESCRIPTIONS.items() if name != "rock"}
    meaning = Reader(reader.encoder, reader.head, left).read(["angry guitars and a mosh pit"])[0]
    assert meaning.styles.keys() == left.keys()
    assert sum(meaning.styles.values()) + meaning.open == pytest.approx(1, abs=2e-3)


def test_rough_embeddings_are_nearly_the_exact_ones(reader: Reader) -> None:
    texts = [*SCENES, "asdf"]
    cosines = (reader.encoder.features(texts) * reader.encoder.features_roughly(texts)).sum(axis=1) / len(LAYERS)
    assert cosines.min() > 0.998


def test_the_head_knows_every_style() -> None:
    assert set(load_head().labels) == {*style_names(), OPEN}


def test_a_written_head_reads_back_as_it_was(tmp_path: Path) -> None:
    head = load_head()
    save_head(head, tmp_path / "head.safetensors", facts={"prompts": 1})
    again = load_head(tmp_path / "head.safetensors")
    assert (again.labels, again.temperature) == (head.labels, head.temperature)
    assert np.array_equal(again.weight, head.weight)
    assert np.array_equal(again.bias, head.bias)
    assert again.adapter.keys() == head.adapter.keys()
    assert all(np.array_equal(change, head.adapter[name]) for name, change in again.adapter.items())


def test_changes_kept_as_bytes_are_nearly_the_changes() -> None:
    rng = np.random.Generator(np.random.PCG64(1))
    for shape in ((6,), (5, 7)):
        change = rng.normal(0, 0.01, shape).astype(np.float32)
        again = from_bytes(*to_bytes(change))
        assert again.shape == shape
        assert np.abs(again - change).max() <= np.abs(change).max() / 250


@pytest.mark.parametrize("size", [0, 8, 1000, -100])
def test_a_damaged_head_is_named_with_what_mends_it(tmp_path: Path, size: int) -> None:
    path = tmp_path / "head.safetensors"
    path.write_bytes(HEAD_PATH.read_bytes()[:size])
    with pytest.raises(CheckpointError, match=r"head\.safetensors is damaged .*tunesmith understand --train"):
        load_head(path)


def test_a_missing_head_is_named_with_what_mends_it(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"is missing; .*tunesmith understand --train"):
        load_head(tmp_path / "none.safetensors")


def test_zero_shot_shares_prefer_the_description_itself() -> None:
    encoder = TextEncoder.load()
    for name in ("lofi", "rock", "bossa"):
        shares = encoder.shares_of(encoder.embed([DESCRIPTIONS[name][0]])[0], DESCRIPTIONS)
        assert max(shares, key=lambda other: shares[other]) == name
        assert sum(shares.values()) == pytest.approx(1)
