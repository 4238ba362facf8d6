"""How sure it is that a song is liked: counts of votes in, a lower bound out.

In: votes for and against. Out: 0…1. Conventions: how often a song is liked has the Beta distribution that a uniform
prior and its votes give; it is ranked by what lies below it with 5 %, so that two votes of two do not stand above forty
of fifty. Caveat: whole votes, each counted as one.
"""

from __future__ import annotations

import math
from functools import lru_cache

BELOW = 0.05
STEPS = 32
"""Of halving; the bound is then exact to 10⁻⁹."""
NOTHING = 1e-16


@lru_cache(maxsize=4096)
def lower_bound(up: int, down: int) -> float:
    """The 5 % quantile of Beta(up + 1, down + 1)."""
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _below(middle, up, down) < BELOW else (low, middle)
    return (low + high) / 2


def _below(share: float, up: int, down: int) -> float:
    """How probably Beta(up + 1, down + 1) lies below `share`: that of n = up + down + 1 throws, each won with this
    probability, more than `up` are won (DLMF 8.17.5). Of winners and losers, the rarer are counted.
    """
    if share > (up + 1) / (up + down + 2):
        return 1 - _more(1 - share, down, up)
    return _more(share, up, down)


def _more(share: float, up: int, down: int) -> float:
    """The same by adding up, from the likeliest on, until what is left is nothing."""
    throws, odds = up + down + 1, share / (1 - share)
    ways = math.lgamma(throws + 1) - math.lgamma(up + 2) - math.lgamma(down + 1)
    term = math.exp(ways + (up + 1) * math.log(share) + down * math.log1p(-share))
    total, won = term, up + 1
    while won < throws and term > total * NOTHING:
        term *= odds * (throws - won) / (won + 1)
        total += term
        won += 1
    return total
