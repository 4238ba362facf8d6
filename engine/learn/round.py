"""Training several targets one after the other, so that an interrupted round can be taken up again.

In: a training request and its targets; kept: `round.json` in the work folder. Caveat: another seed, number of steps or
output folder is another round.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from engine.learn.train import TrainRequest


class Round:
    """Training several targets one after the other; remembers in the work folder which are finished."""

    def __init__(self, request: TrainRequest, targets: Sequence[str]) -> None:
        self._file = request.work / "round.json"
        self._key = {"seed": request.seed, "steps": request.steps, "out": str(request.out)}
        self._targets = tuple(targets)

    def _done(self) -> list[str]:
        if not self._file.exists():
            return []
        saved = json.loads(self._file.read_text(encoding="utf-8"))
        return list(saved["done"]) if saved["key"] == self._key else []

    def left(self) -> list[str]:
        """Targets that an interrupted earlier round has not finished."""
        done = self._done()
        return [target for target in self._targets if target not in done]

    def finished(self, target: str) -> None:
        """Remember a target; after the last one the round is forgotten, and the next one starts from the base."""
        done = [*self._done(), target]
        if set(done) >= set(self._targets):
            self._file.unlink(missing_ok=True)
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps({"key": self._key, "done": done}), encoding="utf-8")
