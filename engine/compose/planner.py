"""A request → the plan of a song: every choice before the first note, and where it came from.

In: a `ComposeRequest`, and the song to go on from, if there is one. Out: a `Plan`. Conventions: a field of the request
beats the prompt's words, these beat the file, that beats the prompt's meaning (the text encoder), that beats the
style's habits. Chance comes from the seed alone, and each decision has its own generator, so that asking for another
key does not change the form. Where votes say which plans are liked, several are sketched and one is kept; the words
are read once. Caveat: what is asked is kept even where a style never does it (lofi in 3/4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.compose.draft import Draft
from engine.compose.leaning import leaning_of
from engine.compose.meant import choose_blend
from engine.compose.opening import open_draft
from engine.compose.plan import Plan
from engine.compose.pulse import Limits
from engine.compose.reasons import explain_plan
from engine.compose.request import ComposeRequest
from engine.compose.sketch import completed, preferred_sketch
from engine.compose.taught import check_sound
from engine.music.notes import Song
from engine.music.shelf import SHIPPED, Shelf
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
        draft, plan = self._decide(draft)
        return replace(plan, explanation=explain_plan(draft, plan, self._deciding_words(plan, draft)))

    def plan_all(self, requests: Sequence[ComposeRequest]) -> tuple[Plan, ...]:
        """Plan several songs at once: their meanings are read in one batch. Which words decided is not looked for, as
        it costs an embedding a word.
        """
        limits = self._limits
        drafts = [open_draft(request, seed=None, before=None, max_seconds=limits.max_seconds) for request in requests]
        self._read_meanings(drafts)
        decided = [self._decide(draft) for draft in drafts]
        return tuple(replace(plan, explanation=explain_plan(draft, plan)) for draft, plan in decided)

    def _deciding_words(self, plan: Plan, draft: Draft) -> tuple[WordWeight, ...]:
        """Which words spoke for the plan's style; none where the style was not chosen by meaning."""
        if self._reader is None or plan.sources["style"] != "encoder":
            return ()
        return self._reader.explain(draft.text, plan.style, _descriptions(draft.shelf))

    def _decide(self, draft: Draft) -> tuple[Draft, Plan]:
        """Everything else, and the draft that it ended in; the explanation is still to come."""
        blend = choose_blend(draft, self._default_style)
        draft.words = f"{next(iter(blend))} {draft.wishes.rest.lower()}"
        for name in blend:
            check_sound(draft.shelf.style(name))
        draft.notices += draft.shelf.noticed(tuple(blend))
        leaning = leaning_of(blend, draft.shelf)
        sketch = preferred_sketch(draft, blend, leaning, self._limits)
        return sketch.draft, replace(completed(sketch), taste=leaning.versions)

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
