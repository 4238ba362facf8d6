"""A song as it is written on staves: bars, voices, ties and rests, from notes that overlap as they like.

In: a `Song`. Out: for each role its `Bar`s, each with one or more voices that fill it from end to end. Conventions:
onsets and pitches are never changed; notes that begin and end together are one chord. Durations are made readable: ends
lie on the sixteenth or triplet grid of their beat, a note that runs a little into the next one is cut there, and where
more than `MOST_VOICES` would sound at once, the one that is nearest to its end gives way. What crosses a bar line, or
cannot be written as one note, is tied. Drums have one voice, in which a stroke lasts to the next one or to the next
beat. Caveat: swing stays unwritten, as usual; it is said above the first bar.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from engine.music.notes import Note, Role, Song
from engine.music.timing import TICKS_PER_QUARTER

MOST_VOICES = 4
LEGATO_TICKS = 6
"""An overlap up to this is a matter of touch, not a second voice."""
STRAIGHT, TRIPLET = (0, 6, 12, 18, 24), (0, 4, 8, 12, 16, 20, 24)
ONLY_STRAIGHT, ONLY_TRIPLET = {6, 18}, {4, 8, 16, 20}
WHOLE = frozenset({3, 6, 12, 24, 48, 96, 9, 18, 36, 72})
"""Lengths that one note can have wherever it begins; dotted ones included."""
IN_A_BEAT = (16, 12, 8, 6, 4, 3, 2, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A note, chord, drum stroke or rest (no pitches) in a bar: ticks from the bar's start, and whether it is tied."""

    onset: int
    duration: int
    pitches: tuple[int, ...] = ()
    tied_from: bool = False
    tied_to: bool = False


