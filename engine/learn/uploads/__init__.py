"""From a file that somebody uploaded to sound or notes that are fit to learn from. `receive` is the door.

In: a path or bytes, and a name. Out: `Upload` (see `upload.py` for how to get samples), or `BadUpload` with one
sentence. `fetch` brings an attachment from Discord's own hosts; `same_music` tells by two fingerprints whether they
are the same recording, or the same notes. Conventions: foreign bytes are parsed in a guarded child process alone
(`child.py`). The names are imported when they are first asked for, so that the child loads no more than it needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.learn.uploads.attachments import fetch
    from engine.learn.uploads.faults import BadUpload, Fault
    from engine.learn.uploads.fingerprint import Fingerprint, likeness, same_music
    from engine.learn.uploads.limits import MONO_22K, MONO_44K, STEREO_44K, Form, Limits
    from engine.learn.uploads.upload import Kind, Probe, Upload, probe, receive

__all__ = [
    "MONO_22K",
    "MONO_44K",
    "STEREO_44K",
    "BadUpload",
    "Fault",
    "Fingerprint",
    "Form",
    "Kind",
    "Limits",
    "Probe",
    "Upload",
    "fetch",
    "likeness",
    "probe",
    "receive",
    "same_music",
]

HOMES = {
    "faults": ("BadUpload", "Fault"),
    "attachments": ("fetch",),
    "fingerprint": ("Fingerprint", "likeness", "same_music"),
    "limits": ("MONO_22K", "MONO_44K", "STEREO_44K", "Form", "Limits"),
    "upload": ("Kind", "Probe", "Upload", "probe", "receive"),
}
"""Module → what it gives to this door."""


def __getattr__(name: str) -> Any:
    """Import what is asked for (PEP 562)."""
    for module, names in HOMES.items():
        if name in names:
            value = getattr(import_module(f"{__name__}.{module}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
