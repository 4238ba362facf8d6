"""Models and own styles of servers, small, for tests: folders as trainings publish them, and what jobs say of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.compose.guild import Guild, GuildModel, OwnStyle
from engine.metrics.copyindex import FILE as INDEX
from engine.metrics.copyindex import IndexDraft, save_index
from engine.model.checkpoint import save_checkpoint
from engine.music.habits import FILE as HABITS
from engine.music.habits import Habits
from engine.music.measured import FILE as STYLE
from engine.music.measured import Measured, MeasuredPart
from engine.music.notes import Role, Song
from engine.music.seed import Seed
from engine.music.seedbank import FILE as SEEDS
from engine.music.seedbank import write_seeds
from engine.store.files import FileStore
from tests.small import small_facts, small_network

DUBSTEP = OwnStyle(name="dubstep", parent="lofi", description="wobbling growling bass drops over half-time drums")
WOBBLE = Measured(
    tempo_low=138.0,
    tempo_usual=140.0,
    tempo_high=142.0,
    meters=("4/4",),
    major_share=0.1,
    parts={
        Role.MELODY: MeasuredPart(programs=(81,), low=60, high=84, density=4.0, presence=0.9),
        Role.BASS: MeasuredPart(programs=(38, 39), low=28, high=50, density=6.0, presence=1.0),
        Role.DRUMS: MeasuredPart(programs=(24,), low=35, high=81, density=12.0, presence=1.0),
    },
)
"""What was measured on its uploads."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """What a training made of a server's uploads. `seed`: of the network; `tunes`: what it learnt from."""

    style: str = "lofi"
    version: int = 1
    seed: int = 7
    uploads: int = 8
    habits: Habits | None = None
    measured: Measured | None = None
    tunes: tuple[Song, ...] = ()
    seeds: tuple[Seed, ...] = ()


def publish_model(models: FileStore, model_id: str, made: Made, folder: Path) -> GuildModel:
    """Put a model into the file store, by way of `folder`, and tell of it as a job does."""
    folder = folder / model_id
    facts = replace(small_facts(made.style), version=f"v{made.version}")
    sha256 = save_checkpoint(small_network(made.seed), facts, folder / f"v{made.version}.safetensors")
    if made.habits is not None:
        (folder / HABITS).write_text(made.habits.dumps(), encoding="utf-8")
    if made.measured is not None:
        (folder / STYLE).write_text(made.measured.dumps(), encoding="utf-8")
    if made.seeds:
        write_seeds(folder / SEEDS, style=made.style, checkpoint={}, seeds=made.seeds)
    if made.tunes:
        index = IndexDraft()
        assert all(index.add(f"upload {number}", tune) for number, tune in enumerate(made.tunes))
        save_index(index.finish(limit=8), folder / INDEX, facts={})
    asyncio.run(models.publish(model_id, folder))
    return GuildModel(id=model_id, version=made.version, sha256=sha256, parent_sha256="ab" * 32, uploads=made.uploads)


def guild(*models: GuildModel, style: str = "lofi", own: tuple[OwnStyle, ...] = ()) -> dict[str, Any]:
    """What a job says of its server: `models` of one style, the newest first."""
    return Guild(models={style: models} if models else {}, styles=own).to_json()
