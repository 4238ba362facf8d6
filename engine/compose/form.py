"""Bars → sections: a form of the style whose sections are neither too short nor too long.

In: a number of bars, seconds a bar, a style's forms, a generator. Out: sections that cover the bars exactly.
Conventions: a form is a word of letters (`i` intro, `A` verse, `B` chorus, `C`, `D` bridge, `x` break, `o` outro);
equal letters are equal music and equally long. Sections are built of units of four bars (more where bars are short);
an odd bar left over is the song's last one. Caveat: a leftover that no form can place makes an intro of two bars, or
lengthens the last section.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.compose.tempo import unit_bars
from engine.music.notes import Section, SectionKind

KINDS = {
    "i": SectionKind.INTRO,
    "A": SectionKind.VERSE,
    "B": SectionKind.CHORUS,
    "C": SectionKind.BRIDGE,
    "D": SectionKind.BRIDGE,
    "x": SectionKind.BREAK,
    "o": SectionKind.OUTRO,
}
SIZES = {
    "i": (1,),
    "o": (1,),
    "x": (1,),
    "A": (1, 2, 3, 4, 6, 8),
    "B": (1, 2, 3, 4, 6, 8),
    "C": (1, 2, 4),
    "D": (1, 2, 4),
}
"""Letter → lengths in units that it may have."""
LIKED_SECTION_S = 16.0
SHAPED_S = 17.0
"""A song longer than this has a contrast, where its bars allow one."""
BROKEN_CHORUS_COST = 8.0
SIZE_COST = {1: 0.0, 2: 0.0, 3: 0.6, 4: 0.1, 6: 0.8, 8: 0.3}


def shape(
    bars: int, *, bar_s: float, forms: Sequence[str], rng: np.random.Generator, section_bars: int = 0
) -> tuple[Section, ...]:
    """Sections that cover `bars` bars of `bar_s` seconds each; main ones of `section_bars` (0: any) where they fit."""
    unit = unit_bars(bar_s)
    while unit > 4 and bars < 2 * unit:
        unit //= 2
    if bars < unit:
        return _lay_out([("A", bars)])
    units, left = divmod(bars, unit)
    if left >= 2 and bars >= 2 * unit:  # the leftover becomes a short intro
        forms = [form.removeprefix("i") for form in forms]
    chorus = section_bars // unit if section_bars % unit == 0 else 0
    form, sizes, spare = _choose(units, _Unit(seconds=unit * bar_s, chorus=chorus), forms, rng)
    rows = [(letter, unit * sizes[letter]) for letter in form]
    return _lay_out(_place_leftover(rows, even=left - left % 2 + unit * spare, odd=left % 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unit:
    """The building block: how long it lasts, and how many make the style's chorus (0: any number)."""

    seconds: float
    chorus: int


def _choose(units: int, unit: _Unit, forms: Sequence[str], rng: np.random.Generator) -> tuple[str, dict[str, int], int]:
    """The cheapest form with its sizes, and units left over (0 wherever a form fits exactly)."""
    for spare in range(units):
        found = [(form, sizes) for form in forms for sizes in _sizes(form, units - spare)]
        if found:
            costs = [_cost(form, sizes, unit) for form, sizes in found]
            noisy = np.array(costs) + rng.gumbel(scale=0.25, size=len(costs))
            form, sizes = found[int(np.argmin(noisy))]
            return form, sizes, spare
    return "A", {"A": units}, 0


def _sizes(form: str, units: int) -> Iterator[dict[str, int]]:
    """All sizes of the form's letters that sum up to `units`."""
    counts = list(Counter(form).items())

    def fill(index: int, left: int) -> Iterator[dict[str, int]]:
        if index == len(counts):
            if left == 0:
                yield {}
            return
        letter, count = counts[index]
        for size in SIZES[letter]:
            if size * count > left:
                break
            for others in fill(index + 1, left - size * count):
                yield {letter: size, **others}

    yield from fill(0, units)


def _cost(form: str, sizes: dict[str, int], unit: _Unit) -> float:
    """How far a form's sections are from a good length, and how little of it returns."""
    main = [letter for letter in form if letter.isupper()]
    lengths = [math.log2(sizes[letter] * unit.seconds / LIKED_SECTION_S) ** 2 for letter in main]
    cost = sum(lengths) / len(lengths) + sum(SIZE_COST[sizes[letter]] for letter in set(main))
    if "B" in sizes:
        cost += 0.5 * max(0.0, abs(math.log2(sizes["A"] / sizes["B"])) - 0.5)
    if unit.chorus:
        cost += BROKEN_CHORUS_COST * sum(sizes[letter] % unit.chorus != 0 for letter in set(main))
    total_s = unit.seconds * sum(sizes[letter] for letter in form)
    if total_s > 40 and len(set(main)) == len(main):
        cost += 1.0  # nothing returns
    if total_s > SHAPED_S and len(set(main)) == 1:
        cost += 1.0  # nothing contrasts
    if total_s < 30 and "i" in form:
        cost += 0.8
    if total_s > 45:
        cost += 0.4 * ("A" in form[:1]) * _is_song(form) + 0.4 * (form[-1] != "o") * _is_song(form)
    return cost


def _is_song(form: str) -> bool:
    """Whether a form is of the verse-and-chorus kind: no label stands twice running (strains do: `AABB`)."""
    return all(one != next_one for one, next_one in itertools.pairwise(form))


def _place_leftover(rows: list[tuple[str, int]], *, even: int, odd: int) -> list[tuple[str, int]]:
    """Put an even number of bars into the intro (a new one if they are few), and the odd one at the end."""
    if even and rows[0][0] == "i":
        rows[0] = ("i", rows[0][1] + even)
    elif even and even <= 4 and sum(length for _, length in rows) >= 2 * even:
        rows.insert(0, ("i", even))
    elif even:
        rows[-1] = (rows[-1][0], rows[-1][1] + even)
    rows[-1] = (rows[-1][0], rows[-1][1] + odd)
    return rows


def _lay_out(rows: Sequence[tuple[str, int]]) -> tuple[Section, ...]:
    """Sections one after the other; labels are the letters in upper case."""
    sections = []
    start = 0
    for letter, length in rows:
        sections.append(Section(kind=KINDS[letter], label=letter.upper(), start_bar=start, bars=length))
        start += length
    return tuple(sections)
