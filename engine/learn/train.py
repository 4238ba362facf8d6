"""Corpora → checkpoints: one base network that has heard everything, and one fine-tuned network a style.

In: a folder of corpora and a folder to work in; out: `v<number>.safetensors` in each style's folder. Conventions: the
work folder keeps the read corpus, the encoded dataset and the state of an unfinished run, so that every command can
be stopped and given again. Style checkpoints start from the base and go on hearing a little of everything else
(replay). Caveat: see `engine.model.training` about what repeats bit by bit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.errors import BadRequest
from engine.grammar.accompany import with_accompaniment
from engine.grammar.corpus import GRAMMARS
from engine.learn.card import write_card
from engine.learn.composed import COMPOSED, Bars, composed_pieces, played_bars, style_songs
from engine.learn.corpus import build_corpus, load_corpus
from engine.learn.dataset import (
    Dataset,
    encode_pieces,
    licences_of,
    load_dataset,
    save_dataset,
    style_ids,
    with_held_out,
)
from engine.learn.habits import habits_of, write_habits
from engine.learn.recipe import BASE, NOTES, Recipe, human_shares, known_styles, measured_on, recipe_for, style_shares
from engine.learn.reference import reference_of
from engine.learn.sources.piece import Piece
from engine.model.checkpoint import Facts, latest_version, load_checkpoint, read_facts, save_checkpoint, write_curve
from engine.model.network import Network, NetworkConfig
from engine.model.training import Report, Trainer, evaluate
from engine.music.context import N_DETAIL_ROWS, N_FEATURE_ROWS, vocabulary_hash
from engine.music.habits import Habits
from engine.music.notes import Song
from engine.music.styles import STYLES_DIR, load_style
from engine.music.tokens import N_DRUMS, N_DURATIONS, N_ONSETS, N_PITCHES, N_ROLES, N_VELOCITIES

COMPOSED_SONGS = 2000
ATTEMPTS = 3
TUNES, ALONE_SHARE = "folk", 0.15
"""The source of melodies without accompaniment, and the share of them that stays so."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRequest:
    """What to train. `target`: "base" or a style; `steps` None: the usual number; `seed` decides everything random;
    `composed`: at most so many composed songs a style.
    """

    target: str
    corpora: Path
    work: Path
    out: Path = STYLES_DIR
    steps: int | None = None
    seed: int = 1
    composed: int = COMPOSED_SONGS
    processes: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What came out: the file, its SHA-256, held-out nats an event before and after, and the step that was kept."""

    path: Path
    sha256: str
    before_nats: float
    after_nats: float
    best_step: int


def network_config() -> NetworkConfig:
    """The config that this program's vocabulary asks for."""
    return NetworkConfig(
        feature_rows=N_FEATURE_ROWS,
        detail_rows=N_DETAIL_ROWS,
        n_onsets=N_ONSETS,
        n_roles=N_ROLES,
        n_pitches=N_PITCHES,
        n_drums=N_DRUMS,
        n_durations=N_DURATIONS,
        n_velocities=N_VELOCITIES,
    )


def accompanied(piece: Piece) -> Piece:
    """A folk tune with a written accompaniment, as the style has it. Some tunes stay alone; pieces of other sources
    stay as they are.
    """
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(piece.id.encode()).digest()[:8], "big"))
    if piece.source != TUNES or rng.random() < ALONE_SHARE:
        return piece
    return replace(piece, song=with_accompaniment(piece.song, rng))


