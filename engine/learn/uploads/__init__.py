"""From a file that somebody uploaded to sound or notes that are fit to learn from. `receive` is the door.

In: a path or bytes, and a name. Out: `Upload` (see `upload.py` for how to get samples), or `BadUpload` with one
sentence. `fetch` brings an attachment from Discord's own hosts; `likeness` of two fingerprints tells whether they are
the same recording (from `ALIKE` on). Conventions: foreign bytes are parsed in a guarded child process alone
(`child.py`).
"""

from engine.learn.uploads.faults import BadUpload, Fault
from engine.learn.uploads.fetch import fetch
from engine.learn.uploads.fingerprint import ALIKE, Fingerprint, likeness
from engine.learn.uploads.limits import MONO_22K, MONO_44K, STEREO_44K, Form, Limits
from engine.learn.uploads.upload import Kind, Probe, Upload, probe, receive

__all__ = [
    "ALIKE",
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
]
