"""What plays the roles apart: a source of each role's dry sound, block by block.

In: a performed song, its parts and a length in samples. Out: role → `[2, n] float32`, `BLOCK` samples a time, without
reverb and at no particular level, but panned. `SoundfontVoices` lets FluidSynth play all roles at once; the chip's
voices are in `chip`. Conventions: the same song gives the same samples. Caveat: where FluidSynth is there only as a
program, roles are rendered one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Protocol

from engine.compose.mixing.stage import BLOCK
from engine.compose.render import SAMPLE_RATE_HZ, Audio, Synth
from engine.music.midi.write import channels_of, write_midi
from engine.music.notes import Role
from engine.music.performance import PerformedSong
from engine.music.styles import Part

Parts = Mapping[Role, Part]
Blocks = Iterator[Mapping[Role, Audio]]
NEUTRAL = Part(programs=(), low=0, high=127, density=0)


class Voices(Protocol):
    """Plays a song, role by role."""

    def blocks(self, performed: PerformedSong, parts: Parts, samples: int) -> Blocks:
        """Each role that has notes, in blocks."""
        ...


class SoundfontVoices:
    """FluidSynth with a soundfont."""

    def __init__(self, synth: Synth) -> None:
        self._synth = synth

    def blocks(self, performed: PerformedSong, parts: Parts, samples: int) -> Blocks:
        """Each role that has notes, in blocks. Raises `RenderError` when FluidSynth cannot play it."""
        dry = {
            track.role: replace(parts.get(track.role, NEUTRAL), gain_db=0.0, reverb=0.0, chorus=0.0)
            for track in performed.tracks
        }
        roles = playing(performed)
        if not self._synth.in_process:
            yield from self._one_by_one(performed, dry, samples)
            return
        midi = write_midi(performed, dry)
        channels = {track.role: channels_of(track) for track in performed.tracks if track.notes}
        order = [channel for role in roles for channel in channels[role]]
        for block in self._synth.channels(midi, samples, order, BLOCK):
            heard = dict(zip(order, block, strict=True))
            yield {role: _together([heard[channel] for channel in channels[role]]) for role in roles}

    def _one_by_one(self, performed: PerformedSong, dry: Parts, samples: int) -> Blocks:
        whole = {}
        for role in playing(performed):
            alone = replace(performed, tracks=tuple(track for track in performed.tracks if track.role is role))
            whole[role] = self._synth.render(write_midi(alone, dry), samples / SAMPLE_RATE_HZ)
        for start in range(0, samples, BLOCK):
            yield {role: audio[:, start : start + BLOCK].copy() for role, audio in whole.items()}


def _together(audios: list[Audio]) -> Audio:
    """A role and what doubles it."""
    for audio in audios[1:]:
        audios[0] += audio
    return audios[0]


def playing(performed: PerformedSong) -> list[Role]:
    """The roles that have notes, in the order of the tracks."""
    return [track.role for track in performed.tracks if track.notes]
