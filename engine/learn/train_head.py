"""Written prompts → the head that reads them, and the encoder that was trained along with it.

In: `Labelled` prompts and a freshly loaded encoder. Out: a `Head` with its adapter. Conventions: cross-entropy for the
style (a second style gets `ALSO_SHARE` of the target) and squared error for the moods; all layers of the encoder move a
little, its word table stays. What is kept is the mean of the weights over the last steps (Polyak & Juditsky 1992) of
several runs that differ in their order and dropout (a soup: Wortsman et al. 2022). The temperature is fitted on prompts
that training left out, never on the held-out ones. The same seed gives the same head on one machine. Caveat: the
encoder that is given is spoilt by it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.learn.prompts import Labelled
from engine.text.encoder import FEATURES, Rows, TextEncoder, softmax
from engine.text.head import SCALE, Head
from engine.text.meaning import MOODS

ALSO_SHARE = 0.25
SORTED_BATCHES = 16
"""So many batches are sorted by length together: little padding, and yet other company each time."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadRecipe:
    """How the head is trained. `mood_weight`: of the moods' error beside the style's; `mean_decay`: of the running mean
    of the weights.
    """

    runs: int = 3
    epochs: int = 4
    batch: int = 32
    encoder_rate: float = 1e-4
    head_rate: float = 5e-3
    weight_decay: float = 1e-2
    dropout: float = 0.1
    head_dropout: float = 0.3
    mood_weight: float = 4.0
    mean_decay: float = 0.995
    seed: int = 2


def targets_of(prompts: Sequence[Labelled], labels: Sequence[str]) -> tuple[Rows, Rows]:
    """Style shares `[N, C]` and moods `[N, 5]` that the head shall give."""
    shares = np.zeros((len(prompts), len(labels)), dtype=np.float32)
    for row, prompt in zip(shares, prompts, strict=True):
        row[labels.index(prompt.style)] += 1 - ALSO_SHARE * bool(prompt.also)
        if prompt.also:
            row[labels.index(prompt.also)] += ALSO_SHARE
    return shares, np.array([prompt.moods for prompt in prompts], dtype=np.float32).reshape(-1, len(MOODS))


def train_head(
    encoder: TextEncoder, prompts: Sequence[Labelled], labels: tuple[str, ...], recipe: HeadRecipe, say: Say
) -> Head:
    """Train on `prompts`; the temperature of the head is 1 until `calibrated`. `say` hears of each epoch."""
    shares, moods = (torch.from_numpy(part) for part in targets_of(prompts, labels))
    network = _open_network(encoder, recipe)
    before = [part.detach().clone() for _, part in _moving(network)]
    torch.manual_seed(recipe.seed)
    linear = nn.Linear(FEATURES, len(labels) + len(MOODS))
    parameters = [part for _, part in _moving(network)] + list(linear.parameters())
    start = [part.detach().clone() for part in parameters]
    soup = [torch.zeros_like(part) for part in start]
    lesson = _Lesson(encoder, linear, [prompt.text for prompt in prompts], shares, moods)
    for run in range(recipe.runs):
        _copy(start, parameters)
        means = lesson.run(parameters, recipe, run, say)
        for part, mean in zip(soup, means, strict=True):
            part.add_(mean / recipe.runs)
    _copy(soup, parameters)
    network.eval()
    adapter = {
        name: np.asarray((part.detach() - old).numpy(), dtype=np.float32)
        for (name, part), old in zip(_moving(network), before, strict=True)
    }
    weight, bias = (part.detach().numpy().copy() for part in (linear.weight.T, linear.bias))
    return Head(labels=labels, temperature=1.0, weight=weight, bias=bias, adapter=adapter)


