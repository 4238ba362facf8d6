"""A server's pieces and a shipped checkpoint → the next version of its style, or one sentence why there is none.

    pieces ─┬→ tuning, held to the parent ─→ songs by the candidate ─→ comparison, gates ─→ published, or refused
    votes ──┘

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

import numpy as np

from engine.errors import BadRequest, CheckpointError, NotFound
from engine.jobs.courtesy import TRAININGS, Courtesy
from engine.jobs.job import Emit, Json
from engine.learn.server import judge, pace, pieces, version
from engine.learn.server.candidate import Bench, load, tune
from engine.learn.server.hands import Between, Hands, Order, Voice
from engine.learn.server.material import material_of
from engine.learn.server.order import TrainOrder, Verdict
from engine.learn.server.pieces import Kept, side
from engine.learn.server.recipe import ServerRecipe, recipe_for
from engine.learn.server.replay import Replay, ReplayOrder, replay_songs
from engine.learn.server.voted import (
    Ranking,
    Voted,
    agreement_of,
    chance_error,
    pairs_of_votes,
    provenance,
    read_voted,
    scores_of,
)
from engine.metrics.copyindex import open_index
from engine.model.checkpoint import Checkpoint, latest_version, versions_in
from engine.model.device import pick_device
from engine.model.tuning import threads
from engine.music.notes import Song
from engine.music.styles import STYLES_DIR, load_style
from engine.settings import Settings
from engine.store import FileStore, open_files, place_of

FOLDER, ORDER = "version", "order.json"
FORMAT = 1
JUDGED_SEED, RANKED_SEED = 40, 60

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """All that is measured on a candidate."""

    losses: judge.Losses
    songs: judge.SongFindings
    ranking: Ranking | None


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
        voted = self._voted()
        kept = self._pieces(voted)
        learnt = self._learnt(kept, voted)
        self._begin(learnt)
        with threads(learnt.recipe.threads):
            replay, plans = self._replay(learnt), self._plans(learnt)
            self._tell.phase(pace.TUNING)
            bench = Bench(
                learnt=learnt,
                material=material_of(learnt, replay, plans),
                work=self._work,
                folder=self._folder,
                device=self._device,
                between=self._around.between,
            )
            current = self._current()
            losses, candidate = tune(bench, current, self._tell.step)
            songs = self._songs(learnt)
            found = self._examine(songs, kept, replay)
            ranking = self._rank(learnt, (candidate, current), (songs, replay))
            return self._decide(learnt, candidate, Judged(losses=losses, songs=found, ranking=ranking))

    def _voted(self) -> Voted | None:
        """The songs that were voted on, where enough of them are still there."""
        if self._order.preferred is None:
            return None
        voted = read_voted(self._files("songs"), self._order.preferred)
        return voted if voted.are_enough else None

    def _pieces(self, voted: Voted | None) -> tuple[Kept, ...]:
        """The uploads. Where votes teach, there need be none. Raises what `read_pieces` raises."""
        uploads = self._order.uploads
        if len(uploads) < pieces.LEAST_PIECES and self._order.preferred is not None:
            if voted is None:
                raise BadRequest(
                    "Too few of the songs that were voted on are still there to learn from; more votes would work."
                )
            return ()
        return pieces.with_sides(pieces.read_pieces(self._files("uploads"), uploads))

    def _learnt(self, kept: tuple[Kept, ...], voted: Voted | None) -> version.Learnt:
        order = self._order
        parent = load(latest_version(self._around.styles_dir / order.parent), order.parent, self._device)
        events = sum(piece.events for piece in side(kept, "train"))
        recipe = self._around.recipe(events, order.description is not None)
        return version.Learnt(order=order, pieces=kept, parent=parent, recipe=recipe, events=events, voted=voted)

    def _plans(self, learnt: version.Learnt) -> list[list[Song]]:
        """Where votes teach: songs of the shipped network, all candidates of each plan."""
        recipe = learnt.recipe
        if learnt.voted is None:
            return []
        asked = Order(
            songs=recipe.ranked_plans,
            seconds=recipe.ranked_seconds,
            seed=RANKED_SEED,
            candidates=recipe.ranked_candidates,
        )
        voice = Voice(style=self._order.parent, parent=self._order.parent)
        return self._around.hands.write_candidates(voice, asked, self._around.between)

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
                "preferred": None if self._order.preferred is None else self._order.preferred.to_json(),
                "voted": [] if learnt.voted is None else [_fingerprint(song) for song in learnt.voted.songs],
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
        """Write what is measured on the pieces, have the candidate compose, and choose its seeds among the songs. A
        version of votes alone keeps the shipped habits and seeds, which votes move themselves.
        """
        self._tell.phase(pace.COMPOSING)
        order, recipe, hands = self._order, learnt.recipe, self._around.hands
        if learnt.pieces:
            version.write_measures(learnt, load_style(order.parent), self._around.styles_dir, self._folder)
        voice = Voice(style=order.style, parent=order.parent, description=order.description, folder=self._folder)
        asked = Order(songs=recipe.judged_songs, seconds=recipe.judged_seconds, seed=JUDGED_SEED)
        songs = hands.write_songs(voice, asked, self._around.between)
        if learnt.pieces:
            hands.sow(voice, songs, self._folder)
        return songs

    def _examine(self, songs: list[Song], kept: tuple[Kept, ...], replay: Replay) -> judge.SongFindings:
        self._tell.phase(pace.COMPARING)
        hands, shipped, own = self._around.hands, open_index(self._around.styles_dir), open_index(self._folder)
        before = replay.songs[: len(songs)]
        meant = [piece.song for piece in kept] or replay.songs[len(songs) :]  # the style itself, where there are none
        likenesses = {"after": hands.likeness(meant, songs), "before": hands.likeness(meant, before)}
        named = [replace(song, style=self._order.parent) for song in songs]
        return judge.examine(named, [gate for gate in (shipped, own) if gate is not None], likenesses)

    def _rank(
        self,
        learnt: version.Learnt,
        networks: tuple[Checkpoint, Checkpoint | None],
        written: tuple[list[Song], Replay],
    ) -> Ranking | None:
        """How the candidate, and what composes now, rank the songs that were voted on; None where votes teach nothing.
        `written`: by the candidate, by the parent.
        """
        preferred, voted, parent = self._order.preferred, learnt.voted, learnt.parent.network
        if voted is None or preferred is None:
            return None
        pairs = pairs_of_votes(voted, self._order.parent, learnt.row)
        candidate, current = networks
        after, before = (scores_of(songs, preferred.preference) for songs in (written[0], written[1].songs))
        return Ranking(
            agreement=agreement_of(candidate.network, parent, pairs),
            current=0.5 if current is None else agreement_of(current.network, parent, pairs),
            error=chance_error(voted),
            score=float(np.mean(after)),
            score_before=float(np.mean(before)),
            score_error=float((np.var(after) / len(after) + np.var(before) / len(before)) ** 0.5),
        )

    def _decide(self, learnt: version.Learnt, candidate: Checkpoint, judged: Judged) -> Verdict:
        reason = judge.reason_against(judged.losses, judged.songs, judged.ranking)
        metrics = {
            **judged.losses.to_json(),
            **judged.songs.to_json(),
            "uploads": len(side(learnt.pieces, "train")),
            "held_out_uploads": len(side(learnt.pieces, "valid")),
            "parent_version": learnt.parent.facts.version,
            "best_step": candidate.facts.metrics["best_step"],
        }
        if self._order.preferred is not None and judged.ranking is not None:
            metrics["preferred"] = provenance(self._order.preferred, judged.ranking)
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
