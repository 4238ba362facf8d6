"""Humdrum **kern piano scores → `MidiFile`.

In: the text of a score. Out: a track a `**kern` spine (staff). Conventions: durations are reciprocals (4 quarter, 8.
dotted eighth, 12 triplet, 0 breve); `q` grace notes are skipped, `[ _ ]` ties joined; bar lines come from the file
and incomplete bars are placed as in `scores`; the dynamics spine sets the velocity. Caveat: ornaments, pedal and
repeats are not played. (music21 reads Humdrum too, but loses bars where voices split and join: a quarter of the
scores came out with staves of unequal length.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction

from engine.errors import BadRequest
from engine.learn.sources.scores import FLAT_VELOCITY, Bar, ScorePart, file_from_parts
from engine.music.harmony import Key, Mode, pitch_class
from engine.music.midi.file import MidiFile
from engine.music.notes import Note
from engine.music.timing import TICKS_PER_QUARTER

DYNAMICS = {
    "ppp": 32,
    "pp": 42,
    "p": 54,
    "mp": 66,
    "mf": 78,
    "f": 92,
    "ff": 106,
    "fff": 118,
    "sf": 100,
    "fz": 100,
    "sfz": 104,
}
SPLIT, JOIN, SPINE_END, NOTHING = "*^", "*v", "*-", "."
WHOLE = 4 * TICKS_PER_QUARTER
NOTE = re.compile(r"([a-gA-G])\1*")
DURATION = re.compile(r"(\d+)(?:%(\d+))?(\.*)")


@dataclass(slots=True, kw_only=True)
class _Staff:
    """What is known of one spine while reading: finished bars, and the notes and ties of the open one."""

    bars: list[Bar] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    tied: set[tuple[int, int]] = field(default_factory=set)


def read_humdrum(text: str) -> MidiFile:
    """Read a score. Raises `BadRequest` if it holds no note or its spines do not add up."""
    return _Reader().read(text)


class _Reader:
    """One pass over the lines. A column belongs to a spine; `*^` splits and `*v` joins columns of a spine."""

    def __init__(self) -> None:
        self.columns: list[int] = []
        self.kinds: list[str] = []
        self.staves: dict[int, _Staff] = {}
        self.free: list[Fraction] = []
        self.now = Fraction(0)
        self.bar_start = Fraction(0)
        self.meter = (4, 4)
        self.key: Key | None = None
        self.tempo_bpm: float | None = None
        self.velocity = FLAT_VELOCITY

    def read(self, text: str) -> MidiFile:
        for line in text.splitlines():
            if not line or line.startswith("!"):
                continue
            tokens = line.split("\t")
            if line.startswith("**"):
                self._open(tokens)
                continue
            if len(tokens) != len(self.columns):
                raise BadRequest("The score's spines do not add up.")
            if line.startswith("*"):
                self._interpret(tokens)
            elif line.startswith("="):
                self._bar_line()
            else:
                self._sound(tokens)
        self._bar_line()
        parts = [
            ScorePart(name=f"staff {index + 1}", bars=tuple(staff.bars), key=self.key, tempo_bpm=self.tempo_bpm)
            for index, staff in sorted(self.staves.items(), reverse=True)
        ]
        if not parts:
            raise BadRequest("The score holds no notes.")
        return file_from_parts(parts)

    def _open(self, tokens: list[str]) -> None:
        self.kinds = tokens
        self.columns = list(range(len(tokens)))
        self.free = [self.now] * len(tokens)
        self.staves = {i: _Staff() for i, kind in enumerate(tokens) if kind == "**kern"}

    def _interpret(self, tokens: list[str]) -> None:
        for column, token in zip(self.columns, tokens, strict=True):
            if self.kinds[column] == "**kern":
                self._signature(token)
        if any(t in (SPLIT, JOIN, SPINE_END) for t in tokens):
            self._respine(tokens)

    def _signature(self, token: str) -> None:
        if meter := re.fullmatch(r"\*M(\d+)/(\d+)", token):
            self.meter = (int(meter[1]), int(meter[2]))
        elif tempo := re.fullmatch(r"\*MM\[?(\d+(?:\.\d+)?)\]?", token):
            self.tempo_bpm = self.tempo_bpm or float(tempo[1])
        elif (key := re.fullmatch(r"\*([A-Ga-g])([#-]*):", token)) and self.key is None:
            mode = Mode.MAJOR if key[1].isupper() else Mode.MINOR
            self.key = Key(tonic=pitch_class(key[1] + key[2].replace("-", "b")), mode=mode)

    def _respine(self, tokens: list[str]) -> None:
        columns: list[int] = []
        free: list[Fraction] = []
        joining = False
        for column, until, token in zip(self.columns, self.free, tokens, strict=True):
            if token == SPINE_END:
                continue
            if token == JOIN and joining and columns and columns[-1] == column:
                free[-1] = max(free[-1], until)
                continue
            joining = token == JOIN
            columns += [column] * (2 if token == SPLIT else 1)
            free += [until] * (2 if token == SPLIT else 1)
        self.columns, self.free = columns, free

    def _bar_line(self) -> None:
        length = self.now - self.bar_start
        if length > 0:
            for staff in self.staves.values():
                notes = tuple(sorted(staff.notes))
                staff.bars.append(Bar(length=round(length), meter=self.meter, notes=notes, tied=frozenset(staff.tied)))
                staff.notes, staff.tied = [], set()
        self.bar_start = self.now

    def _sound(self, tokens: list[str]) -> None:
        for column, token in zip(self.columns, tokens, strict=True):
            if self.kinds[column] == "**dynam":
                marks = re.findall(r"[a-z]+", token)
                self.velocity = next((DYNAMICS[m] for m in marks if m in DYNAMICS), self.velocity)
        for index, (column, token) in enumerate(zip(self.columns, tokens, strict=True)):
            if self.kinds[column] == "**kern" and token != NOTHING:
                self._events(index, self.staves[column], token)
        pending = [f for f, c in zip(self.free, self.columns, strict=True) if c in self.staves and f > self.now]
        if pending:
            self.now = min(pending)

    def _events(self, index: int, staff: _Staff, token: str) -> None:
        longest = Fraction(0)
        for event in token.split():
            duration = DURATION.search(event)
            if "q" in event.lower() or duration is None:
                continue
            length = ticks_of(duration)
            longest = max(longest, length)
            name = NOTE.search(event)
            if name is None or "r" in event:
                continue
            pitch = pitch_of(name[0], event)
            onset = round(self.now - self.bar_start)
            end = max(onset + 1, round(self.now - self.bar_start + length))
            staff.notes.append(Note(onset=onset, pitch=pitch, duration=end - onset, velocity=self.velocity))
            if "_" in event or "]" in event:
                staff.tied.add((onset, pitch))
        if longest:
            self.free[index] = self.now + longest


def ticks_of(duration: re.Match[str]) -> Fraction:
    """Exact ticks of a reciprocal duration with its dots: `8.` → 18, `12` → 8, `0` → a breve."""
    digits, parts, dots = duration.groups()
    base = (
        Fraction(WHOLE * 2 ** len(digits)) if set(digits) == {"0"} else Fraction(WHOLE * int(parts or 1), int(digits))
    )
    return base * (2 - Fraction(1, 2 ** len(dots)))


def pitch_of(name: str, event: str) -> int:
    """MIDI pitch: `c` is middle C, `cc` above it, `C` below it, `CC` below that; `#` sharpens, `-` flattens."""
    octave = 4 + len(name) - 1 if name.islower() else 3 - (len(name) - 1)
    accidentals = event.count("#") - event.count("-")
    base = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}[name[0].lower()]
    return 12 * (octave + 1) + base + accidentals
