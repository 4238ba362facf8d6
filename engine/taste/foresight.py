"""What is liked of songs → what that makes likely to be liked of plans.

In: a preference over songs' features, and songs whose plans were measured too, whoever voted on them or nobody. Out:
the same preference told in features of plans. Conventions: both sides in standard deviations over the songs of one home
and style, so that songs of several can be put together; ridge regression (Hoerl and Kennard, 1970), its penalty by
leave-one-out (Golub, Heath and Wahba, 1979). Why: a vote is one noisy bit, a song's score is a number; what a plan
leads to can be learnt from all songs, and is the same whoever votes. Caveat: nothing is learnt of what plans decide and
songs' features do not show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.taste.ballot import HeardSong
from engine.taste.preference import Finding
from engine.taste.table import Evidence, Floats, Table

PENALTIES = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
ENOUGH = 20
"""So many songs at least."""


@dataclass(frozen=True, slots=True)
class _Measured:
    """Standardised features `[N, F]` and their names."""

    names: tuple[str, ...]
    rows: Floats


def foreseen(finding: Finding, groups: Sequence[Sequence[HeardSong]]) -> Finding | None:
    """A finding over songs as one over plans; None where too few plans are known. `groups`: songs of one home and
    style each.
    """
    known = [[song for song in group if song.plan and song.song] for group in groups]
    known = [group for group in known if len(group) > 1]
    if finding.preference is None or sum(map(len, known)) < ENOUGH:
        return None
    songs = _measured([{song.id: song.song for song in group} for group in known])
    plans = _measured([{song.id: song.plan for song in group} for group in known])
    scores = songs.rows @ np.array([finding.weights.get(name, 0.0) for name in songs.names])
    slopes = _ridge(plans.rows, scores)
    return replace(finding, weights=dict(zip(plans.names, slopes.tolist(), strict=True)))


def _measured(groups: Sequence[Mapping[str, Mapping[str, float]]]) -> _Measured:
    table = Table([Evidence(features=group, votes=()) for group in groups], {})
    return _Measured(table.names, table.songs)


def _ridge(x: Floats, y: Floats) -> Floats:
    """Slopes `[F]` under the penalty that foretells rows best which were left out."""
    u, lengths, directions = np.linalg.svd(x, full_matrices=False)
    inside, errors, slopes = u.T @ y, [], []
    for penalty in PENALTIES:
        kept = lengths**2 / (lengths**2 + penalty)
        leverage = (u**2) @ kept
        errors.append(float((((y - u @ (kept * inside)) / (1.0 - leverage)) ** 2).sum()))
        slopes.append(directions.T @ (lengths / (lengths**2 + penalty) * inside))
    best: Floats = slopes[int(np.argmin(errors))]
    return best
