"""Tunesmith's engine: words in, songs out. The names exported here are all that `bot/` may use.

Caveat: they are looked up when first asked for, so that importing a leaf of the engine does not load the database.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine import errors
    from engine.compose.request import (
        AUDIO_FORMATS,
        MAX_MIDI_BYTES,
        MAX_PROMPT_CHARS,
        ComposeRequest,
        Receipt,
        encode_midi,
        midi_too_large,
    )
    from engine.dispatch.events import StudioEvent, StudioState
    from engine.dispatch.ticket import StoredSong, Ticket, Update
    from engine.jobs.marks import marked
    from engine.operations import Gateway, Operations, configure_logging
    from engine.settings import Settings
    from engine.store import Origin, Tally
    from engine.studio import Studio

__all__ = [
    "AUDIO_FORMATS",
    "MAX_MIDI_BYTES",
    "MAX_PROMPT_CHARS",
    "ComposeRequest",
    "Gateway",
    "Operations",
    "Origin",
    "Receipt",
    "Settings",
    "StoredSong",
    "Studio",
    "StudioEvent",
    "StudioState",
    "Tally",
    "Ticket",
    "Update",
    "configure_logging",
    "encode_midi",
    "errors",
    "marked",
    "midi_too_large",
]

_HOMES = {
    "AUDIO_FORMATS": "engine.compose.request",
    "MAX_MIDI_BYTES": "engine.compose.request",
    "MAX_PROMPT_CHARS": "engine.compose.request",
    "ComposeRequest": "engine.compose.request",
    "Gateway": "engine.operations",
    "Operations": "engine.operations",
    "Origin": "engine.store",
    "Receipt": "engine.compose.request",
    "Settings": "engine.settings",
    "StoredSong": "engine.dispatch.ticket",
    "Studio": "engine.studio",
    "StudioEvent": "engine.dispatch.events",
    "StudioState": "engine.dispatch.events",
    "Tally": "engine.store",
    "Ticket": "engine.dispatch.ticket",
    "Update": "engine.dispatch.ticket",
    "configure_logging": "engine.operations",
    "encode_midi": "engine.compose.request",
    "marked": "engine.jobs.marks",
    "midi_too_large": "engine.compose.request",
}


def __getattr__(name: str) -> Any:
    """An exported name, from its home."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'engine' has no attribute {name!r}")
