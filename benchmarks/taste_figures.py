"""What simulated communities came to, as tables and curves.

In: `Outcome`s of `bench_taste`. Out: Markdown on the screen, a PNG. Conventions: shares 0…1 inside, per cent where
people read them; utilities in deviations of day zero's songs. Caveat: a mean over tastes hides the worst one, so the
tables show each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#3b6ea5", "#c8553d", "#588157", "#8e5ea2", "#444444", "#d99a2b")
ASKED, ASKED_RIGGED = 0.7, 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """After so many votes: the share of comparisons with day zero that songs win, and how preferences are trusted."""

    votes: int
    wins: float
    plan_trust: float
    song_trust: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """New songs, or those of day zero: mean utility and its deviation; shares that keep to their plan and to what was
    asked (`adherence`), that pass all gates (`sound`), and whose style is recognised (`identity`).
    """

    songs: int
    utility: float
    deviation: float
    adherence: float
    sound: float
    identity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One community. `wins`: of the blind comparisons, chosen by members who share the hidden taste, `wins_all`: by any
    honest member; `silent_wins`: by the hidden taste without noise; `expected`: `wins` in the long run, `spread`: its
    middle 90 % over new songs; `alone`: mover → the same with that alone.
    """

    taste: str
    rigging: float
    new: Side
    old: Side
    wins: float
    wins_all: float
    silent_wins: float
    expected: float
    spread: tuple[float, float]
    curve: tuple[Point, ...]
    alone: Mapping[str, float] = field(default_factory=dict)
    bred: int = 0
    resting: int = 0
    suspicions: int = 0
    took_s: float = 0.0


def print_tables(outcomes: Sequence[Outcome]) -> None:
    """Wins, what was not to break, and what each mover brings."""
    print(
        "\n| hidden taste | against | wins of 500 | in the long run (90 %) | without noise | any member | utility |"
        " adherence | all gates | style recognised | trust plan, song | bred, resting |\n"
        "|---|---|---|---|---|---|---|---|---|---|---|---|"
    )
    for one in outcomes:
        last = one.curve[-1]
        print(
            f"| {one.taste} | {one.rigging:.0%} | **{one.wins:.1%}** | {one.expected:.1%}"
            f" ({one.spread[0]:.0%}–{one.spread[1]:.0%}) | {one.silent_wins:.1%} | {one.wins_all:.1%} |"
            f" {one.old.utility:+.2f} → {one.new.utility:+.2f} | {one.old.adherence:.1%} → {one.new.adherence:.1%} |"
            f" {one.old.sound:.1%} → {one.new.sound:.1%} | {one.old.identity:.1%} → {one.new.identity:.1%} |"
            f" {last.plan_trust:.2f}, {last.song_trust:.2f} | {one.bred}, {one.resting} |"
        )
    for rigging in sorted({one.rigging for one in outcomes}):
        print(_means([one for one in outcomes if one.rigging == rigging], rigging))
    alone = [one for one in outcomes if one.alone]
    if alone:
        movers = list(alone[0].alone)
        print("\n| hidden taste | " + " | ".join(movers) + " | all |\n|" + "---|" * (len(movers) + 2))
        for one in alone:
            cells = [f"{one.alone[mover]:.1%}" for mover in movers]
            print(f"| {one.taste} | " + " | ".join(cells) + f" | {one.expected:.1%} |")
        means = [f"{np.mean([one.alone[mover] for one in alone]):.1%}" for mover in movers]
        print("| mean | " + " | ".join(means) + f" | {np.mean([one.expected for one in alone]):.1%} |")


def _means(outcomes: Sequence[Outcome], rigging: float) -> str:
    identity = [np.average([getattr(one, side).identity for one in outcomes]) for side in ("old", "new")]
    return (
        f"\nWith {rigging:.0%} against: least wins {min(one.wins for one in outcomes):.1%}, mean"
        f" {np.mean([one.wins for one in outcomes]):.1%}; style recognised {identity[0]:.1%} → {identity[1]:.1%};"
        f" {sum(one.took_s for one in outcomes):.0f} s."
    )


def draw(outcomes: Sequence[Outcome], path: Path) -> None:
    """Wins over votes, and what each mover brings."""
    from matplotlib.figure import Figure  # noqa: PLC0415 (only pictures need it)

    shares = sorted({one.rigging for one in outcomes})
    alone = [one for one in outcomes if one.alone]
    figure = Figure(figsize=(4.6 * (len(shares) + bool(alone)), 3.8), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, len(shares) + bool(alone)))
    for axes, rigging in zip(panels, shares, strict=False):
        for at, one in enumerate(one for one in outcomes if one.rigging == rigging):
            axes.plot([p.votes for p in one.curve], [100 * p.wins for p in one.curve],
                      marker=".", color=COLOURS[at % len(COLOURS)], label=one.taste)  # fmt: skip
        axes.axhline(100 * (ASKED_RIGGED if rigging else ASKED), color="#999999", linewidth=1, linestyle="--")
        axes.axhline(50, color="#cccccc", linewidth=1)
        axes.set(xlabel="votes", ylabel="wins against day zero, %", ylim=(40, 90))
        axes.set_title(f"{rigging:.0%} vote against the taste" if rigging else "everybody votes honestly", fontsize=10)
    panels[0].legend(frameon=False, fontsize=8, loc="lower right")
    if alone:
        _bars(panels[-1], alone)
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def _bars(axes: Axes, alone: Sequence[Outcome]) -> None:
    """Means over the tastes, with a dot each."""
    movers = [*alone[0].alone, "all"]
    rows = np.array([[*(one.alone[mover] for mover in movers[:-1]), one.expected] for one in alone]) * 100
    axes.bar(range(len(movers)), rows.mean(axis=0) - 50, bottom=50, color="#c9d6e3", width=0.6)
    for at, row in enumerate(rows):
        axes.plot(range(len(movers)), row, ".", color=COLOURS[at % len(COLOURS)])
    axes.set_xticks(range(len(movers)), [f"{mover}\nalone" if mover != "all" else "all" for mover in movers])
    axes.set(ylabel="wins against day zero, %", ylim=(40, 90))
    axes.set_title("what moves the songs", fontsize=10)
