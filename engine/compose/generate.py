"""Plan → song: loads the style's checkpoint, writes N candidates in one batch, keeps the best.

In: a `Plan`; out: `Written`. Conventions: candidate k of seed s draws from PCG64 seeded by (s, k), so the first k
candidates are the same whatever N is asked for; a batch is always padded to `BATCH` lines, so that the arithmetic is
the same too. Caveat: floating-point sums differ between processor types, so one seed may give different notes on
another machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.compose.choose import choose, judge
from engine.compose.decode import Decoder, Heat, Line
from engine.compose.finish import finish_song
from engine.compose.frame import frame_of_plan
from engine.compose.plan import Plan
from engine.compose.rules import Rules
from engine.errors import CheckpointError
from engine.model.checkpoint import Checkpoint, latest_version, load_checkpoint
from engine.model.device import pick_device
from engine.model.sampling import Stepper
from engine.music.context import vocabulary_hash
from engine.music.notes import Song
from engine.music.styles import STYLES_DIR, load_style

BATCH = 8
"""Candidates are written in batches of exactly this many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The kept song, what became of the candidates (for the receipt), and the model: style, version, sha256."""

    song: Song
    candidates: dict[str, Any]
    model: dict[str, str]


class SongWriter:
    """Keeps loaded checkpoints; `write` may be called any number of times, from one thread at a time."""

    def __init__(self, *, device: str, styles_dir: Path = STYLES_DIR) -> None:
        self._device, self._styles_dir = device, styles_dir
        self._checkpoints: dict[str, Checkpoint] = {}

    @classmethod
    def load(cls, device: str = "auto") -> SongWriter:
        """`device`: auto, cpu or cuda; raises `SetupError` for a device that is not there."""
        return cls(device=pick_device(device))

    def checkpoint(self, style: str) -> Checkpoint:
        """The newest checkpoint of a style, loaded once; raises `CheckpointError` if it is missing or damaged."""
        if style not in self._checkpoints:
            path = latest_version(self._styles_dir / style)
            if path is None:
                raise CheckpointError(
                    f"The style {style!r} has no checkpoint in {self._styles_dir / style}; `make train` makes it."
                )
            self._checkpoints[style] = load_checkpoint(path, vocabulary=vocabulary_hash(), device=self._device)
        return self._checkpoints[style]

    def write(
        self, plan: Plan, *, candidates: int = BATCH, progress: Callable[[float], None] = lambda _: None
    ) -> Written:
        """Compose `candidates` songs (at least 1) and keep one; `progress` gets the finished share 0…1."""
        checkpoint = self.checkpoint(plan.style)
        songs: list[Song] = []
        for start in range(0, candidates, BATCH):
            done, part = start / candidates, min(BATCH, candidates - start) / candidates
            batch = self._write_batch(plan, checkpoint, start, partial(_within, progress, done, part))
            songs += batch[: candidates - start]
        reference = checkpoint.facts.metrics.get("reference", {})
        verdicts = [judge(song, plan, reference) for song in songs]
        kept = choose(verdicts)
        dropped = {str(i): list(v.failures) for i, v in enumerate(verdicts) if v.failures and i != kept}
        return Written(
            song=songs[kept],
            candidates={
                "composed": len(songs),
                "kept": kept,
                "passed": sum(not v.failures for v in verdicts),
                "failures_of_kept": list(verdicts[kept].failures),
                "dropped": dropped,
                "distances": [v.distance for v in verdicts],
            },
            model={"style": plan.style, "version": checkpoint.facts.version, "sha256": checkpoint.sha256},
        )

    def _write_batch(
        self, plan: Plan, checkpoint: Checkpoint, first: int, progress: Callable[[float], None]
    ) -> list[Song]:
        style = load_style(plan.style)
        frame, rules = frame_of_plan(plan), Rules(plan)
        style_id = checkpoint.facts.style_ids.get(plan.style, 0)
        lines = [
            Line(plan, frame, rules, style_id, np.random.Generator(np.random.PCG64([plan.seed, first + index])))
            for index in range(BATCH)
        ]
        decoder = Decoder(Stepper(checkpoint.network, BATCH), rules, lines, Heat.of(style.temperature, style.top_p))
        decoder.run(len(plan.bars), progress)
        return [finish_song(plan, line.events) for line in lines]


def _within(progress: Callable[[float], None], done: float, part: float, share: float) -> None:
    """Report a batch's share as a share of the whole."""
    progress(done + share * part)
