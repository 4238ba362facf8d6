"""The text encoder: its shapes, its laws, and whether it hears what people mean."""

from __future__ import annotations

import importlib.util
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from engine.compose.encoder import PACKAGE, TextEncoder, find_model, to_shares
from engine.errors import SetupError
from engine.music.styles import load_style, style_names

HEARD = {
    "lofi": ["rainy night study session", "late night coding", "sleepy cat on the windowsill", "beats to relax to"],
    "classical": ["a fugue in the style of Bach", "dramatic violin and cello", "elegant dinner at a palace"],
    "ragtime": ["old west saloon", "Scott Joplin", "Charlie Chaplin comedy", "player piano in 1900"],
    "folk": ["Irish pub", "sailors at sea", "banjo on the porch", "hobbits dancing in the shire"],
    "rock": ["boss fight", "angry and aggressive", "headbanging", "distorted guitars and loud drums"],
}


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return TextEncoder.load()


def test_embeddings_have_unit_length_and_do_not_depend_on_their_company(encoder: TextEncoder) -> None:
    texts = ["a sad song", "a very much longer sentence about a happy dance in the mountains", "rock"]
    together = encoder.embed(texts)
    assert together.shape == (3, 384)
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    alone = np.concatenate([encoder.embed([text]) for text in texts])
    assert np.allclose(together, alone, atol=1e-5)
    assert encoder.embed([]).shape == (0, 384)


def test_a_text_is_nearest_to_itself(encoder: TextEncoder) -> None:
    groups = {name: load_style(name).descriptions[:1] for name in style_names()}
    for name, sentences in groups.items():
        cosines = encoder.similarity(sentences[0], groups)
        assert max(cosines, key=lambda other: cosines[other]) == name
        assert cosines[name] == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(("style", "text"), [(style, text) for style, texts in HEARD.items() for text in texts])
def test_the_style_that_a_prompt_means_has_the_largest_share(encoder: TextEncoder, style: str, text: str) -> None:
    shares = encoder.score(text, {name: load_style(name).descriptions for name in HEARD})
    assert sum(shares.values()) == pytest.approx(1)
    assert max(shares, key=lambda name: shares[name]) == style


def test_moods_lie_on_the_right_side(encoder: TextEncoder) -> None:
    calm, wild = encoder.mood("a quiet lullaby to fall asleep"), encoder.mood("furious battle, loud and fast")
    dark, bright = encoder.mood("lonely and heartbroken"), encoder.mood("a joyful sunny picnic")
    assert calm.energy < -0.2 < 0.2 < wild.energy
    assert dark.valence < -0.2 < 0.2 < bright.valence


def test_shares_keep_the_order_of_the_cosines() -> None:
    shares = to_shares({"a": 0.5, "b": 0.4, "c": -0.1})
    assert shares["a"] > shares["b"] > shares["c"] > 0
    assert to_shares({}) == {}


def test_a_missing_package_is_told_with_the_command_that_mends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == PACKAGE else real(name))
    with pytest.raises(SetupError, match="make setup"):
        find_model()


@pytest.mark.parametrize("keep", [0, 7, 1000, -1])
def test_a_damaged_encoder_is_named_with_what_mends_it(tmp_path, monkeypatch, keep):
    folder = tmp_path / PACKAGE / "model"
    shutil.copytree(find_model(), folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:keep])
    spec = SimpleNamespace(submodule_search_locations=[str(folder.parent)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(SetupError, match=r"damaged.*make setup"):
        find_model()
