"""What is known of a home: what was learnt of it, what that may move, whose votes are void there.

In: what learning and moderators bring. Out: `TasteRecord`s, `Switches`, `VoidRecord`s. Conventions: versions of a home
and style count up, and the last `KEPT` stay; a home without a row has the usual switches. Caveat: a version that is no
newer than the newest is not kept: whoever learnt it learnt from an older look at the votes.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.errors import BadRequest
from engine.store.names import keepable
from engine.store.tables import switches, tastes, voids
from engine.store.taste_part import TastePart
from engine.store.taste_records import (
    SWITCHES,
    NewTaste,
    Switches,
    SwitchName,
    TasteRecord,
    VoidRecord,
    switches_of,
    taste_record,
    void_record,
)

KEPT = 3
"""Versions of a home and style."""


def _is_newest() -> sa.ColumnElement[bool]:
    """The condition that no version of the same home and style is newer."""
    others = tastes.alias()
    same = (others.c.home == tastes.c.home) & (others.c.style == tastes.c.style)
    return tastes.c.version == sa.select(sa.func.max(others.c.version)).where(same).scalar_subquery()


class Homes(TastePart):
    """Rows of `tastes`, `switches` and `voids`."""

    async def save_taste(self, new: NewTaste) -> TasteRecord | None:
        """This is in force from now on. None when one as new is there already: another process was first."""
        its = (tastes.c.home == new.home) & (tastes.c.style == keepable(new.style))
        row = {
            "home": new.home,
            "style": keepable(new.style),
            "version": new.version,
            "state": new.state,
            "figures": new.figures,
            "votes": new.votes,
            "created_at": self._clock(),
        }
        async with self._database.writing() as connection:
            await self._alone(connection)
            there = (await connection.execute(sa.select(tastes.c.version).where(its))).scalars().all()
            if there and max(there) >= new.version:
                return None
            old = sorted(there, reverse=True)[KEPT - 1 :]
            await connection.execute(tastes.delete().where(its & tastes.c.version.in_(old)))
            saved = await connection.execute(tastes.insert().values(row).returning(tastes))
            return taste_record(saved.mappings().one())

    async def tastes(self, home: int) -> dict[str, TasteRecord]:
        """What is in force, by style."""
        newest = sa.select(tastes).where(tastes.c.home == home, _is_newest()).order_by(tastes.c.style)
        async with self._database.reading() as connection:
            rows = (await connection.execute(newest)).mappings()
            return {row["style"]: taste_record(row) for row in rows}

    async def taste_versions(self, home: int) -> dict[str, int]:
        """Which versions are in force, by style."""
        newest = sa.select(tastes.c.style, sa.func.max(tastes.c.version)).where(tastes.c.home == home)
        async with self._database.reading() as connection:
            rows = (await connection.execute(newest.group_by(tastes.c.style).order_by(tastes.c.style))).all()
            return {row[0]: int(row[1]) for row in rows}

    async def taste_state(self, home: int, style: str, version: int) -> dict[str, Any] | None:
        """What is in this version, or in the newest if it is not there any more; None where nothing was learnt."""
        its = (tastes.c.home == home) & (tastes.c.style == keepable(style))
        order = (tastes.c.version == version).desc(), tastes.c.version.desc()
        async with self._database.reading() as connection:
            found = await connection.execute(sa.select(tastes.c.state).where(its).order_by(*order).limit(1))
            state: dict[str, Any] | None = found.scalar_one_or_none()
        return state

    async def taste(self, home: int, style: str, version: int | None = None) -> TasteRecord | None:
        """This version, or the newest if it is not there any more; None where nothing was learnt."""
        its = (tastes.c.home == home) & (tastes.c.style == keepable(style))
        order = (tastes.c.version == version).desc() if version is not None else sa.literal(0)
        first = sa.select(tastes).where(its).order_by(order, tastes.c.version.desc()).limit(1)
        async with self._database.reading() as connection:
            row = (await connection.execute(first)).mappings().one_or_none()
        return None if row is None else taste_record(row)

    async def forget_tastes(self, home: int, style: str | None = None) -> int:
        """Nothing was learnt of this home, or of one style there. Returns how many versions are gone."""
        its = tastes.c.home == home
        if style is not None:
            its &= tastes.c.style == keepable(style)
        async with self._database.writing() as connection:
            await self._alone(connection)
            return (await connection.execute(tastes.delete().where(its))).rowcount

    async def switches(self, home: int) -> Switches:
        """What the home's votes may move."""
        async with self._database.reading() as connection:
            row = (await connection.execute(sa.select(switches).where(switches.c.home == home))).mappings()
            return switches_of(row.one_or_none())

    async def switch(self, home: int, name: SwitchName, on: bool, *, by: int | None = None) -> Switches:
        """Turn a switch; returns how they all are now. Raises `BadRequest` for an unknown one."""
        if name not in SWITCHES:
            raise BadRequest(f"There is no switch {str(name)[:40]!r}; {', '.join(SWITCHES)} would work.")
        mine = switches.c.home == home
        async with self._database.writing() as connection:
            await self._alone(connection)
            row = (await connection.execute(sa.select(switches).where(mine))).mappings().one_or_none()
            names = {**(row["names"] if row is not None else {}), name: on}
            values = {"names": names, "changed_by": by, "changed_at": self._clock()}
            change = switches.insert().values(home=home) if row is None else switches.update().where(mine)
            changed = await connection.execute(change.values(values).returning(switches))
            return switches_of(changed.mappings().one())

    async def sharing(self) -> tuple[int, ...]:
        """The homes whose votes count for others' prior too."""
        async with self._database.reading() as connection:
            rows = (await connection.execute(sa.select(switches).order_by(switches.c.home))).mappings().all()
        return tuple(row["home"] for row in rows if switches_of(row).share)

    async def void(self, guild_id: int, person_id: int, *, by: int | None, reason: str) -> VoidRecord:
        """The person's votes do not count in this server from now on; voided twice, the first time stands."""
        mine = (voids.c.guild_id == guild_id) & (voids.c.person_id == person_id)
        row = {
            "guild_id": guild_id,
            "person_id": person_id,
            "by": by,
            "reason": keepable(reason),
            "created_at": self._clock(),
        }
        async with self._database.writing() as connection:
            await self._alone(connection)
            known = (await connection.execute(sa.select(voids).where(mine))).mappings().one_or_none()
            if known is not None:
                return void_record(known)
            return void_record((await connection.execute(voids.insert().values(row).returning(voids))).mappings().one())

    async def restore(self, guild_id: int, person_id: int) -> VoidRecord | None:
        """The person's votes count again; returns what is not so any more, None if they counted."""
        mine = (voids.c.guild_id == guild_id) & (voids.c.person_id == person_id)
        async with self._database.writing() as connection:
            gone = (await connection.execute(voids.delete().where(mine).returning(voids))).mappings().one_or_none()
        return None if gone is None else void_record(gone)

    async def voids(self, guild_id: int) -> tuple[VoidRecord, ...]:
        """Whose votes do not count in this server, oldest first."""
        theirs = sa.select(voids).where(voids.c.guild_id == guild_id)
        async with self._database.reading() as connection:
            rows = await connection.execute(theirs.order_by(voids.c.created_at, voids.c.person_id))
            return tuple(map(void_record, rows.mappings()))
