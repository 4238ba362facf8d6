"""The network of the 2023 tutorials, as a baseline: the next token from the last hundred.

In: a sequence of token numbers. Out: a trained network that continues a sequence. The shape is theirs: two LSTM layers
of 256, dropout 0.3, sequences of 100, softmax over the tokens. Conventions: seeded; sampled from the softmax at
temperature 1, where most tutorials take its maximum and end in a loop. Caveats: tokens are embedded, not fed as one
scalar, and every position is a target, not the last alone; both flatter the baseline.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

HIDDEN, LAYERS, DROPOUT, SEQUENCE = 256, 2, 0.3, 100
BATCH, RATE = 16, 2e-3


class TutorialNetwork(nn.Module):
    """Tokens `[B, T]` → logits `[B, T, V]` and the state."""

    def __init__(self, tokens: int, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, hidden)
        self.lstm = nn.LSTM(hidden, hidden, LAYERS, batch_first=True, dropout=DROPOUT)
        self.drop = nn.Dropout(DROPOUT)
        self.out = nn.Linear(hidden, tokens)

    def forward(
        self, tokens: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """One pass over a stretch."""
        seen, state = self.lstm(self.embedding(tokens), state)
        return self.out(self.drop(seen)), state


def train_tutorial(
    tokens: NDArray[np.int64], vocabulary: int, *, seed: int, steps: int, hidden: int = HIDDEN
) -> tuple[TutorialNetwork, list[float]]:
    """Train on the sequence; returns the network and the loss of each step in nats a token.

    Raises `ValueError` if there are fewer tokens than one sequence needs.
    """
    if len(tokens) < SEQUENCE + 2:
        raise ValueError(f"{len(tokens)} tokens are too few for sequences of {SEQUENCE}")
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # the starting weights and the dropout
        network = TutorialNetwork(vocabulary, hidden)
        optimiser = torch.optim.Adam(network.parameters(), RATE)
        data = torch.from_numpy(tokens)
        losses: list[float] = []
        for _ in range(steps):
            starts = rng.integers(len(tokens) - SEQUENCE, size=BATCH)
            rows = data[torch.from_numpy(starts[:, None] + np.arange(SEQUENCE + 1))]
            logits, _ = network(rows[:, :-1])
            loss = F.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten())
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            losses.append(float(loss.detach()))
    return network.eval(), losses


@torch.inference_mode()
def sample_tutorial(
    network: TutorialNetwork, seeds: NDArray[np.int64], length: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Continue excerpts `[B, SEQUENCE]` by `length` tokens each: `[B, length]`."""
    logits, state = network(torch.from_numpy(seeds))
    out = np.empty((len(seeds), length), dtype=np.int64)
    for step in range(length):
        chances = torch.softmax(logits[:, -1], dim=-1).double().numpy()
        draws = rng.random((len(seeds), 1))
        out[:, step] = (np.cumsum(chances, axis=1) < draws * chances.sum(axis=1, keepdims=True)).sum(axis=1)
        out[:, step] = np.minimum(out[:, step], chances.shape[1] - 1)
        logits, state = network(torch.from_numpy(out[:, step : step + 1]), state)
    return out
