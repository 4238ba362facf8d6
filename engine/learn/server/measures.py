"""What a server's pieces measure: the proportions that its version of a style composes by.

In: songs. Out: `Habits` and `Measured`. Conventions: profiles of the pieces come first; where they are few, the shipped
style's fill up, so that plans do not all have the proportions of two or three stretches. Caveat: pieces in which no
band plays a tune (a solo, say) have no profile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from engine.learn.habits import habits_of
from engine.metrics.symbolic import sounding_bars
from engine.music.habits import FILE, Habits, load_habits
from engine.music.harmony import Mode
from engine.music.measured import FASTEST_BPM, SLOWEST_BPM, Measured, MeasuredPart
from engine.music.notes import Note, Role, Song
from engine.music.styles import Style

ENOUGH_PROFILES = 24
"""With so many the pieces speak for themselves."""
PARENT_SHARE = 0.5
"""Of all profiles, the most that come from the shipped style where the pieces have few."""
SEED = 1
LEAST_SHARE = 0.25
"""A role that fewer of the pieces have is left out."""
TEMPO_MARGIN = 0.05
BRIGHT = frozenset({Mode.MAJOR, Mode.LYDIAN, Mode.MIXOLYDIAN})
MOST_PROGRAMS = 4
STRAIGHT, TRIPLET = 0.5, 0.75


def habits_with(songs: Sequence[Song], parent: Style) -> Habits | None:
    """The habits of a server's version; None where the pieces have no profile, so that the parent's count."""
    own = habits_of(songs, seed=SEED, chords=parent.walk_share > 0)
    if not own.profiles:
        return None
    shipped = load_habits(parent.folder_of(FILE))
    if shipped is None or len(own.profiles) >= ENOUGH_PROFILES:
        return own if shipped is None else replace(own, deviations={**shipped.deviations, **own.deviations})
    room = min(ENOUGH_PROFILES - len(own.profiles), round(len(own.profiles) * PARENT_SHARE / (1 - PARENT_SHARE)))
    spread = shipped.profiles[:: max(1, len(shipped.profiles) // max(1, room))][:room]
    return Habits(
        profiles=(*own.profiles, *spread),
        chords=own.chords or shipped.chords,
        deviations=shipped.deviations,
    )


def measured_on(songs: Sequence[Song]) -> Measured:
    """What a style of these songs is like. Raises `ValueError` for none."""
    if not songs:
        raise ValueError("nothing can be measured on no songs")
    low, usual, high = (float(x) for x in np.percentile([song.tempo_bpm for song in songs], [10, 50, 90]))
    parts = {role: part for role in Role if (part := _part(songs, role)) is not None}
    has_pitches = bool(parts.keys() - {Role.DRUMS})
    return Measured(
        tempo_low=_tempo(low * (1 - TEMPO_MARGIN)),
        tempo_usual=_tempo(usual),
        tempo_high=_tempo(high * (1 + TEMPO_MARGIN)),
        meters=tuple(meter for meter, _ in Counter(str(song.meter) for song in songs).most_common()),
        major_share=round(sum(song.key.mode in BRIGHT for song in songs) / len(songs), 3),
        swing=round(float(np.clip(np.median([song.swing for song in songs]), STRAIGHT, TRIPLET)), 3),
        parts=parts if has_pitches else {},
    )


def _tempo(bpm: float) -> float:
    return round(min(FASTEST_BPM, max(SLOWEST_BPM, bpm)), 1)


def _part(songs: Sequence[Song], role: Role) -> MeasuredPart | None:
    """How the songs cast a role; None where hardly any has it."""
    found = [(song, track) for song in songs if (track := song.track(role)) is not None and track.notes]
    if len(found) < max(1.0, LEAST_SHARE * len(songs)):
        return None
    played = [int(sounding_bars(song, _within(song, track.notes)).sum()) for song, track in found]
    notes = sum(len(track.notes) for _, track in found)
    pitches = [note.pitch for _, track in found for note in track.notes]
    low, high = np.percentile(pitches, [2, 98])
    return MeasuredPart(
        programs=tuple(p for p, _ in Counter(track.program for _, track in found).most_common(MOST_PROGRAMS)),
        low=int(low),
        high=int(np.ceil(high)),
        density=round(notes / max(1, sum(played)), 2),
        presence=round(sum(played) / max(1, sum(song.bars for song in songs)), 3),
    )


def _within(song: Song, notes: Iterable[Note]) -> tuple[Note, ...]:
    """The notes that begin before the song's last bar line."""
    return tuple(note for note in notes if note.onset < song.bars * song.meter.bar_ticks)
