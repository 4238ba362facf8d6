"""A request that builds on something finished → all that composing needs of it.

In: a `ComposeRequest`, and a way to find the song that it names. Out: a `Task`. Conventions: `again` alone is the old
wish with a new seed, changed by whatever else the new request asks for; with `keep` the old plan stays and only the
seed, the adventure, the engine and the kinds of files may differ. Caveat: a song made by an earlier version without a
`.song.json` cannot be built on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.compose.given import NOTHING, Given
from engine.compose.naming import new_seed
from engine.compose.opening import check_share
from engine.compose.plan import Plan
from engine.compose.players import role_called, split_names
from engine.compose.prompt import check_seed
from engine.compose.request import ENGINES, ComposeRequest
from engine.compose.songbook import Entry
from engine.errors import BadRequest
from engine.music.notes import Role, Song

TAKEN_OVER = frozenset({"format", "adventure", "engine", "loop", "stems", "musicxml", "theme"})
FREE_WITH_KEPT = TAKEN_OVER | {"again", "keep", "seed"}
"""Fields that may differ from the old wish while roles are kept."""
UNTOUCHED = ComposeRequest(prompt="")

Find = Callable[[str], Entry]
"""A finished song's id → the song; raises `NotFound`, and `BadRequest` for one that cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """`request`: what is composed now, with `again` resolved; `plan`: the plan, where it is settled already;
    `before`: the song to go on from; `again`: the song that this one is another of; `seed`: the one to take where
    neither a field nor a word asks for one.
    """

    request: ComposeRequest
    given: Given = NOTHING
    before: Song | None = None
    plan: Plan | None = None
    again: str | None = None
    performance_seed: int | None = None
    seed: int | None = None


def open_task(request: ComposeRequest, find: Find, *, seed: int | None = None) -> Task:
    """Find and read what the request builds on. Raises `BadRequest`, `NotFound`."""
    return replace(_opened(request, find, seed), seed=seed)


def _opened(request: ComposeRequest, find: Find, seed: int | None) -> Task:
    if request.again is None:
        if request.keep:
            raise BadRequest(f"Keeping {request.keep[0]!r} needs a finished song; naming its id in 'again' would work.")
        return _task(request)
    if request.continuing is not None:
        raise BadRequest("A song goes on from a file or is made again, not both; one of the two would work.")
    entry = find(request.again)
    fresh = new_seed() if seed is None else check_seed(seed)
    if request.keep:
        return _keep(request, entry, fresh)
    return replace(_task(_merged(request, entry.request, fresh)), again=entry.id)


def _task(request: ComposeRequest) -> Task:
    """A task with the file to go on from, if there is one."""
    if request.continuing is None:
        return Task(request=request)
    from engine.compose.continuing import primer_of_song, read_continued  # noqa: PLC0415 (needs the MIDI reader)

    before = read_continued(request.continuing)
    return Task(request=request, before=before, given=Given(primer=primer_of_song(before)))


def _changed(request: ComposeRequest) -> dict[str, object]:
    """The fields that a request sets."""
    names = (field.name for field in dataclasses.fields(request))
    return {name: getattr(request, name) for name in names if getattr(request, name) != getattr(UNTOUCHED, name)}


def _merged(request: ComposeRequest, old: ComposeRequest, fresh: int) -> ComposeRequest:
    """The old wish with what the new request asks for otherwise, and a seed of its own."""
    changes = {name: value for name, value in _changed(request).items() if name not in ("again", "keep")}
    return replace(old, **{"seed": fresh, **changes})  # type: ignore[arg-type]


def _keep(request: ComposeRequest, entry: Entry, fresh: int) -> Task:
    """The old plan with a new seed, and the kept roles' notes."""
    for name, value in _changed(request).items():
        if name not in FREE_WITH_KEPT and value != getattr(entry.request, name):
            raise BadRequest(f"With kept parts the {name} stays as it was; leaving out {name} or keep would work.")
    if request.engine not in ENGINES:
        raise BadRequest(f"The engine {request.engine!r} is not known; {' or '.join(ENGINES)} would work.")
    check_share("adventure", request.adventure)
    kept = read_roles(request.keep, entry)
    seed = fresh if request.seed is None else check_seed(request.seed)
    changes = {name: value for name, value in _changed(request).items() if name in TAKEN_OVER}
    now = replace(entry.request, seed=seed, **changes)  # type: ignore[arg-type]
    names = sorted(role.value for role in kept)
    asked = {"again": {"value": entry.id, "from": "asked"}, "keep": {"value": names, "from": "asked"}}
    old = entry.plan
    plan = replace(
        old,
        seed=seed,
        engine=now.engine,
        adventure=old.adventure if now.adventure is None else float(now.adventure),
        sources={**old.sources, "seed": "seed" if request.seed is None else "asked", "keep": "asked"},
        requested={**old.requested, **asked},
    )
    return Task(
        request=now,
        given=Given(kept=kept, score=entry.score),
        plan=plan,
        again=entry.id,
        performance_seed=entry.performance_seed,
    )


def read_roles(names: Sequence[str], entry: Entry) -> frozenset[Role]:
    """The roles to keep. Raises `BadRequest` for a name that is none, and when there is nothing left to compose."""
    there = {track.role for track in entry.score.tracks}
    would = ", ".join(role.value for role in Role if role in there)
    roles = set()
    for name in split_names(names):
        role = role_called(name)
        if role is None or role not in there:
            raise BadRequest(f"The song {entry.id!r} has no part {name[:40]!r} to keep; {would} would work.")
        roles.add(role)
    if not roles:
        raise BadRequest(f"No part to keep is named; {would} would work.")
    if roles >= entry.plan.cast.keys():
        raise BadRequest(f"All parts of the song {entry.id!r} are kept; leaving one to compose anew would work.")
    return frozenset(roles)
