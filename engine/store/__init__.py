"""What is kept: rows in a database, files by song id, jobs in a queue. A leaf: knows no flow.

Caveat: what belongs to the database is looked up when it is first asked for, so that whoever needs files alone does not
load it (29 MB).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from engine.store.files import FilesPlace, FileStore, StoredFile
from engine.store.opening import open_files, place_of

if TYPE_CHECKING:
    from engine.store.queue import Queue
    from engine.store.records import Expired, JobRecord, JobState, NewJob, Origin, SongRecord, Tally, VoteValue
    from engine.store.store import Store

__all__ = [
    "Expired",
    "FileStore",
    "FilesPlace",
    "JobRecord",
    "JobState",
    "NewJob",
    "Origin",
    "Queue",
    "SongRecord",
    "Store",
    "StoredFile",
    "Tally",
    "VoteValue",
    "open_files",
    "place_of",
]

_RECORDS = ("Expired", "JobRecord", "JobState", "NewJob", "Origin", "SongRecord", "Tally", "VoteValue")
_HOMES = {
    "Queue": "engine.store.queue",
    "Store": "engine.store.store",
    **dict.fromkeys(_RECORDS, "engine.store.records"),
}


def __getattr__(name: str) -> Any:
    """An exported name, from its home."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'engine.store' has no attribute {name!r}")