@dataclass(slots=True)
class _Lesson:
    """What is learnt, and by whom."""

    encoder: TextEncoder
    linear: nn.Linear
    texts: Sequence[str]
    shares: Tensor
    moods: Tensor

    def run(self, parameters: Sequence[Tensor], recipe: HeadRecipe, run: int, say: Say) -> list[Tensor]:
        """One training; returns the running means of the parameters."""
        torch.manual_seed(recipe.seed + 1000 * (run + 1))  # the network's own dropout has no other generator
        rng = np.random.Generator(np.random.PCG64([recipe.seed, run]))
        steps = recipe.epochs * math.ceil(len(self.texts) / recipe.batch)
        optimizer, schedule = _optimizer(self.encoder.network, self.linear, recipe, steps=steps)
        mean = _Mean(recipe.mean_decay, parameters)
        for epoch in range(recipe.epochs):
            nats = []
            for rows in _batches(self.texts, recipe.batch, rng):
                style, mood = self._losses(rows, recipe.head_dropout)
                optimizer.zero_grad()
                (style + recipe.mood_weight * mood).backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(self.encoder.network.parameters(), 1.0)
                optimizer.step()
                schedule.step()
                mean.take()
                nats.append(style.item())
            said = f"run {run + 1} of {recipe.runs}, epoch {epoch + 1} of {recipe.epochs}"
            say(f"{said}: {np.mean(nats):.3f} nats a prompt")
        return mean.means

    def _losses(self, rows: Sequence[int], dropout: float) -> tuple[Tensor, Tensor]:
        """Nats a prompt for the style, squared error of the moods."""
        features = self.encoder.forward([self.texts[row] for row in rows])
        out = self.linear(nn.functional.dropout(SCALE * features, dropout))
        shares = self.shares[rows]
        style = -(shares * out[:, : shares.shape[1]].log_softmax(-1)).sum(-1).mean()
        return style, (out[:, shares.shape[1] :].tanh() - self.moods[rows]).square().mean()


def _copy(values: Sequence[Tensor], parameters: Sequence[Tensor]) -> None:
    """Set parameters to values."""
    with torch.no_grad():
        for value, part in zip(values, parameters, strict=True):
            part.copy_(value)


def calibrated(head: Head, features: Rows, prompts: Sequence[Labelled]) -> Head:
    """The head with the temperature under which the styles of `prompts`, which it has not seen, are likeliest. Second
    styles count for nothing here: a confidence is that in the first.
    """
    styles = [head.labels.index(prompt.style) for prompt in prompts]
    logits, _ = head.outputs(features)
    candidates = np.geomspace(0.3, 5.0, 240)

    def nats(temperature: float) -> float:
        return float(-np.log(softmax(logits / np.float32(temperature))[range(len(styles)), styles] + 1e-9).mean())

    return replace(head, temperature=float(min(candidates, key=nats)))


def _open_network(encoder: TextEncoder, recipe: HeadRecipe) -> Any:
    """The encoder's network, made ready to be trained."""
    network = encoder.network
    network.train()
    for part in network.modules():
        if isinstance(part, nn.Dropout):
            part.p = recipe.dropout
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name.startswith("encoder.layer."))
    return network


def _moving(network: Any) -> list[tuple[str, Tensor]]:
    return [(name, part) for name, part in network.named_parameters() if name.startswith("encoder.layer.")]


def _optimizer(
    network: Any, linear: nn.Linear, recipe: HeadRecipe, *, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    rates = [recipe.encoder_rate, recipe.head_rate]
    groups = [
        {"params": [part for _, part in _moving(network)], "lr": rates[0]},
        {"params": linear.parameters(), "lr": rates[1]},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=recipe.weight_decay)
    return optimizer, torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, total_steps=steps, pct_start=0.1)


def _batches(texts: Sequence[str], size: int, rng: np.random.Generator) -> Iterator[list[int]]:
    """Every text once, in batches of like length, in random order."""
    order = rng.permutation(len(texts))
    batches = []
    for start in range(0, len(order), size * SORTED_BATCHES):
        near = sorted(order[start : start + size * SORTED_BATCHES], key=lambda row: len(texts[row]))
        batches += [[int(row) for row in near[at : at + size]] for at in range(0, len(near), size)]
    for at in rng.permutation(len(batches)):
        yield batches[at]


class _Mean:
    """The running mean of parameters, which is steadier than their last values."""

    def __init__(self, decay: float, parameters: Sequence[Tensor]) -> None:
        self._decay, self._parameters, self._steps = decay, parameters, 0
        self.means = [part.detach().clone() for part in parameters]

    def take(self) -> None:
        """Note the parameters' values; early on the mean forgets faster."""
        self._steps += 1
        keep = min(self._decay, self._steps / (self._steps + 10))
        for mean, part in zip(self.means, self._parameters, strict=True):
            mean.lerp_(part.detach(), 1 - keep)
