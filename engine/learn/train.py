"""Corpora → checkpoints: one base network that has heard everything, and one fine-tuned network a style.

In: a folder of corpora and a folder to work in; out: `v<number>.safetensors` in each style's folder. Conventions: the
work folder keeps the read corpus, the encoded dataset and the state of an unfinished run, so that every command can
be stopped and given again. Style checkpoints start from the base and go on hearing a little of everything else
(replay). Caveat: see `engine.model.training` about what repeats bit by bit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from engine.errors import BadRequest
from engine.grammar.corpus import GRAMMARS, composed_songs
from engine.learn.card import write_card
from engine.learn.corpus import build_corpus, load_corpus
from engine.learn.dataset import (
    STYLE_IDS,
    Dataset,
    encode_pieces,
    licences_of,
    load_dataset,
    save_dataset,
    with_held_out,
)
from engine.learn.reference import reference_of
from engine.learn.sources.piece import Piece, split_of
from engine.model.checkpoint import Facts, latest_version, load_checkpoint, save_checkpoint
from engine.model.network import Network, NetworkConfig
from engine.model.training import Report, Trainer, TrainSettings, evaluate
from engine.music.context import N_DETAIL_ROWS, N_FEATURE_ROWS, vocabulary_hash
from engine.music.notes import Song
from engine.music.styles import STYLES_DIR
from engine.music.tokens import N_DRUMS, N_DURATIONS, N_ONSETS, N_PITCHES, N_ROLES, N_VELOCITIES

BASE = "base"
COMPOSED_SONGS = 2000
REPLAY_SHARE = 0.2
BASE_SETTINGS = TrainSettings(steps=4500, chunk=128, rate=2e-3, warmup=200)
STYLE_SETTINGS = TrainSettings(
    steps=400, chunk=128, rate=6e-4, warmup=30, evaluate_every=25, save_every=100, patience=5
)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRequest:
    """What to train. `target`: "base" or a style; `steps` None: the usual number; `seed` decides everything random."""

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


def composed_pieces(count: int, seed: int) -> Iterator[Piece]:
    """The composed corpora: `count` songs a style that has a written grammar."""
    for style in GRAMMARS:
        for index, song in enumerate(composed_songs(style, count, seed)):
            name = f"composed-{style}/{index}"
            yield Piece(
                id=name,
                source=f"composed-{style}",
                licence="Apache-2.0 (written by the project's own grammar)",
                style=style,
                split=split_of(name),
                song=song,
            )


def prepare(request: TrainRequest, *, say: Say) -> Dataset:
    """Read and encode everything, or load what an earlier run has encoded."""
    folder = request.work / "dataset"
    if (dataset := load_dataset(folder)) is not None:
        return dataset
    say("Reading the corpora…")
    build_corpus(request.corpora, request.work / "corpus")
    say("Encoding…")

    def pieces() -> Iterator[Piece]:
        yield from load_corpus(request.work / "corpus")
        yield from composed_pieces(request.composed, request.seed)

    def on_piece(done: int) -> None:
        if done % 1000 == 0:
            say(f"Encoding… {done} pieces")

    dataset = encode_pieces(pieces(), processes=request.processes, on_piece=on_piece)
    dataset = with_held_out(dataset)
    save_dataset(dataset, folder)
    return dataset


def base_shares(dataset: Dataset) -> dict[str, float]:
    """Every style's share of what the base hears: the square root of its size, so that small styles are heard too."""
    return {style: events**0.5 for style, events in dataset.style_events().items()}


def style_shares(dataset: Dataset, style: str) -> dict[str, float]:
    """The style itself, and a replay of all others."""
    others = {name: share for name, share in base_shares(dataset).items() if name != style}
    total = sum(others.values()) or 1.0
    return {style: 1.0 - REPLAY_SHARE} | {name: REPLAY_SHARE * share / total for name, share in others.items()}


