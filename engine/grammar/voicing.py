"""Chords to hands: a chord symbol goes in, three or four MIDI pitches come out, close to the voicing before.

Shapes may be rootless (the bass has the root) and open. Conventions: pitches ascend; all within `low`…`high`. The
cost is what each voice moves plus how far the hand strays from its home; small noise keeps two songs from always
agreeing.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np

from engine.music.harmony import QUALITIES, Chord

Voicing = tuple[int, ...]
ROOTLESS: dict[str, tuple[tuple[int, ...], ...]] = {
    "maj7": ((4, 7, 11), (2, 4, 7, 11), (4, 9, 11)),
    "maj9": ((2, 4, 7, 11), (2, 4, 9, 11)),
    "6": ((4, 7, 9), (2, 4, 7, 9)),
    "m7": ((3, 7, 10), (3, 5, 10)),
    "m9": ((2, 3, 7, 10), (2, 3, 5, 10)),
    "m11": ((3, 5, 7, 10), (2, 3, 5, 10)),
    "m6": ((3, 7, 9), (2, 3, 7, 9)),
    "mmaj7": ((3, 7, 11), (2, 3, 7, 11)),
    "7": ((4, 7, 10), (4, 9, 10)),
    "9": ((2, 4, 7, 10), (2, 4, 9, 10)),
    "13": ((2, 4, 9, 10), (4, 9, 10)),
    "7b9": ((1, 4, 7, 10),),
    "7sus4": ((5, 7, 10), (2, 5, 7, 10)),
}
"""Quality → what a hand plays beside a bass: third and seventh (or sixth) with colours, the root left out."""
HOME_LOW, HOME_TOP = 52, 65


@cache
def shapes(quality: str) -> tuple[tuple[int, ...], ...]:
    """Sets of intervals above the root that stand for the chord, three or four notes each."""
    tones = QUALITIES[quality]
    upper = tuple(t for t in tones if t != 0)
    without_fifth = tuple(t for t in tones if t != 7)
    candidates = [upper, tones, without_fifth, tuple(t for t in upper if t != 7), tuple(t for t in upper if t != 2)]
    if quality in ("m7", "maj7", "7"):
        candidates.append(tuple(sorted({2, *upper})))
    return tuple(dict.fromkeys(shape for shape in candidates if 3 <= len(shape) <= 4)) or (tones,)


@cache
def voicings(root: int, quality: str, low: int, high: int, *, rootless: bool = False) -> tuple[Voicing, ...]:
    """Every close and drop-2 placement of the chord's shapes within `low`…`high`."""
    if quality == "5":
        return _power(root, low, high)
    found: dict[Voicing, None] = {}
    for shape in ROOTLESS.get(quality, shapes(quality)) if rootless else shapes(quality):
        classes = sorted((root + step) % 12 for step in shape)
        for inversion in range(len(classes)):
            order = classes[inversion:] + classes[:inversion]
            for octave in range(3, 7):
                close = _stack(order, octave * 12)
                for candidate in (close, _drop_two(close)):
                    if low <= candidate[0] and candidate[-1] <= high and _clear(candidate):
                        found[candidate] = None
    return tuple(found) or (_spread(root, quality, low, high),)


def _power(root: int, low: int, high: int) -> tuple[Voicing, ...]:
    """Root, fifth and octave as low as the part goes, as a guitarist grips it; without the octave if it is too high."""
    base = low + (root - low) % 12
    return (tuple(pitch for pitch in (base, base + 7, base + 12) if pitch <= max(high, base)),)


def _spread(root: int, quality: str, low: int, high: int) -> Voicing:
    """Three chord tones of a part that is too low or too narrow for a clear voicing."""
    tones = [pitch for pitch in range(low, high + 1) if (pitch - root) % 12 in QUALITIES[quality]]
    return tuple(tones[::2][:3]) or tuple(tones) or (low,)


def _stack(classes: list[int], base: int) -> Voicing:
    pitches = [base + classes[0]]
    for pitch_class in classes[1:]:
        pitches.append(pitches[-1] + (pitch_class - pitches[-1]) % 12)
    return tuple(pitches)


def _drop_two(close: Voicing) -> Voicing:
    return tuple(sorted((*close[:-2], close[-2] - 12, close[-1])))


def _clear(voicing: Voicing) -> bool:
    """No muddy small interval low down, no semitone on top, no stretch beyond two hands."""
    gaps = [upper - lower for lower, upper in pairwise(voicing)]
    muddy = any(gap < 3 and lower < 55 for gap, lower in zip(gaps, voicing, strict=False))
    return not muddy and gaps[-1] > 1 and voicing[-1] - voicing[0] <= 19 and gaps.count(1) + gaps.count(2) <= 2


def lead(chord: Chord, before: Voicing | None, low: int, high: int, rng: np.random.Generator) -> Voicing:
    """The voicing of `chord` that moves least from `before` and stays near home."""
    return _least(voicings(chord.root, chord.quality, low, high), before, rng)


def lead_rootless(chord: Chord, before: Voicing | None, low: int, high: int, rng: np.random.Generator) -> Voicing:
    """As `lead`, with the root left to the bass."""
    return _least(voicings(chord.root, chord.quality, low, high, rootless=True), before, rng)


def lead_plain(chord: Chord, before: Voicing | None, low: int, high: int, rng: np.random.Generator) -> Voicing:
    """As `lead`, with no tone that the chord's symbol does not name."""
    options = voicings(chord.root, chord.quality, low, high)
    named = tuple(voicing for voicing in options if {pitch % 12 for pitch in voicing} <= set(chord.pitch_classes))
    return _least(named or options, before, rng)


def _least(options: tuple[Voicing, ...], before: Voicing | None, rng: np.random.Generator) -> Voicing:
    costs = [_cost(option, before) for option in options]
    noise = rng.random(len(options))
    return options[int(np.argmin(np.asarray(costs) + 0.9 * noise))]


def _cost(voicing: Voicing, before: Voicing | None) -> float:
    stray = 0.12 * abs(voicing[0] - HOME_LOW) + 0.18 * abs(voicing[-1] - HOME_TOP)
    if before is None:
        return stray
    moved = sum(min(abs(pitch - old) for old in before) for pitch in voicing) / len(voicing)
    return stray + 1.2 * moved + 0.35 * abs(voicing[-1] - before[-1]) + 0.8 * (len(voicing) != len(before))
