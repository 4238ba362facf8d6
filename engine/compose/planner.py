"""A request → the plan of a song: every choice before the first note, and where it came from.

In: a `ComposeRequest`, and the song to go on from, if there is one. Out: a `Plan`. Conventions: a field of the request
beats the prompt's words, these beat the file, that beats the prompt's meaning (the text encoder), that beats the
style's habits. Chance comes from the seed alone, and each decision has its own generator, so that asking for another
key does not change the form. Caveat: what is asked is kept even where a style never does it (lofi in 3/4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from engine.compose.arrange import Ensemble, arrange
from engine.compose.blend import ASIDE_WEIGHT, mix_styles, read_blend
from engine.compose.casting import cast_of_file, choose_cast, forbidden_programs, presence, unplaced
from engine.compose.doubling import Terms, doubled
from engine.compose.draft import Draft
from engine.compose.explain import ORIGINS, Explanation, next_style
from engine.compose.feel import felt_cast, felt_presence
from engine.compose.form import shape
from engine.compose.harmonise import Tonality, harmonise
from engine.compose.likeness import (
    Wanted,
    cast_after,
    draw_profile,
    groove_after,
    presence_after,
    returning_after,
    variation_after,
)
from engine.compose.mixing.chip import imitated
from engine.compose.mood import NEUTRAL, mood_of
from engine.compose.opening import open_draft
from engine.compose.plan import Casting, Plan, blend_text, plan_facts
from engine.compose.prompt import reading_of_pace
from engine.compose.pulse import Limits, choose_meter, choose_pulse, lean_of, near_tempo, pace_of
from engine.compose.request import ComposeRequest
from engine.compose.seeds import with_primer
from engine.compose.tempo import bar_seconds, unit_bars
from engine.compose.title import Character, make_title
from engine.compose.tonality import BRIGHT_MODES, choose_key, lay_chords
from engine.compose.words.moods import read_mood
from engine.errors import BadRequest
from engine.music.habits import Profile, load_habits
from engine.music.harmony import Key
from engine.music.notes import Role, Song
from engine.music.styles import Style, load_style, style_names
from engine.music.timing import Meter
from engine.text.meaning import WordWeight

if TYPE_CHECKING:
    from engine.text.reader import Reader

LEAST_SHARE = 0.25
"""A prompt whose likeliest style is less likely than this, or than speaking for none, says nothing about style."""
USUAL_ADVENTURE = 0.5


class Planner:
    """Plans songs. `reader` None: prompts are read word by word only, and mean nothing beyond that."""

    def __init__(
        self,
        reader: Reader | None,
        *,
        max_seconds: float = 300.0,
        default_seconds: float = 60.0,
        default_style: str = "lofi",
    ) -> None:
        self._reader = reader
        self._limits = Limits(max_seconds=max_seconds, default_seconds=float(default_seconds))
        self._default_style = default_style

    def plan(self, request: ComposeRequest, *, seed: int | None = None, before: Song | None = None) -> Plan:
        """Plan a song. The seed is the request's, else the prompt's, else `seed`, else a fresh one. `before`: the song
        to go on from.

        Raises `BadRequest` for anything in the request that cannot be met.
        """
        draft = open_draft(request, seed=seed, before=before, max_seconds=self._limits.max_seconds)
        self._read_meanings([draft])
        plan = self._decide(draft)
        words = self.deciding_words(plan, draft.text)
        return plan if not words else replace(plan, explanation=replace(_explained(plan), words=words))

    def plan_all(self, requests: Sequence[ComposeRequest]) -> tuple[Plan, ...]:
        """Plan several songs at once: their meanings are read in one batch. Which words decided is not looked for, as
        it costs an embedding a word; `deciding_words` finds them later.
        """
        limits = self._limits
        drafts = [open_draft(request, seed=None, before=None, max_seconds=limits.max_seconds) for request in requests]
        self._read_meanings(drafts)
        return tuple(self._decide(draft) for draft in drafts)

    def deciding_words(self, plan: Plan, text: str) -> tuple[WordWeight, ...]:
        """Which words of `text` spoke for the plan's style; none where the style was not chosen by meaning."""
        if self._reader is None or plan.sources["style"] != "encoder":
            return ()
        return self._reader.explain(text, plan.style)

    def _decide(self, draft: Draft) -> Plan:
        """Everything else, one decision after the other."""
        request, before = draft.request, draft.before
        blend = self._choose_blend(draft)
        draft.words = f"{next(iter(blend))} {draft.wishes.rest.lower()}"
        style = mix_styles(blend, draft.rng("blend"))
        self._note_mood(draft)
        energy, adventure = _choose_energy(draft, style), _choose_adventure(draft)
        key, meter = choose_key(draft, style), choose_meter(draft, style)
        if before is not None:
            _note_file(draft, before, meter)
        habits = load_habits(style.folder)
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
        pulse = choose_pulse(draft, style, meter, profile, self._limits)
        bar_s = bar_seconds(pulse.meter, pulse.fit.tempo_bpm)
        forms = [form.removeprefix("i") for form in style.forms] if before is not None else style.forms
        sections = shape(
            pulse.fit.bars, bar_s=bar_s, forms=forms, rng=draft.rng("form"), section_bars=_section_bars(draft, style)
        )
        tonality = Tonality(
            style,
            key,
            pulse.meter,
            habits=habits.chords if habits else {},
            chords_per_bar=profile.chords_per_bar if profile else 1.0,
            variety_bits=profile.measures.get("chord_entropy") if profile else None,
            returning=returning_after(profile) if profile else 0.5,
            valence=draft.mood.valence,
        )
        chords = harmonise(sections, tonality, bar_s=bar_s, rng=draft.rng("chords"))
        if draft.progression is not None:
            chords = lay_chords(chords, sections, draft.progression, key)
        cast, there = _cast(draft, style, pulse.meter, profile)
        if before is None:
            cast = doubled(cast, style, _terms(draft, style, cast, energy), draft.rng("doubles"))
        ensemble = Ensemble(
            presence=there,
            energy=energy,
            phrase=unit_bars(bar_s),
            returning=returning_after(profile),
            groove_bars=groove_after(profile),
            riffs=profile is not None,
            varied=variation_after(profile),
        )
        plan = Plan(
            prompt=draft.wishes.text,
            title=_title(draft, style, key, energy),
            style=style.name,
            blend=blend,
            seed=draft.seed,
            key=key,
            meter=pulse.meter,
            tempo_bpm=pulse.fit.tempo_bpm,
            swing=profile.swing if profile else style.swing,
            energy=energy,
            seconds=pulse.seconds,
            sections=sections,
            bars=arrange(sections, chords, ensemble, draft.rng("bars")),
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
        plan = plan if before is not None else with_primer(plan, draft.rng("primer"))
        return replace(plan, explanation=_explain(draft, plan))

    def _choose_blend(self, draft: Draft) -> dict[str, float]:
        """The asked style or blend, what the prompt names, the style that it means, or the default one."""
        wishes, meaning = draft.wishes, draft.meaning
        draft.scores = {n: share for n, share in meaning.styles.items() if n not in wishes.unwanted_styles}
        if draft.request.style is not None:
            blend = read_blend(draft.request.style)
            same = all(style in blend for style in wishes.styles) and not set(blend) & set(wishes.unwanted_styles)
            said = draft.overruled("style", same=same) or draft.overruled("not style", same=same)
            draft.asked("style", blend_text(blend), said=said)
        elif wishes.styles:
            blend = _told_blend(draft)
        else:
            style, draft.sources["style"] = self._guess_style(draft)
            blend = {style: 1.0}
            if wishes.other_genres:
                draft.notices.append(f"There is no style called {wishes.other_genres[0]} yet; {style} was taken.")
        draft.scores = draft.scores or blend
        return blend

    def _read_meanings(self, drafts: Sequence[Draft]) -> None:
        """What the words mean that were not read one by one, and the asked moods with them."""
        if self._reader is not None:
            asked = [draft for draft in drafts if draft.request.mood is not None and draft.wishes.rest]
            read = self._reader.read([*(draft.text for draft in drafts), *(str(d.request.mood) for d in asked)])
            for draft, meaning in zip(drafts, read, strict=False):
                draft.meaning = draft.feeling = meaning
            for draft, meaning in zip(asked, read[len(drafts) :], strict=True):
                draft.feeling = meaning

    def _guess_style(self, draft: Draft) -> tuple[str, str]:
        """The style that the prompt means, if it means one; with the source."""
        scores = draft.scores
        best = max(scores, key=lambda name: scores[name], default=None)
        if best is not None and scores[best] >= max(LEAST_SHARE, draft.meaning.open):
            return best, "encoder"
        unwanted = draft.wishes.unwanted_styles
        usable = [name for name in (self._default_style, *style_names()) if name not in unwanted]
        if not usable:
            raise BadRequest(f"The prompt {draft.wishes.text[:60]!r} wants no style; leaving one allowed would work.")
        if usable[0] != self._default_style and best is not None:
            return best, "encoder"
        return load_style(usable[0]).name, "default"

    def _note_mood(self, draft: Draft) -> None:
        """The asked mood, else that of the prompt's words."""
        asked = draft.request.mood
        draft.mood = mood_of(draft.feeling, read_mood(draft.wishes.rest if asked is None else asked))
        draft.sources["energy"] = "encoder" if draft.mood.energy else "style"
        if asked is None:
            return
        draft.asked("mood", " ".join(asked.split()))
        paced = reading_of_pace(draft.wishes, asked)
        draft.pace_asked, draft.wishes = paced is not draft.wishes, paced
        draft.sources["energy"] = "asked"


def _explain(draft: Draft, plan: Plan) -> Explanation:
    """Why the plan is as it is, but for the words that decided."""
    source = plan.sources["style"]
    meant = source == "encoder"
    other, share = next_style(plan.style_scores, plan.style) if meant else (None, 0.0)
    facts = plan_facts(plan)
    return Explanation(
        style=blend_text(plan.blend),
        source=source,
        confidence=None if source == "default" else plan.style_scores.get(plan.style) if meant else 1.0,
        next_style=other,
        next_confidence=share,
        moods={} if draft.mood == NEUTRAL else draft.mood.to_json(),
        asked=dict(plan.requested),
        inferred={
            name: {"value": facts.get(name), "from": where, "why": ORIGINS.get(where, where)}
            for name, where in plan.sources.items()
            if name not in plan.requested
        },
    )


def _explained(plan: Plan) -> Explanation:
    assert plan.explanation is not None
    return plan.explanation


def _told_blend(draft: Draft) -> dict[str, float]:
    """The style that the prompt names, or its two, as much of each as it says; more are left aside."""
    main, *others = draft.wishes.styles
    aside = ASIDE_WEIGHT
    if draft.wishes.style_shares:
        first, second, *_ = draft.wishes.style_shares
        aside = round(second / (first + second), 4)
    if others[1:]:
        draft.notices.append(f"Up to two styles are read from a prompt; {', '.join(others[1:])} was left aside.")
    blend = {main: round(1 - aside, 4), others[0]: aside} if others else {main: 1.0}
    draft.told("style", blend_text(blend))
    return blend


def _choose_energy(draft: Draft, style: Style) -> float:
    """How loud and dense, 0…1: the asked one, else what style and words make of it."""
    asked = draft.request.energy
    if asked is not None:
        draft.asked("energy", float(asked))
        draft.mood = replace(draft.mood, energy=2 * float(asked) - 1)
        return round(float(asked), 3)
    return round(float(np.clip(style.energy + 0.3 * draft.mood.energy + 0.1 * (draft.wishes.pace or 0), 0.1, 1)), 3)


def _choose_adventure(draft: Draft) -> float:
    """How daring the notes are, 0…1."""
    if draft.request.adventure is None:
        draft.sources["adventure"] = "default"
        return USUAL_ADVENTURE
    draft.asked("adventure", float(draft.request.adventure))
    return float(draft.request.adventure)


def _cast(
    draft: Draft, style: Style, meter: Meter, profile: Profile | None
) -> tuple[dict[Role, Casting], Mapping[Role, float]]:
    """Who plays what, and in which share of the bars. Raises `BadRequest` for an asked instrument without a part."""
    wishes, before = draft.wishes, draft.before
    left = unplaced(style, wishes)
    if left and draft.request.instruments:
        raise BadRequest(f"The instrument {left[0]!r} finds no part beside the others; leaving it out would work.")
    if left:
        draft.notices.append(f"There is no part for {' and '.join(left)} beside the others.")
    if before is not None:
        cast = cast_of_file(before, style, wishes)
        if not wishes.instruments:
            draft.sources["instruments"] = "file"
        return cast, dict.fromkeys(cast, 1.0)
    cast = choose_cast(style, wishes, meter, draft.rng("cast"), brightness=draft.mood.brightness)
    asked = [role for role in cast if presence(style, role, wishes) >= 1 and wishes.instruments]
    cast = cast_after(profile, cast, style, list(cast) if wishes.alone else asked)
    if style.voices == "chip" and wishes.instruments:
        draft.notices += imitated({role: casting.program for role, casting in cast.items()})
    there = presence_after(profile, {role: presence(style, role, wishes) for role in cast})
    return felt_cast(cast, style, draft.mood), felt_presence(there, draft.mood)


def _terms(draft: Draft, style: Style, cast: Mapping[Role, Casting], energy: float) -> Terms:
    """What doublings must suit; who was asked for by name plays his part alone."""
    wishes = draft.wishes
    asked = [role for role in cast if wishes.instruments and presence(style, role, wishes) >= 1]
    return Terms(
        energy=energy,
        brightness=draft.mood.brightness,
        alone=list(cast) if wishes.alone else asked,
        forbidden=forbidden_programs(wishes.unwanted_instruments),
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
        style=style.name,
        style_title=style.title,
        key=key,
        energy=energy,
        valence=draft.mood.valence + (0.2 if key.mode in BRIGHT_MODES else -0.2),
    )
    return make_title(draft.wishes.text, character, draft.rng("title"))
