"""A server's training made small: a 16-unit shipped style, four short pieces, and somebody who composes by grammar."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.grammar.corpus import composed_songs
from engine.learn.server.hands import Between, Order, Voice
from engine.learn.server.pieces import PIECE
from engine.learn.server.recipe import ServerRecipe
from engine.model.checkpoint import save_checkpoint
from engine.model.training import TrainSettings
from engine.music.codec import song_to_json
from engine.music.excerpt import excerpt
from engine.music.notes import Song
from tests.small import small_facts, small_network

STYLE = "lofi"
MODEL = "m0del0001"
SETTINGS = TrainSettings(
    steps=20, lanes=4, chunk=64, rate=1e-2, warmup=2, evaluate_every=5, save_every=5, patience=9
)  # fmt: skip
RECIPE = ServerRecipe(
    settings=SETTINGS, dropout=0.0, tether=0.01, most_rise=1.0, aimed_rise=0.99, replay_songs=4, judged_songs=3
)  # fmt: skip


def pieces(count: int = 4, *, seed: int = 5) -> list[Song]:
    """Songs of sixteen bars or so, just long enough to have a profile."""
    songs = composed_songs(STYLE, count, seed)
    return [excerpt(song, 4, min(16, song.bars - 4)) for song in songs]


def ship(styles_dir: Path, *, style: str = STYLE, nats: float = 20.0) -> Path:
    """A shipped style with an untrained network, which has much to learn and little to lose."""
    path = styles_dir / style / "v1.safetensors"
    facts = replace(small_facts(style), metrics={"held_out_nats": nats, "reference": {}})
    save_checkpoint(small_network(), facts, path)
    return path


def upload(data_dir: Path, songs: Sequence[Song]) -> list[dict[str, Any]]:
    """Keep songs as understood uploads; the last is held out. Returns what an order says of them."""
    rows = []
    for index, song in enumerate(songs):
        upload_id = f"upload{index:04}"
        folder = data_dir / "uploads" / upload_id
        folder.mkdir(parents=True, exist_ok=True)
        (folder / PIECE).write_text(json.dumps(song_to_json(song)), encoding="utf-8")
        side = "valid" if index == len(songs) - 1 else "train"
        rows.append(
            {"id": upload_id, "split": side, "duration_s": 20.0, "licence": "cc-by", "credit": f"Author {index}"}
        )
    return rows


def song_json(song: Song) -> str:
    """The file that a finished song leaves behind, as far as learning reads it."""
    return json.dumps({"format": 1, "score": song_to_json(song)})


def order(uploads: Sequence[dict[str, Any]], **other: Any) -> dict[str, Any]:
    """A job's payload."""
    said = {
        "model_id": MODEL, "guild_id": 7, "style": STYLE, "version": 1, "parent": STYLE, "description": None,
        "uploads": list(uploads), "current": None, "known": [],
    }  # fmt: skip
    return said | other


@dataclass
class GrammarHands:
    """Composes by grammar; keeps what it was asked. `copies`: what it hands out in place of songs of its own."""

    copies: Sequence[Song] = ()
    asked: list[tuple[Voice, Order]] = field(default_factory=list)

    def write_songs(self, voice: Voice, order: Order, between: Between) -> list[Song]:
        """See `Hands`."""
        self.asked.append((voice, order))
        between()
        if self.copies and voice.folder is not None:
            return [self.copies[i % len(self.copies)] for i in range(order.songs)]
        songs = composed_songs(STYLE, order.songs, 1000 + order.seed)
        return [excerpt(song, 4, min(16, song.bars - 4)) for song in songs]

    def write_candidates(self, voice: Voice, order: Order, between: Between) -> list[list[Song]]:
        """See `Hands`."""
        raise AssertionError("only votes ask for candidates")

    def sow(self, voice: Voice, songs: Sequence[Song], folder: Path) -> int:
        """See `Hands`."""
        (folder / "seeds.json").write_text('{"seeds": []}', encoding="utf-8")
        return 0

    def likeness(self, pieces: Sequence[Song], songs: Sequence[Song]) -> float | None:
        """See `Hands`."""
        return 0.5
