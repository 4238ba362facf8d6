"""The sound check: each role plays a little of its own part, and its gains follow from how loud that is.

In: a performed song, the style's parts, a chain and the voices. Out: for each role a gain before its inserts, which
brings it to `STAGE_LUFS`, and one behind them, which brings it to its place in the mix; and the bus level. Conventions:
a place is `PLACES_LU` + the style's `gain_db` + the chain's; loudness is BS.1770's, gated, so rests do not count. The
check depends on the song alone and costs about a tenth of the rendering. A role that cannot be heard is left as it is.
Why not measure once and for all: at one velocity the programs of a soundfont lie up to 24 LU apart, and three notes
at a time are louder than one. Caveat: two stretches of a few seconds stand for the whole part.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from engine.compose.mixing.chain import STAGE_LUFS, Chain
from engine.compose.mixing.meter import loudness_lufs
from engine.compose.mixing.stage import Session, run, samples_of, scaled
from engine.compose.mixing.voices import NEUTRAL, Parts, Voices, playing
from engine.compose.render import Audio
from engine.music.notes import Note, Role
from engine.music.performance import PerformedSong, PerformedTrack

BUS_LUFS = -14.0
PLACES_LU = {Role.MELODY: 0.0, Role.COUNTER: 0.0, Role.HARMONY: 0.0, Role.BASS: -2.0, Role.DRUMS: 0.5}
"""Where roles lie before the style has its say; its gains put harmony some 3 LU and counter 5 LU below the tune. The
meter's weighting hardly hears below 60 Hz, so a bass that reads as loud as the tune would boom."""
STRETCH_S = 4.0
RING_S = 1.0
SHARES = (0.5, 0.85)
"""Which stretches play: those with more in them than so large a share of all that are not empty."""
SILENT_LUFS = -65.0
MOST_DB = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gains:
    """Decibels: of each role before and behind its inserts."""

    before_db: Mapping[Role, float]
    behind_db: Mapping[Role, float]


def sound_check(performed: PerformedSong, parts: Parts, chain: Chain, voices: Voices) -> Gains:
    """Measure the roles and settle their gains."""
    check = _excerpts(performed)
    heard = _render(check, parts, voices)
    before, behind, places = {}, {}, {}
    for track in check.tracks:
        role, audio = track.role, heard.get(track.role)
        loudness = -math.inf if audio is None else loudness_lufs(audio)
        if audio is None or loudness < SILENT_LUFS:
            before[role], behind[role] = 0.0, 0.0
            continue
        before[role] = _bounded(STAGE_LUFS - loudness)
        session = Session(samples=audio.shape[1], tempo_bpm=performed.song.tempo_bpm)
        shaped = run(scaled(audio, before[role]), chain.inserts_for(role, track.program), session)
        places[role] = PLACES_LU[role] + parts.get(role, NEUTRAL).gain_db + chain.levels_db.get(role, 0.0)
        behind[role] = places[role] + STAGE_LUFS - loudness_lufs(shaped)
    if places:
        together = STAGE_LUFS + 10 * math.log10(sum(10 ** (place / 10) for place in places.values()))
        behind = {role: gain + (BUS_LUFS - together if role in places else 0.0) for role, gain in behind.items()}
    return Gains(before_db=before, behind_db=behind)


def _bounded(gain_db: float) -> float:
    return min(max(gain_db, -MOST_DB), MOST_DB)


def _render(check: PerformedSong, parts: Parts, voices: Voices) -> dict[Role, Audio]:
    samples = samples_of(len(SHARES) * (STRETCH_S + RING_S))
    pieces: dict[Role, list[Audio]] = {role: [] for role in playing(check)}
    for block in voices.blocks(check, parts, samples):
        for role, audio in block.items():
            pieces[role].append(audio)
    return {role: np.concatenate(piece, axis=1) for role, piece in pieces.items() if piece}


def _excerpts(performed: PerformedSong) -> PerformedSong:
    """Each role's stretches one after the other, all roles from the start."""
    second = 1 / performed.seconds(1)
    tracks = tuple(_excerpt(track, second) for track in performed.tracks if track.notes)
    bars = max(1, math.ceil(len(SHARES) * (STRETCH_S + RING_S) * second / performed.song.meter.bar_ticks))
    song = replace(performed.song, sections=performed.song.sections[:1], chords=performed.song.chords[: 2 * bars])
    return replace(performed, song=song, tracks=tracks, tempi=())


def _excerpt(track: PerformedTrack, second: float) -> PerformedTrack:
    """What the role plays, and what doubles it, in the chosen stretches, moved to where they are to be played."""
    length = round(STRETCH_S * second)
    onsets = np.array([note.onset for note in track.notes], np.int64)
    weights = np.array([note.velocity**2 * min(note.duration / second, 1.0) for note in track.notes])
    starts = np.arange(0, onsets.max() + 1, round(second))
    held = np.concatenate([[0.0], np.cumsum(weights)])
    sums = held[np.searchsorted(onsets, starts + length)] - held[np.searchsorted(onsets, starts)]
    starts, sums = starts[sums > 0], sums[sums > 0]
    ranked = starts[np.argsort(sums, kind="stable")]
    chosen = [int(ranked[min(int(share * ranked.size), ranked.size - 1)]) for share in SHARES]
    layer = None if track.layer is None else replace(track.layer, notes=_stretches(track.layer.notes, chosen, second))
    pedal = tuple(
        replace(press, onset=press.onset + shift)
        for start, shift in _shifts(chosen, second)
        for press in track.pedal
        if start <= press.onset and press.end < start + length
    )
    return replace(track, notes=_stretches(track.notes, chosen, second), pedal=pedal, layer=layer)


def _shifts(starts: list[int], second: float) -> list[tuple[int, int]]:
    """Each stretch's start, and by how many ticks it moves."""
    return [(start, round(at * (STRETCH_S + RING_S) * second) - start) for at, start in enumerate(starts)]


def _stretches(notes: tuple[Note, ...], starts: list[int], second: float) -> tuple[Note, ...]:
    length = round(STRETCH_S * second)
    moved = []
    for start, shift in _shifts(starts, second):
        for note in notes:
            if start <= note.onset < start + length:
                duration = min(note.duration, start + length - note.onset + round(RING_S / 2 * second))
                moved.append(replace(note, onset=note.onset + shift, duration=max(duration, 1)))
    return tuple(sorted(moved))
