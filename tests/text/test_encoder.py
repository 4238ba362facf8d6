"""The text encoder: its shapes, its laws, and what is said when its package is damaged."""

from __future__ import annotations

import importlib.util
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from engine.errors import SetupError
from engine.text.encoder import PACKAGE, TextEncoder, find_model, to_shares


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
