"""An order to train, and the verdict on what came of it.

In: a job's payload (see `engine/learn/worker.py`). Out: `TrainOrder`; and from a `Verdict` the job's result.
Conventions: `style` is what the server calls it, `parent` the shipped style that it is or began as; `description` is
None unless the style is the server's own. Caveat: what a payload lacks of licences and credits is said to be unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from engine.errors import JobError
from engine.jobs.job import Json
from engine.learn.server.preferred import Preferred

Split = Literal["train", "valid"]
UNKNOWN_LICENCE = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """A kept upload: its id, the side that it is on, the licence that its uploader stated, and whom that credits."""

    id: str
    split: Split
    licence: str = UNKNOWN_LICENCE
    credit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOrder:
    """`model_id`: under which the version is kept; `current`: the model that composes the style now, None for the
    shipped one; `known`: all models that are in training anywhere; `preferred`: what votes say, None to learn from
    uploads alone.
    """

    model_id: str
    guild_id: int
    style: str
    version: int
    parent: str
    description: str | None
    uploads: tuple[Taught, ...]
    current: str | None = None
    known: tuple[str, ...] = ()
    preferred: Preferred | None = None

    @classmethod
    def from_json(cls, payload: Json) -> TrainOrder:
        """Read a payload. Raises `JobError` for one that is no order."""
        try:
            return cls(
                model_id=str(payload["model_id"]),
                guild_id=int(payload["guild_id"]),
                style=str(payload["style"]),
                version=int(payload["version"]),
                parent=str(payload["parent"]),
                description=payload["description"],
                uploads=tuple(_taught(row) for row in payload["uploads"]),
                current=payload.get("current"),
                known=tuple(payload.get("known", ())),
                preferred=Preferred.from_json(payload["preferred"]) if payload.get("preferred") else None,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise JobError(f"The order to train cannot be read ({type(error).__name__}: {error}).") from error


def _taught(row: Mapping[str, Any]) -> Taught:
    return Taught(
        id=str(row["id"]),
        split="valid" if row["split"] == "valid" else "train",
        licence=str(row.get("licence") or UNKNOWN_LICENCE),
        credit=str(row.get("credit") or ""),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether the candidate is published. `reason`: one sentence why not, None if it is; `metrics`: all that was
    measured, plain JSON; `sha256` of the candidate's weights, `parent_sha256` of those that it began as.
    """

    is_published: bool
    reason: str | None
    sha256: str
    parent_sha256: str
    metrics: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The job's result."""
        return {
            "verdict": "publish" if self.is_published else "refuse",
            "reason": self.reason,
            "metrics": dict(self.metrics),
            "sha256": self.sha256,
            "parent_sha256": self.parent_sha256,
        }
