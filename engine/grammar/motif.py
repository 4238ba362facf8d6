"""Tunes before their pitches: motifs, and the plan that repeats, varies and closes them.

In: the melody vocabulary. Out: a `Tune`: bars of `Cue`s, each an onset and duration in ticks and a wish in scale
steps above the section's centre. The `melody` module turns wishes into pitches that fit the chords. A motif's cues
are the same wherever it returns, so it is heard again although its pitches bend to the harmony.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from engine.grammar.chance import Weighted, any_of, happens, pick
from engine.grammar.grammar import SIXTEENTH, MelodyVocabulary
from engine.music.notes import Section, SectionKind
from engine.music.timing import TICKS_PER_QUARTER, Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A wished note: onset in its bar and duration in ticks, wish in scale steps; `close` is "half", "full" or ""."""

    onset: int
    duration: int
    step: int
    close: str = ""


Bar = tuple[Cue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tune:
    """A section's melody as cues, a tuple a bar; `centre` is the MIDI pitch at step 0."""

    bars: tuple[Bar, ...]
    centre: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Motifs:
    """The two ideas of a section, a bar each."""

    a: Bar
    b: Bar


def read_rhythm(text: str) -> tuple[tuple[int, int], ...]:
    """`"x~x~ ..x~ ttt x~~~"` to (onset, duration) in ticks; a hold at the bar's start is a rest."""
    spans: list[list[int]] = []
    sounding = False
    start = end = 0
    for word in text.split():
        start, end = end, end + (TICKS_PER_QUARTER if word == "ttt" else len(word) * SIXTEENTH)
        if word == "ttt":
            spans += [[start + third * 8, 8] for third in range(3)]
            sounding = True
            continue
        for place, mark in enumerate(word):
            if mark == "x":
                spans.append([start + place * SIXTEENTH, SIXTEENTH])
            elif mark == "~" and sounding:
                spans[-1][1] += SIXTEENTH
            sounding = mark == "x" or (mark == "~" and sounding)
    return tuple((onset, duration) for onset, duration in spans)


def make_motifs(words: MelodyVocabulary, rng: np.random.Generator) -> Motifs:
    """Two contrasting bars: the first busier, the second calmer and ending on a longer note."""
    a = _idea(words, rng, words.least + 1, words.most)
    b = _idea(words, rng, words.least, words.most - 1)
    return Motifs(a=a, b=b)


def contrasting_motifs(motifs: Motifs, words: MelodyVocabulary, rng: np.random.Generator) -> Motifs:
    """Another section's ideas: new ones, or one of them drawn from the first section (upside down)."""
    fresh = make_motifs(words, rng)
    return Motifs(a=fresh.a, b=_inverted(motifs.a)) if happens(rng, 0.35) else fresh


def make_tune(
    motifs: Motifs, words: MelodyVocabulary, section: Section, rng: np.random.Generator, *, sparse: bool = False
) -> Tune:
    """Lay the motifs out over the section's bars by a phrase plan and an arc; a chorus lies higher."""
    bars = section.bars
    lift = words.chorus_lift if section.kind is SectionKind.CHORUS else 0
    plan = phrase_plan(words.sparse if sparse else words.phrases, bars, rng)
    arc = pick(rng, words.arcs)
    halved = 2 * bars == len(arc)
    arc = arc[1::2] if halved else tuple(arc[bar % len(arc)] for bar in range(bars))
    cycle = (word_bar(word, motifs, words, rng) for word in plan)
    laid = tuple(_shifted(bar, rise) for bar, rise in zip(cycle, arc, strict=True))
    centre = words.centre + lift + int(rng.integers(-3, 4))
    return Tune(bars=laid, centre=centre)


def phrase_plan(plans: Mapping[int, Weighted[str]], bars: int, rng: np.random.Generator) -> list[str]:
    """A word a bar for any number of bars: the plan of that length, or the longest that fit, one after the other."""
    fitting = [length for length in plans if length <= bars]
    if not fitting:
        return pick(rng, plans[min(plans)]).split()[-bars:]
    longest = max(fitting)
    words = pick(rng, plans[longest]).split()
    return words if longest == bars else words + phrase_plan(plans, bars - longest, rng)


def word_bar(word: str, motifs: Motifs, words: MelodyVocabulary, rng: np.random.Generator) -> Bar:
    """One bar of a phrase plan."""
    if word == ".":
        return ()
    if word == "c":
        return _close(pick(rng, words.half_closes), "half", words, rng)
    if word == "d":
        return _close(pick(rng, words.full_closes), "full", words, rng)
    if word == "f":
        return _sequenced(motifs.a, any_of(rng, (-2, -1, 1, 2)), words.meter)
    if word == "i":
        return _inverted(motifs.a)
    bar = motifs.a if word[0] == "a" else motifs.b
    return _varied_tail(bar, rng) if word.endswith("'") else bar


def varied(tune: Tune, rng: np.random.Generator) -> Tune:
    """A returning tune: one to three of its bars (of twelve bars twice as many) get an ornament, lose a note or end
    otherwise; the first bar stays.
    """
    bars = list(tune.bars)
    if len(bars) < 2:
        return tune
    for _ in range(int(rng.integers(1, 4)) * max(1, round(len(bars) / 6))):
        index = int(rng.integers(1, len(bars)))
        change = any_of(rng, (_ornamented, _thinned, _varied_tail))
        bars[index] = change(bars[index], rng)
    return Tune(bars=tuple(bars), centre=tune.centre)


def _idea(words: MelodyVocabulary, rng: np.random.Generator, least: int, most: int) -> Bar:
    beats = words.meter.bar_ticks // words.meter.beat_ticks
    for _ in range(60):
        spans = read_rhythm(" ".join(pick(rng, words.beats) for _ in range(beats)))
        lengths = {duration for _, duration in spans}
        if least <= len(spans) <= most and len(lengths) > 1 and spans[0][0] < words.meter.half_bar_ticks:
            break
    return tuple(
        Cue(onset=onset, duration=duration, step=step)
        for (onset, duration), step in zip(spans, _contour(words, len(spans), rng), strict=True)
    )


def _contour(words: MelodyVocabulary, count: int, rng: np.random.Generator) -> list[int]:
    """A walk in scale steps: leaps turn back by step, and the walk stays within a seventh."""
    steps = [int(rng.integers(-1, 3))]
    move = 0
    while len(steps) < count:
        back = -1 if move > 0 else 1
        move = back if abs(move) >= 3 else pick(rng, words.moves)
        if abs(steps[-1] + move) > 4:
            move = -move
        steps.append(steps[-1] + move)
    return steps


def _close(rhythm: str, close: str, words: MelodyVocabulary, rng: np.random.Generator) -> Bar:
    """A closing bar: it walks down (or up) to its longest note, which carries the close; a pickup may follow."""
    spans = read_rhythm(rhythm)
    goal = max(range(len(spans)), key=lambda index: spans[index][1])
    side = any_of(rng, (1, 1, -1))
    steps = [side * (goal - index) if index <= goal else -(index - goal) * side for index in range(len(spans))]
    return tuple(
        Cue(onset=onset, duration=duration, step=step, close=close if index == goal else "")
        for index, ((onset, duration), step) in enumerate(zip(spans, steps, strict=True))
    )


def _shifted(bar: Bar, steps: int) -> Bar:
    return tuple(replace(cue, step=cue.step + steps) for cue in bar)


def _inverted(bar: Bar) -> Bar:
    return tuple(replace(cue, step=2 * bar[0].step - cue.step) for cue in bar)


def _sequenced(bar: Bar, rise: int, meter: Meter) -> Bar:
    """The first half of a bar twice, the second time `rise` steps higher; the whole bar if its half is no beat."""
    half = meter.half_bar_ticks
    if half % meter.beat_ticks:
        return _shifted(bar, rise)
    head = tuple(replace(cue, duration=min(cue.duration, half - cue.onset)) for cue in bar if cue.onset < half)
    return head + tuple(replace(cue, onset=cue.onset + half, step=cue.step + rise) for cue in head)


def _varied_tail(bar: Bar, rng: np.random.Generator) -> Bar:
    """Another ending: the last note or two move, or melt into one longer note."""
    if len(bar) < 2:
        return bar
    if len(bar) > 3 and happens(rng, 0.4):
        last, before = bar[-1], bar[-2]
        return (*bar[:-2], replace(before, duration=last.onset + last.duration - before.onset))
    shift = any_of(rng, (-2, -1, 1, 2))
    return (*bar[:-2], replace(bar[-2], step=bar[-2].step + shift // 2), replace(bar[-1], step=bar[-1].step + shift))


def _ornamented(bar: Bar, rng: np.random.Generator) -> Bar:
    """The longest note that closes nothing gives its first eighth's worth to its neighbour."""
    long = [index for index, cue in enumerate(bar) if cue.duration >= TICKS_PER_QUARTER and not cue.close]
    if not long:
        return bar
    index = any_of(rng, long)
    cue, half = bar[index], TICKS_PER_QUARTER // 2
    pair = (
        replace(cue, duration=half, step=cue.step + any_of(rng, (-1, 1))),
        replace(cue, onset=cue.onset + half, duration=cue.duration - half),
    )
    return bar[:index] + pair + bar[index + 1 :]


def _thinned(bar: Bar, rng: np.random.Generator) -> Bar:
    """One weak note fewer; the note before it rings on."""
    weak = [i for i, cue in enumerate(bar) if i > 0 and cue.onset % TICKS_PER_QUARTER and not cue.close]
    if not weak or len(bar) < 4:
        return bar
    index = any_of(rng, weak)
    before = bar[index - 1]
    longer = replace(before, duration=bar[index].onset + bar[index].duration - before.onset)
    return (*bar[: index - 1], longer, *bar[index + 1 :])
