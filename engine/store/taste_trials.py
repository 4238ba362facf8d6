"""Trials: a server's new model composes a share of the requests until votes have decided on it.

    live ─begin_trial─→ live, on trial ─end_trial─→ live (promoted), or rolled back

In: which model, the verdict. Out: `ModelRecord`s. Conventions: a trial ends once; whoever comes second gets None. When
a moderator rolls back, or a piece that it learnt from is taken back, it ends too. Caveat: who composes how much is the
dispatcher's to decide.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.store.names import keepable
from engine.store.tables import models
from engine.store.taste_part import TastePart
from engine.store.taste_records import Verdict
from engine.store.teaching_models import ROLLED_BACK
from engine.store.teaching_records import ModelRecord
from engine.store.teaching_uploads import model_rows

LIVE = models.c.state == "live"
ON_TRIAL = LIVE & models.c.trial_since.is_not(None)


class Trials(TastePart):
    """Rows of `models`."""

    async def begin_trial(self, model_id: str) -> ModelRecord | None:
        """Votes decide on this model from now on. None when it is not live, or is on trial already."""
        return await self._turn(model_id, LIVE & models.c.trial_since.is_(None), {"trial_since": self._clock()})

    async def end_trial(self, model_id: str, verdict: Verdict, reason: str) -> ModelRecord | None:
        """Votes have decided. None when it is not on trial any more."""
        values: dict[str, Any] = {"trial_since": None, "reason": keepable(reason), "decided_at": self._clock()}
        return await self._turn(model_id, ON_TRIAL, values | (ROLLED_BACK if verdict == "roll back" else {}))

    async def trials(self, home: int | None = None) -> tuple[ModelRecord, ...]:
        """The models that are on trial, of one home or of all, by home, style and version."""
        where = ON_TRIAL if home is None else ON_TRIAL & (models.c.guild_id == home)
        order = (models.c.guild_id, models.c.style, models.c.version)
        async with self._database.reading() as connection:
            return await model_rows(connection, sa.select(models).where(where).order_by(*order))

    async def _turn(self, model_id: str, where: sa.ColumnElement[bool], values: dict[str, Any]) -> ModelRecord | None:
        this = (models.c.id == keepable(model_id)) & where
        async with self._database.writing() as connection:
            changed = await model_rows(connection, models.update().where(this).values(values).returning(models))
        return changed[0] if changed else None
