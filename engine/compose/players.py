"""Who shall play and who shall not, where options and the prompt's words meet.

In: the wishes of a prompt, lists of instruments from the request. Out: wishes in which the options have won, and a
sentence for each word of the prompt that they overruled. Conventions: `instruments` names exactly those who play;
`without` leaves out instruments or whole roles; a name is one of `words.instruments`, or of a role. Caveat: an option
that contradicts another one is refused, for nothing says which of them is meant.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from engine.compose.casting import forbidden_programs
from engine.compose.prompt import Wishes
from engine.compose.words.instruments import INSTRUMENTS, instrument_called
from engine.errors import BadRequest
from engine.music.notes import Role

ROLE_NAMES: dict[str, Role] = {
    **{role.value: role for role in Role},
    "percussion": Role.DRUMS, "drum": Role.DRUMS, "beat": Role.DRUMS, "beats": Role.DRUMS,
    "lead": Role.MELODY, "tune": Role.MELODY, "melodies": Role.MELODY,
    "chords": Role.HARMONY, "chord": Role.HARMONY, "accompaniment": Role.HARMONY,
    "countermelody": Role.COUNTER, "counter-melody": Role.COUNTER, "second voice": Role.COUNTER,
    "bassline": Role.BASS, "bass line": Role.BASS,
}  # fmt: skip
"""What people call a role."""
MOST_PLAYERS = len(Role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the request's lists say: instruments by name, and what is left out: instruments, and roles."""

    instruments: tuple[str, ...]
    unwanted: tuple[str, ...]
    roles_off: frozenset[Role]


def split_names(texts: Iterable[str]) -> tuple[str, ...]:
    """`["flute, rhodes", "bass"]` → its names, each once, in lower case with tidy spaces."""
    names = [" ".join(name.lower().split()) for text in texts for name in re.split(r"[,;]|\band\b|&", text)]
    return tuple(dict.fromkeys(name for name in names if name))


def role_called(name: str) -> Role | None:
    """The role that `name` means, or None."""
    return ROLE_NAMES.get(name)


def read_asked(instruments: Sequence[str], without: Sequence[str]) -> Asked:
    """Read the two lists. Raises `BadRequest` for a name that is none, too many players, and a contradiction."""
    wanted = tuple(dict.fromkeys(_instrument(name) for name in split_names(instruments)))
    if len(wanted) > MOST_PLAYERS:
        raise BadRequest(f"{len(wanted)} instruments are asked for; up to {MOST_PLAYERS}, one a part, would work.")
    unwanted: list[str] = []
    off: set[Role] = set()
    for name in split_names(without):
        bare = re.sub(r"^(?:any|the|an?|no)\s+", "", name)
        role = role_called(bare)
        if role is not None:
            off.add(role)
        else:
            unwanted.append(_instrument(bare))
    if len(off) == len(Role):
        raise BadRequest("All parts are left out; leaving one of them in would work.")
    asked = Asked(instruments=wanted, unwanted=tuple(dict.fromkeys(unwanted)), roles_off=frozenset(off))
    for name in wanted:
        if _is_off(name, asked):
            raise BadRequest(f"The instrument {name!r} is asked for and left out at once; one of the two would work.")
    return asked


def settle(wishes: Wishes, asked: Asked) -> tuple[Wishes, list[str]]:
    """The wishes as the options leave them, and what a person should know about it."""
    notices: list[str] = []
    if asked.instruments:
        notices += _said_otherwise(wishes, asked)
        wanted, alone = asked.instruments, True
        unwanted = tuple(name for name in wishes.unwanted_instruments if not _clash(name, wanted))
        off = frozenset(role for role in wishes.roles_off if not any(_only_role(n) is role for n in wanted))
        if off >= set(Role):
            off = frozenset()
    else:
        wanted = tuple(name for name in wishes.instruments if not _is_off(name, asked))
        alone = wishes.alone and bool(wanted)
        unwanted, off = wishes.unwanted_instruments, wishes.roles_off
        if dropped := [name for name in wishes.instruments if name not in wanted]:
            names = " and ".join(dropped)
            notices.append(f"The prompt asks for {names}, the option leaves that out: the option was followed.")
    settled = replace(
        wishes,
        instruments=wanted,
        alone=alone,
        unwanted_instruments=tuple(dict.fromkeys((*unwanted, *asked.unwanted))),
        roles_off=off | asked.roles_off,
    )
    return settled, notices


def _said_otherwise(wishes: Wishes, asked: Asked) -> list[str]:
    """What the prompt says about players that the list of instruments overrules."""
    notices = []
    if more := [name for name in wishes.instruments if name not in asked.instruments]:
        names = " and ".join(more)
        notices.append(f"The prompt asks for {names}, the option for other instruments: the option was followed.")
    forbidden = [name for name in wishes.unwanted_instruments if _clash(name, asked.instruments)]
    forbidden += [role.value for role in wishes.roles_off if any(_only_role(n) is role for n in asked.instruments)]
    if forbidden:
        names = " or ".join(sorted(forbidden))
        notices.append(f"The prompt wants no {names}, the option asks for it: the option was followed.")
    return notices


def _instrument(name: str) -> str:
    """A name of `INSTRUMENTS`. Raises `BadRequest` with the nearest names."""
    found = instrument_called(name)
    if found is None:
        near = difflib.get_close_matches(name, [*INSTRUMENTS, *ROLE_NAMES], n=3, cutoff=0.6)
        would = ", ".join(repr(word) for word in near or ("flute", "piano", "upright bass"))
        raise BadRequest(f"The instrument {name[:40]!r} is not known; {would} would work.")
    return found


def _only_role(name: str) -> Role | None:
    """The role of an instrument that has just one."""
    roles = INSTRUMENTS[name].roles
    return roles[0] if len(roles) == 1 else None


def _is_off(name: str, asked: Asked) -> bool:
    """Whether options leave the instrument out: itself, its family, or every role that it could play."""
    instrument = INSTRUMENTS[name]
    forbidden = forbidden_programs(asked.unwanted)
    by_family = bool(instrument.programs) and forbidden >= set(instrument.programs)
    return name in asked.unwanted or by_family or asked.roles_off >= set(instrument.roles)


def _clash(name: str, wanted: Sequence[str]) -> bool:
    """Whether leaving `name` out would leave out a wanted instrument."""
    forbidden = forbidden_programs([name])
    return any(name == other or forbidden & set(INSTRUMENTS[other].programs) for other in wanted)
