"""A server's pieces and a shipped checkpoint → the next version of its style, or one sentence why there is none.

    pieces ─→ tuning, held to the parent ─→ songs by the candidate ─→ comparison, gates ─→ published, or refused

In: a job of kind `train` (see `engine/learn/worker.py`), those who compose and compare (`Hands`). Out: a `Verdict`.
Conventions: every version starts from the shipped checkpoint, never from an earlier version, so nothing that was
forgotten lives on; how far it is lies in `<data folder>/trainings/<model id>/`, from which an interrupted job goes on
if it is still the same order. Caveat: between two steps a training gives way to whoever composes (`pace.py`), so how
long it takes depends on how busy the machine is.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from engine.errors import CheckpointError, NotFound
from engine.jobs.courtesy import TRAININGS, Courtesy
from engine.jobs.job import Emit, Json
from engine.learn.server import judge, pace, pieces, version
from engine.learn.server.candidate import Bench, load, tune
from engine.learn.server.hands import Between, Hands, Order, Voice
from engine.learn.server.order import TrainOrder, Verdict
from engine.learn.server.pieces import Kept, side
from engine.learn.server.recipe import ServerRecipe, recipe_for
from engine.learn.server.replay import Replay, ReplayOrder, replay_songs
from engine.metrics.copyindex import open_index
from engine.model.checkpoint import Checkpoint, latest_version, versions_in
from engine.model.device import pick_device
from engine.model.tuning import Material, threads
from engine.music.notes import Song
from engine.music.styles import STYLES_DIR, load_style
from engine.settings import Settings
from engine.store import FileStore, open_files, place_of

FOLDER, ORDER = "version", "order.json"
FORMAT = 1
JUDGED_SEED = 40

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a training stands in, beside its order. `between`: called between two pieces of work; it may sleep, or raise
    to stop. `recipe`: events, whether the server founded the style → how to train.
    """

    settings: Settings
    hands: Hands
    between: Between
    styles_dir: Path = STYLES_DIR
    recipe: Callable[[int, bool], ServerRecipe] = recipe_for


def train(settings: Settings, payload: Json, emit: Emit, hands: Hands) -> Json:
    """A job. Raises `NotFound` for a piece that is gone, `CheckpointError` for a damaged shipped checkpoint, and what
    the store raises.
    """
    courtesy = Courtesy(settings.data_dir)
    around = Surroundings(settings=settings, hands=hands, between=pace.Breath(lambda: courtesy.is_busy))
    return Training(TrainOrder.from_json(payload), around, emit).run().to_json()


