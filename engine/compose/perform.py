"""Written time to human time: swing, microtiming, accents, strums, phrase dynamics, pedal, doublings, tempo.

In: a `Song` (straight, on the 24-tick grid), a seed, the style's `Touch`, and how much time there is behind the last
bar. Out: a `PerformedSong` (960 ticks a quarter). The same input gives the same performance. Conventions: nobody
strays further than 0.9 of a written tick, strings of a strum excepted, and nobody overtakes himself, so notes of
different bars, and of different places in a straight grid, never change order. Caveat: bar lines stay where they are
in ticks; where the tempo comes and goes, `PerformedSong.tempi` tells it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby, pairwise

import numpy as np

from engine.compose.performing.clock import Clock
from engine.compose.performing.dynamics import Dynamics
from engine.compose.performing.feel import MAX_STRAY, Feel, feel_of
from engine.compose.performing.layers import layer_of
from engine.compose.performing.pedal import pedal_of
from engine.compose.performing.strays import TICKS_A_STEP, Foot, Player
from engine.compose.performing.strum import Hand, Stroke
from engine.compose.performing.tempi import tempi_of
from engine.music.notes import Note, Role, Song, Track
from engine.music.performance import PerformedSong, PerformedTrack
from engine.music.touch import Touch

__all__ = ["MAX_STRAY", "perform"]
REPEAT_GAP_S = 0.012
"""A key is up at least this long before it is struck again."""
SHORTEST_S = 0.03
HOLD_LAST_S = 1.0
"""Notes that end with the last bar are held so much longer, into the ring-out."""
TEMPO_STREAM, FOOT_STREAM, LAYER_STREAM = 100, 101, 200
USUAL = Touch()


def perform(song: Song, *, seed: int, touch: Touch = USUAL, room_s: float = 0.0, steady: bool = False) -> PerformedSong:
    """Play `song` as people would. `room_s`: seconds from the last bar line to the end of the audio, of which an end
    that slows down takes some. `steady`: the tempo stays, as a loop's must.
    """
    feel = feel_of(song, touch)
    steps = max((note.onset for track in song.tracks for note in track.notes), default=0) // TICKS_A_STEP + 1
    foot = _rng(seed, FOOT_STREAM).normal(size=steps)
    tracks = tuple(_perform_track(track, feel, seed, foot) for track in song.tracks)
    tempi = () if steady else tempi_of(feel, room_s, _rng(seed, TEMPO_STREAM))
    return PerformedSong(song=song, tracks=tracks, tempi=tempi)


def _rng(seed: int, stream: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([seed, stream]))


def _perform_track(track: Track, feel: Feel, seed: int, foot: Foot) -> PerformedTrack:
    stream = list(Role).index(track.role)
    played = _articulate(_play(track, feel, _rng(seed, stream), foot), feel)
    layer = layer_of(track, played, feel, _rng(seed, LAYER_STREAM + stream))
    return PerformedTrack(
        role=track.role,
        program=track.program,
        notes=played,
        pedal=pedal_of(track, played, feel),
        layer=None if layer is None else replace(layer, notes=_articulate(layer.notes, feel)),
    )


def _play(track: Track, feel: Feel, rng: np.random.Generator, foot: Foot) -> list[Note]:
    """Every written note in human time."""
    written = sorted(track.notes)
    clock = Clock(written, feel.song)
    player = Player(track.role, track.program, feel, rng, foot)
    dynamics = Dynamics(track, feel, rng)
    hand = None
    if track.role is not Role.DRUMS and track.program in feel.touch.strummed and feel.touch.human > 0:
        hand = Hand(track, feel, rng)
    groups = [list(group) for _, group in groupby(written, key=lambda note: note.onset)]
    places = [clock.performed(group[0].onset) for group in groups]
    rooms = [later - now for now, later in pairwise([*places, 1 << 40])]
    played: list[Note] = []
    floor = 0
    for group, place, room in zip(groups, places, rooms, strict=True):
        strays = player.strays(group)
        stroke = hand.stroke(group, room) if hand else None
        if stroke:
            strays = [strays[0]] * len(group)
        onsets = _onsets(place, strays, stroke, floor)
        floor = max(floor, *onsets)
        for at, (note, onset) in enumerate(zip(group, onsets, strict=True)):
            end = _end(note, track.role, clock, feel)
            velocity = dynamics.velocity(note, stroke.louder[at] if stroke else 0.0)
            played.append(Note(onset=onset, pitch=note.pitch, duration=max(end - onset, 1), velocity=velocity))
    return played


def _onsets(place: int, strays: Sequence[int], stroke: Stroke | None, floor: int) -> list[int]:
    """When the notes of one written onset begin; not before `floor`, where the onset before it was."""
    later = stroke.later if stroke else (0,) * len(strays)
    onsets = [place + stray + more for stray, more in zip(strays, later, strict=True)]
    missing = max(floor - min(onsets), 0)
    if stroke:
        return [onset + missing for onset in onsets]
    return [max(onset, floor) for onset in onsets]


def _end(note: Note, role: Role, clock: Clock, feel: Feel) -> int:
    end = clock.performed(note.end)
    if note.end >= feel.song.bars * feel.song.meter.bar_ticks and role is not Role.DRUMS:
        end += feel.ticks(HOLD_LAST_S)
    return end


def _articulate(notes: Sequence[Note], feel: Feel) -> tuple[Note, ...]:
    """Shorten notes so that none sounds into the next of its pitch; drop a double strike of one key at one time."""
    gap, shortest = feel.ticks(REPEAT_GAP_S), max(feel.ticks(SHORTEST_S), 1)
    following: dict[int, int] = {}
    result: list[Note] = []
    for note in sorted(notes, reverse=True):
        ceiling = following.get(note.pitch, note.end + gap + shortest) - note.onset
        if ceiling < 2:
            continue
        duration = max(min(note.duration, ceiling - gap), min(shortest, ceiling - 1))
        following[note.pitch] = note.onset
        result.append(Note(onset=note.onset, pitch=note.pitch, duration=duration, velocity=note.velocity))
    return tuple(sorted(result))
