"""A blend of styles: "jazz:0.7+lofi:0.3" → weights, and weights → one style to plan with.

In: what somebody wrote, or weights. Out: weights that sum to 1, the heaviest style first; a `Style` between the given
ones. Conventions: numbers (tempo, swing, energy, temperature) are weighted means; progressions, forms and cadences
stand in the mixture as often as their style weighs; each role's part comes from one of the styles, and each style gives
at least one. Name, title, meters and mastering are the main style's. Caveat: the networks are blended elsewhere.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from engine.errors import BadRequest
from engine.music.harmony import Mode
from engine.music.notes import Role
from engine.music.shelf import SHIPPED, Shelf
from engine.music.styles import Part, Style

T = TypeVar("T")
MOST_STYLES = 3
ASIDE_WEIGHT = 0.35
"""What the other style weighs where a prompt names two ("jazzy lofi")."""
ROWS = 40
"""Progressions and forms of a mixture, in all."""


def style_called(name: str, shelf: Shelf = SHIPPED) -> str:
    """A style by its name or one of its aliases, a server's own one first; raises `BadRequest`."""
    wanted = " ".join(name.lower().split())
    for style, aliases in sorted(shelf.aliases().items(), key=lambda entry: entry[0] not in shelf.own):
        if wanted == style.lower() or wanted in aliases:
            return style
    return shelf.style(name).name


def read_blend(text: str, shelf: Shelf = SHIPPED) -> dict[str, float]:
    """`"lofi"`, `"jazz+lofi"`, `"jazz:0.7+lofi:0.3"` → weights that sum to 1, heaviest first. Raises `BadRequest`."""
    parts = [part.strip() for part in text.split("+")]
    if len(parts) > MOST_STYLES:
        raise BadRequest(f"The blend {text[:60]!r} has {len(parts)} styles; up to {MOST_STYLES} would work.")
    written: dict[str, float | None] = {}
    for part in parts:
        name, colon, number = part.partition(":")
        style = style_called(name, shelf)
        if style in written:
            raise BadRequest(f"The blend {text[:60]!r} names {style} twice; once would work.")
        written[style] = _weight(number, part) if colon else None
    return _shares(written, text)


def _weight(text: str, part: str) -> float:
    match = re.fullmatch(r"\s*(\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})\s*(%?)\s*", text)
    value = float(match[1]) / (100 if match[2] else 1) if match else math.nan
    if not value > 0:
        raise BadRequest(
            f"The weight in {part[:60]!r} is no number above 0; '{part.partition(':')[0]}:0.7' would work."
        )
    return value


def _shares(written: Mapping[str, float | None], text: str) -> dict[str, float]:
    """Weights that sum to 1; styles without one share what the others leave of 1."""
    given = sum(weight for weight in written.values() if weight is not None)
    silent = sum(weight is None for weight in written.values())
    if silent and given >= 1:
        raise BadRequest(
            f"The weights in {text[:60]!r} leave nothing for the style without one; a weight for each would work."
        )
    filled = {style: (1 - given) / silent if weight is None else weight for style, weight in written.items()}
    total = sum(filled.values())
    return {style: round(weight / total, 4) for style, weight in sorted(filled.items(), key=lambda item: -item[1])}


def mix_styles(blend: Mapping[str, float], rng: np.random.Generator, shelf: Shelf = SHIPPED) -> Style:
    """The style between those of `blend`, the first of which is the main one; of one style, that style itself."""
    parts = [(shelf.style(name), weight) for name, weight in blend.items()]
    main = parts[0][0]
    if len(parts) == 1:
        return main

    def mean(values: Sequence[float]) -> float:
        return float(np.average(values, weights=[weight for _, weight in parts]))

    modes = dict.fromkeys(mode for style, _ in parts for mode in style.progressions)
    return replace(
        main,
        tempo_low=mean([style.tempo_low for style, _ in parts]),
        tempo_usual=mean([style.tempo_usual for style, _ in parts]),
        tempo_high=mean([style.tempo_high for style, _ in parts]),
        major_share=mean([style.major_share for style, _ in parts]),
        energy=mean([style.energy for style, _ in parts]),
        swing=mean([style.swing for style, _ in parts]),
        temperature=mean([style.temperature for style, _ in parts]),
        top_p=mean([style.top_p for style, _ in parts]),
        cadence_share=mean([style.cadence_share for style, _ in parts]),
        forms=_mixed([(style.forms, weight) for style, weight in parts]),
        progressions={
            mode: _of_mode(mode, [(style.progressions, weight) for style, weight in parts]) for mode in modes
        },
        cadences={mode: _of_mode(mode, [(style.cadences, weight) for style, weight in parts]) for mode in modes},
        parts=_mixed_parts(parts, rng),
        ensembles=(),
    )


Table = Mapping[Mode, tuple[tuple[str, ...], ...]]


def _of_mode(mode: Mode, tables: Sequence[tuple[Table, float]]) -> tuple[tuple[str, ...], ...]:
    return _mixed([(table[mode], weight) for table, weight in tables if table.get(mode)])


def _mixed(lists: Sequence[tuple[Sequence[T], float]]) -> tuple[T, ...]:
    """About `ROWS` entries of all lists, each list as often as it weighs, all of its entries alike."""
    total = sum(weight for _, weight in lists)
    mixed: list[T] = []
    for entries, weight in lists:
        each = max(1, round(ROWS * weight / total / len(entries)))
        mixed += [entry for entry in entries for _ in range(each)]
    return tuple(mixed)


def _mixed_parts(styles: Sequence[tuple[Style, float]], rng: np.random.Generator) -> dict[Role, Part]:
    """Each role's part from one style: as many as it weighs, at least one of each where there are enough."""
    roles = [role for role in Role if any(role in style.parts for style, _ in styles)]
    order = [roles[index] for index in rng.permutation(len(roles))]
    total = sum(weight for _, weight in styles)
    chosen: dict[Role, Part] = {}
    for style, weight in reversed(styles[1:]):
        count = max(1, round(len(roles) * weight / total))
        free = [role for role in order if role not in chosen and role in style.parts]
        chosen |= {role: style.parts[role] for role in free[:count]}
    for style, _ in styles:
        chosen |= {role: part for role, part in style.parts.items() if role not in chosen}
    return {role: chosen[role] for role in roles}
