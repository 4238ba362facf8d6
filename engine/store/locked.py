"""A file that one living process holds: the operating system lets it go when the process is gone, however it went.

In: an open file's descriptor. Out: whether it is this process's now. Caveat: Windows has no such locks, so nothing is
ever held there.
"""

from __future__ import annotations

import sys

if sys.platform != "win32":
    import fcntl


def lock_file(descriptor: int) -> bool:
    """Lock a file for this process, if nobody else has; False where that cannot be."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
