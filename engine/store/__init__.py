"""What is kept: rows in a database, files by song id. A leaf: knows no flow."""

from engine.store.store import Origin, SongRecord, Store, Tally, VoteValue

__all__ = ["Origin", "SongRecord", "Store", "Tally", "VoteValue"]
