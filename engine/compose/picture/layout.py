"""Where everything lies in a picture: how many rows, how many bars in each, and which pixel a tick and a pitch have.

In: a song. Out: a `Layout` of whole pixels. Conventions: a song is broken into rows like a score, at multiples of four
bars, as soon as a quarter note would be narrower than `LEAST_QUARTER_PX`; the picture grows with its rows and stays
about half as wide again as high. Every semitone is equally many whole pixels high. Caveat: past `MOST_ROWS` rows
quarter notes get narrower after all.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from engine.music.instruments import HATS, KICKS, SNARES
from engine.music.notes import Role, Song
from engine.music.timing import TICKS_PER_QUARTER

LEAST_QUARTER_PX = 8.0
MOST_ROWS = 8
BARS_TOGETHER = 4
FEWEST_PITCHES = 24
PICTURE_PX, LEFT_PX, RIGHT_PX, BOTTOM_PX = 1100, 78, 28, 14
HEADER_PX, ROW_PX, SHORTER_ROW_PX = 182, 514, 364
BAND_PX, CHORD_PX, NUMBERS_PX = 28, 26, 24
GAP_PX, ROW_GAP_PX = 8, 22

CYMBALS = frozenset({49, 51, 52, 53, 55, 57, 59})
DRUM_FAMILIES: tuple[tuple[str, frozenset[int]], ...] = (
    ("cymbal", CYMBALS),
    ("hat", HATS),
    ("perc", frozenset(range(128)) - KICKS - SNARES - HATS - CYMBALS),
    ("snare", SNARES),
    ("kick", KICKS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the picture: its bars, and the upper edges of what it consists of."""

    first_bar: int
    bars: int
    band_top: int
    chords_top: int
    roll_top: int
    drums_top: int
    bottom: int

    @property
    def end_bar(self) -> int:
        """First bar after the row."""
        return self.first_bar + self.bars


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaks:
    """How a song is broken into rows: how wide the picture is, how many bars a row has, and how wide a bar is.

    All rows but the last have `bars_a_row` bars; `dense` pictures have three rows or more and are looked at closely.
    """

    width: int
    bars_a_row: int
    bar_px: float
    dense: bool

    @property
    def left(self) -> int:
        """Where rows begin."""
        return LEFT_PX

    @property
    def right(self) -> int:
        """Where full rows end."""
        return self.width - RIGHT_PX

    @property
    def scale(self) -> float:
        """How much larger the header is than that of a picture of one row."""
        return 1 + 0.6 * (self.width / PICTURE_PX - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The measures of a picture in pixels; pitches are MIDI numbers, `high` and `low` are both shown.

    `drums`: the drum families that are struck, from the top, and `drum_px`: how high each is.
    """

    breaks: Breaks
    height: int
    header: int
    bar_ticks: int
    low: int
    high: int
    pitch_px: int
    drums: tuple[tuple[str, frozenset[int]], ...]
    drum_px: int
    rows: tuple[Row, ...]

    def x(self, row: Row, tick: float) -> float:
        """Where in the row a tick of the song lies."""
        return self.breaks.left + self.breaks.bar_px * (tick / self.bar_ticks - row.first_bar)

    def bar_x(self, row: Row, bar: float) -> int:
        """The pixel of a bar line."""
        return round(self.breaks.left + self.breaks.bar_px * (bar - row.first_bar))

    def pitch_top(self, row: Row, pitch: int) -> int:
        """Upper edge of a pitch."""
        return row.roll_top + (self.high - pitch) * self.pitch_px

    def roll_bottom(self, row: Row) -> int:
        """First pixel under the lowest pitch."""
        return row.roll_top + (self.high - self.low + 1) * self.pitch_px


def break_rows(song: Song) -> Breaks:
    """Rows of whole groups of bars, as few as keep a quarter note wide enough."""
    bars = max(song.bars, 1)
    quarters = bars * song.meter.bar_ticks / TICKS_PER_QUARTER
    rows = next((n for n in range(1, MOST_ROWS) if _roll_px(n) * n / quarters >= LEAST_QUARTER_PX), MOST_ROWS)
    each = bars if rows == 1 else ceil(bars / rows / BARS_TOGETHER) * BARS_TOGETHER
    return Breaks(width=_width(rows), bars_a_row=each, bar_px=_roll_px(rows) / each, dense=rows > 2)


def lay_out(song: Song, breaks: Breaks, *, chord_lines: int) -> Layout:
    """The layout of a picture with so many lines of chord names in each row."""
    low, high = _pitches(song)
    drums = _drums(song)
    alone = breaks.bars_a_row >= song.bars
    drum_px = 20 if alone else 16
    above = BAND_PX + CHORD_PX * chord_lines
    below = len(drums) * drum_px + (GAP_PX if drums else 0)
    room = (ROW_PX if alone else SHORTER_ROW_PX) - above - below - NUMBERS_PX
    pitch_px = max(round(room / (high - low + 1)), 3)
    roll_px = pitch_px * (high - low + 1)
    rows = []
    top = header = round(HEADER_PX * breaks.scale)
    for first in range(0, max(song.bars, 1), breaks.bars_a_row):
        bottom = top + above + roll_px + below
        rows.append(
            Row(
                first_bar=first,
                bars=min(breaks.bars_a_row, song.bars - first),
                band_top=top,
                chords_top=top + BAND_PX,
                roll_top=top + above,
                drums_top=bottom - len(drums) * drum_px,
                bottom=bottom,
            )
        )
        top = bottom + NUMBERS_PX + ROW_GAP_PX
    return Layout(
        breaks=breaks,
        height=top - ROW_GAP_PX + BOTTOM_PX,
        header=header,
        bar_ticks=song.meter.bar_ticks,
        low=low,
        high=high,
        pitch_px=pitch_px,
        drums=drums,
        drum_px=drum_px,
        rows=tuple(rows),
    )


def _width(rows: int) -> int:
    return PICTURE_PX + 175 * (min(rows, 4) - 1)


def _roll_px(rows: int) -> int:
    return _width(rows) - LEFT_PX - RIGHT_PX


def _pitches(song: Song) -> tuple[int, int]:
    """The lowest and the highest pitch that is shown: a little beyond those that sound, two octaves at least."""
    pitches = [note.pitch for track in song.tracks if track.role is not Role.DRUMS for note in track.notes]
    low, high = (max(min(pitches) - 2, 0), min(max(pitches) + 2, 127)) if pitches else (48, 72)
    spare = max(FEWEST_PITCHES - (high - low), 0)
    return low - spare // 2, high + spare - spare // 2


def _drums(song: Song) -> tuple[tuple[str, frozenset[int]], ...]:
    track = song.track(Role.DRUMS)
    struck = {note.pitch for note in track.notes} if track else set()
    return tuple(family for family in DRUM_FAMILIES if family[1] & struck)
