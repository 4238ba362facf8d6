"""A new model's trial: it composes a share of its server's requests until votes have decided.

    trained ─begin─→ on trial ─votes say it is better─→ composes everything
                         └─ votes say it is worse ─→ rolled back

In: models as they are published, rulings of learning. Out: rows that say what composes; events. Conventions: a trial
begins only where the server wants one (the switch `canary`) and votes: else nobody would decide, and the model composes
everything at once; of a style at most one version is on trial; what is decided is said in the model's row. Caveat: a
trial on which votes have not decided within `LONGEST` ends with the model composing everything, as it would have
without one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from engine.dispatch.events import StudioEvent
from engine.dispatch.patience import patiently
from engine.store import ModelRecord, Store, Verdict
from engine.taste.ballot import Ruling

LATELY = timedelta(days=14)
FEW = 5
"""Votes that a server has to have cast lately for a trial to begin."""
LONGEST = timedelta(days=30)
UNDECIDED = "Votes did not decide within {} days, so version {} composes everything."
REPLACED = "Version {} replaced it before votes had decided."
SWITCHED_OFF = "Trials were switched off, so version {} composes everything."
VERDICTS: dict[str, Verdict] = {"promote": "promote", "roll back": "roll back"}

log = logging.getLogger(__name__)


class Trials:
    """Over one store. `tell`: who counts events."""

    def __init__(self, store: Store, tell: Callable[[StudioEvent], None]) -> None:
        self._store, self._tell = store, tell

    async def begin(self, model: ModelRecord) -> bool:
        """A model was published; whether it is on trial now."""
        taste = self._store.taste
        if not (await patiently(lambda: taste.switches(model.guild_id))).canary:
            return False
        votes = await patiently(lambda: taste.homes(datetime.now(UTC) - LATELY))
        if votes.get(model.guild_id, 0) < FEW:
            return False
        for older in await patiently(lambda: taste.trials(model.guild_id)):
            if older.style == model.style and older.id != model.id:
                await self._end(older, "roll back", REPLACED.format(model.version))
        begun = await patiently(lambda: taste.begin_trial(model.id))
        if begun is not None:
            self._say(begun, "begun", "It is on trial: votes decide.")
        return begun is not None

    async def rule(self, trials: Iterable[ModelRecord], rulings: Iterable[Ruling]) -> None:
        """End the trials that votes have decided."""
        by_id = {model.id: model for model in trials}
        for ruling in rulings:
            verdict, model = VERDICTS.get(ruling.decision), by_id.get(ruling.model_id)
            if verdict is not None and model is not None:
                await self._end(model, verdict, ruling.reason)

    async def end_overdue(self) -> None:
        """Let go of trials on which nobody decides. Raises `StoreError`."""
        for model in await self._store.taste.trials():
            if model.trial_since is not None and datetime.now(UTC) - model.trial_since > LONGEST:
                await self._end(model, "promote", UNDECIDED.format(LONGEST.days, model.version))

    async def end_all(self, home: int) -> None:
        """A home wants no trials any more: what is on trial composes everything. Raises `StoreError`."""
        for model in await self._store.taste.trials(home):
            await self._end(model, "promote", SWITCHED_OFF.format(model.version))

    async def _end(self, model: ModelRecord, verdict: Verdict, reason: str) -> None:
        if await patiently(lambda: self._store.taste.end_trial(model.id, verdict, reason)) is not None:
            self._say(model, verdict, reason)

    def _say(self, model: ModelRecord, outcome: str, reason: str) -> None:
        log.info("Version %d of %s of the server %d: %s", model.version, model.style, model.guild_id, reason)
        self._tell(StudioEvent(kind="trial", job_id=model.id, outcome=outcome, detail=reason))
