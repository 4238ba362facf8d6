"""How soon the votes promote or roll back a new model, and how often they are wrong.

    python -m benchmarks.bench_canary [--runs 2000] [--seed 1] [--plot docs/images/canary.png] [--check]

Thousands of simulated trials by `engine.taste.canary`. Songs come one after the other, each by either arm (a coin
decides, as in the product); of each one to three people vote, or always one. Conventions: both arms are liked by a
share of people on average; songs of one arm differ (the share of those who like a song has a Beta distribution with
intraclass correlation `LIKENESS`), so votes on one song hang together; votes are counted as people see them,
unweighted. With history, what composed before has 60 earlier votes. "Worse by construction" is a model that 30 % like
where 70 % like the other one, about what separates a broken model from a sound one; the other rows show what smaller
differences do. `--check` fails where the figures are missed that are asked for. Caveat: voters here have
no taste of their own and do not tire; promotion of what is as good as before is no error.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.taste.canary import HISTORY, HISTORY_WORTH, decide_all
from engine.taste.weighed import spread

Floats = NDArray[np.float64]

LIKENESS = 0.15
LAST = 240
"""Votes after which a trial without a verdict counts as open."""
WITHIN_BACK, WITHIN_UP = 60, 150
PAIRS = (
    (0.7, 0.3), (0.65, 0.35), (0.65, 0.45), (0.65, 0.55), (0.65, 0.65), (0.85, 0.85),
    (0.55, 0.65), (0.45, 0.65), (0.35, 0.65), (0.3, 0.7),
)  # fmt: skip
WORSE_BY_CONSTRUCTION, BETTER_BY_CONSTRUCTION = (0.7, 0.3), (0.3, 0.7)
NEEDED_BACK, NEEDED_UP = 0.95, 0.90


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How votes come. `most`: people who vote on a song, at most; `likeness` of votes on one song; `history`: earlier
    votes for the old model.
    """

    name: str
    most: int
    likeness: float
    history: int = 0


