"""The plan of a song: everything decided before the first note, as a value, as JSON, and as tables to read.

In: the planner's decisions. Out: `Plan` and what shows it. Conventions: one `BarPlan` a bar; chords are real chords,
not numerals; lengths in seconds as the names say. Caveat: a plan holds no notes; those come from its seed and the
style's network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.compose.explain import Explanation
from engine.music.habits import Profile
from engine.music.harmony import Chord, Key
from engine.music.instruments import program_name
from engine.music.notes import Doubling, Role, Section
from engine.music.timing import Meter, ticks_to_seconds
from engine.text.meaning import NEUTRAL, Mood

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True, kw_only=True)
class BarPlan:
    """One bar: its two half-bar chords, who plays, how loud (0…1), and the earlier bar that it repeats, if any.

    `fresh`: roles that play something new in a bar that repeats another. `groove_of`: the earlier bar whose drums it
    repeats while the other roles play something new. `phrase_end`: a phrase
    of 4 or 8 bars ends here (cadence; drums may fill). `final`: the last sounding bar.
    """

    section: int
    chords: tuple[Chord, Chord]
    roles: frozenset[Role]
    energy: float
    copy_of: int | None = None
    groove_of: int | None = None
    fresh: frozenset[Role] = frozenset()
    phrase_end: bool = False
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Casting:
    """The instrument of a role: General MIDI program, its name, and the playable range (MIDI pitches, inclusive).

    `doubling`: the second instrument that plays along, if any.
    """

    program: int
    name: str
    low: int
    high: int
    density: float
    doubling: Doubling | None = None

    @property
    def names(self) -> str:
        """The instrument's name, and that of its doubling."""
        return self.name if self.doubling is None else f"{self.name} + {program_name(self.doubling.program)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A song before its notes.

    `seconds` is the asked length of the audio: the bars plus the time to ring out. `blend`: style → weight, the main
    style first. `energy` 0…1; `mood`: how it shall feel; `adventure` 0 plain … 1 daring; `engine`: who writes the
    notes, "network" or "rules". `sources`: field → where its value came from: "asked" (a field of the request),
    "prompt" (its words), "encoder" (its meaning), "style", "seed" (drawn), "length" (so that it fits), "chords" (those
    asked for are in this key), "file" (the MIDI file to go on from), "default". `requested`: field → value, where it
    was read, and the words. `style_scores`: style → share, from the encoder. `profile`: the real proportions that the
    song takes after, if the style has any. `primer`: the seed that the network reads first, if any, and
    `primer_mood`: how that feels, beside the style's other seeds. `taste`: style → version of the
    home's taste, where one was in force, and `moved`: what it changed, in words. `explanation`: why it is as it is.
    """

    prompt: str
    title: str
    style: str
    blend: Mapping[str, float]
    seed: int
    key: Key
    meter: Meter
    tempo_bpm: float
    swing: float
    energy: float
    seconds: float
    sections: tuple[Section, ...]
    bars: tuple[BarPlan, ...]
    cast: Mapping[Role, Casting]
    sources: Mapping[str, str]
    requested: Mapping[str, object]
    style_scores: Mapping[str, float]
    notices: tuple[str, ...] = field(default=())
    profile: Profile | None = None
    mood: Mood = NEUTRAL
    adventure: float = 0.5
    engine: str = "network"
    primer: str | None = None
    primer_mood: Mood | None = None
    taste: Mapping[str, int] = field(default_factory=dict)
    moved: tuple[str, ...] = ()
    explanation: Explanation | None = None

    @property
    def bar_s(self) -> float:
        """Seconds that a bar lasts."""
        return ticks_to_seconds(self.meter.bar_ticks, self.tempo_bpm)

    @property
    def tail_s(self) -> float:
        """Seconds from the last bar line to the end of the audio, in which the last chord rings out."""
        return self.seconds - len(self.bars) * self.bar_s


def chord_text(bar: BarPlan, key: Key) -> str:
    """`"Dm7"`, or `"Dm7 G7"` where the bar has two chords."""
    names = [chord.name(key) for chord in bar.chords]
    return names[0] if names[0] == names[1] else " ".join(names)


def blend_text(blend: Mapping[str, float]) -> str:
    """`"lofi"`, or `"jazz 70 % + lofi 30 %"`."""
    if len(blend) == 1:
        return next(iter(blend))
    return " + ".join(f"{style} {100 * weight:.0f} %" for style, weight in blend.items())


def plan_facts(plan: Plan) -> dict[str, Any]:
    """The decided value of each field that `Plan.sources` names, as plain JSON values."""
    return {
        "style": blend_text(plan.blend),
        "seed": plan.seed,
        "seconds": plan.seconds,
        "tempo": plan.tempo_bpm,
        "key": str(plan.key),
        "mode": plan.key.mode.value,
        "meter": str(plan.meter),
        "energy": plan.energy,
        "adventure": plan.adventure,
        "engine": plan.engine,
        "bars": len(plan.bars),
        "instruments": [casting.name for casting in plan.cast.values()],
    }


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """A plain JSON object with everything that was decided."""
    return {
        "prompt": plan.prompt,
        "title": plan.title,
        "style": plan.style,
        "blend": dict(plan.blend),
        "seed": plan.seed,
        "tempo_bpm": plan.tempo_bpm,
        "key": str(plan.key),
        "mode": plan.key.mode.value,
        "meter": str(plan.meter),
        "swing": plan.swing,
        "energy": plan.energy,
        "mood": plan.mood.to_json(),
        "adventure": plan.adventure,
        "engine": plan.engine,
        "seconds": plan.seconds,
        "tail_s": round(plan.tail_s, 3),
        "bars": len(plan.bars),
        "sections": [
            {
                "kind": section.kind.value,
                "label": section.label,
                "start_bar": section.start_bar,
                "bars": section.bars,
                "start_s": round(section.start_bar * plan.bar_s, 2),
                "chords": [chord_text(bar, plan.key) for bar in plan.bars[section.start_bar : section.end_bar]],
            }
            for section in plan.sections
        ],
        "bar_plans": [
            {
                "roles": sorted(role.value for role in bar.roles),
                "energy": bar.energy,
                "copy_of": bar.copy_of,
                "phrase_end": bar.phrase_end,
            }
            for bar in plan.bars
        ],
        "instruments": {
            role.value: {"program": c.program, "name": c.name, "low": c.low, "high": c.high, "density": c.density}
            for role, c in plan.cast.items()
        },
        "sources": dict(plan.sources),
        "requested": dict(plan.requested),
        "style_scores": {style: round(share, 4) for style, share in plan.style_scores.items()},
        "notices": list(plan.notices),
        "primer": plan.primer,
        "primer_mood": plan.primer_mood.to_json() if plan.primer_mood else None,
        **({"taste": dict(plan.taste)} if plan.taste else {}),
        "explanation": plan.explanation.to_json() if plan.explanation else None,
    }


def plan_to_table(plan: Plan) -> RenderableType:
    """What `tunesmith plan` shows: the decisions with their sources, the sections, the instruments."""
    from rich.console import Group  # noqa: PLC0415 (only a terminal needs rich)
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415 (what somebody typed is no markup)

    facts = Table(title=plan.title, title_justify="left", show_header=False, box=None)
    for name, value in (
        ("style", blend_text(plan.blend)),
        ("seed", plan.seed),
        ("seconds", f"{plan.seconds:g} ({len(plan.bars)} bars, {plan.tail_s:.1f} s to ring out)"),
        ("tempo", f"{plan.tempo_bpm:g} bpm"),
        ("key", plan.key),
        ("meter", plan.meter),
        ("energy", f"{plan.energy:.2f}"),
        ("adventure", f"{plan.adventure:.2f}"),
        ("engine", plan.engine),
    ):
        facts.add_row(name, str(value), f"[dim]{plan.sources.get(name, '')}[/dim]")
    form = Table("", "section", "bars", "from", "who plays", "chords", title="Form", title_justify="left")
    for section in plan.sections:
        bars = plan.bars[section.start_bar : section.end_bar]
        roles = [role.value for role in plan.cast if any(role in bar.roles for bar in bars)]
        repeated = sum(bar.copy_of is not None for bar in bars)
        chords = " | ".join(chord_text(bar, plan.key) for bar in bars)
        length = f"{section.bars}" + (f" ({repeated} return)" if repeated else "")
        start = section.start_bar * plan.bar_s
        form.add_row(section.label, section.kind.value, length, f"{start:.0f} s", ", ".join(roles), chords)
    cast = Table("role", "instrument", "range", title="Instruments", title_justify="left")
    for role, casting in plan.cast.items():
        cast.add_row(role.value, casting.names, f"{casting.low}–{casting.high}")
    notices = (Text(notice, style="yellow") for notice in plan.notices)
    return Group(facts, *([Text(plan.explanation.sentence)] if plan.explanation else ()), form, cast, *notices)
