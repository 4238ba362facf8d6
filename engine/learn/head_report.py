"""How well a head understands prompts that it never saw: accuracy, calibration, moods, beside the zero-shot baseline.

In: meanings and labels. Out: `HeadReport`. Conventions: top-1 and top-2 count over prompts that mean a style, among all
labels (naming none is a mistake); `open_found` over those that mean none. The calibration error is the expected one
over ten bins of equal width (Naeini et al. 2015). Moods: the share of prompts whose valence has the right sign, and of
pairs whose energies (and valences) have the right order, among pairs that differ by at least `LEAST_GAP`. Caveat:
labels are opinions; a second style (`also`) does not count as right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.learn.prompts import Labelled
from engine.text.head import OPEN
from engine.text.meaning import MOODS, Meaning

LEAST_GAP = 0.4
LEAST_VALENCE = 0.2
BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadReport:
    """Shares 0…1; `calibration_error` 0…1, `mood_errors`: mean absolute error an axis. `mistakes`: prompt, label, and
    what was read with its share.
    """

    prompts: int
    top1: float
    top2: float
    open_found: float
    calibration_error: float
    valence_sign: float
    energy_order: float
    valence_order: float
    mood_errors: Mapping[str, float]
    mistakes: tuple[tuple[str, str, str, float], ...]


def shares_with_open(meaning: Meaning) -> dict[str, float]:
    """Label → probability, `open` among them."""
    return {**meaning.styles, OPEN: meaning.open}


def report_on(meanings: Sequence[Meaning], prompts: Sequence[Labelled]) -> HeadReport:
    """Judge `meanings` by the labels of `prompts`."""
    shares = [shares_with_open(meaning) for meaning in meanings]
    ranked = [sorted(row, key=lambda name: -row[name]) for row in shares]
    named = [at for at, prompt in enumerate(prompts) if prompt.style != OPEN]
    silent = [at for at, prompt in enumerate(prompts) if prompt.style == OPEN]
    right = [ranked[at][0] == prompts[at].style for at in range(len(prompts))]
    sure = [shares[at][ranked[at][0]] for at in range(len(prompts))]
    return HeadReport(
        prompts=len(prompts),
        top1=_mean([right[at] for at in named]),
        top2=_mean([prompts[at].style in ranked[at][:2] for at in named]),
        open_found=_mean([right[at] for at in silent]),
        calibration_error=calibration_error(np.array(sure), np.array(right)),
        valence_sign=_valence_sign(meanings, prompts),
        energy_order=order_right(_axis(meanings, "energy"), _labels(prompts, "energy"), LEAST_GAP),
        valence_order=order_right(_axis(meanings, "valence"), _labels(prompts, "valence"), LEAST_GAP),
        mood_errors={axis: float(np.abs(_axis(meanings, axis) - _labels(prompts, axis)).mean()) for axis in MOODS},
        mistakes=tuple(
            (prompts[at].text, prompts[at].style, ranked[at][0], round(sure[at], 2))
            for at in range(len(prompts))
            if not right[at]
        ),
    )


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_], bins: int = BINS) -> float:
    """Expected calibration error: the mean distance of confidence and accuracy over bins of confidence."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return float(
        sum(abs(confidence[place == b].mean() - right[place == b].mean()) * (place == b).mean() for b in set(place))
    )


def order_right(found: NDArray[np.float64], wanted: NDArray[np.float64], gap: float) -> float:
    """Share of pairs in the right order, of those whose wanted values differ, by at least `gap`."""
    difference = wanted[:, None] - wanted[None, :]
    pairs = (difference > 0) & (difference >= gap - 1e-9)
    return float(((found[:, None] - found[None, :]) > 0)[pairs].mean()) if pairs.any() else 1.0


def _valence_sign(meanings: Sequence[Meaning], prompts: Sequence[Labelled]) -> float:
    found, wanted = _axis(meanings, "valence"), _labels(prompts, "valence")
    clear = np.abs(wanted) >= LEAST_VALENCE - 1e-9
    return float((np.sign(found[clear]) == np.sign(wanted[clear])).mean())


def _axis(meanings: Sequence[Meaning], axis: str) -> NDArray[np.float64]:
    return np.array([getattr(meaning.mood, axis) for meaning in meanings])


def _labels(prompts: Sequence[Labelled], axis: str) -> NDArray[np.float64]:
    return np.array([prompt.moods[MOODS.index(axis)] for prompt in prompts])


def _mean(values: Sequence[bool]) -> float:
    return float(np.mean(values)) if values else 1.0
