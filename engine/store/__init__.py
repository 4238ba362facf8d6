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
    from engine.store.records import (
        HOME,
        Expired,
        JobRecord,
        JobState,
        NewJob,
        Origin,
        SongRecord,
        Tally,
        VoteValue,
        home_of,
    )
    from engine.store.store import Store
    from engine.store.taste import Taste
    from engine.store.taste_looks import OwnWord, PersonKept
    from engine.store.taste_ranking import lower_bound
    from engine.store.taste_records import (
        SWITCHES,
        Answer,
        AnswerRecord,
        BallotRows,
        DuelRecord,
        DuelState,
        DuelTally,
        Erased,
        ExportRows,
        FavouriteRecord,
        NewDuel,
        NewTaste,
        PersonVotes,
        RatedSong,
        Switches,
        SwitchName,
        TasteRecord,
        Verdict,
        VoidRecord,
        VoteRecord,
    )
    from engine.store.teaching import Teaching
    from engine.store.teaching_records import (
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
    "SWITCHES",
    "Answer",
    "AnswerRecord",
    "BallotRows",
    "DailyLimits",
    "DuelRecord",
    "DuelState",
    "DuelTally",
    "Erased",
    "Expired",
    "ExportRows",
    "FavouriteRecord",
    "FileStore",
    "FilesPlace",
    "Forgetting",
    "GuildStyle",
    "JobRecord",
    "JobState",
    "Licence",
    "ModelRecord",
    "NewDuel",
    "NewJob",
    "NewTaste",
    "NewUpload",
    "Origin",
    "OwnWord",
    "PersonKept",
    "PersonVotes",
    "Queue",
    "RatedSong",
    "SongRecord",
    "Space",
    "Store",
    "StoredFile",
    "SwitchName",
    "Switches",
    "Tally",
    "Taste",
    "TasteRecord",
    "Teaching",
    "Understood",
    "UploadRecord",
    "Verdict",
    "VoidRecord",
    "VoteRecord",
    "VoteValue",
    "home_of",
    "lower_bound",
    "open_files",
    "place_of",
]

_RECORDS = (
    "HOME",
    "Expired",
    "JobRecord",
    "JobState",
    "NewJob",
    "Origin",
    "SongRecord",
    "Tally",
    "VoteValue",
    "home_of",
)
_LIKED = (
    "SWITCHES",
    "Answer",
    "AnswerRecord",
    "BallotRows",
    "DuelRecord",
    "DuelState",
    "DuelTally",
    "Erased",
    "ExportRows",
    "FavouriteRecord",
    "NewDuel",
    "NewTaste",
    "PersonVotes",
    "RatedSong",
    "SwitchName",
    "Switches",
    "TasteRecord",
    "Verdict",
    "VoidRecord",
    "VoteRecord",
)
_TAUGHT = (
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
    "Taste": "engine.store.taste",
    "OwnWord": "engine.store.taste_looks",
    "PersonKept": "engine.store.taste_looks",
    "lower_bound": "engine.store.taste_ranking",
    "Teaching": "engine.store.teaching",
    **dict.fromkeys(_RECORDS, "engine.store.records"),
    **dict.fromkeys(_LIKED, "engine.store.taste_records"),
    **dict.fromkeys(_TAUGHT, "engine.store.teaching_records"),
}


def __getattr__(name: str) -> Any:
    """An exported name, from its home."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'engine.store' has no attribute {name!r}")
