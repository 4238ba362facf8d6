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

from engine.compose.arrange import Ensemble, arrange
from engine.compose.blend import mix_styles
from engine.compose.draft import Draft
from engine.compose.form import shape
from engine.compose.harmonise import Tonality, harmonise
from engine.compose.likeness import (
    Wanted,
    draw_profile,
    groove_after,
    returning_after,
    variation_after,
)
from engine.compose.lineup import line_up
from engine.compose.meant import choose_adventure, choose_blend, choose_energy, note_mood
from engine.compose.opening import open_draft
from engine.compose.plan import Plan
from engine.compose.pulse import Limits, choose_meter, choose_pulse, lean_of, near_tempo, pace_of
from engine.compose.reasons import explain_plan
from engine.compose.request import ComposeRequest
from engine.compose.seeds import with_primer
from engine.compose.taught import check_sound
from engine.compose.tempo import bar_seconds, unit_bars
from engine.compose.title import Character, make_title
from engine.compose.tonality import BRIGHT_MODES, choose_key, lay_chords
from engine.music.habits import FILE, load_habits
from engine.music.harmony import Key
from engine.music.notes import Song
from engine.music.shelf import SHIPPED, Shelf
from engine.music.styles import Style
from engine.music.timing import Meter
from engine.text.meaning import WordWeight

if TYPE_CHECKING:
    from engine.text.reader import Reader


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

    def plan(
        self,
        request: ComposeRequest,
        *,
        seed: int | None = None,
        before: Song | None = None,
        shelf: Shelf = SHIPPED,
    ) -> Plan:
        """Plan a song. The seed is the request's, else the prompt's, else `seed`, else a fresh one. `before`: the song
        to go on from; `shelf`: the styles to choose from.

        Raises `BadRequest` for anything in the request that cannot be met, `UnsoundModel` for a server's damaged model.
        """
        draft = open_draft(request, seed=seed, before=before, max_seconds=self._limits.max_seconds, shelf=shelf)
        self._read_meanings([draft])
        plan = self._decide(draft)
        return replace(plan, explanation=explain_plan(draft, plan, self._deciding_words(plan, draft)))

    def plan_all(self, requests: Sequence[ComposeRequest]) -> tuple[Plan, ...]:
        """Plan several songs at once: their meanings are read in one batch. Which words decided is not looked for, as
        it costs an embedding a word.
        """
        limits = self._limits
        drafts = [open_draft(request, seed=None, before=None, max_seconds=limits.max_seconds) for request in requests]
        self._read_meanings(drafts)
        plans = [self._decide(draft) for draft in drafts]
        return tuple(
            replace(plan, explanation=explain_plan(draft, plan)) for draft, plan in zip(drafts, plans, strict=True)
        )

    def _deciding_words(self, plan: Plan, draft: Draft) -> tuple[WordWeight, ...]:
        """Which words spoke for the plan's style; none where the style was not chosen by meaning."""
        if self._reader is None or plan.sources["style"] != "encoder":
            return ()
        return self._reader.explain(draft.text, plan.style, _descriptions(draft.shelf))

    def _decide(self, draft: Draft) -> Plan:
        """Everything else, one decision after the other; the explanation is still to come."""
        request, before = draft.request, draft.before
        blend = choose_blend(draft, self._default_style)
        draft.words = f"{next(iter(blend))} {draft.wishes.rest.lower()}"
        for name in blend:
            check_sound(draft.shelf.style(name))
        draft.notices += draft.shelf.noticed(tuple(blend))
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
        cast, there = line_up(draft, style, pulse.meter, profile, energy=energy)
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
        return plan if before is not None else with_primer(plan, draft.rng("primer"), draft.shelf)

    def _read_meanings(self, drafts: Sequence[Draft]) -> None:
        """What the words mean that were not read one by one, and the asked moods with them; all of one shelf."""
        if self._reader is not None and drafts:
            asked = [draft for draft in drafts if draft.request.mood is not None and draft.wishes.rest]
            texts = [*(draft.text for draft in drafts), *(str(d.request.mood) for d in asked)]
            read = self._reader.read(texts, _descriptions(drafts[0].shelf))
            for draft, meaning in zip(drafts, read, strict=False):
                draft.meaning = draft.feeling = meaning
            for draft, meaning in zip(asked, read[len(drafts) :], strict=True):
                draft.feeling = meaning


def _descriptions(shelf: Shelf) -> Mapping[str, Sequence[str]] | None:
    """What a reader is told of a shelf: nothing where it knows all of its styles anyway."""
    return shelf.descriptions() if shelf.own else None


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
