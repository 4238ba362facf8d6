"""A request's words and options → the draft that a plan grows from, with all that can be settled before style and key.

In: a `ComposeRequest`, the song to go on from. Out: a `Draft` with seed, players and asked chords. Conventions: here
every option is checked that needs no style to be checked, so that what is wrong is said at once; options beat words.
Caveat: tempo, length and bars are checked where they are chosen, since each limits the others.
"""

from __future__ import annotations

import math
import secrets

from engine.compose.draft import Draft
from engine.compose.players import read_asked, settle
from engine.compose.prompt import check_seed, read_prompt
from engine.compose.request import ENGINES, ComposeRequest
from engine.compose.words.chords import read_chords
from engine.errors import BadRequest
from engine.music.notes import Song
from engine.music.shelf import SHIPPED, Shelf

MAX_MOOD_CHARS = 200
OVERRULING = ("seconds", "bpm", "seed", "key", "meter", "bars", "chords")
"""Fields of a request whose words in the prompt are not checked."""


def open_draft(
    request: ComposeRequest, *, seed: int | None, before: Song | None, max_seconds: float, shelf: Shelf = SHIPPED
) -> Draft:
    """Read the prompt; fields of the request overrule it. Raises `BadRequest`."""
    if request.engine not in ENGINES:
        raise BadRequest(f"The engine {request.engine!r} is not known; {' or '.join(ENGINES)} would work.")
    overruled = [name for name in OVERRULING if getattr(request, name) is not None]
    if request.bars is not None:
        overruled.append("seconds")  # where both are said, the bars decide whether the length is possible
    draft = _seeded(request, seed, max_seconds, overruled, shelf)
    draft.before = before
    asked = read_asked(request.instruments, request.without)
    draft.wishes, notices = settle(draft.wishes, asked)
    draft.notices += notices
    _note_players(draft)
    _take_chords(draft)
    for name in ("energy", "adventure"):
        check_share(name, getattr(request, name))
    if request.mood is not None and not request.mood.strip():
        raise BadRequest(f"The mood {request.mood!r} says nothing; words such as 'sad and slow' would work.")
    if request.mood is not None and len(request.mood) > MAX_MOOD_CHARS:
        raise BadRequest(f"The mood has {len(request.mood)} characters; up to {MAX_MOOD_CHARS} would work.")
    draft.sources["engine"] = "asked" if request.engine != "network" else "default"
    if request.engine != "network":
        draft.asked("engine", request.engine)
    return draft


def _seeded(request: ComposeRequest, seed: int | None, max_seconds: float, overruled: list[str], shelf: Shelf) -> Draft:
    """The draft with its prompt and its seed: the request's, else the prompt's, else `seed`, else a fresh one."""
    wishes = read_prompt(request.prompt, max_seconds=max_seconds, overruled=overruled, shelf=shelf)
    if request.seed is not None:
        draft = Draft(request, wishes, check_seed(request.seed), shelf=shelf)
        draft.asked("seed", draft.seed)
    elif wishes.seed is not None:
        draft = Draft(request, wishes, wishes.seed, shelf=shelf)
        draft.told("seed", wishes.seed)
    else:
        draft = Draft(request, wishes, secrets.randbits(53) if seed is None else check_seed(seed), shelf=shelf)
        draft.sources["seed"] = "seed"
    return draft


def _note_players(draft: Draft) -> None:
    """Note what was asked and told of the instruments."""
    wishes, request = draft.wishes, draft.request
    without = [*wishes.unwanted_instruments, *sorted(role.value for role in wishes.roles_off)]
    if request.instruments:
        draft.asked("instruments", list(wishes.instruments))
    elif wishes.instruments:
        draft.told("instruments", list(wishes.instruments))
    if request.without:
        draft.asked("without", without)
    elif without:
        draft.told("without", without)


def _take_chords(draft: Draft) -> None:
    """Read the asked chords, or the told ones; say which of them are not quite as written."""
    asked, told = draft.request.chords, draft.wishes.chords
    if asked is None and told is None:
        return
    progression = draft.progression = read_chords(asked if asked is not None else told or "")
    if asked is None:
        draft.told("chords", progression.text)
    else:
        same = told is None or told.split() == progression.text.split()
        draft.asked("chords", progression.text, said=draft.overruled("chords", same=same))
    if progression.replaced:
        pairs = ", ".join(f"{written} as {played}" for written, played in progression.replaced)
        draft.notices.append(f"Some chords are played as the nearest that is known: {pairs}.")


def check_share(name: str, value: float | None) -> None:
    """Raise `BadRequest` for a value outside 0…1."""
    if value is not None and not (math.isfinite(value) and 0 <= value <= 1):
        raise BadRequest(f"The {name} {value:g} is out of range; a number from 0 to 1 would work.")
