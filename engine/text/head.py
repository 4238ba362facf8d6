"""The trained head: a prompt's embedding → style probabilities and moods.

In: `[N, 384] float32` rows of unit length. Out: `Meaning`s. Conventions: a few small networks of one hidden layer vote
(the mean of their outputs: Hansen & Salamon 1990); logits are divided by a temperature that was fitted on prompts left
out of the training (Guo et al. 2017), so that a confidence of .8 is right four times in five. Computed in numpy: 0.1 ms
a prompt. Caveat: it knows the styles that it was trained on; a style added since is reached by its descriptions alone
(`reader.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from engine.errors import CheckpointError
from engine.text.encoder import WIDTH
from engine.text.meaning import MOODS, Meaning

FORMAT = "tunesmith-head-1"
OPEN = "open"
HEAD_PATH = Path(__file__).parent / "head.safetensors"
DIGITS = 4
"""Meanings are rounded, so that the last bits of an embedding, which differ with its company, decide nothing."""
TENSORS = ("center", "input", "input_bias", "output", "output_bias")

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """`center [384]`: the mean embedding, taken off. `input [K, 384, H]`, `output [K, H, C + 5]` with their biases
    `[K, 1, …]`: K voting networks; C outputs for the styles in the order of `labels` (the last is `open`), then the
    five moods.
    """

    labels: tuple[str, ...]
    temperature: float
    center: Rows
    input: Rows
    input_bias: Rows
    output: Rows
    output_bias: Rows

    def outputs(self, rows: Rows) -> tuple[Rows, Rows]:
        """Logits `[N, C]` and moods `[N, 5]` in −1…1, each the mean over the voting networks."""
        hidden = np.maximum(np.einsum("nf,kfh->knh", rows - self.center, self.input) + self.input_bias, 0.0)
        out = np.einsum("knh,kho->kno", hidden, self.output) + self.output_bias
        n = len(self.labels)
        return out[..., :n].mean(axis=0), np.tanh(out[..., n:]).mean(axis=0)

    def probabilities(self, rows: Rows) -> Rows:
        """`[N, C]`, calibrated; rows sum to 1."""
        return softmax(self.outputs(rows)[0] / self.temperature)

    def read(self, rows: Rows) -> tuple[Meaning, ...]:
        """The meaning of each row."""
        if not len(rows):
            return ()
        logits, moods = self.outputs(rows)
        shares = softmax(logits / self.temperature)
        return tuple(self._meaning(share, mood) for share, mood in zip(shares, moods, strict=True))

    def _meaning(self, shares: Rows, moods: Rows) -> Meaning:
        named = {label: round(float(share), DIGITS) for label, share in zip(self.labels, shares, strict=True)}
        values = {axis: round(float(value), DIGITS) for axis, value in zip(MOODS, moods, strict=True)}
        return Meaning(open=named.pop(OPEN), styles=named, **values)


def softmax(logits: Rows) -> Rows:
    """Shares along the last axis."""
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True), dtype=np.float32)


def save_head(head: Head, path: Path, *, facts: Mapping[str, object]) -> None:
    """Write the head as half-precision safetensors, with what is known of it (`facts`) in the header."""
    tensors = {name: np.ascontiguousarray(getattr(head, name), dtype=np.float16) for name in TENSORS}
    about = {"labels": list(head.labels), "temperature": head.temperature, "facts": dict(facts)}
    draft = path.with_suffix(".tmp")
    save_file(tensors, draft, metadata={"format": FORMAT, "head": json.dumps(about)})
    draft.replace(path)


def load_head(path: Path = HEAD_PATH) -> Head:
    """Read a head. Raises `CheckpointError` if it is missing, damaged or made for another encoder."""
    mend = "restore it from the repository, or `tunesmith understand --train` makes it anew"
    if not path.is_file():
        raise CheckpointError(f"The head {path} is missing; {mend}.")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise ValueError(f"format {metadata.get('format')!r}")
            about = json.loads(metadata["head"])
            tensors = {name: file.get_tensor(name).astype(np.float32) for name in TENSORS}
        head = Head(labels=tuple(about["labels"]), temperature=float(about["temperature"]), **tensors)
        _check(head)
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise CheckpointError(f"The head {path} is damaged ({error}); {mend}.") from error
    return head


def _check(head: Head) -> None:
    """Raise `ValueError` for tensors that do not belong together."""
    voters, width, hidden = head.input.shape
    outputs = len(head.labels) + len(MOODS)
    shapes = {
        "center": (WIDTH,),
        "input_bias": (voters, 1, hidden),
        "output": (voters, hidden, outputs),
        "output_bias": (voters, 1, outputs),
    }
    if width != WIDTH or OPEN not in head.labels or len(set(head.labels)) != len(head.labels):
        raise ValueError(f"inputs of {width} numbers, labels {', '.join(head.labels)}")
    for name, shape in shapes.items():
        if getattr(head, name).shape != shape:
            raise ValueError(f"{name} has the shape {getattr(head, name).shape}, not {shape}")
    if not head.temperature > 0:
        raise ValueError(f"temperature {head.temperature}")


def labels_of(styles: Sequence[str]) -> tuple[str, ...]:
    """The labels of a head for `styles`: their names, and `open`."""
    return (*sorted(styles), OPEN)
