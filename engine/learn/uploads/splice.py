"""A file made of pieces of another one, without copying: what decoders are given instead of the upload itself.

In: pieces, each bytes or a stretch of the upload. Out: a seekable, read-only, file-like object. Conventions: tags,
pictures and chunks that nobody needs are left out before a decoder sees them; `blank` overwrites a stretch with bytes
of the same length, so that offsets inside the file stay true. Caveat: pieces must not be empty of meaning to the
format: who leaves something out must know that no offset points behind it.
"""

from __future__ import annotations

import bisect
import io
import mmap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Bytes = bytes | mmap.mmap


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """`data[start:end]`."""

    data: Bytes
    start: int
    end: int

    @property
    def size(self) -> int:
        """Bytes."""
        return self.end - self.start


class Splice(io.RawIOBase):
    """The pieces, one behind the other."""

    def __init__(self, pieces: Iterable[Stretch | bytes]) -> None:
        super().__init__()
        whole = [p if isinstance(p, Stretch) else Stretch(data=p, start=0, end=len(p)) for p in pieces]
        self._pieces = [p for p in whole if p.size > 0]
        self._ends: list[int] = []
        for piece in self._pieces:
            self._ends.append((self._ends[-1] if self._ends else 0) + piece.size)
        self.size = self._ends[-1] if self._ends else 0
        self._at = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """The present offset."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; past the end is allowed, before the start is not."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError(f"there is nothing at offset {base + offset}")
        self._at = base + offset
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """At most `size` bytes; fewer at the end of a piece's row only."""
        want = self.size - self._at if size is None or size < 0 else min(size, self.size - self._at)
        parts: list[bytes] = []
        while want > 0:
            index = bisect.bisect_right(self._ends, self._at)
            piece = self._pieces[index]
            begin = piece.end - (self._ends[index] - self._at)
            part = piece.data[begin : min(piece.end, begin + want)]
            parts.append(part)
            self._at += len(part)
            want -= len(part)
        return b"".join(parts)


def blanked(data: Bytes, changes: Sequence[tuple[int, bytes]], *, start: int = 0) -> Splice:
    """`data[start:]` with the bytes at each (offset, new bytes) replaced; changes are sorted and do not overlap."""
    pieces: list[Stretch | bytes] = []
    at = start
    for offset, new in changes:
        pieces += [Stretch(data=data, start=at, end=offset), new]
        at = offset + len(new)
    pieces.append(Stretch(data=data, start=at, end=len(data)))
    return Splice(pieces)
