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
    from engine.dispatch.verdicts import (
        DUEL_ANSWERS,
        PERIODS,
        Audit,
        DataFormat,
        DuelAnswer,
        DuelPhase,
        DuelState,
        DuelTicket,
        ForgottenPerson,
        Mover,
        Period,
        Ranked,
        Rating,
        Recalled,
        Reveal,
        Side,
        SongLine,
        SongPage,
        StyleReport,
        TasteReport,
        Top,
        Trial,
        Voided,
        Voter,
    )
    from engine.jobs.marks import marked
    from engine.learn.report import LessonReport
    from engine.operations import Gateway, Operations, configure_logging
    from engine.settings import Settings
    from engine.store import LICENCES, SWITCHES, GuildStyle, ModelRecord, Origin, SwitchName, Tally, UploadRecord
    from engine.studio import Studio

__all__ = [
    "AUDIO_FORMATS",
    "DUEL_ANSWERS",
    "LICENCES",
    "MAX_MIDI_BYTES",
    "MAX_PROMPT_CHARS",
    "PERIODS",
    "SWITCHES",
    "Audit",
    "ComposeRequest",
    "DataFormat",
    "DuelAnswer",
    "DuelPhase",
    "DuelState",
    "DuelTicket",
    "Forgotten",
    "ForgottenPerson",
    "Gateway",
    "GuildStyle",
    "Lesson",
    "LessonReport",
    "Material",
    "ModelRecord",
    "Mover",
    "Operations",
    "Origin",
    "Period",
    "Ranked",
    "Rating",
    "Recalled",
    "Receipt",
    "Reveal",
    "SchoolTicket",
    "Settings",
    "Side",
    "SongLine",
    "SongPage",
    "StoredSong",
    "Studio",
    "StudioEvent",
    "StudioState",
    "StyleReport",
    "SwitchName",
    "Tally",
    "TasteReport",
    "Ticket",
    "Top",
    "Training",
    "Trial",
    "Update",
    "UploadRecord",
    "Voided",
    "Voter",
    "configure_logging",
    "encode_midi",
    "errors",
    "marked",
    "midi_too_large",
]

_HOMES = {
    "AUDIO_FORMATS": "engine.compose.request",
    "DUEL_ANSWERS": "engine.dispatch.verdicts",
    "LICENCES": "engine.store",
    "MAX_MIDI_BYTES": "engine.compose.request",
    "MAX_PROMPT_CHARS": "engine.compose.request",
    "PERIODS": "engine.dispatch.verdicts",
    "SWITCHES": "engine.store",
    "Audit": "engine.dispatch.verdicts",
    "ComposeRequest": "engine.compose.request",
    "DataFormat": "engine.dispatch.verdicts",
    "DuelAnswer": "engine.dispatch.verdicts",
    "DuelPhase": "engine.dispatch.verdicts",
    "DuelState": "engine.dispatch.verdicts",
    "DuelTicket": "engine.dispatch.verdicts",
    "Forgotten": "engine.dispatch.lesson",
    "ForgottenPerson": "engine.dispatch.verdicts",
    "Gateway": "engine.operations",
    "GuildStyle": "engine.store",
    "Lesson": "engine.dispatch.lesson",
    "LessonReport": "engine.learn.report",
    "Material": "engine.dispatch.lesson",
    "ModelRecord": "engine.store",
    "Mover": "engine.dispatch.verdicts",
    "Operations": "engine.operations",
    "Origin": "engine.store",
    "Period": "engine.dispatch.verdicts",
    "Ranked": "engine.dispatch.verdicts",
    "Rating": "engine.dispatch.verdicts",
    "Recalled": "engine.dispatch.verdicts",
    "Receipt": "engine.compose.request",
    "Reveal": "engine.dispatch.verdicts",
    "SchoolTicket": "engine.dispatch.lesson",
    "Settings": "engine.settings",
    "Side": "engine.dispatch.verdicts",
    "SongLine": "engine.dispatch.verdicts",
    "SongPage": "engine.dispatch.verdicts",
    "StoredSong": "engine.dispatch.ticket",
    "Studio": "engine.studio",
    "StudioEvent": "engine.dispatch.events",
    "StudioState": "engine.dispatch.events",
    "StyleReport": "engine.dispatch.verdicts",
    "SwitchName": "engine.store",
    "Tally": "engine.store",
    "TasteReport": "engine.dispatch.verdicts",
    "Ticket": "engine.dispatch.ticket",
    "Top": "engine.dispatch.verdicts",
    "Training": "engine.dispatch.lesson",
    "Trial": "engine.dispatch.verdicts",
    "Update": "engine.dispatch.ticket",
    "UploadRecord": "engine.store",
    "Voided": "engine.dispatch.verdicts",
    "Voter": "engine.dispatch.verdicts",
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
