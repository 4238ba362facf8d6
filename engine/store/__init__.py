"""What is kept: rows in a database, files by song id. A leaf: knows no flow."""

from engine.store.store import SongOrigin, SongRecord, Store, VoteCount

__all__ = ["SongOrigin", "SongRecord", "Store", "VoteCount"]
