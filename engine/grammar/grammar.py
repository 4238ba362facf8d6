"""What a written style is: a `Grammar` of weighted vocabularies, and the `Passage` that the players fill with notes.

A grammar is data: the players (`comping`, `bass`, `drums`, `melody`, `counter`) read it and know no style by name.

Conventions: a *figure* is text, one step a word, `onset:duration:what` in sixteenths of the bar, `!` behind it for an
accent and `-` for a soft step. A *grid* is text, one character a sixteenth, spaces ignored: `x` accent, `o` plain,
`-` ghost, `O` open hat, `.` nothing. A *rhythm* is a word a beat, a character a sixteenth: `x` onset, `~` held, `.`
rest, or `ttt`
for a triplet of eighths. Caveat: a grammar's words fill bars of its own `meter` (4/4: sixteen sixteenths; 3/4 and 6/8:
twelve; 2/4: eight); `in_meter` (module `meters`) finds the words for another one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from engine.grammar.chance import Weighted
from engine.music.harmony import Chord, Key, Mode
from engine.music.notes import Role, Section, SectionKind
from engine.music.timing import METERS, TICKS_PER_QUARTER, Meter

SIXTEENTH = TICKS_PER_QUARTER // 4
COMMON = METERS["4/4"]
BAR, HALF_BAR = COMMON.bar_ticks, COMMON.half_bar_ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a figure: onset and duration in sixteenths, what is played, and its accent (−1 soft, 0, 1 accent)."""

    onset: int
    duration: int
    what: str
    accent: int


@cache
def read_figure(text: str) -> tuple[Step, ...]:
    """`"0:6:R! 8:4:5"` to steps; raises `ValueError` naming a word that cannot be read."""
    steps = []
    for word in text.split():
        match = re.fullmatch(r"(\d+):(\d+):(\w+)([!-]?)", word)
        if match is None:
            raise ValueError(f"{word!r} is no step of a figure")
        accent = {"!": 1, "-": -1, "": 0}[match[4]]
        steps.append(Step(onset=int(match[1]), duration=int(match[2]), what=match[3], accent=accent))
    return tuple(steps)


