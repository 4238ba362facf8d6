"""The training loop: columns of integers in, a trained network and its held-out losses out.

In: `Columns` (all pieces' rows, with each piece's bounds) and how often each piece counts; out: the best weights by
held-out loss. Conventions: B lanes read pieces end to end, drawn by weight; state is carried from chunk to chunk
(truncated backpropagation; Williams & Peng, 1990) and dropped now and then, so that a song may start from nothing.
AdamW, cosine learning rate, bfloat16 autocast. Seeded; stopping at any moment loses at most `save_every` steps.
Caveat: bfloat16 sums differ between processor types, so a run repeats bit by bit only on the same kind of machine.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from engine.model.network import Batch, Network

Int16 = NDArray[np.int16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Rows of all pieces, one after the other: `features` [M, F], `details` [M, D], `events` [M, 5], `root` [M],
    `previous` [M], all int16; `starts` [P + 1]: piece p is rows `starts[p]:starts[p + 1]`.
    """

    features: Int16
    details: Int16
    events: Int16
    root: Int16
    previous: Int16
    starts: NDArray[np.int64]

    def batch(self, rows: NDArray[np.int64]) -> Batch:
        """Gather `rows` [B, T] into tensors."""

        def take(column: Int16) -> Tensor:
            return torch.from_numpy(column[rows].astype(np.int32))

        return Batch(
            features=take(self.features),
            details=take(self.details),
            events=take(self.events),
            root=take(self.root),
            previous=take(self.previous),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    """`steps` chunks of `lanes` × `chunk` events, fewer if `patience` evaluations running bring nothing better; `rate`:
    peak learning rate; `seed` decides everything random.
    """

    steps: int
    lanes: int = 64
    chunk: int = 128
    rate: float = 2e-3
    warmup: int = 100
    weight_decay: float = 0.01
    forget: float = 0.05
    evaluate_every: int = 250
    save_every: int = 250
    patience: int = 1000
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One moment of training: step, training nats an event since the last report, held-out nats an event (or None)."""

    step: int
    train_nats: float
    valid_nats: float | None
    valid_parts: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLoss:
    """What a step is to lower, and what it tells of it; `state`: of the LSTM, detached, for the next."""

    total: Tensor
    nats: float
    state: tuple[Tensor, Tensor] | None


def lane_rows(columns: Columns, weights: NDArray[np.float64], settings: TrainSettings) -> Iterator[NDArray[np.int64]]:
    """Endless `[lanes, chunk]` row numbers. Each lane reads whole pieces, drawn with chances proportional to
    `weights`.
    """
    rng = np.random.Generator(np.random.PCG64(settings.seed))
    lengths = np.diff(columns.starts)
    share = weights / weights.sum()
    queues: list[NDArray[np.int64]] = [np.empty(0, np.int64) for _ in range(settings.lanes)]
    while True:
        rows = np.empty((settings.lanes, settings.chunk), np.int64)
        for lane in range(settings.lanes):
            while len(queues[lane]) < settings.chunk:
                piece = int(rng.choice(len(share), p=share))
                fresh = columns.starts[piece] + np.arange(lengths[piece])
                queues[lane] = np.concatenate((queues[lane], fresh))
            rows[lane], queues[lane] = queues[lane][: settings.chunk], queues[lane][settings.chunk :]
        yield rows


@torch.no_grad()
def evaluate(
    network: Network, columns: Columns, *, lanes: int = 32, chunk: int = 256
) -> tuple[float, dict[str, float]]:
    """Held-out nats an event, and nats a decision by head. All pieces are read once, end to end, from empty states."""
    network.eval()
    total = len(columns.events)
    width = min(chunk, max(1, total // lanes))
    per_lane = total // lanes // width * width
    if per_lane == 0:
        lanes, per_lane, width = 1, total, total
    sums: dict[str, list[float]] = {}
    state = None
    for start in range(0, per_lane, width):
        rows = np.arange(lanes)[:, None] * per_lane + start + np.arange(width)
        with torch.autocast(network.device.type, torch.bfloat16):
            losses, state = network(columns.batch(rows).to(network.device), state)
        for name, (nats, count) in losses.parts.items():
            entry = sums.setdefault(name, [0.0, 0.0])
            entry[0] += nats
            entry[1] += count
    events = sums["onset"][1]
    parts = {name: nats / max(count, 1) for name, (nats, count) in sums.items()}
    return sum(nats for nats, _ in sums.values()) / events, parts


class Stopped(Exception):  # noqa: N818 (nothing went wrong)
    """Whoever was asked between two steps wants the run to stop here; it may go on later."""


class Trainer:
    """Trains `network` in place; `run` reports as it goes and may be called again after an interruption."""

    def __init__(
        self, network: Network, columns: Columns, weights: NDArray[np.float64], valid: Columns, settings: TrainSettings
    ) -> None:
        self.network, self.settings = network, settings
        self._columns, self._valid = columns, valid
        self._rows = lane_rows(columns, weights, settings)
        self._optimizer = torch.optim.AdamW(
            network.parameters(), lr=settings.rate, weight_decay=settings.weight_decay, betas=(0.9, 0.98)
        )
        self.step = 0
        self.best = math.inf
        self.best_step = 0
        self._best_weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    def _rate(self) -> float:
        s = self.settings
        if self.step < s.warmup:
            return s.rate * (self.step + 1) / s.warmup
        done = (self.step - s.warmup) / max(1, s.steps - s.warmup)
        return s.rate * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))

    def run(self, on_report: Callable[[Report], None], *, state_file: Path | None = None) -> None:
        """Train to `settings.steps`. With `state_file`, the run is saved there regularly and on `KeyboardInterrupt`."""
        s = self.settings
        torch.manual_seed(s.seed + self.step)
        keep = torch.Generator().manual_seed(s.seed + self.step)
        state: tuple[Tensor, Tensor] | None = None
        nats: list[float] = []
        if self.step == 0:
            self._remember(self._held_out()[0])
        try:
            while self.step < s.steps and self.step - self.best_step <= s.patience * s.evaluate_every:
                state, loss = self._train_step(state, keep)
                nats.append(loss)
                self.step += 1
                finished = self.step == s.steps
                if finished or self.step % s.evaluate_every == 0:
                    valid, parts = self._held_out()
                    self._remember(valid)
                    on_report(
                        Report(step=self.step, train_nats=float(np.mean(nats)), valid_nats=valid, valid_parts=parts)
                    )
                    nats = []
                elif self.step % 10 == 0:
                    on_report(
                        Report(step=self.step, train_nats=float(np.mean(nats[-10:])), valid_nats=None, valid_parts={})
                    )
                if state_file is not None and self.step % s.save_every == 0:
                    self.save(state_file)
        except (KeyboardInterrupt, Stopped):
            if state_file is not None:
                self.save(state_file)
            raise
        self.network.load_state_dict(self._best_weights)

    def _train_step(
        self, state: tuple[Tensor, Tensor] | None, keep: torch.Generator
    ) -> tuple[tuple[Tensor, Tensor] | None, float]:
        s = self.settings
        self.network.train()
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate()
        device = self.network.device
        with torch.autocast(device.type, torch.bfloat16):
            loss = self._loss(state)
        torch.autograd.backward(loss.total)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        kept = (torch.rand(1, s.lanes, 1, generator=keep) >= s.forget).to(device)
        return None if loss.state is None else (loss.state[0] * kept, loss.state[1] * kept), loss.nats

    def _loss(self, state: tuple[Tensor, Tensor] | None) -> StepLoss:
        """What this step is to lower."""
        batch = self._columns.batch(next(self._rows)).to(self.network.device)
        losses, (h, c) = self.network(batch, state)
        return StepLoss(total=losses.total, nats=float(losses.total.detach()), state=(h.detach(), c.detach()))

    def _held_out(self) -> tuple[float, dict[str, float]]:
        """What tells how good the weights are, the lower the better; and its parts, for reports."""
        return evaluate(self.network, self._valid)

    def _skip(self) -> None:
        """Pass over what one step has read."""
        next(self._rows)

    def _remember(self, valid: float) -> None:
        if valid < self.best:
            self.best, self.best_step = valid, self.step
            self._best_weights = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}

    def save(self, path: Path) -> None:
        """Write everything that `resume` needs, atomically, as safetensors."""
        tensors = {f"now.{name}": tensor for name, tensor in self.network.state_dict().items()}
        tensors |= {f"best.{name}": tensor for name, tensor in self._best_weights.items()}
        for index, parameter in enumerate(self.network.parameters()):
            moments = self._optimizer.state.get(parameter, {})
            tensors |= {f"moment.{index}.{name}": value for name, value in moments.items()}
        facts = {"step": self.step, "best": self.best, "best_step": self.best_step, "settings": repr(self.settings)}
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".tmp")
        save_file(
            {n: t.detach().clone().contiguous() for n, t in tensors.items()}, draft, metadata={"run": json.dumps(facts)}
        )
        os.replace(draft, path)

    def resume(self, path: Path) -> bool:
        """Go on from a saved run; False if there is none or if it was started with other settings."""
        if not path.exists():
            return False
        with safe_open(path, framework="pt") as file:
            facts = json.loads(file.metadata()["run"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        if facts["settings"] != repr(self.settings):
            return False
        self.network.load_state_dict({n[4:]: t for n, t in tensors.items() if n.startswith("now.")})
        self._best_weights = {n[5:]: t for n, t in tensors.items() if n.startswith("best.")}
        for index, parameter in enumerate(self.network.parameters()):
            head = f"moment.{index}."
            moments = {n[len(head) :]: t for n, t in tensors.items() if n.startswith(head)}
            self._optimizer.state[parameter] = {
                name: t if name == "step" else t.to(parameter.device) for name, t in moments.items()
            }
        self.step, self.best, self.best_step = facts["step"], facts["best"], facts["best_step"]
        for _ in range(self.step):
            self._skip()
        return True
