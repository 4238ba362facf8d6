"""Small networks with learnt weights: rows of features in, logits out, in numpy alone.

In: the name of a network in `ears.npz` and features `[n, d] float32`. Out: logits `[n, k] float32`. Conventions: layers
are `<name>.<i>.weight` `[in, out]` and `<name>.<i>.bias`, float16 in the file, with ReLU between; features are not
standardised, the first layer has taken that in. `python -m benchmarks.train_ears` makes the file, from recordings of
our own synthesiser. Caveat: what the networks know of instruments is one soundfont, varied.
"""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from engine.errors import CheckpointError

Features = npt.NDArray[np.float32]
Layer = tuple[Features, Features]

WEIGHTS = Path(__file__).resolve().parent / "ears.npz"
ROWS = 8192


@lru_cache(maxsize=1)
def load_nets(path: Path = WEIGHTS) -> dict[str, tuple[Layer, ...]]:
    """All networks of the file. Raises `CheckpointError` when it is missing or damaged."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            arrays = {name: file[name].astype(np.float32) for name in file.files}
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise CheckpointError(f"the ears {str(path)!r} cannot be read: {error}") from error
    nets = {}
    for name in sorted({key.split(".")[0] for key in arrays}):
        count = sum(key.startswith(f"{name}.") and key.endswith(".bias") for key in arrays)
        nets[name] = tuple((arrays[f"{name}.{i}.weight"], arrays[f"{name}.{i}.bias"]) for i in range(count))
    return nets


def logits(layers: tuple[Layer, ...], features: Features) -> Features:
    """`[n, d]` → `[n, k]`."""
    x = features
    for index, (weight, bias) in enumerate(layers):
        x = x @ weight + bias
        if index < len(layers) - 1:
            x = np.maximum(x, 0.0)
    return x


def convolved(x: Features, layer: Layer, step: int = 1) -> Features:
    """`[rows, c]` → `[rows, k]`: each row from those around it, `step` apart; the weights are one block a place, the
    earliest first, and beyond the ends is nothing.
    """
    weight, bias = layer
    channels = x.shape[1]
    places = len(weight) // channels
    reach = places // 2 * step
    padded = np.pad(x, ((reach, reach), (0, 0)))
    out = np.repeat(bias[None], len(x), axis=0)
    for place in range(places):
        out += padded[place * step : place * step + len(x)] @ weight[place * channels : (place + 1) * channels]
    return out


def deepened(x: Features, layers: tuple[Layer, ...]) -> Features:
    """`[rows, c]` → `[rows, c]`: pairs of layers add what they see around each row, each pair twice as far as the one
    before.
    """
    for index in range(0, len(layers), 2):
        seen = np.maximum(convolved(x, layers[index], 1 << index // 2), 0)
        x = x + convolved(seen, layers[index + 1])
    return x


def sure(x: npt.NDArray[np.float32]) -> Features:
    """Logits as probabilities."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -30.0, 30.0))), dtype=np.float32)
