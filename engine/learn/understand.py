"""Training and judging the head: written prompts in, a head and figures out.

In: the styles. Out: a `Head`, or a report for each set of held-out prompts. Conventions: what is judged is whatever
reads texts as a planner does; the zero-shot baseline compares the untrained encoder's embeddings with the styles'
descriptions. Caveat: embeddings come from this machine's processor; on another one the last digits differ.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.learn.head_report import HeadReport, report_on
from engine.learn.prompts import (
    PROMPTS_DIR,
    Labelled,
    all_training_prompts,
    held_out_prompts,
    languages,
    prompts_in,
)
from engine.learn.train_head import HeadRecipe, Say, calibrated, train_head
from engine.text.encoder import TextEncoder
from engine.text.head import Head, labels_of, save_head
from engine.text.meaning import NOTHING, Meaning
from engine.text.reader import Reader

Descriptions = Mapping[str, Sequence[str]]
Read = Callable[[Sequence[str]], Sequence[Meaning]]

CALIBRATING = 8
"""Every so many-th usual training prompt is kept for fitting the confidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One held-out set and how well it was understood; `zero_shot`: the baseline's top 1 and top 2."""

    name: str
    report: HeadReport
    zero_shot: tuple[float, float]


def make_head(styles: Sequence[str], path: Path, *, recipe: HeadRecipe | None = None, say: Say = print) -> Head:
    """Train the head on all training prompts of `styles` and write it to `path`."""
    recipe = recipe or HeadRecipe()
    labels = labels_of(styles)
    learnt, left_out = split([prompt for prompt in all_training_prompts() if prompt.style in labels])
    head = train_head(TextEncoder.load(), learnt, labels, recipe, say)
    reader = Reader.assemble(TextEncoder.load(), head, {})
    head = calibrated(head, reader.encoder.features([prompt.text for prompt in left_out]), left_out)
    facts = {"learnt": len(learnt), "calibrated_on": len(left_out), **dataclasses.asdict(recipe)}
    save_head(head, path, facts=facts)
    return head


def split(prompts: Sequence[Labelled]) -> tuple[list[Labelled], list[Labelled]]:
    """Prompts to learn from, and every `CALIBRATING`-th usual one, by which the confidence is calibrated."""
    left_out = [prompt for prompt in prompts if prompt.usual][::CALIBRATING]
    texts = {prompt.text for prompt in left_out}
    return [prompt for prompt in prompts if prompt.text not in texts], left_out


def judge(read: Read, styles: Descriptions, folder: Path = PROMPTS_DIR) -> tuple[Judged, ...]:
    """Every held-out set: what people usually type, subtle prompts, then the other languages. `read`: texts to
    meanings.
    """
    sets = {"usual": held_out_prompts("usual", folder), "subtle": held_out_prompts("subtle", folder)}
    sets |= {language: prompts_in(language, "heldout", folder) for language in languages(folder)}
    encoder = TextEncoder.load()
    judged = []
    for name, prompts in sets.items():
        texts = [prompt.text for prompt in prompts]
        baseline = report_on(zero_shot(encoder, texts, styles), prompts)
        report = report_on(read(texts), prompts)
        judged.append(Judged(name=name, report=report, zero_shot=(baseline.top1, baseline.top2)))
    return tuple(judged)


def zero_shot(encoder: TextEncoder, texts: Sequence[str], styles: Descriptions) -> tuple[Meaning, ...]:
    """What the encoder alone makes of texts: the nearest descriptions, no moods."""
    rows = encoder.embed(texts)
    return tuple(dataclasses.replace(NOTHING, styles=encoder.shares_of(row, styles), open=0.0) for row in rows)
