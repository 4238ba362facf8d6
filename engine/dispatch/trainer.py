"""The training process: what its lane's worker opens. Here training meets those who compose and compare for it.

In: the engine's settings as JSON; jobs of kind `train`. Out: what `engine.learn.server.train` returns. Conventions:
songs for replay and for the gates are planned and written as everybody's, but without primers, so that it is the
network that is heard; songs of one request share their steps. Caveat: torch comes with the first job.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import JobError
from engine.jobs.heap import share_one_heap
from engine.jobs.job import Emit, Handler, Json
from engine.learn.server.hands import Between, Order, Voice
from engine.metrics.gates import degeneracy
from engine.music.excerpt import windows
from engine.music.measured import load_measured, own_style
from engine.music.notes import Song
from engine.music.seed import digest_of
from engine.music.seedbank import FILE, write_seeds
from engine.music.shelf import Shelf
from engine.music.styles import STYLES_DIR, Style, Taught, load_style
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.compose.generate import SongWriter, Writing

KIND = "train"
FEW_PRIMITIVES = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "16")
"""Read when torch is loaded. No two steps have equally many notes, so products that were prepared for one are of no use
to the next; a thousand of them, the usual number, are 350 MB."""
SEEDS = 24
CANDIDATE = "candidate"
WINDOWS_A_PIECE = 4


def open_trainer(config: Json) -> Handler:
    """`config` is `Settings` as JSON."""
    settings = Settings.read(**config)
    os.environ.setdefault(*FEW_PRIMITIVES)
    share_one_heap()

    def handle(kind: str, payload: Json, emit: Emit) -> Json:
        """A job."""
        if kind != KIND:
            raise JobError(f"The training process knows no job of kind {kind!r}.")
        from engine.learn.server.train import train  # noqa: PLC0415 (torch comes with it)

        return train(settings, payload, emit, Workshop(settings.device))

    return handle


@dataclass(frozen=True, slots=True)
class Workshop:
    """Composes and compares for a training (`engine.learn.server.hands.Hands`). `device`: auto, cpu or cuda."""

    device: str = "auto"
    styles_dir: Path = STYLES_DIR

    def write_songs(self, voice: Voice, order: Order, between: Between) -> list[Song]:
        """See `Hands`."""
        writer, writings = self._written(voice, order, between)
        return [writer.finish(writing).song for writing in writings]

    def write_candidates(self, voice: Voice, order: Order, between: Between) -> list[list[Song]]:
        """See `Hands`."""
        from engine.compose.finish import finish_song  # noqa: PLC0415 (torch comes with its like)

        writer, writings = self._written(voice, order, between)
        return [
            [finish_song(writing.plan, list(events)) for events in writer.candidates(writing).events]
            for writing in writings
        ]

    def _written(self, voice: Voice, order: Order, between: Between) -> tuple[SongWriter, list[Writing]]:
        """All songs of an order, written side by side."""
        from engine.compose.generate import SongWriter  # noqa: PLC0415 (torch comes with it)
        from engine.compose.planner import Planner  # noqa: PLC0415
        from engine.compose.request import ComposeRequest  # noqa: PLC0415
        from engine.model.device import pick_device  # noqa: PLC0415 (torch comes with it)

        style = style_of(voice)
        shelf = Shelf(styles={style.name: style})
        writer = SongWriter(device=pick_device(self.device), styles_dir=self.styles_dir)
        planner, rng = Planner(None), np.random.default_rng(order.seed)
        meters = tuple(dict.fromkeys(style.meters))
        writings = []
        for index in range(order.songs):
            request = ComposeRequest(
                prompt=style.name,
                style=style.name,
                seconds=order.seconds,
                meter=meters[index % len(meters)],
                energy=round(float((index * 0.618) % 1.0), 3),
                seed=int(rng.integers(2**53)),
            )
            plan = replace(planner.plan(request, shelf=shelf), primer=None)
            writings.append(writer.begin(plan, candidates=order.candidates, shelf=shelf))
            between()
        while not all(writing.handle.finished for writing in writings):
            writer.batcher.step()
            between()
        return writer, writings

    def sow(self, voice: Voice, songs: Sequence[Song], folder: Path) -> int:
        """See `Hands`."""
        from engine.compose.sowing import choose_seeds  # noqa: PLC0415 (torch comes with it)

        sound = [(number, song) for number, song in enumerate(songs) if not degeneracy(song, {})]
        # every version's bank has names of its own, since votes count for the seed that was heard
        seeds = [
            replace(seed, name=f"{seed.name}-{digest_of(seed)}") for seed in choose_seeds(sound, voice.style, SEEDS)
        ]
        if not seeds:
            return 0
        return write_seeds(folder / FILE, style=voice.style, checkpoint={"version": CANDIDATE}, seeds=seeds)

    def likeness(self, pieces: Sequence[Song], songs: Sequence[Song]) -> float | None:
        """See `Hands`: the mean overlapping area of all measures, of stretches of half a minute to a minute."""
        from engine.evaluate.overlap import mean_overlap  # noqa: PLC0415
        from engine.evaluate.vectors import Label, Sample, measure_all  # noqa: PLC0415

        rng = np.random.default_rng(0)
        stretches = [s for piece in pieces for s in list(windows(piece, rng))[:WINDOWS_A_PIECE]]
        if not stretches or not songs:
            return None
        label = Label(id="", style="", split="valid", kind="generated")
        one, two = (measure_all(Sample(label=label, song=song) for song in some) for some in (stretches, songs))
        area = mean_overlap(one, two)
        return area if np.isfinite(area) else None


def style_of(voice: Voice) -> Style:
    """The style that a voice composes, with what its folder holds."""
    taught = None if voice.folder is None else Taught(model_id=CANDIDATE, version=0, folder=voice.folder)
    parent = load_style(voice.parent)
    if voice.description is None:
        return replace(parent, taught=taught)
    measured = None if voice.folder is None else load_measured(voice.folder)
    return own_style(voice.style, parent, voice.description, measured=measured, taught=taught)
