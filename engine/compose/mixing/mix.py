"""The mixing desk: each role's dry sound through its inserts, to its level, to the spaces, and all through the bus.

In: a performed song, its parts, a chain and the voices. Out: `Mixed`: the audio as it leaves the bus, `[2, N]
float32`, unlimited, what a meter heard of it, and the roles' stems if they are wanted (levelled, without the shared
spaces and the bus; their sum is the dry mix). Conventions: while one block is mixed the voices play the next one in
another thread, so that mixing costs hardly any time; memory beyond the result is a few blocks. The same song and seed
give the same samples. Caveat: the limiter and the last gain are `master`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.compose.mixing.chain import Chain
from engine.compose.mixing.dynamics import Fade
from engine.compose.mixing.levels import Gains, sound_check
from engine.compose.mixing.meter import Meter
from engine.compose.mixing.stage import Session, Stage
from engine.compose.mixing.tone import Band, Tone, joined
from engine.compose.mixing.voices import NEUTRAL, Blocks, Parts, Voices, playing
from engine.compose.render import SAMPLE_RATE_HZ, Audio
from engine.errors import RenderError
from engine.music.instruments import KICKS, SNARES
from engine.music.notes import Role
from engine.music.performance import PerformedSong

FADE_IN_S = 0.005
FADE_OUT_S = 1.5
LOWEST_HZ = 24.0
SILENT_BELOW = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class MixOrder:
    """How to mix: the chain, the song's seed, the length, whether the end fades out, whether stems are kept."""

    chain: Chain
    seed: int
    samples: int
    fade_out: bool = True
    stems: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """The bus's sound, its K-weighted energies (see `meter`), and role → stem `[2, N]` where stems were wanted."""

    audio: Audio = field(repr=False)
    energies: npt.NDArray[np.float64] = field(repr=False)
    stems: Mapping[Role, Audio] = field(repr=False)


def mix(
    performed: PerformedSong,
    parts: Parts,
    voices: Voices,
    order: MixOrder,
    progress: Callable[[float], None] = lambda share: None,
) -> Mixed:
    """Play and mix. Raises `RenderError` when nothing can be heard or sound is not finite."""
    if not playing(performed):
        raise RenderError("a song without notes is silence")
    desk = _Desk(performed, parts, order, sound_check(performed, parts, order.chain, voices))
    audio = np.empty((2, order.samples), np.float32)
    stems = {role: np.empty_like(audio) for role in playing(performed)} if order.stems else {}
    meter, at, loudest = Meter(), 0, 0.0
    for block in _ahead(voices.blocks(performed, parts, order.samples)):
        dry = desk.roles(block)
        for role, stem in stems.items():
            stem[:, at : at + dry[role].shape[1]] = dry[role]
        done = desk.together(dry)
        loudest = max(loudest, float(np.abs(done).max()))
        meter.add(done)
        audio[:, at : at + done.shape[1]] = done
        at += done.shape[1]
        progress(at / order.samples)
    if not np.isfinite(loudest) or loudest < SILENT_BELOW:
        raise RenderError("the instruments rendered silence or no numbers")
    return Mixed(audio=audio, energies=meter.energies, stems=stems)


def session_of(performed: PerformedSong, *, samples: int, seed: int) -> Session:
    """What stages may know of this song."""
    return Session(
        samples=samples,
        seed=seed,
        tempo_bpm=performed.song.tempo_bpm,
        kick_times_s=performed.onset_times_s(Role.DRUMS, KICKS),
        snare_times_s=performed.onset_times_s(Role.DRUMS, SNARES),
    )


def ending(samples: int, *, fade_out: bool = True) -> tuple[Stage, ...]:
    """What every chain ends with: nothing below hearing, a start and an end in silence."""
    out_s = min(FADE_OUT_S, samples / SAMPLE_RATE_HZ / 4) if fade_out else FADE_IN_S
    return (
        Tone(bands=(Band(kind="low_cut", frequency_hz=LOWEST_HZ),)),
        Fade(in_s=FADE_IN_S, out_s=out_s),
    )


class _Desk:
    """The running processes of one song."""

    def __init__(self, performed: PerformedSong, parts: Parts, order: MixOrder, gains: Gains) -> None:
        session = session_of(performed, samples=order.samples, seed=order.seed)
        chain = order.chain
        programs = {track.role: track.program for track in performed.tracks if track.notes}
        self._before = {role: np.float32(10 ** (gains.before_db[role] / 20)) for role in programs}
        self._behind = {role: np.float32(10 ** (gains.behind_db[role] / 20)) for role in programs}
        self._inserts = {
            role: [stage.start(session) for stage in joined(chain.inserts_for(role, program))]
            for role, program in programs.items()
        }
        self._parts = {role: parts.get(role, NEUTRAL) for role in programs}
        self._space = chain.space.start(session) if chain.space else None
        self._chorus = chain.chorus.start(session) if chain.chorus else None
        stages = joined((*chain.bus, *ending(order.samples, fade_out=order.fade_out)))
        self._bus = [stage.start(session) for stage in stages]

    def roles(self, block: Mapping[Role, Audio]) -> dict[Role, Audio]:
        """Each role through its inserts, at its level."""
        return {role: self._role(role, audio) for role, audio in block.items()}

    def _role(self, role: Role, audio: Audio) -> Audio:
        audio *= self._before[role]
        for process in self._inserts[role]:
            audio = process(audio)
        audio *= self._behind[role]
        return audio

    def together(self, dry: Mapping[Role, Audio]) -> Audio:
        """The sum, with what the spaces answer, through the bus."""
        mixed: Audio = np.zeros_like(next(iter(dry.values())))
        for audio in dry.values():
            mixed += audio
        for process, sends in (
            (self._chorus, {role: part.chorus for role, part in self._parts.items()}),
            (self._space, {role: part.reverb for role, part in self._parts.items()}),
        ):
            if process is not None and any(sends.values()):
                mixed += process(_sent(dry, sends))
        for process in self._bus:
            mixed = process(mixed)
        return mixed


def _sent(dry: Mapping[Role, Audio], sends: Mapping[Role, float]) -> Audio:
    total = np.zeros_like(next(iter(dry.values())))
    for role, audio in dry.items():
        if sends[role]:
            total += audio * np.float32(sends[role])
    return total


def _ahead(blocks: Blocks) -> Iterator[Mapping[Role, Audio]]:
    """The same blocks; the next one is made in another thread while one is worked on."""
    with ThreadPoolExecutor(1) as player:
        waiting = player.submit(next, blocks, None)
        while (block := waiting.result()) is not None:
            waiting = player.submit(next, blocks, None)
            yield block
