"""The draw from masked logits: nucleus sampling, a class a row.

In: logits, a mask, each row's temperature, nucleus and uniform number. Out: the chosen classes. Conventions: randomness
arrives from the caller's own generators; a row's choice never depends on the others. Source: Holtzman et al., "The
curious case of neural text degeneration" (ICLR 2020). Caveat: sums are float64, in the order of the likeliest classes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

LIKELIEST, ROUNDING = 24, 1e-9
"""A nucleus seldom holds more classes; how far it must be past its end to be surely over."""


class EmptyMaskError(ValueError):
    """A row's mask leaves nothing to draw."""


def draw(logits: Floats, *, mask: Mask, temperature: Floats, top_p: float | Floats, uniform: Floats) -> Integers:
    """Choose one class a row. `logits` [N, C], `mask` [N, C] or [1, C] (True: allowed), `temperature` [N], `top_p` one
    for all or [N], `uniform` [N] in [0, 1).

    Nucleus sampling (Holtzman et al., 2020): the smallest set of classes whose share reaches `top_p` is drawn from.
    Raises `EmptyMaskError` if a row allows nothing.
    """
    shares: Floats = np.where(mask, logits / temperature[:, None], -np.inf)
    highest = shares.max(axis=1, keepdims=True)
    if highest.min() == -np.inf:
        raise EmptyMaskError("a row of the mask allows no class")
    shares -= highest
    np.exp(shares, out=shares)
    shares /= shares.sum(axis=1, keepdims=True)
    most = top_p if isinstance(top_p, float) else top_p[:, None]
    order, ranked, upto = (_likeliest if shares.shape[1] > 2 * LIKELIEST else _ranked)(shares, most)
    nucleus = (upto - ranked < most) & (ranked > 0)
    row, last = np.arange(len(order)), nucleus.sum(axis=1) - 1
    rank = (upto <= (uniform * upto[row, last])[:, None]).sum(axis=1)
    chosen: Integers = order[row, np.minimum(rank, last)]
    return chosen


Ranked = tuple[Integers, Floats, Floats]
"""Classes from the likeliest on (of equal ones the first goes first), their shares, and these summed up: `[N, K]`."""


def _ranked(shares: Floats, _: float | Floats) -> Ranked:
    """All classes."""
    order = np.argsort(-shares, axis=1, kind="stable")
    ranked = shares.take(order + np.arange(0, shares.size, shares.shape[1])[:, None])
    return order, ranked, ranked.cumsum(axis=1)


def _likeliest(shares: Floats, top_p: float | Floats) -> Ranked:
    """The `LIKELIEST` classes, found quickly, if every nucleus ends among them and no two shares there are equal; else
    all classes.
    """
    order = np.argsort(-shares, axis=1)[:, :LIKELIEST]
    ranked = shares.take(order + np.arange(0, shares.size, shares.shape[1])[:, None])
    upto = ranked.cumsum(axis=1)
    ended = upto[:, -2:-1] > top_p + ROUNDING
    equal = (ranked[:, 1:] == ranked[:, :-1]) & (ranked[:, 1:] > 0)
    if not ended.all() or equal.any():
        return _ranked(shares, top_p)
    return order, ranked, upto