def prepare(request: TrainRequest, *, say: Say) -> Dataset:
    """Read and encode everything, or load what an earlier run has encoded."""
    folder = request.work / "dataset"
    if (dataset := load_dataset(folder)) is not None:
        return dataset
    if not request.corpora.is_dir():
        raise BadRequest(
            f"The folder {str(request.corpora)!r} is not there; one laid out as docs/corpora.md says would work."
        )
    say("Reading the corpora…")
    build_corpus(request.corpora, request.work / "corpus")
    say("Encoding…")

    def pieces() -> Iterator[Piece]:
        yield from map(accompanied, load_corpus(request.work / "corpus"))
        yield from composed_pieces(most=request.composed, seed=request.seed, bars=_bars(request))

    def on_piece(done: int) -> None:
        if done % 1000 == 0:
            say(f"Encoding… {done} pieces")

    dataset = encode_pieces(pieces(), ids=style_ids(), processes=request.processes, on_piece=on_piece)
    dataset = with_held_out(dataset)
    save_dataset(dataset, folder)
    return dataset


def train(request: TrainRequest, *, say: Say, on_report: Callable[[Report, int], None]) -> Trained:
    """Train one checkpoint and write it as the next version. `on_report` gets each report and the number of steps.

    Raises `BadRequest` for a target without pieces, `CheckpointError` if a style is asked for before there is a base.
    """
    dataset = prepare(request, say=say)
    is_base = request.target == BASE
    heard = dataset.part("train")
    if not is_base and request.target not in heard.style_events():
        raise BadRequest(
            f"Nothing to train {request.target!r} on; {', '.join(sorted(heard.style_events()))} have pieces."
        )
    held_out = measured_on(dataset.part("valid", None if is_base else frozenset({request.target})))
    recipe = recipe_for(request.target, heard, known=_known(request, heard))
    recipe = replace(
        recipe, settings=replace(recipe.settings, seed=request.seed, steps=request.steps or recipe.settings.steps)
    )
    fit = _fit(request, recipe, _Parts(heard=heard, held_out=held_out), say=say, on_report=on_report)
    after, parts = evaluate(fit.network, held_out.columns)
    facts = _facts(request, fit.recipe, heard, held_out, fit.parent)
    metrics: dict[str, Any] = {"held_out_nats": round(after, 4), "held_out_nats_before": round(fit.before_nats, 4)}
    metrics |= {"held_out_parts": {name: round(value, 4) for name, value in parts.items()}, "best_step": fit.best_step}
    if not is_base:
        metrics["reference"] = reference_of(_songs(request, request.target))
        measure_habits(request)
    path = _next_version(request.out / request.target)
    facts = replace(facts, version=path.stem, metrics=metrics)
    sha256 = save_checkpoint(fit.network, facts, path)
    write_curve(path, fit.curve)
    write_card(facts, sha256, path.parent)
    return Trained(path=path, sha256=sha256, before_nats=fit.before_nats, after_nats=after, best_step=fit.best_step)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What is trained on, and what is held out."""

    heard: Dataset
    held_out: Dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    """A trained network, its parent's SHA-256, the recipe that was followed in the end, and how it went: a point of
    `curve` is (step, held-out nats).
    """

    network: Network
    parent: str
    recipe: Recipe
    before_nats: float
    best_step: int
    curve: tuple[tuple[int, float], ...]


def _fit(
    request: TrainRequest, recipe: Recipe, data: _Parts, *, say: Say, on_report: Callable[[Report, int], None]
) -> _Fit:
    """Train. A style that gains nothing on the base is tried again at a third of the rate, at most `ATTEMPTS` times."""
    shares = style_shares(request.target, data.heard, recipe.replay)
    weights = data.heard.weights(shares, human_shares())
    state_file = request.work / f"{request.target}.run.safetensors"
    attempt, steps = 1, recipe.settings.steps
    while True:
        settings = recipe.settings
        torch.manual_seed(request.seed)
        network, parent = _start(request, recipe)
        before, _ = evaluate(network, data.held_out.columns)
        trainer = Trainer(network, data.heard.columns, weights, data.held_out.columns, settings)
        if trainer.resume(state_file):
            say(f"Going on from step {trainer.step} of {settings.steps}.")
        curve = [(0, before)]

        def keep(report: Report, curve: list[tuple[int, float]] = curve) -> None:
            if report.valid_nats is not None:
                curve.append((report.step, report.valid_nats))
            on_report(report, steps)

        trainer.run(keep, state_file=state_file)
        state_file.unlink(missing_ok=True)
        if trainer.best_step > 0 or attempt == ATTEMPTS:
            return _Fit(
                network=network,
                parent=parent,
                recipe=recipe,
                before_nats=before,
                best_step=trainer.best_step,
                curve=tuple(curve),
            )
        attempt += 1
        recipe = replace(recipe, settings=replace(settings, rate=settings.rate / 3))
        say(f"No step was better than the start at a rate of {settings.rate:g}; trying {settings.rate / 3:g}.")


def measure_habits(request: TrainRequest) -> Habits:
    """Measure the target style's habits on its training pieces and write them beside its checkpoints.

    Raises `BadRequest` if the corpora cannot be read or the style has no band among its pieces.
    """
    if request.corpora.is_dir():
        build_corpus(request.corpora, request.work / "corpus")
    chords = load_style(request.target).walk_share > 0
    measured = habits_of(_songs(request, request.target), seed=request.seed, chords=chords)
    if not measured.profiles:
        raise BadRequest(f"The style {request.target!r} has no piece in which a band plays a tune; one more would do.")
    write_habits(measured, request.out / request.target)
    return measured


def _songs(request: TrainRequest, style: str) -> Iterator[Song]:
    """Training songs of a style, for its reference statistics."""
    for piece in load_corpus(request.work / "corpus"):
        if piece.style == style and piece.split == "train":
            yield accompanied(piece).song
    if style in GRAMMARS and style in COMPOSED and not COMPOSED[style].human_share:
        yield from style_songs(style, min(request.composed, 300), request.seed, _bars(request))


def _bars(request: TrainRequest) -> dict[str, Bars]:
    """The drum bars that grammars may borrow: none where the Groove corpus is missing."""
    corpus = request.work / "corpus"
    return played_bars(load_corpus(corpus, sources=("groove",))) if (corpus / "groove.npz").exists() else {}


def _known(request: TrainRequest, heard: Dataset) -> frozenset[str]:
    """The styles that the newest base knows; none where there is no base yet."""
    path = latest_version(request.out / BASE)
    return known_styles(read_facts(path).lineage["events_by_style"], heard.style_events()) if path else frozenset()


def _start(request: TrainRequest, recipe: Recipe) -> tuple[Network, str]:
    """A fresh network, or the base's with the recipe's dropout; and the parent's SHA-256 ("" for the base)."""
    if request.target == BASE:
        return Network(replace(network_config(), dropout=recipe.dropout)), ""
    path = latest_version(request.out / BASE)
    checkpoint = load_checkpoint(path or request.out / BASE / "v1.safetensors", vocabulary=vocabulary_hash())
    checkpoint.network.set_dropout(recipe.dropout)
    if recipe.kin is not None:
        checkpoint.network.adopt(style_ids()[request.target], style_ids()[recipe.kin])
    return checkpoint.network, checkpoint.sha256


def _facts(request: TrainRequest, recipe: Recipe, heard: Dataset, held_out: Dataset, parent: str) -> Facts:
    lineage: Mapping[str, Any] = {
        "parent_sha256": parent,
        "seed": request.seed,
        "steps": recipe.settings.steps,
        "events_a_step": recipe.settings.lanes * recipe.settings.chunk,
        "rate": recipe.settings.rate,
        "dropout": recipe.dropout,
        "pieces": len(heard.labels),
        "held_out_pieces": len(held_out.labels),
        "events_by_style": heard.style_events(),
        "replay_share": recipe.replay,
        "note": NOTES.get(request.target, ""),
    }
    return Facts(
        style=request.target,
        version="",
        vocabulary=vocabulary_hash(),
        style_ids=style_ids(),
        lineage=lineage,
        licences=licences_of(heard.labels),
    )


def _next_version(folder: Path) -> Path:
    latest = latest_version(folder)
    number = int(latest.stem[1:]) + 1 if latest else 1
    return folder / f"v{number}.safetensors"
