"""What was measured on a server's uploads, for a style of its own: tempo, meters, who plays what and how much.

In: numbers, or `style.json` of a model's folder. Out: `Measured`, and the own style: its parent's, as measured.
Conventions: forms, progressions, mastering and all else that nobody can measure on eight songs stay the parent's; a
role that no upload has does not play. Caveat: what is not measured (None, no parts) stays as the parent has it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from engine.errors import CheckpointError
from engine.music.codec import from_plain, to_plain
from engine.music.notes import Role
from engine.music.styles import Part, Style, Taught
from engine.music.timing import METERS

FILE = "style.json"
FORMAT = 1
SLOWEST_BPM, FASTEST_BPM = 40.0, 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredPart:
    """How the uploads cast a role: General MIDI programs, most usual first; pitches between which nearly all of its
    notes lie (MIDI, inclusive); notes a bar in which it plays; share of bars in which it does, 0…1.
    """

    programs: tuple[int, ...]
    low: int
    high: int
    density: float
    presence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Tempos in quarter notes a minute: the usual range and its middle. `meters`: most usual first; `major_share`,
    `energy`, 0…1, and `swing` as in a `style.toml`.
    """

    tempo_low: float | None = None
    tempo_usual: float | None = None
    tempo_high: float | None = None
    meters: tuple[str, ...] = ()
    major_share: float | None = None
    energy: float | None = None
    swing: float | None = None
    parts: Mapping[Role, MeasuredPart] = field(default_factory=dict)

    def dumps(self) -> str:
        """The text of `style.json`."""
        return json.dumps({"format": FORMAT, **to_plain(self)}, indent=1) + "\n"


def load_measured(folder: Path) -> Measured:
    """What `style.json` in a model's folder says; nothing measured where there is none. Raises `CheckpointError`."""
    path = folder / FILE
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if (made := data.pop("format", None)) != FORMAT:
            raise ValueError(f"format {made!r}")
        measured = from_plain(Measured, data)
        _check(measured)
    except FileNotFoundError:
        return Measured()
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"The measures {path} are damaged ({error}); training anew makes them anew.") from error
    return measured


def own_style(
    name: str, parent: Style, description: str, *, measured: Measured | None = None, taught: Taught | None = None
) -> Style:
    """A server's own style: its parent's, under its own name, as measured on its uploads."""
    own = replace(
        parent,
        name=name,
        title=name[:1].upper() + name[1:],
        aliases=_aliases(name),
        descriptions=(description,) if description.strip() else (f"{name} music",),
        parent=parent.root,
        taught=taught,
    )
    return own if measured is None else _as_measured(own, measured)


def _as_measured(style: Style, measured: Measured) -> Style:
    plain = {"tempo_low", "tempo_usual", "tempo_high", "meters", "major_share", "energy", "swing"}
    known = {name: getattr(measured, name) for name in plain if getattr(measured, name) not in (None, ())}
    if not measured.parts:
        return replace(style, **known)
    parts = {role: _part(style.parts.get(role), measured.parts[role]) for role in Role if role in measured.parts}
    return replace(style, **known, parts=parts, ensembles=())


def _part(written: Part | None, measured: MeasuredPart) -> Part:
    """The parent's part as measured; of a role that the parent lacks, a plain one."""
    values = {f.name: getattr(measured, f.name) for f in fields(measured)}
    return Part(**values) if written is None else replace(written, **values)


def _aliases(name: str) -> tuple[str, ...]:
    """Other spellings of a name of several words: "drum-and-bass" is said "drum and bass", too."""
    words = [word for word in re.split(r"[\s_-]+", name.lower()) if word]
    said = (" ".join(words), "-".join(words), "".join(words))
    return tuple(dict.fromkeys(form for form in said if form != name))


def _check(measured: Measured) -> None:
    """Raise `ValueError` for numbers that no style can have."""
    tempos = [t for t in (measured.tempo_low, measured.tempo_usual, measured.tempo_high) if t is not None]
    if len(tempos) not in (0, 3) or tempos != sorted(tempos):
        raise ValueError("its tempos are no range")
    if any(not SLOWEST_BPM <= tempo <= FASTEST_BPM for tempo in tempos):
        raise ValueError(f"a tempo is not within {SLOWEST_BPM:g} and {FASTEST_BPM:g}")
    if any(meter not in METERS for meter in measured.meters):
        raise ValueError("a meter is not known")
    shares = [measured.major_share, measured.energy, *(part.presence for part in measured.parts.values())]
    if any(share is not None and not 0 <= share <= 1 for share in shares):
        raise ValueError("a share is not within 0 and 1")
    if measured.swing is not None and not 0.5 <= measured.swing <= 0.75:
        raise ValueError("its swing is not within 0.5 and 0.75")
    if measured.parts and measured.parts.keys() <= {Role.DRUMS}:
        raise ValueError("nobody plays a pitch")
    for role, part in measured.parts.items():
        if not part.programs or any(not 0 <= program <= 127 for program in part.programs):
            raise ValueError(f"the programs of {role.value} are none")
        if not 0 <= part.low <= part.high <= 127 or not part.density > 0:
            raise ValueError(f"the range or density of {role.value} is none")
