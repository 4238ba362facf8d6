"""A finished song, brought to this machine.

In: a song's id. Out: a `StoredSong` whose files lie here. Conventions: what its receipt names is there, or the song is
not found. Caveat: an object store's files are fetched, which takes its time the first time.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from engine.compose.request import ComposeRequest, Receipt
from engine.dispatch.ticket import StoredSong
from engine.errors import NotFound
from engine.store import Store

HANDED_OVER = frozenset({"audio", "midi", "picture", "stems", "musicxml"})


async def stored_song(store: Store, song_id: str) -> StoredSong:
    """The song. Raises `NotFound`, `StoreError`."""
    record = await store.song(song_id)
    if record.receipt is None:
        raise NotFound(f"The song {song_id!r} is not there: it is being composed, or came to nothing.")
    receipt = Receipt.from_json(record.receipt)
    folder = await store.files.bring(song_id)
    paths = {kind: folder / Path(path).name for kind, path in receipt.files.items() if kind in HANDED_OVER}
    for path in paths.values():
        if not await asyncio.to_thread(path.is_file):
            raise NotFound(f"The file {path.name} of the song {song_id!r} is gone; compose it again with its seed.")
    request = ComposeRequest.from_json(record.request)
    return StoredSong(id=song_id, request=request, receipt=receipt, **paths)
