"""Tuning a candidate: from a server's pieces and the parent's own songs to a checkpoint that lies in the work folder.

In: a `Bench` (work folder, pieces, material, the parent). Out: the loaded candidate and its `Losses`. Conventions: what
is measured is the checkpoint as it lies on disk, rounded to half precision; a checkpoint that an earlier try left is
used if it is sound. Caveat: an interrupted tuning goes on with the same weights and order of pieces, but from empty
LSTM states.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import CheckpointError
from engine.jobs.heap import give_back
from engine.learn.server import version
from engine.learn.server.hands import Between
from engine.learn.server.judge import Losses
from engine.learn.server.version import Learnt
from engine.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint, write_curve
from engine.model.training import Report, evaluate
from engine.model.tuning import Material, Tether, Tuned, Tuner, drift
from engine.music.context import vocabulary_hash

STATE = "run.safetensors"

log = logging.getLogger(__name__)
OnStep = Callable[[int, int, float | None, int], None]
"""Step, steps, held-out nats (or None), the step at which this run began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where and on what a candidate is tuned. `work`: the state of an unfinished run; `folder`: of the version;
    `device`: cpu or cuda.
    """

    learnt: Learnt
    material: Material
    work: Path
    folder: Path
    device: str
    between: Between


def load(path: Path | None, style: str, device: str) -> Checkpoint:
    """A checkpoint, checked. Raises `CheckpointError` for one that is missing, damaged or foreign."""
    if path is None:
        raise CheckpointError(f"The style {style!r} has no checkpoint to begin from.")
    return load_checkpoint(path, vocabulary=vocabulary_hash(), device=device)


def usual_nats(parent: Checkpoint) -> float:
    """The shipped style's loss on its own held-out music."""
    return float(parent.facts.metrics["held_out_nats"])


def tune(bench: Bench, current: Checkpoint | None, on_step: OnStep) -> tuple[Losses, Checkpoint]:
    """Tune, unless an earlier try has, and measure. `current`: what composes now, None for the parent itself."""
    learnt = bench.learnt
    parent_nats = _nats(learnt.parent, bench)
    path = bench.folder / version.checkpoint_name(learnt.order)
    if not _is_sound(path, bench):
        path.unlink(missing_ok=True)
        _tune(bench, path, on_step)
    candidate = load(path, learnt.order.style, bench.device)
    losses = Losses(
        current_nats=parent_nats if current is None else _nats(current, bench),
        parent_nats=parent_nats,
        candidate_nats=_nats(candidate, bench),
        rise=drift(candidate.network, learnt.parent.network, bench.material.watch) / usual_nats(learnt.parent),
        most_rise=learnt.recipe.most_rise,
    )
    log.info("Tuned a version of %s: %s", learnt.order.style, losses)
    return losses, candidate


def _nats(checkpoint: Checkpoint, bench: Bench) -> float | None:
    """Held-out loss on pieces; None without any."""
    held_out = bench.material.held_out
    return None if held_out is None else evaluate(checkpoint.network, held_out)[0]


def _is_sound(path: Path, bench: Bench) -> bool:
    if not path.exists():
        return False
    try:
        load(path, bench.learnt.order.style, bench.device)
    except CheckpointError as error:
        log.warning("What an earlier try left cannot be used; tuning starts anew. %s", error)
        return False
    return True


def _tune(bench: Bench, path: Path, on_step: OnStep) -> None:
    """Tune and write checkpoint, curve and card."""
    tuner, state = _tuner(bench), bench.work / STATE
    before = tuner.held_out_nats()
    curve = [(0, before)]
    tuner.resume(state)
    first, steps = tuner.step, bench.learnt.recipe.settings.steps

    def on_report(report: Report) -> None:
        if report.valid_nats is not None:
            curve.append((report.step, report.valid_nats))
            give_back()
        on_step(report.step, steps, report.valid_nats, first)

    tuner.run(on_report, state_file=state)
    tuned = tuner.settle()
    facts = version.facts_of(bench.learnt, tuned, _metrics(bench, tuned, before))
    sha256 = save_checkpoint(tuner.network, facts, path)
    write_curve(path, curve)
    version.write_card(facts, sha256, bench.folder)
    state.unlink(missing_ok=True)


def _tuner(bench: Bench) -> Tuner:
    learnt, recipe = bench.learnt, bench.learnt.recipe
    network = load(learnt.parent.path, learnt.order.parent, bench.device).network
    network.set_dropout(recipe.dropout)
    tether = Tether(weight=recipe.tether, most_drift=recipe.aimed_rise * usual_nats(learnt.parent))
    return Tuner(network, bench.material, recipe.settings, tether, bench.between)


def _metrics(bench: Bench, tuned: Tuned, before: float) -> dict[str, Any]:
    return {
        "held_out_nats": round(tuned.nats, 4),
        "held_out_nats_before": round(before, 4),
        "best_step": tuned.step,
        "drift_nats": round(tuned.drift, 4),
        "rise": round(tuned.drift / usual_nats(bench.learnt.parent), 4),
    }
