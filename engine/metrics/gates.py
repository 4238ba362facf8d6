"""The degeneracy gate: is this song broken music?

In: a `Song`, the roles' ranges, and, if known, which roles were meant to play in each bar. Out: the reasons against
it, one sentence each; an empty tuple is a pass. Conventions: bars in the sentences are counted from 1, as musicians
do. Caveat: the gate finds what is broken (one note for ever, holes, frozen bars), not what is dull; that is for
ranking.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from engine.metrics.form import longest_frozen_run
from engine.metrics.symbolic import (
    Ranges,
    longest_repeated_pitch_run,
    notes_out_of_range,
    silent_bars,
    sounding_bars,
    top_line,
    validate,
)
from engine.music.notes import Role, Song

MAX_PITCH_RUN = 8
MAX_FROZEN_BARS = 4
MAX_REST_BARS = 4
MAX_NOTE_BARS = 4
MIN_MELODY_PITCHES = 4
ENOUGH_MELODY_NOTES = 24
LEADING_ROLES = (Role.MELODY, Role.BASS)

Active = Sequence[frozenset[Role]]


def degeneracy(song: Song, ranges: Ranges, *, active: Active | None = None) -> tuple[str, ...]:
    """Reasons why the song must not be given out; empty if there are none.

    `active`: the roles meant to play, a set a bar. Without it, a role that has a track is meant to play in every
    section in which it starts a note, and must start some. Raises `ValueError` for a song that `symbolic.validate`
    refuses.
    """
    validate(song)
    reasons = [f"bar {bar + 1} is silent" for bar in silent_bars(song)]
    if count := notes_out_of_range(song, ranges):
        reasons.append(f"notes outside their role's range: {count}")
    reasons += _melody_reasons(song)
    reasons += _drones(song)
    meant = active if active is not None else _sections_played(song)
    for role in LEADING_ROLES:
        reasons += _holes(song, role, meant, given=active is not None)
    return tuple(reasons)


def _melody_reasons(song: Song) -> list[str]:
    track = song.track(Role.MELODY)
    if track is None:
        return []
    reasons = []
    if (run := longest_repeated_pitch_run(track)) > MAX_PITCH_RUN:
        reasons.append(f"the melody repeats a pitch {run} times running")
    if (run := longest_frozen_run(song, track.notes)) > MAX_FROZEN_BARS:
        reasons.append(f"the melody plays the same bar {run} times running")
    line = top_line(track.notes)
    pitches = len({note.pitch for note in line})
    if len(line) >= ENOUGH_MELODY_NOTES and pitches < MIN_MELODY_PITCHES:
        reasons.append(f"the melody has only {pitches} different pitches")
    return reasons


def _drones(song: Song) -> list[str]:
    """Melody and bass notes that outlast `MAX_NOTE_BARS` bars."""
    limit = MAX_NOTE_BARS * song.meter.bar_ticks
    reasons = []
    for role in LEADING_ROLES:
        track = song.track(role)
        long = [note for note in track.notes if note.duration > limit] if track else []
        if long:
            reasons.append(f"the {role.value} holds a note for more than {MAX_NOTE_BARS} bars")
    return reasons


def _sections_played(song: Song) -> Active:
    """For each bar the roles that start a note somewhere in its section."""
    out: list[frozenset[Role]] = []
    for section in song.sections:
        start, end = (bar * song.meter.bar_ticks for bar in (section.start_bar, section.end_bar))
        playing = {t.role for t in song.tracks if any(start <= note.onset < end for note in t.notes)}
        out += [frozenset(playing)] * section.bars
    return out


def _holes(song: Song, role: Role, meant: Active, *, given: bool) -> list[str]:
    """A leading role that should play and is missing, or rests for more than `MAX_REST_BARS` bars."""
    if len(meant) != song.bars:
        raise ValueError(f"roles are given for {len(meant)} bars, the song has {song.bars}")
    track = song.track(role)
    due = [role in roles for roles in meant]
    if not (track and track.notes):
        missing = any(due) or (track is not None and not given)
        return [f"the {role.value} is missing"] if missing else []
    sounding = sounding_bars(song, track.notes)
    resting = [wanted and not bool(sounds) for wanted, sounds in zip(due, sounding, strict=True)]
    longest = max((len(list(run)) for rests, run in groupby(resting) if rests), default=0)
    return [f"the {role.value} rests for {longest} bars running"] if longest > MAX_REST_BARS else []
