"""A style is data: a folder `engine/styles/<name>/` with `style.toml`, a checkpoint and a card; this module reads the
toml.

In: folder names. Out: `Style` values. Conventions: a role absent from `[roles.*]` does not play in the style. Unknown
keys in a `style.toml` are errors. Caveat: styles are found by listing the folder, so a new folder is a new style,
without code.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from engine.errors import BadRequest
from engine.music.harmony import Mode
from engine.music.notes import Role
from engine.music.taste import StyleTaste
from engine.music.touch import Double, Touch

T = TypeVar("T")
STYLES_DIR = Path(__file__).resolve().parent.parent / "styles"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """How a style casts one role.

    `programs`: General MIDI programs, most usual first (drums: kits). `low`, `high`: playable MIDI pitches, inclusive.
    `pan` −1…1, `gain_db`, `reverb` and `chorus` sends 0…1. `density`: usual notes a bar of the
    style's first meter. `presence`: share of bars in which the role plays, 0…1 (below 0.5 it enters in louder sections
    only; below 0.4 it is missing from some songs).
    """

    programs: tuple[int, ...]
    low: int
    high: int
    density: float
    presence: float = 1.0
    pan: float = 0.0
    gain_db: float = 0.0
    reverb: float = 0.2
    chorus: float = 0.0
    doubles: tuple[Double, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """A server's version of a style. `folder`: where it lies, files as in a style's own folder; `sha256`: of its
    weights, `parent_sha256`: of those that it began as, empty where that is not known; `uploads`: how many of the
    server's pieces it learnt from, `voted`: votes on how many songs.
    """

    model_id: str
    version: int
    folder: Path
    sha256: str = ""
    parent_sha256: str = ""
    uploads: int = 0
    voted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """Everything that is written about a style (the learnt part is its checkpoint).

    `tempo_low`–`tempo_high` bound a tempo that nobody asked for; `tempo_usual` is its centre. `swing` is the off-beat
    eighth's position in the beat: .5 straight, .667 triplet. `major_share`: how often an unasked mode is major.
    `progressions[mode]`: lists of Roman numerals, one a bar (`"ii7 V7"` in one bar is written `"ii7|V7"`).
    `cadences[mode]`: two bars that close a section. `descriptions`: sentences for the text encoder.
    `master`: the mastering chain's name. `voices`: what plays, `soundfont` or `chip`. `temperature`, `top_p`: decoding.
    `forms`: section orders, a letter a section (`i` intro, `A` verse, `B` chorus, `C` and `D` bridge, `x` break, `o`
    outro). `cadence_share`: how often a section that is not the last closes with a cadence. `walk_share`: how often a
    label's chords are walked along the style's measured habits instead of taken from `progressions`. `strictness`:
    factor on what tones outside the chord cost; below 1 the network is trusted more. `leans`: measure
    (`bass_repeats`, `melody_steps`…) → nats by which the network is led away from its own average, as measured by
    `tunesmith evaluate`. `modulations`: keys that a section other than the first and last may be in, as numerals of
    the home key (`V`, `vi`), and `modulation_share` how often it is. `section_bars`: the chorus that the style is
    made of (12 in the blues): verses, choruses and bridges are one or more of it where the song's length allows, and
    progressions of that length fill them; 0: any length. `blue_notes`: semitones above the tonic that tunes may sing
    as if the scale had them. `ensembles`: role → program, casts that belong together; a role that an ensemble does
    not name is drawn from its part. `touch`: how the notes are played. `parent`: of a server's own style the shipped
    one that it began as; `taught`: what its server's uploads made of it; `taste`: what its server's votes say of it.
    """

    name: str
    title: str
    aliases: tuple[str, ...]
    descriptions: tuple[str, ...]
    tempo_low: float
    tempo_usual: float
    tempo_high: float
    meters: tuple[str, ...]
    major_share: float
    energy: float
    swing: float
    progressions: dict[Mode, tuple[tuple[str, ...], ...]]
    cadences: dict[Mode, tuple[tuple[str, ...], ...]]
    parts: dict[Role, Part]
    master: str
    voices: str = "soundfont"
    temperature: float = 1.0
    top_p: float = 0.95
    forms: tuple[str, ...] = ("ABA", "iABAo", "iABABo", "iABABCBo")
    cadence_share: float = 1.0
    walk_share: float = 0.0
    strictness: float = 1.0
    leans: dict[str, float] = field(default_factory=dict)
    modulations: dict[Mode, tuple[str, ...]] = field(default_factory=dict)
    modulation_share: float = 0.0
    section_bars: int = 0
    blue_notes: tuple[int, ...] = ()
    ensembles: tuple[dict[Role, int], ...] = ()
    touch: Touch = field(default_factory=Touch)
    parent: str = ""
    taught: Taught | None = None
    taste: StyleTaste | None = None

    @property
    def root(self) -> str:
        """The shipped style that this one is, or began as."""
        return self.parent or self.name

    @property
    def folder(self) -> Path:
        """Where the shipped style's checkpoint and card lie."""
        return STYLES_DIR / self.root

    def folder_of(self, file: str) -> Path:
        """Where this file of the style lies, if it has one: with what was taught; what that lacks of a shipped style,
        with the style. A server's own style, once it is taught, has nothing of its parent's.
        """
        if self.taught is not None and (self.parent or (self.taught.folder / file).is_file()):
            return self.taught.folder
        return self.folder


def style_names() -> tuple[str, ...]:
    """Names of all styles, sorted."""
    return tuple(sorted(path.parent.name for path in STYLES_DIR.glob("*/style.toml")))


@cache
def load_style(name: str) -> Style:
    """Read a style; raises `BadRequest` naming the known ones if there is none called `name`."""
    if name not in style_names():
        raise BadRequest(f"The style {name!r} is not known; {', '.join(style_names())} would work.")
    with (STYLES_DIR / name / "style.toml").open("rb") as file:
        raw: dict[str, Any] = tomllib.load(file)
    parts = {Role(role): _part(values) for role, values in raw.pop("roles").items()}
    touch = _touch(raw.pop("touch", {}))
    for table in ("progressions", "cadences"):
        raw[table] = {Mode(mode): tuple(tuple(row.split()) for row in rows) for mode, rows in raw[table].items()}
    raw["modulations"] = {Mode(mode): tuple(keys) for mode, keys in raw.get("modulations", {}).items()}
    ensembles = [{Role(role): program for role, program in row.items()} for row in raw.pop("ensembles", [])]
    return _strict(Style, {**raw, "name": name, "parts": parts, "ensembles": ensembles, "touch": touch})


def _part(values: dict[str, Any]) -> Part:
    doubles = tuple(_strict(Double, row) for row in values.pop("doubles", []))
    return replace(_strict(Part, values), doubles=doubles)


def _touch(values: dict[str, Any]) -> Touch:
    late_ms = {Role(role): late for role, late in values.pop("late_ms", {}).items()}
    pedal = tuple(Role(role) for role in values.pop("pedal", []))
    return replace(_strict(Touch, values), late_ms=late_ms, pedal=pedal)


def _strict(kind: type[T], values: dict[str, Any]) -> T:
    """Build the dataclass `kind`; lists become tuples; unknown keys raise `ValueError`."""
    known = {f.name for f in fields(kind)}  # type: ignore[arg-type]
    if unknown := set(values) - known:
        raise ValueError(f"unknown keys for {kind.__name__}: {', '.join(sorted(unknown))}")
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})
