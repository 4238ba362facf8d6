"""What the server of a request taught: looked up when the request is accepted, and once more when it is composed.

    accepted ─"guild" of the payload─→ composed: the same, but for what was taken back or rolled back meanwhile

In: the store, who asks. Out: a `Guild`. Conventions: a song is composed with what was live when it was accepted, so one
that is tried again is the same song; of each style the two newest live models are named, the older for when the newer
cannot be used. A person alone with the bot has no server; the shell's own is `HOME`. Caveat: a model that is taken back
while a song is being composed of it is finished with.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.compose.guild import Guild, GuildModel, OwnStyle
from engine.store import HOME, ModelRecord, Origin, Store

MOST_VERSIONS = 2


def server_of(origin: Origin) -> int | None:
    """Whose models and styles a request is composed with; None: nobody's."""
    if origin.guild_id is None and origin.person_id is None:
        return HOME
    return origin.guild_id


async def guild_of(store: Store, origin: Origin) -> Guild:
    """What is live now. Raises `StoreError`."""
    guild_id = server_of(origin)
    if guild_id is None:
        return Guild()
    live, own = await _live(store, guild_id), await store.teaching.styles(guild_id)
    return Guild(
        models={style: live[style][:MOST_VERSIONS] for style in sorted(live)},
        styles=tuple(OwnStyle(name=style.name, parent=style.parent, description=style.description) for style in own),
    )


async def guild_now(store: Store, accepted: dict[str, Any] | None, origin: Origin) -> dict[str, Any] | None:
    """What was accepted, without the models that are not live any more; a style that has none left gets the ones that
    it has now, and a notice. Raises `StoreError`.
    """
    guild_id = server_of(origin)
    if not accepted or guild_id is None:
        return None
    guild = Guild.from_json(accepted)
    if not guild.models:
        return accepted
    now = await _live(store, guild_id)
    for style, known in guild.models.items():
        live = {model.id for model in now.get(style, ())}
        if not live & {model.id for model in known}:
            guild = replace(guild, models={**guild.models, style: (known[0], *now.get(style, ()))})
        for model in known:
            if model.id not in live:
                guild = guild.without(model.id)
    return guild.to_json()


async def _live(store: Store, guild_id: int) -> dict[str, tuple[GuildModel, ...]]:
    """A server's live models by style, the newest first."""
    live: dict[str, tuple[GuildModel, ...]] = {}
    for record in reversed(await store.teaching.models(guild_id)):
        if record.state == "live":
            live[record.style] = (*live.get(record.style, ()), _model(record))
    return live


def _model(record: ModelRecord) -> GuildModel:
    return GuildModel(
        id=record.id,
        version=record.version,
        sha256=record.sha256 or "",
        parent_sha256=record.parent_sha256 or "",
        uploads=len(record.upload_ids),
    )
