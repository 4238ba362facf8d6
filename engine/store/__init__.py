"""What is kept: rows in a database, files by song id, jobs in a queue. A leaf: knows no flow.

Caveat: what belongs to the database is looked up when it is first asked for, so that whoever needs files alone does not
load it (29 MB).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from engine.store.files import FilesPlace, FileStore, StoredFile
from engine.store.names import Space
from engine.store.opening import open_files, place_of

if TYPE_CHECKING:
    from engine.store.queue import Queue
    from engine.store.records import Expired, JobRecord, JobState, NewJob, Origin, SongRecord, Tally, VoteValue
    from engine.store.store import Store
    from engine.store.teaching import Teaching
    from engine.store.teaching_records import (
        HOME,
        LICENCES,
        DailyLimits,
        Forgetting,
        GuildStyle,
        Licence,
        ModelRecord,
        NewUpload,
        Understood,
        UploadRecord,
    )

__all__ = [
    "HOME",
    "LICENCES",
    "DailyLimits",
    "Expired",
    "FileStore",
    "FilesPlace",
    "Forgetting",
    "GuildStyle",
    "JobRecord",
    "JobState",
    "Licence",
    "ModelRecord",
    "NewJob",
    "NewUpload",
    "Origin",
    "Queue",
    "SongRecord",
    "Space",
    "Store",
    "StoredFile",
    "Tally",
    "Teaching",
    "Understood",
    "UploadRecord",
    "VoteValue",
    "open_files",
    "place_of",
]

_RECORDS = ("Expired", "JobRecord", "JobState", "NewJob", "Origin", "SongRecord", "Tally", "VoteValue")
_TAUGHT = (
    "HOME",
    "LICENCES",
    "DailyLimits",
    "Forgetting",
    "GuildStyle",
    "Licence",
    "ModelRecord",
    "NewUpload",
    "Understood",
    "UploadRecord",
)
_HOMES = {
    "Queue": "engine.store.queue",
    "Store": "engine.store.store",
    "Teaching": "engine.store.teaching",
    **dict.fromkeys(_RECORDS, "engine.store.records"),
    **dict.fromkeys(_TAUGHT, "engine.store.teaching_records"),
}


def __getattr__(name: str) -> Any:
    """An exported name, from its home."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'engine.store' has no attribute {name!r}")
