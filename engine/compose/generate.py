"""Plan → candidates: takes the style's network and writes N of them beside those of other songs.

In: a `Plan`, and what is given (`engine.compose.given`); out: `Candidates`, or, judged at once, `Written`. Conventions:
candidate k of seed s draws from PCG64 seeded by (s, k), so the first k candidates are the same whatever N is asked for,
and whoever is written beside them (`engine.compose.batcher`). Caveat: floating-point sums differ between processor
types, so one seed may give different notes on another machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from engine.compose.batcher import Batcher, BatchTask, Handle
from engine.compose.decode import Heat
from engine.compose.given import NOTHING, Given
from engine.compose.plan import Plan
from engine.compose.script import script_of
from engine.compose.seeds import primer_of
from engine.compose.voices import Voice, Voices
from engine.compose.written import Candidates, Written, keep_best
from engine.metrics.copyindex import open_index
from engine.metrics.originality import CopyIndex
from engine.model.checkpoint import Checkpoint
from engine.model.device import pick_device
from engine.music.shelf import SHIPPED, Shelf
from engine.music.styles import STYLES_DIR

BATCH = 8
"""Candidates that are written for a song unless another number is asked for."""
SLOTS = 128
"""Candidates of all songs that are written at once; measured in docs/LOG.md."""
PROGRESS_STEPS = 16
"""Progress is told once in so many steps."""
HEAT_REACH = 0.16
"""How much warmer than usual sampling is at the most adventurous, and cooler at the least."""
NARROWER, WIDER = 0.12, 0.7
"""Of the nucleus: what it loses at the least adventurous, and the share of the rest that it gains at the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """A song that is being written."""

    plan: Plan
    shelf: Shelf
    given: Given
    voice: Voice
    handle: Handle


class SongWriter:
    """Keeps loaded checkpoints and blends, and the batch. To be used from one thread at a time.

    `write` is one song from beginning to end; `begin`, `batcher.step()` and `finish` are the same for many at once.
    """

    def __init__(self, *, device: str, styles_dir: Path = STYLES_DIR, slots: int = SLOTS) -> None:
        self.styles_dir = styles_dir
        self.voices = Voices(device=device, styles_dir=styles_dir)
        self.batcher = Batcher(slots)

    @classmethod
    def load(cls, device: str = "auto", *, slots: int = SLOTS) -> SongWriter:
        """`device`: auto, cpu or cuda; raises `SetupError` for a device that is not there."""
        return cls(device=pick_device(device), slots=slots)

    def checkpoint(self, style: str) -> Checkpoint:
        """The newest checkpoint of a style, loaded once; raises `CheckpointError` if it is missing or damaged."""
        return self.voices.checkpoint(style)

    @cached_property
    def copy_index(self) -> CopyIndex | None:
        """The copy index beside the styles, loaded once; `None` if none is there. Raises `CheckpointError`."""
        return open_index(self.styles_dir)

    def prepare(self, plan: Plan, shelf: Shelf = SHIPPED) -> None:
        """Load (and blend) what a plan's song needs, so that `begin` only begins. Raises `CheckpointError`."""
        self.voices.of_plan(plan, shelf)

    def write(
        self,
        plan: Plan,
        *,
        candidates: int = BATCH,
        progress: Callable[[float], None] = lambda _: None,
        given: Given = NOTHING,
        shelf: Shelf = SHIPPED,
    ) -> Written:
        """Compose `candidates` songs (at least 1) and keep one; `progress` gets the finished share 0…1.

        The network reads the given primer, else the one that the plan names, else none.
        Raises `CheckpointError`, and `BadRequest` where what is given does not fit the plan.
        """
        _ = self.copy_index  # if it is damaged, that is said before anything is written
        writing = self.begin(plan, candidates=candidates, given=given, shelf=shelf)
        self.run(writing, progress)
        return self.finish(writing)

    def run(self, writing: Writing, progress: Callable[[float], None] = lambda _: None) -> None:
        """Step until a song is finished; whoever breaks it off takes the song out of the batch."""
        step = 0
        try:
            while not writing.handle.finished:
                self.batcher.step()
                if step % PROGRESS_STEPS == 0:
                    progress(writing.handle.share)
                step += 1
        finally:
            self.batcher.cancel(writing.handle)

    def begin(self, plan: Plan, *, candidates: int = BATCH, given: Given = NOTHING, shelf: Shelf = SHIPPED) -> Writing:
        """Let a song wait for its turn in the batch; raises as `write` does. `shelf`: what its styles are from."""
        voice = self.voices.of_plan(plan, shelf)
        if given.primer is None:
            given = replace(given, primer=primer_of(plan, shelf))
        task = BatchTask(
            script=script_of(plan, given, shelf.style(plan.style)),
            network=voice.network,
            style_row=voice.style_row,
            heat=heat_for(voice.heat, plan.adventure),
            candidates=candidates,
        )
        return Writing(plan=plan, shelf=shelf, given=given, voice=voice, handle=self.batcher.submit(task))

    def finish(self, writing: Writing) -> Written:
        """Judge the candidates of a song whose handle is finished, and keep one. Raises what made it fail."""
        return keep_best(self.candidates(writing), writing.plan, writing.given, self.copy_index, writing.shelf)

    def candidates(self, writing: Writing) -> Candidates:
        """What was written for a song whose handle is finished. Raises what made it fail."""
        script = writing.handle.task.script
        return Candidates(
            events=tuple(tuple(script.of_the_plan(events)) for events in writing.handle.events()),
            reference=writing.voice.reference,
            model=writing.voice.model,
        )


def heat_for(heat: Heat, adventure: float) -> Heat:
    """A style's heat as adventure 0…1 changes it: .5 not at all, 0 cooler with a narrower nucleus, 1 the other way."""
    daring = 2 * adventure - 1
    factor = 1 + HEAT_REACH * daring
    room = 1 - heat.top_p
    top_p = heat.top_p + room * WIDER * daring if daring > 0 else heat.top_p + NARROWER * daring
    return replace(
        heat,
        onset=heat.onset * factor,
        role=heat.role * factor,
        pitch=heat.pitch * factor,
        drums=heat.drums * factor,
        duration=heat.duration * factor,
        velocity=heat.velocity * factor,
        top_p=top_p,
    )
