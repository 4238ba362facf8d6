"""What parent and child of an upload say to one another. In and out: JSON text. Light: imports no codec.

Conventions: the names of the files in the child's folder stand here. Caveat: an order is trusted (the parent wrote
it), an answer is not: the parent takes from it only what it asked for.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

from engine.learn.uploads.limits import Form, Limits

Task = Literal["probe", "receive"]

ANSWER, ERRORS, FINGERPRINT, SCORE, UPLOAD = "answer.json", "errors.txt", "fingerprint.npz", "score.json", "upload"
READY = b"ready\n"
MOST_ANSWER_BYTES = 100_000
UNABLE = 3
"""The child's exit status where a library is missing: no file's fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """`parent`: the process id that the child must not outlive."""

    task: Task
    limits: Limits
    forms: tuple[Form, ...]
    parent: int

    def to_json(self) -> str:
        """As one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Order:
        """What `to_json` wrote."""
        data = json.loads(text)
        return cls(
            task=data["task"], limits=Limits(**data["limits"]), forms=tuple(Form(**form) for form in data["forms"]),
            parent=data["parent"],
        )  # fmt: skip
