"""The sustain pedal of pianos: legato pedalling, changed with the chord.

In: what a track plays, where chords change. Out: `Press`es. Conventions: the pedal goes up as a new chord is struck and
down again `CATCH_S` later, while its keys are held, so that one chord rings into the next but not through it; a chord
that lasts is pedalled anew at every bar line; where a player rests for a beat the pedal is up. Runs of short notes by
step stay dry. Caveat: chords are known by half bars, so the pedal cannot change more often.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.compose.performing.feel import Feel
from engine.music.notes import Note, Song, Track
from engine.music.performance import PERFORMED_PER_WRITTEN, Press

PIANOS = range(6)
"""Acoustic and electric pianos."""
AHEAD = 14 * PERFORMED_PER_WRITTEN
"""A chord may come an eighth ahead, and a little more."""
CATCH_S = 0.07
LEAST_S = 0.15
LIFT_S = 0.03
"""The pedal is down no longer than this behind the end of the last key."""


def pedal_of(track: Track, played: Sequence[Note], feel: Feel) -> tuple[Press, ...]:
    """The presses of one track; none if its instrument has no pedal or the style does not use it."""
    if track.role not in feel.touch.pedal or track.program not in PIANOS or not played:
        return ()
    changes = _as_played(chord_changes(feel.song), played, feel.song)
    catch, least, lift = (feel.ticks(seconds_s) for seconds_s in (CATCH_S, LEAST_S, LIFT_S))
    spans = _spans(played, changes)
    presses = []
    for at, span in enumerate(spans):
        down = span[0].onset + catch
        up = max(note.end for note in span) + lift
        if at + 1 < len(spans):
            up = min(up, spans[at + 1][0].onset)
        if len(span) > 1 and up - down >= least:
            presses.append(Press(onset=down, duration=up - down))
    return tuple(presses)


def chord_changes(song: Song) -> tuple[int, ...]:
    """Performed ticks at which the pedal changes: bar lines, and half bars with a new chord."""
    half = song.meter.half_bar_ticks * PERFORMED_PER_WRITTEN
    return tuple(at * half for at, chord in enumerate(song.chords) if at % 2 == 0 or chord != song.chords[at - 1])


def _as_played(changes: Sequence[int], played: Sequence[Note], song: Song) -> list[int]:
    """The changes, earlier where a player strikes tones of the next chord ahead of the bar line."""
    half = song.meter.half_bar_ticks * PERFORMED_PER_WRITTEN
    moved = []
    for change in changes:
        now, before = song.chords[change // half], song.chords[max(change // half - 1, 0)]
        if now is not None and before is not None and now != before:
            new = set(now.pitch_classes) - set(before.pitch_classes)
            ahead = [note.onset for note in played if change - AHEAD <= note.onset < change and note.pitch % 12 in new]
            moved.append(min(ahead) - PERFORMED_PER_WRITTEN if ahead else change)
        else:
            moved.append(change)
    return moved


def _spans(played: Sequence[Note], changes: Sequence[int]) -> list[list[Note]]:
    """The notes between one change and the next; a note that is struck a little early belongs to the chord it meets."""
    early = 2 * PERFORMED_PER_WRITTEN
    spans: list[list[Note]] = []
    borders = [*changes[1:], None]
    at = 0
    current: list[Note] = []
    for note in sorted(played):
        while borders[at] is not None and note.onset >= (borders[at] or 0) - early:
            at += 1
            if current:
                spans.append(current)
            current = []
        current.append(note)
    if current:
        spans.append(current)
    return spans