Voice = tuple[Written, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """The voices of a bar; there is always one, of rests if need be."""

    voices: tuple[Voice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chord:
    onset: int
    end: int
    pitches: tuple[int, ...]


def notate(song: Song, role: Role) -> tuple[Bar, ...]:
    """The bars of a role; of rests, where it does not play."""
    track = song.track(role)
    end = song.bars * song.meter.bar_ticks
    notes = [note for note in track.notes if note.onset < end] if track else []
    chords = _strokes(notes, end) if role is Role.DRUMS else _chords(notes, end)
    voices = [chords] if role is Role.DRUMS else _apart(chords)
    length = song.meter.bar_ticks
    filled = [_in_bars(voice, song.bars, length) for voice in voices]
    return tuple(
        Bar(voices=tuple(_filled(bars[at], length) for bars in filled if bars[at]) or (_filled((), length),))
        for at in range(song.bars)
    )


def _strokes(notes: Sequence[Note], end: int) -> list[_Chord]:
    """Drum strokes that are struck together, up to the next ones."""
    struck: dict[int, set[int]] = defaultdict(set)
    for note in notes:
        struck[note.onset].add(note.pitch)
    onsets = [*sorted(struck), end]
    return [
        _Chord(onset=at, end=min(following, _next_beat(at)), pitches=tuple(sorted(struck[at])))
        for at, following in pairwise(onsets)
    ]


def _chords(notes: Sequence[Note], end: int) -> list[_Chord]:
    """What begins and ends together, with readable ends."""
    flavours: dict[int, set[int]] = defaultdict(set)
    for note in notes:
        flavours[note.onset // TICKS_PER_QUARTER].add(note.onset % TICKS_PER_QUARTER)
    onsets = sorted({note.onset for note in notes})
    following = dict(zip(onsets, [*onsets[1:], end], strict=True))
    together: dict[tuple[int, int], set[int]] = defaultdict(set)
    for note in notes:
        close = _readable(note.end, flavours)
        after = following[note.onset]
        if after < close <= after + LEGATO_TICKS:
            close = after
        if close <= note.onset:
            close = min(_next_place(note.onset, flavours), after)
        together[note.onset, min(close, end)].add(note.pitch)
    return [_Chord(onset=on, end=off, pitches=tuple(sorted(held))) for (on, off), held in sorted(together.items())]


def _places(beat: int, flavours: dict[int, set[int]]) -> tuple[int, ...]:
    """Where ends may lie within a beat: the grid that its onsets lie on."""
    held = flavours.get(beat, set())
    return TRIPLET if held & ONLY_TRIPLET and not held & ONLY_STRAIGHT else STRAIGHT


def _readable(end: int, flavours: dict[int, set[int]]) -> int:
    beat, place = divmod(end, TICKS_PER_QUARTER)
    return beat * TICKS_PER_QUARTER + min(_places(beat, flavours), key=lambda at: (abs(at - place), -at))


def _next_place(onset: int, flavours: dict[int, set[int]]) -> int:
    beat, place = divmod(onset, TICKS_PER_QUARTER)
    return beat * TICKS_PER_QUARTER + next(at for at in _places(beat, flavours) if at > place)


def _next_beat(tick: int) -> int:
    return (tick // TICKS_PER_QUARTER + 1) * TICKS_PER_QUARTER


def _apart(chords: Iterable[_Chord]) -> list[list[_Chord]]:
    """Voices in which nothing overlaps; a pitch that is struck again ends its earlier self."""
    voices: list[list[_Chord]] = []
    for chord in sorted(chords, key=lambda chord: (chord.onset, -chord.pitches[-1])):
        free = next((voice for voice in voices if voice[-1].end <= chord.onset), None)
        if free is not None:
            free.append(chord)
        elif len(voices) < MOST_VOICES:
            voices.append([chord])
        else:
            _give_way(voices, chord)
    return voices


def _give_way(voices: list[list[_Chord]], chord: _Chord) -> None:
    """Find room for a chord where all voices sound: cut the one nearest to its end, or join one that begins here."""
    earlier = [voice for voice in voices if voice[-1].onset < chord.onset]
    if earlier:
        voice = min(earlier, key=lambda voice: voice[-1].end)
        voice[-1] = replace(voice[-1], end=chord.onset)
        voice.append(chord)
        return
    voice = min(voices, key=lambda voice: abs(voice[-1].end - chord.end))
    pitches = tuple(sorted({*voice[-1].pitches, *chord.pitches}))
    voice[-1] = replace(voice[-1], pitches=pitches)


def _in_bars(voice: Sequence[_Chord], bars: int, length: int) -> list[list[Written]]:
    """A voice cut at bar lines, and into lengths that can be written; ticks count from each bar's start."""
    result: list[list[Written]] = [[] for _ in range(bars)]
    for chord in voice:
        cuts = [chord.onset]
        while cuts[-1] < chord.end:
            start = cuts[-1] % length
            room = min(chord.end - cuts[-1], length - start)
            cuts.append(cuts[-1] + _first_length(start, room))
        for at, (start, stop) in enumerate(pairwise(cuts)):
            piece = Written(
                onset=start % length,
                duration=stop - start,
                pitches=chord.pitches,
                tied_from=at > 0,
                tied_to=stop < chord.end,
            )
            result[start // length].append(piece)
    return result


def _first_length(start: int, room: int) -> int:
    """How much of `room` ticks, beginning at `start`, one note or rest can show."""
    to_beat = TICKS_PER_QUARTER - start % TICKS_PER_QUARTER
    if room in WHOLE and (start % 6 == 0 or room <= to_beat):
        return room
    if room > to_beat:
        if to_beat < TICKS_PER_QUARTER:
            return _first_length(start, to_beat)
        return max(length for length in WHOLE if length <= room and length % TICKS_PER_QUARTER == 0)
    triplet = start % 6 != 0 or (start + room) % 6 != 0
    fitting = [length for length in IN_A_BEAT if length <= room and (not triplet or length != 6)]
    return fitting[0] if fitting else room


def _filled(notes: Iterable[Written], length: int) -> Voice:
    """The voice with rests in its holes."""
    result: list[Written] = []
    at = 0
    for note in [*notes, Written(onset=length, duration=0)]:
        while at < note.onset:
            step = length if at == 0 and note.onset == length else _first_length(at, note.onset - at)
            result.append(Written(onset=at, duration=step))
            at += step
        if note.duration:
            result.append(note)
            at = note.onset + note.duration
    return tuple(result)
