"""What the home of a request taught and likes: looked up when the request is accepted, and once more when it is
composed.

    accepted ─"guild", "taste" of the payload─→ composed: the same models, but for what was taken back or rolled back
                                                meanwhile, and the contents of the tastes that were named

In: the store, who asks. Out: a `Guild`. Conventions: a song is composed with what was live when it was accepted, so one
that is tried again is the same song; of each style the two newest live models are named, the older for when the newer
cannot be used. A model on trial composes about half of the requests, drawn by their jobs' ids. A person alone with the
bot has no server, but a taste; the shell's own server is `HOME`. Of tastes the payload has the versions alone, and what
the switches let them move. Caveat: a model that is taken back while a song is being composed of it is finished with; a
taste whose version is not kept any more gives way to the newest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from engine.compose.guild import Guild, GuildModel, OwnStyle
from engine.errors import EngineError
from engine.learn.server.preferred import known_songs
from engine.music.taste import StyleTaste
from engine.store import HOME, ModelRecord, Origin, Store, home_of

MOST_VERSIONS = 2
TRIAL_SHARE = 0.5
"""Of the requests of a style, how many a model on trial composes."""
MOVERS = ("seeds", "plans", "candidates")
"""What a taste moves while a song is composed, each by a switch of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """What composes a request, where there are two things to compare. `trial`: the model on trial, or what was before
    it; None: drawn. `taste`: whether the home's taste has a say.
    """

    trial: bool | None = None
    taste: bool = True


DRAWN = Arm()


def server_of(origin: Origin) -> int | None:
    """Whose models and styles a request is composed with; None: nobody's."""
    if origin.guild_id is None and origin.person_id is None:
        return HOME
    return origin.guild_id


async def brought(store: Store, origin: Origin, job_id: str, arm: Arm = DRAWN) -> dict[str, Any]:
    """What an accepted job's payload says of its home; nothing where there is nothing. Raises `StoreError`."""
    guild = await guild_of(store, origin, job_id, arm)
    taste = await taste_named(store, home_of(origin)) if arm.taste else {}
    return ({"guild": guild.to_json()} if guild else {}) | ({"taste": taste} if taste else {})


async def guild_of(store: Store, origin: Origin, job_id: str = "", arm: Arm = DRAWN) -> Guild:
    """What is live now, without tastes. Raises `StoreError`."""
    guild_id = server_of(origin)
    if guild_id is None:
        return Guild()
    live, own = await _live(store, guild_id), await store.teaching.styles(guild_id)
    chosen = {style: _chosen(live[style], job_id, arm)[:MOST_VERSIONS] for style in sorted(live)}
    return Guild(
        models={style: tuple(map(_model, records)) for style, records in chosen.items() if records},
        styles=tuple(OwnStyle(name=style.name, parent=style.parent, description=style.description) for style in own),
    )


async def guild_now(
    store: Store, accepted: dict[str, Any] | None, origin: Origin, taste: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    """What was accepted, without the models that are not live any more; a style that has none left gets the ones that
    it has now, and a notice. `taste`: what was accepted of it; its contents come along. Raises `StoreError`.
    """
    guild_id, tastes = server_of(origin), await _tastes(store, home_of(origin), taste or {})
    if guild_id is None or not accepted:
        return Guild(tastes=tastes).to_json() if tastes else None
    guild = replace(Guild.from_json(accepted), tastes=tastes)
    if not guild.models:
        return guild.to_json()
    now = {style: tuple(map(_model, records)) for style, records in (await _live(store, guild_id)).items()}
    for style, known in guild.models.items():
        live = {model.id for model in now.get(style, ())}
        if not live & {model.id for model in known}:
            guild = replace(guild, models={**guild.models, style: (known[0], *now.get(style, ()))})
        for model in known:
            if model.id not in live:
                guild = guild.without(model.id)
    return guild.to_json()


async def taste_named(store: Store, home: int) -> dict[str, Any]:
    """The versions of a home's taste that are in force, and what they may move; empty: nothing. Raises `StoreError`."""
    versions = await store.taste.taste_versions(home)
    if not versions:
        return {}
    switches = await store.taste.switches(home)
    movers = [name for name in MOVERS if getattr(switches, name)]
    return {"versions": versions, "movers": movers} if movers else {}


def composes_on_trial(job_id: str, model_id: str) -> bool:
    """Whether a model on trial composes this job's song; the same whenever it is asked."""
    drawn = int.from_bytes(hashlib.sha256(f"{model_id} {job_id}".encode()).digest()[:8], "big")
    return drawn < TRIAL_SHARE * 2**64


def _chosen(records: tuple[ModelRecord, ...], job_id: str, arm: Arm) -> tuple[ModelRecord, ...]:
    """Without the models on trial, unless they compose this job."""
    return tuple(
        record
        for record in records
        if record.trial_since is None or (composes_on_trial(job_id, record.id) if arm.trial is None else arm.trial)
    )


async def _live(store: Store, guild_id: int) -> dict[str, tuple[ModelRecord, ...]]:
    """A server's live models by style, the newest first."""
    live: dict[str, tuple[ModelRecord, ...]] = {}
    for record in reversed(await store.teaching.models(guild_id)):
        if record.state == "live":
            live[record.style] = (*live.get(record.style, ()), record)
    return live


async def _tastes(store: Store, home: int, named: Mapping[str, Any]) -> dict[str, StyleTaste]:
    """What was named, as far as it may move something."""
    found: dict[str, StyleTaste] = {}
    for style, version in named.get("versions", {}).items():
        state = await store.taste.taste_state(home, style, version)
        if state is not None:
            with suppress(EngineError):  # another version of the program wrote it, and learns it anew
                found[style] = _trimmed(StyleTaste.from_json(state), named.get("movers", ()))
    return found


def _trimmed(taste: StyleTaste, movers: Any) -> StyleTaste:
    """Without what may not move anything."""
    if "seeds" not in movers:
        taste = replace(taste, seeds={}, bred=(), resting=())
    if "plans" not in movers:
        taste = replace(taste, plan=None)
    return taste if "candidates" in movers else replace(taste, song=None)


def _model(record: ModelRecord) -> GuildModel:
    return GuildModel(
        id=record.id,
        version=record.version,
        sha256=record.sha256 or "",
        parent_sha256=record.parent_sha256 or "",
        uploads=len(record.upload_ids),
        voted=len(known_songs(record.metrics)),
    )
