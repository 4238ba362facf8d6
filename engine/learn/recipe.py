"""How long, how fast and on what a checkpoint is trained: one recipe for the base, two for styles by their size.

In: the encoded dataset and a target. Out: a `Recipe`. Conventions: a style goes on hearing all others (replay), more of
them the less it has of its own. Caveat: the numbers were found by held-out loss on five styles (docs/LOG.md).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from engine.learn.composed import COMPOSED, is_composed
from engine.learn.dataset import Dataset
from engine.model.training import TrainSettings

BASE = "base"
SMALL_EVENTS = 500_000
"""A style with fewer events learns them by heart unless it is trained gently."""


_COMPOSED_NOTE = (
    "There is no open corpus of this style. What it learnt from was composed by the project's own written grammar"
    " (`engine/grammar`)"
)
_WIDENED_NOTE = (
    " Songs composed by the project's own written grammar (`engine/grammar`) widen it; people's pieces are at least"
    " 70 % of what it hears of its style, and it is measured on people's pieces alone."
)
NOTES = {
    BASE: "This is the base: it has heard everything, composes nothing itself, and every style starts from it.",
    "lofi": f"{_COMPOSED_NOTE}, beside drumming by people from the Groove dataset.",
    "jazz": f"{_COMPOSED_NOTE}, beside jazz drumming by people from the Groove dataset.",
    "blues": f"{_COMPOSED_NOTE}, beside shuffle and swing drumming by people from the Groove dataset.",
    "bossa": f"{_COMPOSED_NOTE}, beside Latin drumming by people from the Groove dataset.",
    "ambient": f"{_COMPOSED_NOTE}.",
    "folk": "The tunes are old and real; most of what accompanies them was written by rule"
    " (`engine/grammar/accompany.py`), on chords guessed from the tune.",
    "pop": "It learnt from songs of a free game (Simutrans; of sixteen of them the tune alone), a few of Freedoom's"
    f" tracks with a backbeat, and drumming by people.{_WIDENED_NOTE}",
    "synthwave": "It learnt from the synthesiser bands among the music of two free games, Freedoom and Simutrans, which"
    f" was not written as synthwave.{_WIDENED_NOTE}",
    "chiptune": "No open corpus of music written for sound chips exists. It learnt from music of two free games,"
    " Freedoom and Simutrans, and from fiddle tunes, all arranged for a chip by rule (`engine/grammar/chip.py`): tunes,"
    " chords and the drummers' places are people's; arpeggios, bass figures and dynamics are the rule's, and so is the"
    " whole band under a fiddle tune.",
}
"""What must be said openly about what a checkpoint learnt from; it travels in its lineage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """`settings` for the trainer, the network's `dropout`, the share of other styles in what is heard, and the style
    whose place among the styles it starts from (None: its own).
    """

    settings: TrainSettings
    dropout: float
    replay: float
    kin: str | None = None


BASE_RECIPE = Recipe(
    settings=TrainSettings(steps=4500, rate=2e-3, warmup=200, evaluate_every=250, save_every=250),
    dropout=0.2,
    replay=0.0,
)
LARGE_RECIPE = Recipe(
    settings=TrainSettings(steps=400, rate=6e-4, warmup=30, evaluate_every=25, save_every=100, patience=5),
    dropout=0.2,
    replay=0.2,
)
NEW_RECIPE = replace(LARGE_RECIPE, settings=replace(LARGE_RECIPE.settings, steps=700, evaluate_every=50))
"""For styles that the shipped base has not heard: they learn all of it now."""
NEW_SMALL_STEPS = 300
KNOWN_SHARE = 0.5
KIN = {
    "synthwave": "synth",
    "chiptune": "synth",
    "jazz": "lofi",
    "bossa": "lofi",
    "blues": "rock",
    "ambient": "lofi",
}
"""A style that its base has not heard → the one whose place among the styles it starts from."""
SMALL_RECIPE = Recipe(
    settings=TrainSettings(steps=160, rate=2e-4, warmup=10, evaluate_every=20, save_every=100, patience=4),
    dropout=0.5,
    replay=0.5,
)


def recipe_for(target: str, heard: Dataset, *, known: Collection[str] = ()) -> Recipe:
    """The recipe of the base or of a style that `heard` has pieces of; `known`: styles that the base has heard.

    Songs that only widen a style do not make it large; a style that is composed altogether is large.
    """
    if target == BASE:
        return BASE_RECIPE
    widened = target in human_shares()
    own = sum(
        int(events)
        for label, events in zip(heard.labels, np.diff(heard.columns.starts), strict=True)
        if label.style == target and not (widened and is_composed(label.source))
    )
    composed = target in COMPOSED and not widened
    large = own >= SMALL_EVENTS or composed
    if target in known:
        return LARGE_RECIPE if large else SMALL_RECIPE
    small = replace(SMALL_RECIPE, settings=replace(SMALL_RECIPE.settings, steps=NEW_SMALL_STEPS))
    return replace(NEW_RECIPE if large else small, kin=KIN.get(target))


def known_styles(base_events: Mapping[str, int], events: Mapping[str, int]) -> frozenset[str]:
    """The styles of which a base has heard at least `KNOWN_SHARE` of the events that there are now: a few drum takes do
    not make it know jazz.
    """
    return frozenset(style for style, heard in base_events.items() if heard >= KNOWN_SHARE * events.get(style, 0))


def style_shares(target: str, heard: Dataset, replay: float) -> dict[str, float]:
    """How much of what the target hears is of which style.

    The base hears every style by the square root of its size, so that small ones are heard too; a style hears itself
    and, for the share `replay`, the others as the base does.
    """
    roots = {style: events**0.5 for style, events in heard.style_events().items()}
    if target == BASE:
        return roots
    others = {style: root for style, root in roots.items() if style != target}
    total = sum(others.values()) or 1.0
    return {target: 1.0 - replay} | {style: replay * root / total for style, root in others.items()}


def human_shares() -> dict[str, float]:
    """Style → the least part of it that pieces by people are to have, where a grammar only widens it."""
    return {style: entry.human_share for style, entry in COMPOSED.items() if entry.human_share}


def measured_on(dataset: Dataset) -> Dataset:
    """The pieces that count when a style is measured: people's alone where a grammar only widens it."""
    by_people = {label.style for label in dataset.labels if not is_composed(label.source)} & set(human_shares())
    counts = [not (label.style in by_people and is_composed(label.source)) for label in dataset.labels]
    return dataset.chosen([index for index, wanted in enumerate(counts) if wanted])
