"""Copying: the longest stretch of a tune that stands in a training piece, in whatever key and at whatever tempo.

In: a `Song` and a `CopyIndex` of training tunes (`engine.metrics.copyindex` reads and writes its file). Out: a
`SharedRun`. Conventions: a *token* is the step from a note to the next one: the interval in semitones and the time
between the onsets in ticks, relative to the quarter note; a *window* is `WINDOW` tokens running, known by a 32-bit
hash; a *run* is a chain of windows that advance together in the song and in one piece, so it is exact from `WINDOW +
1` notes on. Windows that are nobody's are *plain*: fewer than `MIN_DISTINCT` different tokens (one note repeated, a
trill, a chromatic scale), or found in very many pieces (the scale, the broken chord). A run never begins or ends with
plain windows, so nothing made of them alone is a run; in the middle they count.

Sources: Yin, Reuben, Stepney and Collins, "A good algorithm does not steal – it imitates: the originality report as a
means of measuring when a music generation algorithm copies too much" (EvoMUSART 2021) and "Measuring when a music
generation algorithm copies too much" (SN Computer Science, 2022), for the baseline that human pieces set;
Papadopoulos, Roy and Pachet, "Avoiding plagiarism in Markov sequence generation" (AAAI 2014), for the longest copied
run (MaxOrder) as the measure. Caveats: a tune whose notes are all twice as long is another tune here, and one changed
note ends a run; only tunes are looked at, because drum, bass and accompaniment figures are vocabulary that everybody
shares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from engine.metrics.symbolic import top_line
from engine.music.notes import Note, Role, Song

WINDOW = 6
"""Tokens a window: seven notes."""
MIN_DISTINCT = 3
LONG_TICKS = 192
"""From two bars of 4/4 on, a gap between onsets is just long."""
WIDE_SEMITONES = 63
TUNE_ROLES = (Role.MELODY, Role.COUNTER, Role.HARMONY)
"""Whose top line is a song's tune: the first of these that it has."""

Hashes = NDArray[np.uint32]
Ints = NDArray[np.int64]


def tune_of(song: Song) -> list[Note]:
    """The melody's top line; without a melody the second voice's, else the accompaniment's; empty without any."""
    tracks = [track for role in TUNE_ROLES if (track := song.track(role)) is not None and track.notes]
    return top_line(tracks[0].notes) if tracks else []


def tokens_of(tune: Sequence[Note]) -> NDArray[np.uint64]:
    """The step from each note to the next: `[len(tune) − 1] uint64`, interval × 256 + ticks between the onsets."""
    pitch = np.array([note.pitch for note in tune], dtype=np.int64)
    onset = np.array([note.onset for note in tune], dtype=np.int64)
    interval = np.clip(np.diff(pitch), -WIDE_SEMITONES, WIDE_SEMITONES) + WIDE_SEMITONES
    return (interval * 256 + np.minimum(np.diff(onset), LONG_TICKS)).astype(np.uint64)


def hashes_of(tokens: NDArray[np.uint64]) -> Hashes:
    """A 32-bit hash of each window: `[max(0, len(tokens) − WINDOW + 1)] uint32`."""
    mixed = np.zeros(max(0, len(tokens) - WINDOW + 1), dtype=np.uint64)
    for place in range(WINDOW if len(mixed) else 0):
        mixed = (mixed ^ tokens[place : place + len(mixed)]) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    return (mixed >> np.uint64(32)).astype(np.uint32)


