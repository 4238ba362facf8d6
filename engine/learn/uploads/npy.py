"""Sound written to `.npy` files block by block, and read back as a memory map.

In: blocks `[C, n] float32`. Out: a file that `numpy.load(mmap_mode="r")` reads, `[N] float32` for mono, `[N, 2]` for
stereo. Conventions: the header has a fixed size and is written last, when N is known, so an unfinished file is no
`.npy` file. Source: the NPY format, version 1.0. Caveat: the file must be open already; nothing is opened here.
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
import numpy.typing as npt

Block = npt.NDArray[np.float32]

HEADER_BYTES = 128
CHUNK = 1 << 20


class NpyWriter:
    """Writes one file. `channels` 1 or 2."""

    def __init__(self, file: BinaryIO, channels: int) -> None:
        self._file, self._channels, self._samples = file, channels, 0
        file.write(bytes(HEADER_BYTES))

    def write(self, block: Block) -> None:
        """Append `[C, n]`."""
        self._file.write(np.ascontiguousarray(block.T, "<f4").tobytes())
        self._samples += block.shape[1]

    def finish(self, gain: float, length: int) -> None:
        """Multiply all by `gain`, cut to `length` samples or fill up with silence, write the header."""
        width = 4 * self._channels
        if length > self._samples:
            self._file.write(bytes((length - self._samples) * width))
        self._file.flush()
        self._file.truncate(HEADER_BYTES + length * width)
        if gain != 1.0:
            self._scale(gain)
        shape = f"({length},)" if self._channels == 1 else f"({length}, {self._channels})"
        words = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
        head = b"\x93NUMPY\x01\x00" + (HEADER_BYTES - 10).to_bytes(2, "little") + words.encode()
        self._file.seek(0)
        self._file.write(head.ljust(HEADER_BYTES - 1) + b"\n")
        self._file.flush()

    def _scale(self, gain: float) -> None:
        at = HEADER_BYTES
        while True:
            self._file.seek(at)
            part = self._file.read(CHUNK)
            if not part:
                return
            scaled = np.clip(np.frombuffer(part, "<f4") * np.float32(gain), -1.0, 1.0)
            self._file.seek(at)
            self._file.write(scaled.tobytes())
            at += len(part)
