"""A plan in two steps: a sketch (style, key, meter, tempo, players, primer), then form, chords and bars.

In: a draft whose style is chosen. Out: a `Sketch`; of several sketches the one that votes prefer; its `Plan`.
Conventions: each decision has its own generator, so that a plan is the same whether its steps are taken at once or
apart; sketches of one request differ in what the request leaves open, and in nothing else; the first one is what is
planned where nobody voted. A preferred sketch is the one of the highest worth (`worth_of`) with a little Gumbel noise,
which is a draw from the softmax of the worths (Gumbel, 1954). Caveat: a sketch's plan has no bars yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.compose.arrange import Ensemble, arrange
from engine.compose.blend import mix_styles
from engine.compose.draft import Draft
from engine.compose.form import shape
from engine.compose.harmonise import Tonality, harmonise
from engine.compose.leaning import Leaning
from engine.compose.likeness import Wanted, draw_profile, groove_after, returning_after, variation_after
from engine.compose.lineup import line_up
from engine.compose.meant import choose_adventure, choose_energy, note_mood
from engine.compose.plan import Plan
from engine.compose.pulse import Limits, choose_meter, choose_pulse, lean_of, near_tempo, pace_of
from engine.compose.seeds import with_primer
from engine.compose.tempo import bar_seconds, unit_bars
from engine.compose.title import Character, make_title
from engine.compose.tonality import BRIGHT_MODES, choose_key, lay_chords
from engine.compose.traits import plan_features
from engine.errors import BadRequest
from engine.music.habits import FILE, Habits, load_habits
from engine.music.harmony import Key
from engine.music.notes import Role, Song
from engine.music.styles import Style
from engine.music.timing import Meter

SKETCHES = 64
"""So many are drawn where votes say which are preferred: measured in docs/LOG.md."""
NOISE = 0.1
"""Of the draw among sketches, in log odds."""
FAR_ENOUGH = 2.5
"""Deviations of the sketches' scores: who is liked more than that is too unlike the style's usual songs."""
UNUSUAL = 0.1
"""Deviations of the scores that a sketch loses for each mean squared deviation of its features."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """`plan`: without title, sections and bars; `bars`: how many; `there`: role → share of the bars in which it plays.
    `habits`: of the style, if they were measured.
    """

    draft: Draft
    style: Style
    plan: Plan
    bars: int
    there: Mapping[Role, float]
    habits: Habits | None


def sketch_of(draft: Draft, blend: Mapping[str, float], limits: Limits) -> Sketch:
    """Sketch one plan. Raises `BadRequest` for what cannot be."""
    request, before = draft.request, draft.before
    style = mix_styles(blend, draft.rng("blend"), draft.shelf)
    note_mood(draft)
    energy, adventure = choose_energy(draft, style), choose_adventure(draft)
    key, meter = choose_key(draft, style), choose_meter(draft, style)
    if before is not None:
        _note_file(draft, before, meter)
    habits = load_habits(style.folder_of(FILE))
    wanted = Wanted(
        meter=str(meter),
        mode=key.mode,
        lean=lean_of(draft),
        tempo_bpm=near_tempo(draft),
        pace=pace_of(draft),
        density=draft.mood.density,
        brightness=draft.mood.brightness,
    )
    profile = draw_profile(habits, style, wanted, draft.rng("profile"))
    pulse = choose_pulse(draft, style, meter, profile, limits)
    cast, there = line_up(draft, style, pulse.meter, profile, energy=energy)
    plan = Plan(
        prompt=draft.wishes.text,
        title="",
        style=style.name,
        blend=blend,
        seed=draft.seed,
        key=key,
        meter=pulse.meter,
        tempo_bpm=pulse.fit.tempo_bpm,
        swing=profile.swing if profile else style.swing,
        energy=energy,
        seconds=pulse.seconds,
        sections=(),
        bars=(),
        cast=cast,
        sources=draft.sources,
        requested=draft.requested,
        style_scores=draft.scores,
        notices=tuple(draft.notices),
        profile=profile,
        mood=draft.mood,
        adventure=adventure,
        engine=request.engine,
    )
    if before is None:
        plan = with_primer(plan, draft.rng("primer"), draft.shelf)
    return Sketch(draft=draft, style=style, plan=plan, bars=pulse.fit.bars, there=there, habits=habits)


def preferred_sketch(draft: Draft, blend: Mapping[str, float], leaning: Leaning, limits: Limits) -> Sketch:
    """Of several sketches the one that the votes prefer; where they say nothing, the only one. Raises `BadRequest`
    where the first cannot be.
    """
    if not leaning.ranks_plans:
        return sketch_of(draft, blend, limits)
    others = [draft.another(variant) for variant in range(1, SKETCHES)]
    first = sketch_of(draft, blend, limits)
    sketches = [first]
    for other in others:
        try:
            sketches.append(sketch_of(other, blend, limits))
        except BadRequest:
            continue  # it drew a meter or a tempo with which the asked length and bars do not go
    features = [plan_features(sketch.plan) for sketch in sketches]
    worth = worth_of(features, [leaning.plan_score(own) for own in features])
    noise = draft.rng("taste").gumbel(0.0, NOISE, len(sketches))
    best = int(np.argmax(worth + noise))
    words = leaning.words("plan", features[best], features[0])
    if best == 0 or not words:
        return sketches[best]
    told = f"votes here chose among {len(sketches)} plans: {words}"
    plan = sketches[best].plan
    return replace(sketches[best], plan=replace(plan, moved=(told, *plan.moved)))


def worth_of(features: Sequence[Mapping[str, float]], scores: Sequence[float]) -> NDArray[np.float64]:
    """How much each sketch is preferred, in log odds `[N]`: most where its score lies `FAR_ENOUGH` deviations above the
    mean of all, and less the more unusual it is among them in everything, so that the style stays what it is.
    """
    table = np.array([list(own.values()) for own in features])
    spread, liked = table.std(axis=0), np.array(scores)
    z = (table - table.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    unusual = (z**2).mean(axis=1) if z.size else np.zeros(len(liked))
    deviation = float(liked.std())
    if not deviation:
        return np.zeros(len(liked))
    above = (liked - liked.mean()) / deviation
    worth: NDArray[np.float64] = deviation * (FAR_ENOUGH - np.abs(above - FAR_ENOUGH) - UNUSUAL * unusual)
    return worth


def completed(sketch: Sketch) -> Plan:
    """The whole plan."""
    draft, style, plan = sketch.draft, sketch.style, sketch.plan
    bar_s, profile = bar_seconds(plan.meter, plan.tempo_bpm), plan.profile
    forms = [form.removeprefix("i") for form in style.forms] if draft.before is not None else style.forms
    sections = shape(
        sketch.bars, bar_s=bar_s, forms=forms, rng=draft.rng("form"), section_bars=_section_bars(draft, style)
    )
    tonality = Tonality(
        style,
        plan.key,
        plan.meter,
        habits=sketch.habits.chords if sketch.habits else {},
        chords_per_bar=profile.chords_per_bar if profile else 1.0,
        variety_bits=profile.measures.get("chord_entropy") if profile else None,
        returning=returning_after(profile) if profile else 0.5,
        valence=draft.mood.valence,
    )
    chords = harmonise(sections, tonality, bar_s=bar_s, rng=draft.rng("chords"))
    if draft.progression is not None:
        chords = lay_chords(chords, sections, draft.progression, plan.key)
    ensemble = Ensemble(
        presence=sketch.there,
        energy=plan.energy,
        phrase=unit_bars(bar_s),
        returning=returning_after(profile),
        groove_bars=groove_after(profile),
        riffs=profile is not None,
        varied=variation_after(profile),
    )
    return replace(
        plan,
        title=_title(draft, style, plan.key, plan.energy),
        sections=sections,
        bars=arrange(sections, chords, ensemble, draft.rng("bars")),
    )


def _note_file(draft: Draft, before: Song, meter: Meter) -> None:
    """Note what was found in the file to go on from, and what of it cannot be gone on from."""
    facts = {"key": str(before.key), "tempo_bpm": round(before.tempo_bpm, 2), "meter": str(before.meter)}
    draft.asked("continue", {**facts, "bars": before.bars})
    if meter != before.meter:
        draft.notices.append(
            f"The file is in {before.meter} and the song in {meter}: it begins anew instead of going on."
        )
    elif draft.request.engine == "rules":
        draft.notices.append("The rules alone read no notes: of the file they take key, tempo, meter and instruments.")


def _section_bars(draft: Draft, style: Style) -> int:
    """Bars that a main section should have: as many as the asked chords, where those are whole phrases of four."""
    if draft.progression is not None and len(draft.progression.bars) % 4 == 0:
        return len(draft.progression.bars)
    return style.section_bars


def _title(draft: Draft, style: Style, key: Key, energy: float) -> str:
    character = Character(
        style=style.root,
        style_title=style.title,
        key=key,
        energy=energy,
        valence=draft.mood.valence + (0.2 if key.mode in BRIGHT_MODES else -0.2),
    )
    return make_title(draft.wishes.text, character, draft.rng("title"))
