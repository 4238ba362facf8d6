"""Fine-tuning on a few pieces, or by preferred songs, without forgetting: a trained network and new music in, a network
that knows both out.

In: the parent network, the new pieces' columns, pairs of which one song is preferred, songs that the parent itself
wrote. Out: the best weights by held-out loss (without pieces, the last ones), drawn back to where they stay near the
parent. Sources: distillation from the network as it was, on replayed inputs (Li & Hoiem, "Learning without forgetting",
ECCV 2016; Shin et al., "Continual learning with deep generative replay", NIPS 2017); preferences by their pairs
(`engine.model.pairs`); a point between parent and tuned weights where these went too far (Wortsman et al., "Robust
fine-tuning of zero-shot models", CVPR 2022). Conventions: a step reads new pieces, in lanes that learn them, and the
parent's own songs, in as many lanes that keep the parent's distributions; where there are pairs, their losses are
added; drift is the mean Kullback-Leibler divergence from the parent in nats an event, on songs of the parent that no
step reads. Caveat: drift on the parent's songs stands for what is lost on the style's real music; how well is in
docs/LOG.md.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from engine.model.network import Decisions, Network
from engine.model.pairs import Pairs, PairSettings, pair_loss, pair_rows, rewards, surprise
from engine.model.training import Columns, StepLoss, Trainer, TrainSettings, evaluate, lane_rows

State = tuple[Tensor, Tensor]
SHARES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
"""How far from the parent to the tuned weights is tried, the farthest first."""
REPLAY_SEED = 7919


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a tuning reads. `own`: the new pieces, `chances` [P] of each; `held_out`: new pieces that no step reads;
    `replay`: songs of the parent, `watch`: other songs of it, on which drift is measured. `pairs`, `held_out_pairs`:
    of which one song is preferred, read as `pairing` says. Without pieces (None) there are pairs, on either side.
    """

    own: Columns | None
    chances: NDArray[np.float64]
    held_out: Columns | None
    replay: Columns
    watch: Columns
    pairs: Pairs | None = None
    held_out_pairs: Pairs | None = None
    pairing: PairSettings = field(default_factory=PairSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tether:
    """How firmly the parent is kept: `weight` of its distributions in the loss, the `most_drift` in nats an event."""

    weight: float
    most_drift: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """Where a tuning ended: held-out nats (an event of pieces; a pair, without pieces) and drift of the weights that
    the network has now; the step that they are from, and how far from the parent to that step (1: all the way).
    """

    nats: float
    drift: float
    step: int
    share: float


@contextmanager
def threads(count: int) -> Iterator[None]:
    """So many threads for torch's work within."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def divergence(made: Mapping[str, Decisions], meant: Mapping[str, Decisions]) -> Tensor:
    """Nats an event by which the first's distributions diverge from the second's, over all heads."""
    total = torch.zeros((), device=made["onset"].logits.device)
    for name, head in made.items():
        log_made = F.log_softmax(head.logits.float(), dim=-1)
        log_meant = F.log_softmax(meant[name].logits.float(), dim=-1)
        total = total + F.kl_div(log_made, log_meant, log_target=True, reduction="sum")
    return total / len(made["onset"].chosen)


@torch.no_grad()
def drift(network: Network, parent: Network, columns: Columns, *, lanes: int = 16, chunk: int = 128) -> float:
    """Mean divergence of `network` from `parent` over these columns, read once, end to end."""
    network.eval()
    parent.eval()
    total = len(columns.events)
    width = min(chunk, max(1, total // lanes))
    per_lane = total // lanes // width * width
    if per_lane == 0:
        lanes, per_lane, width = 1, total, total
    parts: list[float] = []
    states: tuple[State | None, State | None] = (None, None)
    for start in range(0, per_lane, width):
        batch = columns.batch(np.arange(lanes)[:, None] * per_lane + start + np.arange(width)).to(network.device)
        with torch.autocast(network.device.type, torch.bfloat16):
            made, one = network.read(batch, states[0])
            meant, other = parent.read(batch, states[1])
        states = (one, other)
        parts.append(float(divergence(made, meant)))
    return float(np.mean(parts))


class Tuner(Trainer):
    """Trains `network` in place, from the weights that it has: those are the parent's. `between` is called before each
    step; it may sleep, or raise to stop.
    """

    def __init__(
        self,
        network: Network,
        material: Material,
        settings: TrainSettings,
        tether: Tether,
        between: Callable[[], None] = lambda: None,
    ) -> None:
        if material.own is None and material.pairs is None:
            raise ValueError("there is nothing to learn")
        self.parent = copy.deepcopy(network).eval().requires_grad_(False)
        self.drift = 0.0
        self._material, self._tether, self._between = material, tether, between
        again = replace(settings, seed=settings.seed + REPLAY_SEED)
        self._replay = lane_rows(material.replay, np.ones(len(material.replay.starts) - 1), again)
        self._pairs = None if material.pairs is None else pair_rows(material.pairs, material.pairing)
        self._states: tuple[State | None, State | None] = (None, None)
        own = material.replay if material.own is None else material.own  # the former is never asked for
        super().__init__(network, own, material.chances, own, settings)

    def held_out_nats(self) -> float:
        """Of the weights that the network has now: see `Tuned`."""
        return self._held_out()[0]

    def settle(self) -> Tuned:
        """After `run`: draw the weights back towards the parent until their drift is allowed."""
        best = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        start = self.parent.state_dict()
        for share in SHARES:
            between = {name: start[name] + share * (best[name] - start[name]) for name in best}
            self.network.load_state_dict(between)
            gone = drift(self.network, self.parent, self._material.watch)
            if gone <= self._tether.most_drift:
                return Tuned(nats=self.held_out_nats(), drift=gone, step=self.best_step, share=share)
        self.network.load_state_dict(start)
        return Tuned(nats=self.held_out_nats(), drift=0.0, step=0, share=0.0)

    def _skip(self) -> None:
        if self._material.own is not None:
            super()._skip()
        if self._pairs is not None:
            next(self._pairs)
        next(self._replay)

    def _train_step(self, state: State | None, keep: torch.Generator) -> tuple[State | None, float]:
        self._between()
        return super()._train_step(state, keep)

    def _loss(self, state: State | None) -> StepLoss:
        wanted: list[Tensor] = []
        if self._material.own is not None:
            own = super()._loss(state)
            wanted, state = [own.total], own.state
        if self._pairs is not None and self._material.pairs is not None:
            rows, pairing = next(self._pairs), self._material.pairing
            lost = pair_loss(self.network, self.parent, self._material.pairs, rows, pairing.sharpness)
            wanted.append(pairing.weight * lost)
        total = torch.stack(wanted).sum()
        nats = float(total.detach())
        return StepLoss(total=total + self._held_to_parent(), nats=nats, state=state)

    def _held_to_parent(self) -> Tensor:
        batch = self._material.replay.batch(next(self._replay)).to(self.network.device)
        made, (h, c) = self.network.read(batch, self._states[0])
        with torch.no_grad():
            meant, theirs = self.parent.read(batch, self._states[1])
        self._states = ((h.detach(), c.detach()), theirs)
        return self._tether.weight * divergence(made, meant)

    def _remember(self, valid: float) -> None:
        """Without pieces the last weights are kept: how surely pairs are told apart says when a network has learnt them
        by heart, not when it has ceased to write better songs (docs/LOG.md).
        """
        if self._material.held_out is None:
            self.best = math.inf
        super()._remember(valid)

    def _held_out(self) -> tuple[float, dict[str, float]]:
        material, nats = self._material, 0.0
        parts: dict[str, float] = {}
        if material.held_out is not None:
            nats, parts = evaluate(self.network, material.held_out)
        if material.held_out_pairs is not None:
            rewarded = rewards(self.network, self.parent, material.held_out_pairs.columns)
            parts["pairs"] = surprise(rewarded, material.held_out_pairs, material.pairing.sharpness)
        return parts.get("pairs", 0.0) if material.held_out is None else nats, parts