def few_distinct(tokens: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Whether a window holds fewer than `MIN_DISTINCT` different tokens: `[windows] bool`."""
    if len(tokens) < WINDOW:
        return np.zeros(0, dtype=bool)
    in_order = np.sort(sliding_window_view(tokens, WINDOW), axis=1)
    distinct: Ints = 1 + (in_order[:, 1:] != in_order[:, :-1]).sum(axis=1)
    return distinct < MIN_DISTINCT


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedRun:
    """The longest run that a song shares with one piece: how long, where it begins in both (bars from 1).

    `notes` 0, `piece` "" and bars 0: nothing is shared that is long enough to be a run.
    """

    notes: int = 0
    bars: float = 0.0
    piece: str = ""
    piece_bar: int = 0
    song_bar: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Originality:
    """What is said of a song's copying: its longest run, and the most notes that a run may have."""

    run: SharedRun
    limit: int

    @property
    def passed(self) -> bool:
        """Whether the run stays within the limit."""
        return self.run.notes <= self.limit

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the song must not be given out: one sentence, or none."""
        if self.passed:
            return ()
        run = self.run
        return (
            f"{run.notes} notes of the tune from bar {run.song_bar} on are those of {run.piece} from bar"
            f" {run.piece_bar} on; at most {self.limit} may be",
        )

    def to_json(self) -> dict[str, Any]:
        """What receipts hold under `originality`."""
        run = self.run
        place = {"piece": run.piece, "bar": run.piece_bar, "song_bar": run.song_bar} if run.piece else None
        return {
            "longest_run_notes": run.notes,
            "longest_run_bars": run.bars,
            "nearest": place,
            "limit": self.limit,
            "passed": self.passed,
        }


UNCHECKED: Mapping[str, None] = dict.fromkeys(("longest_run_notes", "longest_run_bars", "nearest", "limit", "passed"))
"""What receipts hold under `originality` where there is no index to ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneWindows:
    """The windows of all training tunes, in their order: what the index's file holds.

    `hashes [N] uint32` and `bar_steps [N] uint8` (bars since the piece's window before; 255 is 255 or more) a window;
    `starts [P + 1] int64`: where each piece's windows begin; `names`: P pieces; `common` uint32, sorted: hashes found
    in so many pieces that they are nobody's; `limits`: style → most notes of a run, `"*"` for any other style.
    """

    hashes: Hashes
    bar_steps: NDArray[np.uint8]
    starts: Ints
    names: tuple[str, ...]
    common: Hashes
    limits: dict[str, int]


class CopyGate(Protocol):
    """Says whether a song may be given out."""

    def check(self, song: Song) -> Originality:
        """The longest run, against the most notes that it may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyIndexes:
    """Several indexes asked as one: a server's uploads beside the shipped corpora."""

    indexes: tuple[CopyGate, ...]

    def check(self, song: Song) -> Originality:
        """What the index says that the song does worst at: a run over its limit before one within, then the longest.

        Raises `ValueError` where there is no index at all.
        """
        return max((index.check(song) for index in self.indexes), key=lambda found: (not found.passed, found.run.notes))


class CopyIndex:
    """Answers how much of a song's tune stands in a training piece; sorts the windows once, then keeps no state."""

    def __init__(self, windows: TuneWindows) -> None:
        self._windows = windows
        self._sorted = windows.hashes.astype(np.uint64) << np.uint64(32)
        self._sorted |= np.arange(len(self._sorted), dtype=np.uint64)
        self._sorted.sort()

    def check(self, song: Song) -> Originality:
        """The song's longest run against its style's limit."""
        return Originality(
            run=self.longest_run(song), limit=self._windows.limits.get(song.style, self._windows.limits["*"])
        )

    def longest_run(self, song: Song) -> SharedRun:
        """The longest run that the song's tune shares with any one piece; of equal ones the first in the index."""
        tune = tune_of(song)
        tokens = tokens_of(tune)
        asked = hashes_of(tokens)
        telling = ~(few_distinct(tokens) | _is_in(asked, self._windows.common))
        places, positions = self._anchors(asked, telling)
        if not len(places):
            return SharedRun()
        lengths = self._lengths(asked, telling, places, positions)
        windows = int(lengths.max())
        best = np.flatnonzero(lengths == windows)
        chosen = best[np.argmin(positions[best])]
        first, position = int(places[chosen]), int(positions[chosen])
        notes = windows + WINDOW
        ticks = tune[first + notes - 1].end - tune[first].onset
        piece = int(np.searchsorted(self._windows.starts, position, side="right")) - 1
        return SharedRun(
            notes=notes,
            bars=round(ticks / song.meter.bar_ticks, 2),
            piece=self._windows.names[piece],
            piece_bar=1 + int(self._windows.bar_steps[self._windows.starts[piece] : position + 1].sum(dtype=np.int64)),
            song_bar=1 + tune[first].onset // song.meter.bar_ticks,
        )

    def _anchors(self, asked: Hashes, telling: NDArray[np.bool_]) -> tuple[Ints, Ints]:
        """Where runs may begin: pairs of a telling window's place in the song and its position in the index.

        Left out are pairs that only go on with the pair before them.
        """
        places = np.flatnonzero(telling)
        keys = asked[places].astype(np.uint64) << np.uint64(32)
        low = np.searchsorted(self._sorted, keys)
        high = np.searchsorted(self._sorted, keys | np.uint64(0xFFFFFFFF), side="right")
        counts = high - low
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        found = self._sorted[np.repeat(low, counts) + within] & np.uint64(0xFFFFFFFF)
        places, positions = np.repeat(places, counts), found.astype(np.int64)
        first = self._windows.starts[np.searchsorted(self._windows.starts, positions, side="right") - 1]
        goes_on = (places > 0) & (positions > first) & telling[places - 1]
        goes_on &= self._windows.hashes[positions - 1] == asked[places - 1]
        return places[~goes_on], positions[~goes_on]

    def _lengths(self, asked: Hashes, telling: NDArray[np.bool_], places: Ints, positions: Ints) -> Ints:
        """How many windows each run has that begins at these pairs, up to its last telling one."""
        hashes, starts = self._windows.hashes, self._windows.starts
        ends = starts[np.searchsorted(starts, positions, side="right")]
        lengths = np.ones(len(places), dtype=np.int64)
        going, step = np.arange(len(places)), 0
        while len(going):
            step += 1
            going = going[(places[going] + step < len(asked)) & (positions[going] + step < ends[going])]
            going = going[hashes[positions[going] + step] == asked[places[going] + step]]
            lengths[going[telling[places[going] + step]]] = step + 1
        return lengths


def _is_in(asked: Hashes, known: Hashes) -> NDArray[np.bool_]:
    """Whether each hash is among the sorted ones."""
    if not len(known):
        return np.zeros(len(asked), dtype=bool)
    place = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    found: NDArray[np.bool_] = known[place] == asked
    return found
