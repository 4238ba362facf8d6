"""Written prompts → the head that reads them: a few small networks that vote, and a temperature for their confidence.

In: `Labelled` prompts and their embeddings. Out: a `Head`. Conventions: cross-entropy for the style (a second style
gets `ALSO_SHARE` of the target), squared error for the moods; dropout and noise against learning by heart. The
temperature is fitted on predictions for prompts that the predicting network had not seen (cross-fitting in `FOLDS`
parts), never on the held-out prompts. The same seed gives the same head on one machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.learn.prompts import Labelled
from engine.text.head import Head, softmax
from engine.text.meaning import MOODS

ALSO_SHARE = 0.25
FOLDS = 5

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadRecipe:
    """How the head is trained. `mood_weight`: of the moods' error beside the style's."""

    voters: int = 4
    hidden: int = 128
    steps: int = 400
    learning_rate: float = 3e-3
    weight_decay: float = 2e-2
    dropout: float = 0.4
    noise: float = 0.01
    mood_weight: float = 2.0
    seed: int = 1


def targets_of(prompts: Sequence[Labelled], labels: Sequence[str]) -> tuple[Rows, Rows]:
    """Style shares `[N, C]` and moods `[N, 5]` that the head shall give."""
    shares = np.zeros((len(prompts), len(labels)), dtype=np.float32)
    for row, prompt in zip(shares, prompts, strict=True):
        row[labels.index(prompt.style)] += 1 - ALSO_SHARE * bool(prompt.also)
        if prompt.also:
            row[labels.index(prompt.also)] += ALSO_SHARE
    return shares, np.array([prompt.moods for prompt in prompts], dtype=np.float32).reshape(-1, len(MOODS))


def train_head(rows: Rows, prompts: Sequence[Labelled], labels: tuple[str, ...], recipe: HeadRecipe) -> Head:
    """The head for embeddings `rows [N, 384]` of `prompts`, with a temperature from cross-fitting."""
    shares, moods = targets_of(prompts, labels)
    order = np.random.Generator(np.random.PCG64(recipe.seed)).permutation(len(rows))
    logits = np.zeros_like(shares)
    for fold in range(FOLDS):
        left_out = order[fold::FOLDS]
        seen = np.setdiff1d(order, left_out)
        part = _fit(rows[seen], shares[seen], moods[seen], replace(recipe, seed=recipe.seed + 100 * (fold + 1)))
        logits[left_out] = _head(part, labels, 1.0).outputs(rows[left_out])[0]
    return _head(_fit(rows, shares, moods, recipe), labels, best_temperature(logits, shares))


def best_temperature(logits: Rows, shares: Rows) -> float:
    """The divisor of the logits under which the targets are likeliest."""
    candidates = np.geomspace(0.3, 5.0, 120)

    def nats(temperature: float) -> float:
        return float(-(shares * np.log(softmax(logits / np.float32(temperature)) + 1e-9)).sum(axis=1).mean())

    return float(min(candidates, key=nats))


def _head(tensors: dict[str, Rows], labels: tuple[str, ...], temperature: float) -> Head:
    return Head(labels=labels, temperature=temperature, **tensors)


def _fit(rows: Rows, shares: Rows, moods: Rows, recipe: HeadRecipe) -> dict[str, Rows]:
    """Train the voters side by side, each with its own beginning, dropout and noise."""
    generator = torch.Generator().manual_seed(recipe.seed)
    center = rows.mean(axis=0)
    x, style, mood = (torch.from_numpy(np.ascontiguousarray(part)) for part in (rows - center, shares, moods))
    voters, n = recipe.voters, style.shape[1]

    def parameter(inputs: int, outputs: int) -> nn.Parameter:
        return nn.Parameter(torch.randn(voters, inputs, outputs, generator=generator) * (2 / inputs) ** 0.5)

    first, second = parameter(x.shape[1], recipe.hidden), parameter(recipe.hidden, n + mood.shape[1])
    first.data *= 4.0  # embeddings of unit length have small components
    biases = [nn.Parameter(torch.zeros(voters, 1, width)) for width in (recipe.hidden, n + mood.shape[1])]
    optimizer = torch.optim.AdamW([first, second, *biases], lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, total_steps=recipe.steps)

    def drop(values: Tensor) -> Tensor:
        kept = torch.rand(values.shape, generator=generator) >= recipe.dropout
        return values * kept / (1 - recipe.dropout)

    for _ in range(recipe.steps):
        noisy = x + recipe.noise * torch.randn(voters, *x.shape, generator=generator)
        hidden = drop(torch.relu(noisy @ first + biases[0]))
        out = hidden @ second + biases[1]
        loss = -(style * out[..., :n].log_softmax(-1)).sum(-1).mean()
        loss = loss + recipe.mood_weight * (out[..., n:].tanh() - mood).square().mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    tensors = {"input": first, "input_bias": biases[0], "output": second, "output_bias": biases[1]}
    return {"center": center, **{name: part.detach().numpy() for name, part in tensors.items()}}
