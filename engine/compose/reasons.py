"""A plan's explanation, from the draft that it grew from.

In: a draft, its plan, and the words that decided, which the reader finds. Out: an `Explanation`. Convention: what was
asked for and what was inferred share no field.
"""

from __future__ import annotations

from engine.compose.draft import Draft
from engine.compose.explain import ORIGINS, Explanation, next_style
from engine.compose.plan import Plan, blend_text, plan_facts
from engine.text.meaning import NEUTRAL, WordWeight


def explain_plan(draft: Draft, plan: Plan, words: tuple[WordWeight, ...] = ()) -> Explanation:
    """Why the plan is as it is. `words`: those that decided its style."""
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
        words=words,
        moods={} if draft.mood == NEUTRAL else draft.mood.to_json(),
        asked=dict(plan.requested),
        moved=plan.moved,
        inferred={
            name: {"value": facts.get(name), "from": where, "why": ORIGINS.get(where, where)}
            for name, where in plan.sources.items()
            if name not in plan.requested
        },
    )