@cache
def read_grid(text: str) -> tuple[tuple[int, str], ...]:
    """`"x... o..."` to (sixteenth, mark) pairs without the dots."""
    return tuple((place, mark) for place, mark in enumerate(text.replace(" ", "")) if mark != ".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Casting:
    """The programs of a role, weighted, and its playable range (MIDI pitches, inclusive). `rootless`: chords leave
    their roots to the bass. `plain`: chords get no tones that their symbols do not name.
    """

    programs: Weighted[int]
    low: int
    high: int
    rootless: bool = False
    plain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DrumVocabulary:
    """A kit by layers: each layer is a pool of grids; `kicks` are pairs of bars; `fills` are lines `"38 ....…"`.

    `cymbals`: the key that plays the `hats` grids (without an entry the closed hat, in choruses sometimes the ride).
    `pairs`: a further layer of two bars in turn, key and grids (a clave, a comping snare).
    """

    kicks: Weighted[tuple[str, str]]
    backbeats: Weighted[str]
    ghosts: Weighted[str]
    hats: Weighted[str]
    layers: Weighted[tuple[int, str] | None]
    fills: Weighted[tuple[str, ...]]
    snares: Mapping[SectionKind, Weighted[int]]
    quiet: Weighted[tuple[str, ...]]
    cymbals: Mapping[SectionKind, Weighted[int]] = field(default_factory=dict)
    pairs: Weighted[tuple[int, str, str] | None] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MelodyVocabulary:
    """How tunes are made: beat rhythms, notes a bar (least, most), contour moves in scale steps, phrase plans by
    bars.

    A phrase plan is one word a bar: `a`, `b` the motifs, `'` a varied tail, `i` the first motif upside down, `f` its
    first half sequenced, `c` a half close, `d` a full close, `.` a bar of rest. `sparse`: the plans of intros,
    breaks, outros. `arcs`: scale steps by which eight bars lie above the section's centre. `blue_notes`: semitones
    above the tonic that belong to the tune's scale although the mode lacks them. `grace_share`: how often a held third
    or fifth is bent up to from a semitone below. `ring`: ticks for which a note may sound on into the rest after it.
    `chromatic`: share of the short notes before a beat that approach the next note by a semitone, some as an enclosure.
    `guide_pull`: how much the tune prefers thirds and sevenths to roots and fifths where it must agree with the chord.
    """

    beats: Weighted[str]
    least: int
    most: int
    moves: Weighted[int]
    phrases: Mapping[int, Weighted[str]]
    sparse: Mapping[int, Weighted[str]]
    half_closes: Weighted[str]
    full_closes: Weighted[str]
    arcs: Weighted[tuple[int, ...]]
    pentatonic_pull: float
    centre: int
    chorus_lift: int
    meter: Meter = COMMON
    blue_notes: Mapping[Mode, tuple[int, ...]] = field(default_factory=dict)
    grace_share: float = 0.0
    ring: int = 0
    chromatic: float = 0.0
    guide_pull: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """A style in writing. `cells[mode]`: progressions of four bars or more in Roman numerals, a word a bar, `|` between
    half bars; a section takes the longest that fill it evenly.

    `borrow_share`: how often intros, breaks and outros use the main section's chords; `same_chords_share`: how often
    another main section of the same length does. `softer`: velocity steps taken off every note. `fades`: the intro
    swells, the outro dies away. `variants`: feels of the style; a song follows one of them. `others`: the
    style's words in other meters. `cells_by_kind`: progressions of sections of one kind (a bridge's); `melodies`: their
    tunes' words. `turnaround_share`: how often a section that closes on a held chord leads on by a ii–V. A grammar
    without `forms` follows plans (`score.play`) but composes no songs of its own, so it needs no cells, casts or parts
    either.
    """

    name: str
    meter: Meter
    comping: Weighted[tuple[str, ...]]
    bass: Weighted[tuple[str, ...]]
    counters: Weighted[str]
    drums: DrumVocabulary
    melody: MelodyVocabulary
    tempo_bpm: tuple[float, float] = (90.0, 120.0)
    swing: tuple[float, float] = (0.5, 0.5)
    modes: Weighted[Mode] = ()
    forms: Weighted[str] = ()
    casts: Mapping[SectionKind, Weighted[tuple[str, float]]] = field(default_factory=dict)
    cells: Mapping[Mode, Weighted[str]] = field(default_factory=dict)
    endings: Mapping[Mode, Weighted[str]] = field(default_factory=dict)
    colours: Mapping[str, Weighted[str]] = field(default_factory=dict)
    approach_share: float = 0.0
    parts: Mapping[Role, Casting] = field(default_factory=dict)
    others: tuple[Grammar, ...] = ()
    borrow_share: float = 0.75
    same_chords_share: float = 0.0
    softer: int = 0
    fades: bool = False
    variants: Weighted[Grammar] = ()
    cells_by_kind: Mapping[SectionKind, Mapping[Mode, Weighted[str]]] = field(default_factory=dict)
    melodies: Mapping[SectionKind, MelodyVocabulary] = field(default_factory=dict)
    turnaround_share: float = 0.0

    def melody_of(self, kind: SectionKind) -> MelodyVocabulary:
        """The words of the tunes of such sections."""
        return self.melodies.get(kind, self.melody)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A section that waits for notes: two chords a bar, the chord that follows it, who plays and how loud (0…1).

    `returns`: how often the same label has sounded before. `final`: the song ends with this passage's last bar.
    """

    key: Key
    section: Section
    chords: tuple[Chord, ...]
    following: Chord
    roles: frozenset[Role]
    energy: float
    returns: int
    final: bool
    meter: Meter = COMMON

    @property
    def bar_ticks(self) -> int:
        """Length of a bar in ticks."""
        return self.meter.bar_ticks

    @property
    def half_bar_ticks(self) -> int:
        """Length of half a bar, the stretch of one chord, in ticks."""
        return self.meter.half_bar_ticks

    @property
    def half_bar_sixteenths(self) -> int:
        """Where the second chord of a bar enters, in sixteenths."""
        return self.half_bar_ticks // SIXTEENTH

    @property
    def strong_ticks(self) -> int:
        """Distance between strong beats in ticks: half a bar, but a whole one in 3/4, whose half is no beat."""
        return self.half_bar_ticks if self.half_bar_ticks % self.meter.beat_ticks == 0 else self.bar_ticks

    @property
    def bars(self) -> int:
        """Length in bars."""
        return self.section.bars

    def chord_at(self, tick: int) -> Chord:
        """The chord that sounds at a tick counted from the passage's start; past the end the following chord."""
        index = tick // self.half_bar_ticks
        return self.chords[index] if index < len(self.chords) else self.following
