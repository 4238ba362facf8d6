"""One network out of several: the weighted mean of their weights.

In: networks of one shape, fine-tuned from one base, and what each weighs. Out: a network of that shape. Source:
Wortsman et al., "Model soups" (ICML 2022): weights that were fine-tuned from one start lie in one basin of the loss,
so points between them are good networks too. Conventions: what the parts weigh is divided by its sum; a part is told
its style by one row of the embedding table, and the blend's rows of all its parts hold the mean of those. Caveat:
networks that were not trained from one base must not be blended; nothing here can tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engine.model.network import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A network, its weight (above 0), and the row of its embedding table that tells it its style."""

    network: Network
    weight: float
    style_row: int


@torch.no_grad()
def blend_networks(parts: Sequence[Part]) -> Network:
    """The mean network, in evaluation mode. The order of the parts is that of the sums: sort them for equal bits.

    Raises `ValueError` for no parts, weights that are not above 0, or networks of different shapes.
    """
    if not parts or any(part.weight <= 0 for part in parts):
        raise ValueError("a blend needs parts that weigh something")
    if len({replace(part.network.config, dropout=0.0) for part in parts}) > 1:
        raise ValueError("networks of different shapes cannot be blended")
    states = [part.network.state_dict() for part in parts]
    total = sum(part.weight for part in parts)
    shares = [part.weight / total for part in parts]
    network = Network(parts[0].network.config).to(parts[0].network.onset.weight.device)
    network.load_state_dict({name: _mean([state[name] for state in states], shares) for name in states[0]})
    row = _mean([part.network.table.weight[part.style_row] for part in parts], shares)
    for part in parts:
        network.table.weight[part.style_row] = row
    return network.eval()


def _mean(tensors: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    """Weighted mean, in double precision, so that a tensor's mean with itself is itself."""
    total = torch.zeros_like(tensors[0], dtype=torch.float64)
    for tensor, share in zip(tensors, shares, strict=True):
        total += share * tensor.double()
    return total.to(tensors[0].dtype)
