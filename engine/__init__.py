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
    from engine.dispatch.lesson import Forgotten, Lesson, Material, SchoolTicket, Training
    from engine.dispatch.ticket import StoredSong, Ticket, Update
    from engine.jobs.marks import marked
    from engine.learn.report import LessonReport
    from engine.operations import Gateway, Operations, configure_logging
    from engine.settings import Settings
    from engine.store import LICENCES, GuildStyle, ModelRecord, Origin, Tally, UploadRecord
    from engine.studio import Studio

__all__ = [
    "AUDIO_FORMATS",
    "LICENCES",
    "MAX_MIDI_BYTES",
    "MAX_PROMPT_CHARS",
    "ComposeRequest",
    "Forgotten",
    "Gateway",
    "GuildStyle",
    "Lesson",
    "LessonReport",
    "Material",
    "ModelRecord",
    "Operations",
    "Origin",
    "Receipt",
    "SchoolTicket",
    "Settings",
    "StoredSong",
    "Studio",
    "StudioEvent",
    "StudioState",
    "Tally",
    "Ticket",
    "Training",
    "Update",
    "UploadRecord",
    "configure_logging",
    "encode_midi",
    "errors",
    "marked",
    "midi_too_large",
]

_HOMES = {
    "AUDIO_FORMATS": "engine.compose.request",
    "LICENCES": "engine.store",
    "MAX_MIDI_BYTES": "engine.compose.request",
    "MAX_PROMPT_CHARS": "engine.compose.request",
    "ComposeRequest": "engine.compose.request",
    "Forgotten": "engine.dispatch.lesson",
    "Gateway": "engine.operations",
    "GuildStyle": "engine.store",
    "Lesson": "engine.dispatch.lesson",
    "LessonReport": "engine.learn.report",
    "Material": "engine.dispatch.lesson",
    "ModelRecord": "engine.store",
    "Operations": "engine.operations",
    "Origin": "engine.store",
    "Receipt": "engine.compose.request",
    "SchoolTicket": "engine.dispatch.lesson",
    "Settings": "engine.settings",
    "StoredSong": "engine.dispatch.ticket",
    "Studio": "engine.studio",
    "StudioEvent": "engine.dispatch.events",
    "StudioState": "engine.dispatch.events",
    "Tally": "engine.store",
    "Ticket": "engine.dispatch.ticket",
    "Training": "engine.dispatch.lesson",
    "Update": "engine.dispatch.ticket",
    "UploadRecord": "engine.store",
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
