"""Plan → song: takes the style's network, writes N candidates beside those of other songs, keeps the best.

In: a `Plan`, and what is given (`engine.compose.given`); out: `Written`. Conventions: candidate k of seed s draws from
PCG64 seeded by (s, k), so the first k candidates are the same whatever N is asked for, and whoever is written beside
them (`engine.compose.batcher`). Caveat: floating-point sums differ between processor types, so one seed may give
different notes on another machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from engine.compose.batcher import Batcher, BatchTask, Handle
from engine.compose.choose import choose, judge
from engine.compose.decode import Heat
from engine.compose.finish import finish_song
from engine.compose.given import NOTHING, Given
from engine.compose.plan import Plan
from engine.compose.script import Script, script_of
from engine.compose.seeds import primer_of
from engine.compose.voices import Voice, Voices
from engine.metrics.copyindex import FILE, load_index
from engine.metrics.originality import CopyIndex
from engine.model.checkpoint import Checkpoint
from engine.model.device import pick_device
from engine.music.notes import Role, Song
from engine.music.styles import STYLES_DIR
from engine.music.tokens import Event

BATCH = 8
"""Candidates that are written for a song unless another number is asked for."""
SLOTS = 64
"""Candidates of all songs that are written at once; measured in docs/LOG.md."""
PROGRESS_STEPS = 16
"""Progress is told once in so many steps."""
HEAT_REACH = 0.16
"""How much warmer than usual sampling is at the most adventurous, and cooler at the least."""
NARROWER, WIDER = 0.12, 0.7
"""Of the nucleus: what it loses at the least adventurous, and the share of the rest that it gains at the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The kept song, what became of the candidates (for the receipt), and the model: style, version, sha256.

    `gates`, `originality`: which gates the kept song passed, and what the copying gate found (see `choose.Verdict`).
    """

    song: Song
    candidates: dict[str, Any]
    model: dict[str, str]
    gates: dict[str, bool | None]
    originality: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """A song that is being written."""

    plan: Plan
    given: Given
    voice: Voice
    handle: Handle


class SongWriter:
    """Keeps loaded checkpoints and blends, and the batch. To be used from one thread at a time.

    `write` is one song from beginning to end; `begin`, `batcher.step()` and `finish` are the same for many at once.
    """

    def __init__(self, *, device: str, styles_dir: Path = STYLES_DIR, slots: int = SLOTS) -> None:
        self._voices = Voices(device=device, styles_dir=styles_dir)
        self._index_file = styles_dir / FILE
        self.batcher = Batcher(slots)

    @classmethod
    def load(cls, device: str = "auto", *, slots: int = SLOTS) -> SongWriter:
        """`device`: auto, cpu or cuda; raises `SetupError` for a device that is not there."""
        return cls(device=pick_device(device), slots=slots)

    def checkpoint(self, style: str) -> Checkpoint:
        """The newest checkpoint of a style, loaded once; raises `CheckpointError` if it is missing or damaged."""
        return self._voices.checkpoint(style)

    @cached_property
    def copy_index(self) -> CopyIndex | None:
        """The copy index beside the styles, loaded once; `None` if none is there. Raises `CheckpointError`."""
        return CopyIndex(load_index(self._index_file)) if self._index_file.exists() else None

    def prepare(self, plan: Plan) -> None:
        """Load (and blend) what a plan's song needs, so that `write` only writes. Raises `CheckpointError`."""
        self._voices.of_plan(plan)
        _ = self.copy_index

    def write(
        self,
        plan: Plan,
        *,
        candidates: int = BATCH,
        progress: Callable[[float], None] = lambda _: None,
        given: Given = NOTHING,
    ) -> Written:
        """Compose `candidates` songs (at least 1) and keep one; `progress` gets the finished share 0…1.

        The network reads the given primer, else the one that the plan names, else none.
        Raises `CheckpointError`, and `BadRequest` where what is given does not fit the plan.
        """
        writing = self.begin(plan, candidates=candidates, given=given)
        step = 0
        try:
            while not writing.handle.finished:
                self.batcher.step()
                if step % PROGRESS_STEPS == 0:
                    progress(writing.handle.share)
                step += 1
        finally:
            self.batcher.cancel(writing.handle)
        return self.finish(writing)

    def begin(self, plan: Plan, *, candidates: int = BATCH, given: Given = NOTHING) -> Writing:
        """Let a song wait for its turn in the batch; raises as `write` does."""
        voice = self._voices.of_plan(plan)
        if given.primer is None:
            given = replace(given, primer=primer_of(plan))
        task = BatchTask(
            script=script_of(plan, given),
            network=voice.network,
            style_row=voice.style_row,
            heat=heat_for(voice.heat, plan.adventure),
            candidates=candidates,
        )
        return Writing(plan=plan, given=given, voice=voice, handle=self.batcher.submit(task))

    def finish(self, writing: Writing) -> Written:
        """Judge the candidates of a song whose handle is finished, and keep one. Raises what made it fail."""
        plan, voice, script = writing.plan, writing.voice, writing.handle.task.script
        songs = [_song(plan, script, events, writing.given) for events in writing.handle.events()]
        verdicts = [judge(song, plan, voice.reference, index=self.copy_index) for song in songs]
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
            model=dict(voice.model),
            gates=dict(verdicts[kept].gates),
            originality=verdicts[kept].originality_to_json(),
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


def _song(plan: Plan, script: Script, events: list[Event], given: Given) -> Song:
    """A candidate as a song; kept roles have the very notes that they were kept with."""
    song = finish_song(plan, script.of_the_plan(events))
    if not given.kept or given.score is None:
        return song
    tracks = [track for track in song.tracks if track.role not in given.kept]
    for track in given.score.tracks:
        if track.role in given.kept:
            cast = plan.cast.get(track.role)
            tracks.append(track if cast is None else replace(track, program=cast.program))
    return replace(song, tracks=tuple(sorted(tracks, key=lambda track: list(Role).index(track.role))))
