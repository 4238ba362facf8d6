"""Every error that the engine raises on purpose.

    TunesmithError
    ├── UserError              you can fix this: the text is shown to the person as it is
    │   ├── BadRequest         a value in the request is unusable (prompt, seconds, bpm, key, meter, style, seed)
    │   ├── SetupError         something on this machine is missing (FluidSynth, soundfont, packages, folder)
    │   └── NotFound           the named song, style or version does not exist
    └── EngineError            we must fix this: the person gets an incident number, the log the traceback
        ├── CheckpointError    a checkpoint is damaged, foreign, or does not fit its config
        │   └── UnsoundModel   something of a server's model is; whoever composes takes another
        ├── RenderError        the synthesiser or an encoder failed
        ├── JobError           a job ran out of time or tries, or its worker cannot work
        │   └── WorkerLost     the worker died with the job inside; it may work the next time
        └── StoreError         the database or the file store cannot be reached; may pass by itself

The message of a `UserError` is one sentence that names the bad value and says what would work.
`CheckpointError` is shown as it is too when a person runs the command line: a damaged file is named.
"""

from __future__ import annotations


class TunesmithError(Exception):
    """Root of every error raised on purpose."""


class UserError(TunesmithError):
    """The person can fix this; `str(error)` is one sentence for them."""


class BadRequest(UserError):  # noqa: N818 (named for what happened)
    """A value in the request is unusable."""


class SetupError(UserError):
    """Something that this machine needs is missing; the sentence says how to mend it."""


class NotFound(UserError):  # noqa: N818 (named for what happened)
    """The named song, style or version does not exist."""


class EngineError(TunesmithError):
    """We must fix this; the person gets an incident number, the log the traceback."""


class CheckpointError(EngineError):
    """A checkpoint is damaged, foreign, or does not fit its config."""


class UnsoundModel(CheckpointError):  # noqa: N818 (named for what happened)
    """Something of the model `model_id` that a server taught cannot be used."""

    def __init__(self, message: str, *, model_id: str = "") -> None:
        super().__init__(message)
        self.model_id = model_id


class RenderError(EngineError):
    """The synthesiser or an encoder failed."""


class JobError(EngineError):
    """A job ran out of time or tries, or its worker cannot work."""


class WorkerLost(JobError):  # noqa: N818 (named for what happened)
    """The worker that had the job died, or was stopped; the job may work the next time."""


class StoreError(EngineError):
    """The database or the file store cannot be reached, or has no room; it may pass by itself."""
