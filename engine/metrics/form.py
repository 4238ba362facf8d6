"""Measures of bars: how many differ, which return, how the tune and the bass stand to the chords.

Aim, conventions and caveat as in `symbolic`. A bar's *content* is the set of (onset in the bar, pitch) of the notes
that start in it. Source of the returning-bar measure: own definition, after the self-similarity view of form (Foote,
"Visualizing music and audio using self-similarity", ACM Multimedia 1999).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from engine.metrics.symbolic import top_line
from engine.music.harmony import Chord
from engine.music.notes import Note, Role, Song

Content = frozenset[tuple[int, int]]
SAME_BAR = 0.5
"""Two bars count as the same music from this Jaccard likeness on: half of all their notes are shared."""


def bar_contents(song: Song, notes: Sequence[Note]) -> list[Content]:
    """What starts in each bar, as sets of (tick in the bar, pitch)."""
    contents: list[set[tuple[int, int]]] = [set() for _ in range(song.bars)]
    for note in notes:
        bar, tick = divmod(note.onset, song.meter.bar_ticks)
        contents[bar].add((tick, note.pitch))
    return [frozenset(content) for content in contents]


def likeness(left: Content, right: Content) -> float:
    """Jaccard index of two bars, 0…1; two empty bars are alike."""
    return len(left & right) / len(left | right) if left or right else 1.0


def distinct_bars_share(song: Song, notes: Sequence[Note]) -> float | None:
    """Different bars over all bars that hold a note: 1 = nothing ever returns exactly."""
    filled = [content for content in bar_contents(song, notes) if content]
    return len(set(filled)) / len(filled) if filled else None


def longest_frozen_run(song: Song, notes: Sequence[Note]) -> int:
    """How many bars running have exactly the same content, at most (empty bars do not count)."""
    longest = run = 0
    before: Content = frozenset()
    for content in bar_contents(song, notes):
        run = 0 if not content else run + 1 if content == before else 1
        before = content
        longest = max(longest, run)
    return longest


def returning_bars_share(song: Song, notes: Sequence[Note]) -> float | None:
    """Of the bars in sections whose label sounded before: the share alike (`SAME_BAR`) to the first time's bar.

    Bars empty both times are left out; `None` where no section returns.
    """
    contents = bar_contents(song, notes)
    first: dict[str, int] = {}
    judged = alike = 0
    for section in song.sections:
        origin = first.setdefault(section.label, section.start_bar)
        if origin == section.start_bar:
            continue
        for offset in range(min(section.bars, section.start_bar - origin)):
            now, then = contents[section.start_bar + offset], contents[origin + offset]
            if now or then:
                judged += 1
                alike += likeness(now, then) >= SAME_BAR
    return alike / judged if judged else None


def _chord_at(song: Song, tick: int) -> Chord | None:
    index = tick // song.meter.half_bar_ticks
    return song.chords[index] if index < len(song.chords) else None


def bass_root_at_downbeat_share(song: Song) -> float | None:
    """Of the downbeats on which the bass starts a note under a chord: the share that is the chord's root or written
    bass.
    """
    track = song.track(Role.BASS)
    judged = agreeing = 0
    for note in track.notes if track else ():
        chord = _chord_at(song, note.onset)
        if note.onset % song.meter.bar_ticks or chord is None:
            continue
        judged += 1
        agreeing += note.pitch % 12 in (chord.root, chord.bass)
    return agreeing / judged if judged else None


def chord_tone_share(song: Song) -> float | None:
    """Of the melody notes that start on a strong beat (a half bar) under a chord: the share that belongs to it."""
    track = song.track(Role.MELODY)
    judged = agreeing = 0
    for note in track.notes if track else ():
        chord = _chord_at(song, note.onset)
        if note.onset % song.meter.half_bar_ticks or chord is None:
            continue
        judged += 1
        agreeing += note.pitch % 12 in chord.pitch_classes
    return agreeing / judged if judged else None


def octave_leap_share(notes: Sequence[Note]) -> float | None:
    """Share of the top line's intervals that are an octave or wider."""
    steps = [abs(later.pitch - earlier.pitch) for earlier, later in pairwise(top_line(notes))]
    return sum(step >= 12 for step in steps) / len(steps) if steps else None


def step_share(notes: Sequence[Note]) -> float | None:
    """Share of the top line's moving intervals that are a second (one or two semitones)."""
    steps = [abs(later.pitch - earlier.pitch) for earlier, later in pairwise(top_line(notes))]
    moving = [step for step in steps if step]
    return sum(step <= 2 for step in moving) / len(moving) if moving else None