class Training:
    """One order, from its pieces to its verdict."""

    def __init__(self, order: TrainOrder, around: Surroundings, emit: Emit) -> None:
        self._order, self._around = order, around
        self._tell = pace.Progress(emit)
        self._work = around.settings.data_dir.absolute() / TRAININGS / order.model_id
        self._folder = self._work / FOLDER
        self._device = pick_device(around.settings.device)

    def run(self) -> Verdict:
        """Train, compare, publish or refuse. May be called again after it was broken off anywhere."""
        self._tell.phase(pace.READING)
        kept = pieces.with_sides(pieces.read_pieces(self._files("uploads"), self._order.uploads))
        learnt = self._learnt(kept)
        self._begin(learnt)
        with threads(learnt.recipe.threads):
            replay = self._replay(learnt)
            self._tell.phase(pace.TUNING)
            bench = Bench(
                learnt=learnt,
                material=self._material(learnt, replay),
                work=self._work,
                folder=self._folder,
                device=self._device,
                between=self._around.between,
            )
            losses, candidate = tune(bench, self._current(), self._tell.step)
            songs = self._songs(learnt)
            return self._decide(learnt, candidate, losses, self._examine(songs, kept, replay))

    def _learnt(self, kept: tuple[Kept, ...]) -> version.Learnt:
        order = self._order
        parent = load(latest_version(self._around.styles_dir / order.parent), order.parent, self._device)
        events = sum(piece.events for piece in side(kept, "train"))
        recipe = self._around.recipe(events, order.description is not None)
        return version.Learnt(order=order, pieces=kept, parent=parent, recipe=recipe, events=events)

    def _material(self, learnt: version.Learnt, replay: Replay) -> Material:
        style, row = self._order.parent, learnt.parent.facts.style_ids.get(self._order.parent, 0)
        own = pieces.encoded(side(learnt.pieces, "train"), style, row, varied=True)
        return Material(
            own=own.columns,
            chances=own.weights({style: 1.0}),
            held_out=pieces.encoded(side(learnt.pieces, "valid"), style, row).columns,
            replay=pieces.encoded_songs(replay.heard, style, row).columns,
            watch=pieces.encoded_songs(replay.watched, style, row).columns,
        )

    def _begin(self, learnt: version.Learnt) -> None:
        """Keep what an earlier try of the very same order left; clear away all else that is no training any more."""
        order = self._order
        key = json.dumps(
            {
                "format": FORMAT,
                "parent": learnt.parent.sha256,
                "style": [order.style, order.version, order.description],
                "pieces": [[p.taught.id, p.taught.split, _fingerprint(p.song)] for p in learnt.pieces],
                "recipe": asdict(learnt.recipe),
            },
            sort_keys=True,
        )
        known = {order.model_id, *order.known}
        for folder in self._work.parent.glob("*/"):
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)
        note = self._work / ORDER
        if not note.exists() or note.read_text(encoding="utf-8") != key:
            shutil.rmtree(self._work, ignore_errors=True)
            self._work.mkdir(parents=True)
            note.write_text(key, encoding="utf-8")
        self._folder.mkdir(exist_ok=True)

    def _replay(self, learnt: version.Learnt) -> Replay:
        self._tell.phase(pace.REPLAYING)
        order = ReplayOrder(
            sha256=learnt.parent.sha256,
            style=self._order.parent,
            songs=learnt.recipe.replay_songs,
            seconds=learnt.recipe.replay_seconds,
        )
        return replay_songs(order, self._around.settings.data_dir, self._around.hands, self._around.between)

    def _songs(self, learnt: version.Learnt) -> list[Song]:
        """Write what is measured on the pieces, have the candidate compose, and choose its seeds among the songs."""
        self._tell.phase(pace.COMPOSING)
        order, recipe, hands = self._order, learnt.recipe, self._around.hands
        version.write_measures(learnt, load_style(order.parent), self._around.styles_dir, self._folder)
        voice = Voice(style=order.style, parent=order.parent, description=order.description, folder=self._folder)
        asked = Order(songs=recipe.judged_songs, seconds=recipe.judged_seconds, seed=JUDGED_SEED)
        songs = hands.write_songs(voice, asked, self._around.between)
        hands.sow(voice, songs, self._folder)
        return songs

    def _examine(self, songs: list[Song], kept: tuple[Kept, ...], replay: Replay) -> judge.SongFindings:
        self._tell.phase(pace.COMPARING)
        hands, shipped, own = self._around.hands, open_index(self._around.styles_dir), open_index(self._folder)
        uploads = [piece.song for piece in kept]
        likenesses = {
            "after": hands.likeness(uploads, songs),
            "before": hands.likeness(uploads, replay.songs[: len(songs)]),
        }
        named = [replace(song, style=self._order.parent) for song in songs]
        return judge.examine(named, [gate for gate in (shipped, own) if gate is not None], likenesses)

    def _decide(
        self, learnt: version.Learnt, candidate: Checkpoint, losses: judge.Losses, songs: judge.SongFindings
    ) -> Verdict:
        reason = judge.reason_against(losses, songs)
        metrics = {
            **losses.to_json(),
            **songs.to_json(),
            "uploads": len(side(learnt.pieces, "train")),
            "held_out_uploads": len(side(learnt.pieces, "valid")),
            "parent_version": learnt.parent.facts.version,
            "best_step": candidate.facts.metrics["best_step"],
        }
        if reason is None:
            asyncio.run(self._files("models").publish(self._order.model_id, self._folder))
        return Verdict(
            is_published=reason is None,
            reason=reason,
            sha256=candidate.sha256,
            parent_sha256=learnt.parent.sha256,
            metrics=metrics,
        )

    def _files(self, space: Any) -> FileStore:
        settings = self._around.settings
        return open_files(place_of(settings), settings.data_dir, space)

    def _current(self) -> Checkpoint | None:
        """What composes now, where it is a version of this server's that can still be used."""
        if self._order.current is None:
            return None
        try:
            folder = asyncio.run(self._files("models").bring(self._order.current))
            return load(next(iter(versions_in(folder)), None), self._order.style, self._device)
        except (NotFound, CheckpointError) as error:
            log.warning("The version that composes now cannot be compared with: %s", error)
            return None


def _fingerprint(song: Song) -> str:
    """Tells a piece from itself transcribed anew."""
    text = repr((song.tempo_bpm, str(song.key), str(song.meter), song.tracks))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
