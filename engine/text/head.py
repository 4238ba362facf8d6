"""The trained head: a prompt's features → style probabilities and moods, and what was changed in the encoder for it.

In: `[N, 1152] float32` features. Out: `Meaning`s. Conventions: one linear layer; logits are divided by a temperature
that was fitted on prompts left out of the training (Guo et al. 2017), so that a confidence of .8 is right four times in
five. The encoder was trained along with the head; what changed in it is kept as bytes, each row of a matrix with a
scale of its own (truncating the change to a rank of 96 cost two in a hundred right answers, this nothing). Caveat: the
head knows the styles that it was trained on; one added since is reached by its descriptions alone (`reader.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from engine.errors import CheckpointError
from engine.text.encoder import FEATURES, Rows, softmax
from engine.text.meaning import DIGITS, MOODS, Meaning, Mood

FORMAT = "tunesmith-head-1"
OPEN = "open"
HEAD_PATH = Path(__file__).parent / "head.safetensors"
SCALE = 10.0
"""Features have unit length; the linear layer is trained on them so many times as long."""
ADAPTER, SCALES = "adapter.", "scales."
STEPS = 127
"""Of a byte, on either side of zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """`weight [1152, C + 5]`, `bias [C + 5]`: C outputs for the styles in the order of `labels` (the last is `open`),
    then the five moods. `adapter`: parameter of the encoder → what to add to it.
    """

    labels: tuple[str, ...]
    temperature: float
    weight: Rows
    bias: Rows
    adapter: Mapping[str, Rows] = field(default_factory=dict)

    def outputs(self, rows: Rows) -> tuple[Rows, Rows]:
        """Logits `[N, C]` and moods `[N, 5]` in −1…1."""
        out = np.asarray((SCALE * rows) @ self.weight + self.bias, dtype=np.float32)
        return out[:, : len(self.labels)], np.asarray(np.tanh(out[:, len(self.labels) :]), dtype=np.float32)

    def read(self, rows: Rows) -> tuple[Meaning, ...]:
        """The meaning of each row."""
        if not len(rows):
            return ()
        logits, moods = self.outputs(rows)
        shares = softmax(logits / np.float32(self.temperature))
        return tuple(self._meaning(share, mood) for share, mood in zip(shares, moods, strict=True))

    def log_odds(self, rows: Rows, label: str) -> Rows:
        """`[N]`: how likely a label is against all others, as natural logarithms of odds."""
        logits = self.outputs(rows)[0].astype(np.float64) / self.temperature
        at = self.labels.index(label)
        others = np.delete(logits, at, axis=1)
        top = others.max(axis=1, keepdims=True)
        return np.asarray(logits[:, at] - (top[:, 0] + np.log(np.exp(others - top).sum(axis=1))), dtype=np.float32)

    def _meaning(self, shares: Rows, moods: Rows) -> Meaning:
        named = {label: round(float(share), DIGITS) for label, share in zip(self.labels, shares, strict=True)}
        mood = Mood(**{axis: round(float(value), DIGITS) for axis, value in zip(MOODS, moods, strict=True)})
        return Meaning(open=named.pop(OPEN), styles=named, mood=mood)


def to_bytes(change: Rows) -> tuple[NDArray[np.int8], Rows]:
    """Bytes of the same shape, and the scale of each row."""
    rows = np.atleast_2d(change)
    scales = np.maximum(np.abs(rows).max(axis=-1, keepdims=True), 1e-12) / STEPS
    return np.asarray(np.rint(rows / scales), dtype=np.int8).reshape(change.shape), scales.astype(np.float32)


def from_bytes(steps: NDArray[np.int8], scales: Rows) -> Rows:
    """Inverse of `to_bytes`, but for rounding."""
    return np.asarray(np.atleast_2d(steps) * scales, dtype=np.float32).reshape(steps.shape)


def save_head(head: Head, path: Path, *, facts: Mapping[str, object]) -> None:
    """Write the head as safetensors, with what is known of it (`facts`) in the header."""
    tensors: dict[str, NDArray[Any]] = {"weight": head.weight, "bias": head.bias}
    for name, change in head.adapter.items():
        tensors[ADAPTER + name], tensors[SCALES + name] = to_bytes(change)
    about = {"labels": list(head.labels), "temperature": head.temperature, "facts": dict(facts)}
    draft = path.with_suffix(".tmp")
    ready = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    save_file(ready, draft, metadata={"format": FORMAT, "head": json.dumps(about)})
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
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        head = Head(
            labels=tuple(about["labels"]),
            temperature=float(about["temperature"]),
            weight=tensors.pop("weight"),
            bias=tensors.pop("bias"),
            adapter={
                name.removeprefix(ADAPTER): from_bytes(tensor, tensors[SCALES + name.removeprefix(ADAPTER)])
                for name, tensor in tensors.items()
                if name.startswith(ADAPTER)
            },
        )
        _check(head)
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise CheckpointError(f"The head {path} is damaged ({error}); {mend}.") from error
    return head


def _check(head: Head) -> None:
    """Raise `ValueError` or `KeyError` for tensors that do not belong together."""
    outputs = len(head.labels) + len(MOODS)
    if OPEN not in head.labels or len(set(head.labels)) != len(head.labels):
        raise ValueError(f"labels {', '.join(head.labels)}")
    if head.weight.shape != (FEATURES, outputs) or head.bias.shape != (outputs,):
        raise ValueError(f"weight {head.weight.shape}, bias {head.bias.shape}")
    if not head.temperature > 0:
        raise ValueError(f"temperature {head.temperature}")


def labels_of(styles: Sequence[str]) -> tuple[str, ...]:
    """The labels of a head for `styles`: their names, and `open`."""
    return (*sorted(styles), OPEN)
