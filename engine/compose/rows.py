"""Whose line stands in which row of which network.

In: handles and their lines. Out: lanes for the step, rows that are empty. Conventions: rows of one network come in
blocks of `BLOCK`; networks of the same sizes are a group, whose rows are advanced together. Caveat: a row that moves
takes the network's state along only when its group's lane is asked for.
"""

from __future__ import annotations

from itertools import accumulate

from engine.compose.decode import Line
from engine.compose.handle import Handle
from engine.compose.step import Lane
from engine.model.sampling import BLOCK, Packed, Stepper


class Rows:
    """The rows of one network, in blocks, and whose line stands in each of them."""

    def __init__(self, packed: Packed) -> None:
        self.packed = packed
        self.owners: list[Handle | None] = []
        self.lines: list[Line | None] = []
        self.sources: list[int | None] = []
        """Where each row's state is now, among these rows as they were settled last; `None`: it has read nothing."""

    @property
    def used(self) -> int:
        """Rows with somebody in them."""
        return sum(owner is not None for owner in self.owners)

    @property
    def full(self) -> bool:
        """Whether the next candidate needs another block of rows."""
        return None not in self.owners

    def place(self, handle: Handle, line: Line) -> None:
        """Give a line the first empty row, of a new block if there is none."""
        if self.full:
            self._pad(len(self.owners) + BLOCK)
        row = self.owners.index(None)
        self.owners[row], self.lines[row], self.sources[row] = handle, line, None

    def clear(self) -> None:
        """Empty the rows of lines that ended and of handles that are finished; give back blocks nobody needs."""
        changed = False
        for row, (owner, line) in enumerate(zip(self.owners, self.lines, strict=True)):
            if owner is not None and line is not None and (line.done or owner.finished):
                line.leave()
                self.owners[row] = self.lines[row] = None
                changed = True
        if changed and self.used <= len(self.owners) - BLOCK:
            kept = [row for row, owner in enumerate(self.owners) if owner is not None]
            self.owners = [self.owners[row] for row in kept]
            self.lines = [self.lines[row] for row in kept]
            self.sources = [self.sources[row] for row in kept]
            self._pad(-(-len(kept) // BLOCK) * BLOCK)

    def _pad(self, size: int) -> None:
        empty = size - len(self.owners)
        self.owners += [None] * empty
        self.lines += [None] * empty
        self.sources += [None] * empty


class Group:
    """Networks of the same sizes, whose rows are advanced together."""

    def __init__(self) -> None:
        self.rows: dict[int, Rows] = {}
        self._stepper: Stepper | None = None
        self._settled: list[tuple[Packed, int]] = []

    def lane(self) -> Lane:
        """All rows of the group, with the networks' state where the lines are."""
        sizes = [(rows.packed, len(rows.owners)) for rows in self.rows.values()]
        starts = dict(zip((id(packed) for packed, _ in self._settled), self._starts(), strict=True))
        sources = [
            None if source is None else starts[id(rows.packed)] + source
            for rows in self.rows.values()
            for source in rows.sources
        ]
        if self._stepper is None:
            self._stepper = Stepper(sizes)
        elif sizes != self._settled or sources != list(range(len(sources))):
            self._stepper.rearrange(sizes, sources)
        self._settled = sizes
        for rows in self.rows.values():
            rows.sources = list(range(len(rows.owners)))
        return Lane(stepper=self._stepper, lines=[line for rows in self.rows.values() for line in rows.lines])

    def _starts(self) -> list[int]:
        return [0, *accumulate(size for _, size in self._settled)][:-1]