SETTINGS = (
    Setting(name="one vote a song", most=1, likeness=0.0),
    Setting(name="one to three votes a song, alike", most=3, likeness=LIKENESS),
    Setting(name="the same, 60 earlier votes", most=3, likeness=LIKENESS, history=60),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """Many runs: `verdict` [N] 1 promoted, −1 rolled back, 0 open; `votes` [N] when."""

    verdict: NDArray[np.int64]
    votes: NDArray[np.int64]

    def share(self, verdict: int, within: int = LAST) -> float:
        """Of runs that came to a verdict within so many votes."""
        return float(np.mean((self.verdict == verdict) & (self.votes <= within)))

    @property
    def median(self) -> float:
        """Votes until a verdict."""
        decided = self.votes[self.verdict != 0]
        return float(np.median(decided)) if len(decided) else float("nan")


def simulate(old: float, new: float, setting: Setting, runs: int, seed: int) -> Trials:
    """Trials of a model that a share `new` of people likes, against one that a share `old` likes."""
    rng = np.random.default_rng([seed, round(1000 * old), round(1000 * new), setting.most, setting.history])
    votes = np.zeros((runs, 4))
    votes[:, :2] += _earlier(old, setting, runs, rng)
    cast = np.zeros(runs, dtype=np.int64)
    verdict, when = np.zeros(runs, dtype=np.int64), np.full(runs, LAST + 1)
    everyone = np.arange(runs)
    while cast.min() < LAST:
        arm = rng.integers(2, size=runs)
        count = rng.integers(1, setting.most + 1, size=runs)
        up = rng.binomial(count, _songs(np.where(arm == 1, new, old), setting.likeness, rng))
        worth = np.array([spread(float(n)) for n in count])
        votes[everyone, 2 * arm] += up * worth
        votes[everyone, 2 * arm + 1] += (count - up) * worth
        cast += count
        found = decide_all(votes)
        first = (verdict == 0) & (found != 0) & (cast <= LAST)
        verdict[first], when[first] = found[first], cast[first]
    return Trials(verdict=verdict, votes=when)


def _songs(share: Floats, likeness: float, rng: np.random.Generator) -> Floats:
    """By how many each song is liked."""
    if likeness <= 0:
        return share
    size = (1 - likeness) / likeness
    return rng.beta(share * size, (1 - share) * size)


def _earlier(old: float, setting: Setting, runs: int, rng: np.random.Generator) -> Floats:
    """What the old model brings along [N, 2], two votes a song."""
    found = np.zeros((runs, 2))
    for _ in range(setting.history // 2):
        up = rng.binomial(2, _songs(np.full(runs, old), setting.likeness, rng))
        worth = spread(2.0) * HISTORY_WORTH
        found += np.column_stack((up, 2 - up)) * worth
    most = HISTORY * HISTORY_WORTH
    total = found.sum(axis=1, keepdims=True)
    kept: Floats = found * np.minimum(1.0, most / np.maximum(total, 1e-9))
    return kept


def main() -> None:
    """Run all and print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--check", action="store_true")
    order = parser.parse_args()
    found: dict[tuple[str, tuple[float, float]], Trials] = {}
    for setting in SETTINGS:
        print(f"\n{setting.name.capitalize()} ({order.runs} runs a row):\n")
        print(
            "| Old liked | New liked | Back ≤ 60 | Back ever | Promoted ≤ 150 | Promoted ever | Open | Median votes |"
        )
        print("|---|---|---|---|---|---|---|---|")
        for old, new in PAIRS:
            trials = simulate(old, new, setting, order.runs, order.seed)
            found[setting.name, (old, new)] = trials
            print(
                f"| {old:.0%} | {new:.0%} | {trials.share(-1, WITHIN_BACK):.1%} | {trials.share(-1):.1%} | "
                f"{trials.share(1, WITHIN_UP):.1%} | {trials.share(1):.1%} | {np.mean(trials.verdict == 0):.1%} | "
                f"{trials.median:.0f} |",
                flush=True,
            )
    if order.plot is not None:
        draw(found, order.plot)
    if order.check:
        check(found)


def check(found: dict[tuple[str, tuple[float, float]], Trials]) -> None:
    """Raises `SystemExit` where a figure is missed."""
    for setting in SETTINGS:
        back = found[setting.name, WORSE_BY_CONSTRUCTION].share(-1, WITHIN_BACK)
        up = found[setting.name, BETTER_BY_CONSTRUCTION].share(1, WITHIN_UP)
        if back < NEEDED_BACK or up < NEEDED_UP:
            raise SystemExit(f"{setting.name}: rolled back {back:.1%}, promoted {up:.1%}")


def draw(found: dict[tuple[str, tuple[float, float]], Trials], path: Path) -> None:
    """Shares rolled back and promoted, by votes, for each pair of arms."""
    import matplotlib as mpl  # noqa: PLC0415 (only for the picture)

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, axes = plt.subplots(1, 2, figsize=(11, 4.2), sharey=True)
    times = np.arange(0, LAST + 1, 2)
    setting = SETTINGS[1]
    for axis, verdict, title, mark in zip(
        axes, (-1, 1), ("rolled back", "promoted"), (WITHIN_BACK, WITHIN_UP), strict=True
    ):
        for old, new in PAIRS:
            if old == 0.85 or (old, new) == (0.3, 0.7):
                continue
            trials = found[setting.name, (old, new)]
            axis.plot(times, [trials.share(verdict, int(at)) for at in times], label=f"{old:.0%} → {new:.0%}")
        axis.axvline(mark, color="black", linewidth=0.8, linestyle=":")
        axis.set(title=f"Share {title}", xlabel="votes", ylim=(0, 1.02), xlim=(0, LAST))
        axis.grid(alpha=0.3)
    axes[1].legend(title="liked: old → new", fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.suptitle(f"Trials of a new model: {setting.name}")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    main()
