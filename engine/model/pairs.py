"""Pairs of songs of which one is preferred: what a network thinks of them, and the loss that makes it agree.

In: songs' columns, which of two is preferred. Out: log-likelihoods, implicit rewards, the loss of direct preference
optimisation (Rafailov et al., NeurIPS 2023). Conventions: a song's reward is by how many nats an event the network
finds it likelier than its parent does, a mean over events, so long songs are not rewarded for being long (Park et al.,
"Disentangling length from quality in DPO", 2024); `sharpness` times the difference of two rewards are the log odds that
the first is preferred. Training reads stretches of the songs from empty states, judging reads them whole. Caveat: two
songs of a pair need not be of one plan, so that what a plan prescribes adds to their difference as noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from engine.model.network import Batch, Network
from engine.model.training import Columns

NOBODY = -1
"""Row number where a song has no more rows."""
READ_AT_ONCE = 16
"""Songs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """`columns`: of all songs, a piece each; `winners`, `losers` [K]: pieces; `chances` [K]: how often each pair is
    drawn, or how much it counts.
    """

    columns: Columns
    winners: NDArray[np.int64]
    losers: NDArray[np.int64]
    chances: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.winners)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSettings:
    """`count` pairs a step, of each song a stretch of `chunk` events; `weight` of their loss; see the module's
    docstring for `sharpness`.
    """

    count: int = 8
    chunk: int = 256
    weight: float = 1.0
    sharpness: float = 10.0
    seed: int = 1


def log_likelihoods(network: Network, batch: Batch) -> Tensor:
    """How likely the network finds each event, all heads together: nats `[B, T]` float32, at most 0."""
    made, _ = network.read(batch)
    onset, role = (batch.events.reshape(-1, 5)[:, i].long() for i in (0, 1))
    note = (onset != network.bar).nonzero().squeeze(-1)
    is_drum = role[note] == network.drums
    places = {"onset": torch.arange(len(onset), device=onset.device), "role": note, "velocity": note,
              "drum": note[is_drum], "pitch": note[~is_drum], "duration": note[~is_drum]}  # fmt: skip
    total = torch.zeros(len(onset), device=onset.device)
    for name, head in made.items():
        nats = -F.cross_entropy(head.logits.float(), head.chosen, reduction="none")
        total = total.index_add(0, places[name], nats)
    return total.reshape(batch.events.shape[:2])


def song_means(network: Network, columns: Columns, rows: NDArray[np.int64]) -> Tensor:
    """Mean log-likelihood of the rows `[B, T]` of each song, `NOBODY` counting nothing: nats an event `[B]`."""
    there = torch.from_numpy(rows != NOBODY).to(network.device)
    batch = columns.batch(np.where(rows == NOBODY, 0, rows)).to(network.device)
    nats = log_likelihoods(network, batch) * there
    means: Tensor = nats.sum(-1) / there.sum(-1)
    return means


def pair_loss(network: Network, parent: Network, pairs: Pairs, rows: NDArray[np.int64], sharpness: float) -> Tensor:
    """The loss of pairs, whose `rows` `[2, K, T]` are the preferred songs' and the others'."""
    flat = rows.reshape(-1, rows.shape[-1])
    with torch.no_grad():
        meant = song_means(parent, pairs.columns, flat)
    rewards = (song_means(network, pairs.columns, flat) - meant).reshape(2, -1)
    return -F.logsigmoid(sharpness * (rewards[0] - rewards[1])).mean()


def pair_rows(pairs: Pairs, settings: PairSettings) -> Iterator[NDArray[np.int64]]:
    """Endless `[2, count, chunk]` row numbers: stretches of pairs that are drawn by their chances."""
    rng = np.random.Generator(np.random.PCG64(settings.seed))
    share = pairs.chances / pairs.chances.sum()
    while True:
        drawn = rng.choice(len(pairs), size=settings.count, p=share)
        songs = np.stack((pairs.winners[drawn], pairs.losers[drawn]))
        yield np.array([[_stretch(pairs.columns, song, settings.chunk, rng) for song in some] for some in songs])


def _stretch(columns: Columns, song: int, chunk: int, rng: np.random.Generator) -> NDArray[np.int64]:
    start, end = columns.starts[song], columns.starts[song + 1]
    begin = int(rng.integers(start, max(start, end - chunk) + 1))
    rows = np.arange(begin, begin + chunk)
    return np.where(rows < end, rows, NOBODY)


@torch.no_grad()
def rewards(network: Network, parent: Network, columns: Columns) -> NDArray[np.float64]:
    """Each song's reward `[P]`, nats an event."""
    network.eval()
    parent.eval()
    lengths = np.diff(columns.starts)
    found = np.empty(len(lengths))
    order = np.argsort(lengths, kind="stable")
    for first in range(0, len(order), READ_AT_ONCE):
        some = order[first : first + READ_AT_ONCE]
        steps = np.arange(lengths[some].max())
        rows = np.where(steps < lengths[some][:, None], columns.starts[some][:, None] + steps, NOBODY)
        with torch.autocast(network.device.type, torch.bfloat16):
            means = [song_means(one, columns, rows) for one in (network, parent)]
        found[some] = (means[0] - means[1]).double().cpu().numpy()
    return found


def surprise(rewarded: NDArray[np.float64], pairs: Pairs, sharpness: float) -> float:
    """Mean loss of pairs whose songs have these rewards `[P]`: log 2 where the network thinks what its parent does."""
    margins = sharpness * (rewarded[pairs.winners] - rewarded[pairs.losers])
    return float(np.average(np.logaddexp(0.0, -margins), weights=pairs.chances))


def agreement(rewarded: NDArray[np.float64], pairs: Pairs) -> float:
    """Share of the pairs, by their chances, whose preferred song has the higher reward, ties counting half; 0…1."""
    gaps = rewarded[pairs.winners] - rewarded[pairs.losers]
    return float(np.average((np.sign(gaps) + 1) / 2, weights=pairs.chances))
