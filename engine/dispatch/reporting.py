"""What votes have moved in a home: of each style a figure for each switch, in sentences and as numbers.

In: what was learnt last, switches, models and trials. Out: a `TasteReport`. Conventions: figures are those of the last
learning, so a vote is seen in them a minute later; what is off says why: by its switch, or because it does not foretell
votes well enough. Caveat: who wrote the figures may have been another version of the program; what is missing is left
out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.dispatch.ballots import HOME_FIGURES, RULINGS, STYLE_FIGURES, taste_of
from engine.dispatch.patience import patiently
from engine.dispatch.reception import ANSWER_S
from engine.dispatch.taught import TRIAL_SHARE
from engine.dispatch.verdicts import Mover, Rating, StyleReport, TasteReport, Trial
from engine.music.taste import StyleTaste
from engine.store import SWITCHES, ModelRecord, Store, Switches, SwitchName, TasteRecord, Verdict
from engine.store.taste_charts import LEAST

STRONGEST = 3
MOST_RATINGS = 10
MOST_TRIALS = 3
NO_VOTES = "Nothing was learnt yet."
NO_TRIAL = "No version is on trial."
NOT_TUNED = "No version has learnt from votes yet."


async def report_of(store: Store, home: int, style: str | None) -> TasteReport:
    """The report of a home, of all styles or of one. Raises `StoreError`."""
    taste = store.taste
    switches = await patiently(lambda: taste.switches(home), for_s=ANSWER_S)
    learnt = await patiently(lambda: taste.tastes(home), for_s=ANSWER_S)
    models = await patiently(lambda: store.teaching.models(home), for_s=ANSWER_S)
    of_home = max(learnt.values(), key=lambda record: record.created_at).figures if learnt else {}
    names = sorted({*learnt, *(model.style for model in models)}, key=lambda name: (-_votes(learnt.get(name)), name))
    return TasteReport(
        switches={name: bool(getattr(switches, name)) for name in SWITCHES},
        votes=sum(map(_votes, learnt.values())),
        least_votes=round(_part(of_home, HOME_FIGURES).get("least_votes", LEAST)),
        styles=tuple(
            _style_report(name, learnt.get(name), [model for model in models if model.style == name], switches)
            for name in names
            if style in (None, name)
        ),
        ranking=_ratings(_part(of_home, HOME_FIGURES).get("styles_ranked")),
    )


def _style_report(
    style: str, record: TasteRecord | None, models: Sequence[ModelRecord], switches: Switches
) -> StyleReport:
    figures = {} if record is None else record.figures
    told, taste = _part(figures, STYLE_FIGURES), None if record is None else taste_of(record)
    trials = _trials(style, models, _part(_part(figures, HOME_FIGURES), RULINGS))
    movers = (
        _seeds(taste, switches.seeds),
        _preference("plans", _part(told, "plan"), switches.plans),
        _with_record(
            _preference("candidates", _part(told, "song"), switches.candidates), _part(told, "composed_by_taste")
        ),
        _canary(trials, switches.canary),
        _tuning(models, switches.tuning),
    )
    return StyleReport(
        style=style,
        version=0 if record is None else record.version,
        votes=_votes(record),
        movers=movers,
        seeds=_ratings(told.get("seeds")),
        versions=_ratings(told.get("versions")),
        trials=trials,
    )


def _seeds(taste: StyleTaste | None, is_on: bool) -> Mover:
    """What is drawn more often, and what was bred."""
    if taste is None or not (taste.seeds or taste.bred):
        return Mover(name="seeds", is_on=is_on, figure="No beginning has votes yet; all are drawn alike.")
    known = f"{_count(len(taste.seeds), 'beginning')} with votes"
    if taste.seeds:
        name, best = max(taste.seeds.items(), key=lambda pair: (pair[1].mean, pair[0]))
        known += f"; the best, {name}, is liked {best.mean:.0%} of the time by {best.up + best.down:.0f} votes"
    bred = f"{len(taste.bred)} bred here" if taste.bred else "none bred yet"
    numbers = {"voted": len(taste.seeds), "bred": len(taste.bred), "resting": len(taste.resting)}
    return Mover(
        name="seeds",
        is_on=is_on,
        figure=f"{known}; {bred}, {len(taste.resting)} at rest.",
        numbers={name: float(number) for name, number in numbers.items()},
    )


def _preference(name: SwitchName, found: Mapping[str, Any], is_on: bool) -> Mover:
    """How well votes are foretold, and by what."""
    told = _sentence(str(found.get("reason") or NO_VOTES))
    numbers = {key: float(found[key]) for key in ("accuracy", "lower", "trust") if found.get(key) is not None}
    if found.get("on"):
        strongest = list(dict(found.get("strongest") or {}).items())[:STRONGEST]
        liked = ", ".join(
            f"{'more' if weight > 0 else 'less'} {feature.replace('_', ' ')}" for feature, weight in strongest
        )
        told += f" It counts {found.get('trust') or 0.0:.0%}" + (f"; liked: {liked}." if liked else ".")
    return Mover(name=name, is_on=is_on, figure=told, numbers=numbers)


def _with_record(mover: Mover, told: Mapping[str, Any]) -> Mover:
    """The same, and what people said of songs that this taste composed."""
    up, down = float(told.get("up", 0.0)), float(told.get("down", 0.0))
    won, lost = float(told.get("duels_won", 0.0)), float(told.get("duels_lost", 0.0))
    numbers = {"up": up, "down": down, "duels_won": won, "duels_lost": lost}
    figure = mover.figure
    if up + down:
        figure += f" Of the votes on songs that this taste composed, {up / (up + down):.0%} are for them."
    if won + lost:
        figure += f" They win {won / (won + lost):.0%} of duels against songs without it."
    return replace(mover, figure=figure, numbers={**mover.numbers, **numbers})


def _canary(trials: Sequence[Trial], is_on: bool) -> Mover:
    """Which version is on trial, or how the last trial ended."""
    going_on = [trial for trial in trials if trial.verdict is None]
    if going_on:
        first = going_on[0]
        figure = f"Version {first.version} composes {TRIAL_SHARE:.0%} of the songs until votes decide. {first.sentence}"
        return Mover(name="canary", is_on=is_on, figure=figure, numbers={"on_trial": float(first.version)})
    if trials:
        return Mover(
            name="canary", is_on=is_on, figure=f"{NO_TRIAL} Of version {trials[0].version}: {trials[0].sentence}"
        )
    return Mover(name="canary", is_on=is_on, figure=NO_TRIAL)


def _tuning(models: Sequence[ModelRecord], is_on: bool) -> Mover:
    """What the newest version learnt from votes."""
    for model in reversed(models):
        said = _part(model.metrics or {}, "preferred")
        if said and model.state in ("live", "rolled_back"):
            votes, songs = round(said.get("votes", 0)), len(said.get("songs", ()))
            figure = f"Version {model.version} has learnt from {_count(songs, 'song')} with {_count(votes, 'vote')}."
            return Mover(
                name="tuning", is_on=is_on, figure=figure, numbers={"votes": float(votes), "songs": float(songs)}
            )
    return Mover(name="tuning", is_on=is_on, figure=NOT_TUNED)


def _trials(style: str, models: Sequence[ModelRecord], rulings: Mapping[str, Any]) -> tuple[Trial, ...]:
    """Those that go on, and those that are over and of which the reason is kept, the newest first."""
    found = []
    for model in reversed(models):
        verdict: Verdict | None = None
        if model.state == "live" and model.trial_since is not None:
            since, sentence = model.trial_since, str(rulings.get(model.id) or "Nobody has voted on its songs yet.")
        elif model.state in ("live", "rolled_back") and model.reason and model.decided_at is not None:
            since, sentence = model.decided_at, model.reason
            verdict = "promote" if model.state == "live" else "roll back"
        else:
            continue
        found.append(
            Trial(style=style, version=model.version, since=since, verdict=verdict, sentence=_sentence(sentence))
        )
    return tuple(found[:MOST_TRIALS])


def _ratings(told: Any) -> tuple[Rating, ...]:
    """A table of the figures, the best first; strengths are log odds there."""
    if not isinstance(told, list):
        return ()
    rows = [row for row in told if isinstance(row, Mapping) and {"name", "strength", "low", "high"} <= set(row)]
    return tuple(
        Rating(
            name=str(row["name"]),
            strength=_beats(row["strength"]),
            low=_beats(row["low"]),
            high=_beats(row["high"]),
            votes=round(row.get("pairs", 0)),
        )
        for row in rows[:MOST_RATINGS]
    )


def _beats(log_odds: float) -> float:
    """How often who is so strong wins against an average rival."""
    return 1 / (1 + math.exp(-log_odds))


def _part(figures: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = figures.get(name)
    return part if isinstance(part, Mapping) else {}


def _votes(record: TasteRecord | None) -> int:
    return 0 if record is None else record.votes


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _sentence(text: str) -> str:
    """With a capital and an end."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