def train(request: TrainRequest, *, say: Say, on_report: Callable[[Report, int], None]) -> Trained:
    """Train one checkpoint and write it as the next version. `on_report` gets each report and the number of steps.

    Raises `BadRequest` for a target without pieces, `CheckpointError` if a style is asked for before there is a base.
    """
    dataset = prepare(request, say=say)
    is_base = request.target == BASE
    settings = replace(BASE_SETTINGS if is_base else STYLE_SETTINGS, seed=request.seed)
    if request.steps is not None:
        settings = replace(settings, steps=request.steps)
    heard = dataset.part("train")
    if not is_base and request.target not in heard.style_events():
        raise BadRequest(
            f"Nothing to train {request.target!r} on; {', '.join(sorted(heard.style_events()))} have pieces."
        )
    held_out = dataset.part("valid", None if is_base else frozenset({request.target}))
    torch.manual_seed(request.seed)
    network, parent = _start(request, is_base)
    before, _ = evaluate(network, held_out.columns)
    shares = base_shares(heard) if is_base else style_shares(heard, request.target)
    trainer = Trainer(network, heard.columns, heard.weights(shares), held_out.columns, settings)
    state_file = request.work / f"{request.target}.run.safetensors"
    if trainer.resume(state_file):
        say(f"Going on from step {trainer.step} of {settings.steps}.")
    trainer.run(lambda report: on_report(report, settings.steps), state_file=state_file)
    after, parts = evaluate(network, held_out.columns)
    facts = _facts(request, settings, heard, held_out, parent)
    metrics: dict[str, Any] = {"held_out_nats": round(after, 4), "held_out_nats_before": round(before, 4)}
    metrics |= {
        "held_out_parts": {name: round(value, 4) for name, value in parts.items()},
        "best_step": trainer.best_step,
    }
    if not is_base:
        metrics["reference"] = reference_of(_songs(request, request.target))
    path = _next_version(request.out / request.target)
    facts = replace(facts, version=path.stem, metrics=metrics)
    sha256 = save_checkpoint(network, facts, path)
    write_card(facts, sha256, path.parent)
    state_file.unlink(missing_ok=True)
    return Trained(path=path, sha256=sha256, before_nats=before, after_nats=after, best_step=trainer.best_step)


class Round:
    """Training several targets one after the other; remembers in the work folder which are finished."""

    def __init__(self, request: TrainRequest, targets: Sequence[str]) -> None:
        self._file = request.work / "round.json"
        self._key = {"seed": request.seed, "steps": request.steps, "out": str(request.out)}
        self._targets = tuple(targets)

    def _done(self) -> list[str]:
        if not self._file.exists():
            return []
        saved = json.loads(self._file.read_text(encoding="utf-8"))
        return list(saved["done"]) if saved["key"] == self._key else []

    def left(self) -> list[str]:
        """Targets that an interrupted earlier round has not finished."""
        done = self._done()
        return [target for target in self._targets if target not in done]

    def finished(self, target: str) -> None:
        """Remember a target; after the last one the round is forgotten, and the next one starts from the base."""
        done = [*self._done(), target]
        if set(done) >= set(self._targets):
            self._file.unlink(missing_ok=True)
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps({"key": self._key, "done": done}), encoding="utf-8")


def _songs(request: TrainRequest, style: str) -> Iterator[Song]:
    """Training songs of a style, for its reference statistics."""
    for piece in load_corpus(request.work / "corpus"):
        if piece.style == style and piece.split == "train":
            yield piece.song
    if style in GRAMMARS:
        yield from composed_songs(style, min(request.composed, 300), request.seed)


def _start(request: TrainRequest, is_base: bool) -> tuple[Network, str]:
    """A fresh network, or the base's; and the parent's SHA-256 ("" for the base)."""
    if is_base:
        return Network(network_config()), ""
    path = latest_version(request.out / BASE)
    checkpoint = load_checkpoint(path or request.out / BASE / "v1.safetensors", vocabulary=vocabulary_hash())
    return checkpoint.network, checkpoint.sha256


def _facts(request: TrainRequest, settings: TrainSettings, heard: Dataset, held_out: Dataset, parent: str) -> Facts:
    lineage: Mapping[str, Any] = {
        "parent_sha256": parent,
        "seed": request.seed,
        "steps": settings.steps,
        "events_read": settings.steps * settings.lanes * settings.chunk,
        "pieces": len(heard.labels),
        "held_out_pieces": len(held_out.labels),
        "events_by_style": heard.style_events(),
        "replay_share": 0.0 if request.target == BASE else REPLAY_SHARE,
    }
    return Facts(
        style=request.target,
        version="",
        vocabulary=vocabulary_hash(),
        style_ids=STYLE_IDS,
        lineage=lineage,
        licences=licences_of(heard.labels),
    )


def _next_version(folder: Path) -> Path:
    latest = latest_version(folder)
    number = int(latest.stem[1:]) + 1 if latest else 1
    return folder / f"v{number}.safetensors"
