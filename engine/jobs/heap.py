"""A worker that keeps no more memory than it uses.

In: nothing. Out: memory, given back to the system. Conventions: glibc's allocator gives each thread a heap of its own
and keeps what is freed for later; a worker that plays and mixes in threads had 50 MB of it lying idle in other threads'
heaps, and 60 MB between songs. Caveat: this is for the whole process, and does nothing where the C library is another
one.
"""

from __future__ import annotations

import ctypes
import sys

M_ARENA_MAX = -8


def share_one_heap() -> None:
    """Have all threads of this process allocate from one heap; to be called before there are any."""
    if (library := _glibc()) is not None:
        library.mallopt(M_ARENA_MAX, 1)


def give_back() -> None:
    """Give free memory back to the system; takes some milliseconds."""
    if (library := _glibc()) is not None:
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    """The C library of this process, if it is glibc."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") else None
