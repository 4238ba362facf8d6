"""What is kept: rows in a database, files by song id, jobs in a queue. A leaf: knows no flow."""

from engine.store.files import FilesPlace, FileStore, StoredFile
from engine.store.opening import open_files, place_of
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
