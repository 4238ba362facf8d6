"""Checkpoints on disk: weights (safetensors, half precision) with config, vocabulary hash, metrics, lineage and
licences.

One file a version, `v<number>.safetensors`, written once and never overwritten; the facts travel in the file's own
header as JSON. Loading checks the format, the vocabulary, every tensor's name and shape, and a SHA-256 over the
weights. No pickle. Caveat: weights are stored as float16 and computed as float32, so a loaded network differs from
the trained one by rounding.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from engine.errors import CheckpointError
from engine.model.network import Network, NetworkConfig

FORMAT = "tunesmith-checkpoint-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a checkpoint says about itself.

    `style_ids`: style → index that the network knows it by. `metrics`: held-out nats an event and the like.
    `lineage`: what it was trained from and how (parent's sha256, seed, steps, pieces). `licences`: source → licence.
    """

    style: str
    version: str
    vocabulary: str
    style_ids: Mapping[str, int]
    metrics: Mapping[str, Any] = field(default_factory=dict)
    lineage: Mapping[str, Any] = field(default_factory=dict)
    licences: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A loaded checkpoint: the network in evaluation mode, its facts, and the SHA-256 of its weights."""

    network: Network
    facts: Facts
    sha256: str
    path: Path


def weights_sha256(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, shapes, types and bytes of all tensors, in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        digest.update(tensor.view(torch.uint8).numpy().tobytes() if tensor.numel() else b"")
    return digest.hexdigest()


def save_checkpoint(network: Network, facts: Facts, path: Path) -> str:
    """Write a new file and return the weights' SHA-256. Raises `CheckpointError` if `path` exists: versions are
    final.
    """
    if path.exists():
        raise CheckpointError(
            f"The checkpoint {path} exists already and versions are never overwritten; choose a new one."
        )
    tensors = {name: tensor.detach().cpu().half().contiguous() for name, tensor in network.state_dict().items()}
    sha256 = weights_sha256(tensors)
    header = {
        "format": FORMAT,
        "config": json.dumps(dataclasses.asdict(network.config)),
        "facts": json.dumps({**dataclasses.asdict(facts)}),
        "weights_sha256": sha256,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        save_file(tensors, draft, metadata=header)
        draft.chmod(0o644)  # safetensors writes for the owner alone
        os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return sha256


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {}), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except FileNotFoundError as error:
        raise CheckpointError(f"The checkpoint {path} does not exist; `make train` makes it.") from error
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"The checkpoint {path} is damaged ({error}); restore it from the repository.") from error


def read_facts(path: Path) -> Facts:
    """Only the facts of a checkpoint, without building its network."""
    return _facts(path, _header(path))


def _header(path: Path) -> dict[str, str]:
    try:
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"The checkpoint {path} is damaged ({error}); restore it from the repository.") from error


def _facts(path: Path, header: Mapping[str, str]) -> Facts:
    if header.get("format") != FORMAT:
        raise CheckpointError(
            f"The file {path} is no Tunesmith checkpoint (format {header.get('format')!r}, not {FORMAT!r})."
        )
    try:
        return Facts(**json.loads(header["facts"]))
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"The checkpoint {path} does not say what it is ({error}); restore it.") from error


def load_checkpoint(path: Path, *, vocabulary: str, device: str = "cpu") -> Checkpoint:
    """Load and check. `vocabulary`: the hash that this program's integers have. Raises `CheckpointError`."""
    header, tensors = _read(path)
    facts = _facts(path, header)
    if facts.vocabulary != vocabulary:
        raise CheckpointError(
            f"The checkpoint {path} speaks another vocabulary than this version; retrain it with `make train`."
        )
    sha256 = weights_sha256(tensors)
    if sha256 != header.get("weights_sha256"):
        raise CheckpointError(
            f"The checkpoint {path} is damaged: its weights' SHA-256 is not the recorded one; restore it."
        )
    try:
        network = Network(NetworkConfig(**json.loads(header["config"])))
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"The checkpoint {path} does not fit its config ({error}); restore it.") from error
    return Checkpoint(network=network.to(device).eval(), facts=facts, sha256=sha256, path=path)


def write_curve(checkpoint: Path, points: Sequence[tuple[int, float]]) -> Path:
    """Keep how the held-out loss fell, (step, nats an event) a point, in `v<number>.curve.json` beside a checkpoint."""
    path = checkpoint.with_suffix(".curve.json")
    path.write_text(json.dumps([[step, round(nats, 4)] for step, nats in points]) + "\n", encoding="utf-8")
    return path


def read_curve(checkpoint: Path) -> list[list[float]]:
    """The points that `write_curve` kept beside a checkpoint; empty if there are none."""
    path = checkpoint.with_suffix(".curve.json")
    return list(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else []


def versions_in(folder: Path) -> list[Path]:
    """Every `v<number>.safetensors` in `folder`, the highest number first."""
    found = {
        int(m[1]): path
        for path in folder.glob("v*.safetensors")
        if (m := re.fullmatch(r"v(\d+)\.safetensors", path.name))
    }
    return [found[number] for number in sorted(found, reverse=True)]


def latest_version(folder: Path) -> Path | None:
    """The newest of them, or None."""
    return next(iter(versions_in(folder)), None)
