"""Which style, mood, energy and adventure a song shall have: what was asked, told in words, or meant by them.

In: a draft whose meaning has been read. Out: a blend of styles, energy and adventure 0…1, the draft's mood.
Conventions: an option beats words that name a style, these beat the words' meaning, that beats the usual style. Caveat:
two styles of a prompt are blended, more are left aside with a notice.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.compose.blend import ASIDE_WEIGHT, read_blend
from engine.compose.draft import Draft
from engine.compose.mood import mood_of
from engine.compose.plan import blend_text
from engine.compose.prompt import reading_of_pace
from engine.compose.words.moods import read_mood
from engine.errors import BadRequest
from engine.music.styles import Style

LEAST_SHARE = 0.25
"""A prompt whose likeliest style is less likely than this, or than speaking for none, says nothing about style."""
USUAL_ADVENTURE = 0.5


def choose_blend(draft: Draft, default_style: str) -> dict[str, float]:
    """The asked style or blend, what the prompt names, the style that it means, or the default one."""
    wishes, meaning = draft.wishes, draft.meaning
    draft.scores = {n: share for n, share in meaning.styles.items() if n not in wishes.unwanted_styles}
    if draft.request.style is not None:
        blend = read_blend(draft.request.style, draft.shelf)
        same = all(style in blend for style in wishes.styles) and not set(blend) & set(wishes.unwanted_styles)
        said = draft.overruled("style", same=same) or draft.overruled("not style", same=same)
        draft.asked("style", blend_text(blend), said=said)
    elif wishes.styles:
        blend = _told_blend(draft)
    else:
        style, draft.sources["style"] = _guess_style(draft, default_style)
        blend = {style: 1.0}
        if wishes.other_genres:
            draft.notices.append(f"There is no style called {wishes.other_genres[0]} yet; {style} was taken.")
    draft.scores = draft.scores or blend
    return blend


def _guess_style(draft: Draft, default_style: str) -> tuple[str, str]:
    """The style that the prompt means, if it means one; with the source."""
    scores = draft.scores
    best = max(scores, key=lambda name: scores[name], default=None)
    if best is not None and scores[best] >= max(LEAST_SHARE, draft.meaning.open):
        return best, "encoder"
    unwanted = draft.wishes.unwanted_styles
    usable = [name for name in (default_style, *draft.shelf.names()) if name not in unwanted]
    if not usable:
        raise BadRequest(f"The prompt {draft.wishes.text[:60]!r} wants no style; leaving one allowed would work.")
    if usable[0] != default_style and best is not None:
        return best, "encoder"
    return draft.shelf.style(usable[0]).name, "default"


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


def note_mood(draft: Draft) -> None:
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


def choose_energy(draft: Draft, style: Style) -> float:
    """How loud and dense, 0…1: the asked one, else what style and words make of it."""
    asked = draft.request.energy
    if asked is not None:
        draft.asked("energy", float(asked))
        draft.mood = replace(draft.mood, energy=2 * float(asked) - 1)
        return round(float(asked), 3)
    return round(float(np.clip(style.energy + 0.3 * draft.mood.energy + 0.1 * (draft.wishes.pace or 0), 0.1, 1)), 3)


def choose_adventure(draft: Draft) -> float:
    """How daring the notes are, 0…1."""
    if draft.request.adventure is None:
        draft.sources["adventure"] = "default"
        return USUAL_ADVENTURE
    draft.asked("adventure", float(draft.request.adventure))
    return float(draft.request.adventure)
