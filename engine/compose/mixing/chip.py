"""The chip: it plays a performed song with pulses, a triangle and noise instead of a soundfont.

In: a performed song and its parts. Out: each role's dry sound, block by block (a `Voices`). Conventions: onsets are
exact to the sample; a role's program chooses the waveform and envelope that come nearest to the instrument
(`timbre_for`); three and more notes of a chord struck together become a run through them, as on machines with few
voices. Caveat: there is no limit on voices, so two tunes at a time do sound.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import numpy.typing as npt

from engine.compose.mixing.chipdrums import drum
from engine.compose.mixing.chipwaves import Mono, Wave, cycle, tone
from engine.compose.mixing.stage import BLOCK, samples_of
from engine.compose.mixing.voices import NEUTRAL, Blocks, Parts
from engine.compose.render import SAMPLE_RATE_HZ
from engine.music.instruments import program_name
from engine.music.notes import Note, Role
from engine.music.performance import PERFORMED_TICKS_PER_QUARTER, PerformedSong, PerformedTrack

VIBRATO_HZ = 5.6
VIBRATO_CENTS = 12.0
VIBRATO_AFTER_S = 0.28
VIBRATO_RISE_S = 0.25
TOGETHER_S = 0.03
RUN_FROM = 3
RUN_STEP_TICKS = PERFORMED_TICKS_PER_QUARTER // 8
RUN_NOT_BELOW_S = 0.2
LEVEL = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Timbre:
    """A waveform and its envelope: rise, fall to `sustain` (0…1) with a time constant, release behind the end."""

    wave: Wave
    attack_s: float = 0.002
    fall_s: float = 0.12
    sustain: float = 0.7
    release_s: float = 0.03
    vibrato: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sounding:
    """A note in samples: where it starts, how long the key is down, and what it sounds like."""

    start: int
    held: int
    end: int
    pitch: int
    gain: float
    timbre: Timbre


def timbre_for(role: Role, program: int) -> Timbre:
    """What stands for a General MIDI program in a role."""
    if role is Role.BASS and not 80 <= program <= 87:
        return Timbre(wave="triangle", sustain=1.0, release_s=0.015)
    if program in (80, 81):
        order: tuple[Wave, ...] = (
            ("pulse50", "pulse12", "pulse25") if program == 80 else ("pulse25", "pulse50", "pulse12")
        )
        place = {Role.MELODY: 0, Role.COUNTER: 1}.get(role, 2)
        return Timbre(wave=order[place], sustain=0.65, vibrato=role is Role.MELODY)
    return _FAMILIES[program // 8]


def imitated(programs: Mapping[Role, int]) -> list[str]:
    """What a person who asked for these instruments should know: which of them a chip has to imitate, and how."""
    return [
        f"A chip plays this song: {program_name(program)} is imitated by {_WORDS[timbre_for(role, program).wave]}."
        for role, program in programs.items()
        if role is not Role.DRUMS and program not in _OWN
    ]


_OWN = frozenset({38, 39, 80, 81, 87})
"""Programs that a chip is: synthetic basses and leads."""
_WORDS: dict[Wave, str] = {
    "pulse12": "a pulse wave of 12.5 %",
    "pulse25": "a pulse wave of 25 %",
    "pulse50": "a square wave",
    "triangle": "a triangle wave",
}
_SQUARES: dict[Role, Wave] = {Role.MELODY: "pulse50", Role.COUNTER: "pulse12"}
_SAWS: dict[Role, Wave] = {Role.COUNTER: "pulse50", Role.HARMONY: "pulse12"}
"""Leads that play together get different pulses."""
_PLUCKED = Timbre(wave="pulse25", fall_s=0.3, sustain=0.12, release_s=0.05)
_FAMILIES: tuple[Timbre, ...] = (
    _PLUCKED,
    Timbre(wave="triangle", fall_s=0.25, sustain=0.05, release_s=0.12),
    Timbre(wave="pulse50", sustain=0.9),
    replace(_PLUCKED, wave="pulse12"),
    Timbre(wave="triangle", sustain=1.0, release_s=0.015),
    Timbre(wave="pulse25", attack_s=0.05, sustain=0.85, release_s=0.08, vibrato=True),
    Timbre(wave="pulse25", attack_s=0.06, sustain=0.85, release_s=0.1),
    Timbre(wave="pulse25", attack_s=0.015, sustain=0.8, vibrato=True),
    Timbre(wave="pulse12", attack_s=0.015, sustain=0.85, vibrato=True),
    Timbre(wave="triangle", attack_s=0.02, sustain=0.95, vibrato=True),
    Timbre(wave="pulse25", sustain=0.65, vibrato=True),
    Timbre(wave="pulse12", attack_s=0.12, sustain=0.9, release_s=0.2),
    Timbre(wave="pulse12", attack_s=0.02, fall_s=0.4, sustain=0.4, release_s=0.15),
    replace(_PLUCKED, wave="pulse12", fall_s=0.2),
    Timbre(wave="triangle", fall_s=0.08, sustain=0.02),
    Timbre(wave="pulse12", fall_s=0.1, sustain=0.1),
)
"""One for each eight programs of General MIDI: pianos, mallets, organs, guitars, basses, strings, ensembles, brass,
reeds, pipes, leads, pads, effects, folk instruments, percussion, noises."""


class ChipVoices:
    """Plays any song; needs no soundfont."""

    def blocks(self, performed: PerformedSong, parts: Parts, samples: int) -> Blocks:
        """Each role that has notes, in blocks."""
        roles = {
            track.role: (_soundings(track, performed), _panned(parts.get(track.role, NEUTRAL).pan))
            for track in performed.tracks
            if track.notes
        }
        for start in range(0, samples, BLOCK):
            count = min(BLOCK, samples - start)
            yield {
                role: _mono(role, notes, start, count)[None, :] * sides[:, None]
                for role, (notes, sides) in roles.items()
            }


def _panned(pan: float) -> npt.NDArray[np.float32]:
    """Gains of left and right for a position −1…1, of equal power."""
    angle = (pan + 1) * math.pi / 4
    return np.array([math.cos(angle), math.sin(angle)], np.float32) * np.float32(math.sqrt(2) * LEVEL)


def _soundings(track: PerformedTrack, performed: PerformedSong) -> list[_Sounding]:
    timbre = timbre_for(track.role, track.program)
    notes: Sequence[Note] = track.notes
    if track.role is Role.HARMONY:
        notes = runs(notes, performed)
    result = []
    for note in notes:
        start, end = (samples_of(performed.seconds(tick)) for tick in (note.onset, note.end))
        tail = drum(note.pitch).size if track.role is Role.DRUMS else end - start + 5 * samples_of(timbre.release_s)
        gain = (note.velocity / 127) ** 1.4
        result.append(
            _Sounding(
                start=start, held=max(end - start, 1), end=start + tail, pitch=note.pitch, gain=gain, timbre=timbre
            )
        )
    return result


def runs(notes: Sequence[Note], performed: PerformedSong) -> list[Note]:
    """Chords of `RUN_FROM` notes and more as runs of thirty-second notes through them, for as long as the shortest."""
    near = round(TOGETHER_S / performed.seconds(1))
    result: list[Note] = []
    clusters: list[list[Note]] = []
    for _, struck in groupby(sorted(notes), key=lambda note: note.onset):
        group = list(struck)
        if clusters and group[0].onset - clusters[-1][0].onset <= near:
            clusters[-1].extend(group)
        else:
            clusters.append(group)
    for cluster in clusters:
        start, end = cluster[0].onset, min(note.end for note in cluster)
        if len(cluster) < RUN_FROM or performed.seconds(end - start) < RUN_NOT_BELOW_S:
            result.extend(cluster)
            continue
        tones = sorted(cluster, key=lambda note: note.pitch)
        for at, onset in enumerate(range(start, end, RUN_STEP_TICKS)):
            note = tones[at % len(tones)]
            result.append(replace(note, onset=onset, duration=min(RUN_STEP_TICKS, end - onset)))
    return result


def _mono(role: Role, notes: Sequence[_Sounding], start: int, count: int) -> Mono:
    """The samples `start … start + count` of a role."""
    audio = np.zeros(count, np.float32)
    for note in notes:
        first, last = max(note.start, start), min(note.end, start + count)
        if first >= last:
            continue
        inside = slice(first - note.start, last - note.start)
        sound = drum(note.pitch)[inside] if role is Role.DRUMS else _pitched(note, inside)
        audio[first - start : last - start] += sound * np.float32(note.gain)
    return audio


def _pitched(note: _Sounding, inside: slice) -> Mono:
    frequency_hz = 440.0 * 2 ** ((note.pitch - 69) / 12)
    samples = inside.stop - inside.start
    wavering = None
    if note.timbre.vibrato and note.held > samples_of(VIBRATO_AFTER_S) and inside.stop > samples_of(VIBRATO_AFTER_S):
        wavering = _vibrato(frequency_hz, inside)
    table = cycle(note.timbre.wave, frequency_hz)
    return tone(table, frequency_hz, inside.start, wavering, samples) * _envelope(note, inside)


def _vibrato(frequency_hz: float, inside: slice) -> Mono:
    """Cycles by which the phase runs ahead; it grows after a while, as players' vibrato does."""
    at_s = np.arange(inside.start, inside.stop, dtype=np.float32) / np.float32(SAMPLE_RATE_HZ)
    depth = frequency_hz * (2 ** (VIBRATO_CENTS / 1200) - 1) / (2 * math.pi * VIBRATO_HZ)
    grown = np.clip((at_s - np.float32(VIBRATO_AFTER_S)) / np.float32(VIBRATO_RISE_S), 0, 1)
    return np.asarray(np.float32(depth) * grown * np.sin(np.float32(2 * math.pi * VIBRATO_HZ) * at_s), np.float32)


def _envelope(note: _Sounding, inside: slice) -> Mono:
    timbre = note.timbre
    at_s = np.arange(inside.start, inside.stop, dtype=np.float32) / np.float32(SAMPLE_RATE_HZ)
    fallen = np.exp(at_s * np.float32(-1 / timbre.fall_s))
    level = np.float32(timbre.sustain) + np.float32(1 - timbre.sustain) * fallen
    rise = samples_of(timbre.attack_s)
    if inside.start < rise:
        level[: rise - inside.start] *= at_s[: rise - inside.start] * np.float32(1 / timbre.attack_s)
    if inside.stop > note.held:
        first = max(note.held - inside.start, 0)
        late_s = at_s[first:] - np.float32(note.held / SAMPLE_RATE_HZ)
        level[first:] *= np.exp(late_s * np.float32(-1 / timbre.release_s))
    return level
