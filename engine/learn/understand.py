"""Training and judging the head: written prompts in, a head and figures out.

In: a loaded text encoder, the styles. Out: a `Head` with its facts, or reports a set of held-out prompts. Conventions:
what is judged is what a planner would use (`Reader`); the zero-shot baseline compares the same embeddings with the
styles' descriptions. Caveat: embeddings come from this machine's processor; on another one the last digits differ.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
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
from engine.learn.train_head import HeadRecipe, train_head
from engine.text.encoder import TextEncoder
from engine.text.head import Head, labels_of, save_head
from engine.text.meaning import NOTHING, Meaning
from engine.text.reader import Reader

Descriptions = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One held-out set and how well it was understood; `zero_shot`: the baseline's top 1 and top 2."""

    name: str
    report: HeadReport
    zero_shot: tuple[float, float]


def make_head(encoder: TextEncoder, styles: Sequence[str], path: Path, recipe: HeadRecipe | None = None) -> Head:
    """Train the head on all training prompts of `styles` and write it to `path`."""
    recipe = recipe or HeadRecipe()
    labels = labels_of(styles)
    prompts = [prompt for prompt in all_training_prompts() if prompt.style in labels]
    rows = encoder.embed([prompt.text for prompt in prompts])
    head = train_head(rows, prompts, labels, recipe)
    save_head(head, path, facts={"prompts": len(prompts), **dataclasses.asdict(recipe)})
    return head


def judge(reader: Reader, styles: Descriptions, folder: Path = PROMPTS_DIR) -> tuple[Judged, ...]:
    """Every held-out set: the English one first, then the other languages."""
    sets = {"English": held_out_prompts(folder)}
    sets |= {language: prompts_in(language, "heldout", folder) for language in languages(folder)}
    return tuple(judge_set(name, reader, styles, prompts) for name, prompts in sets.items())


def judge_set(name: str, reader: Reader, styles: Descriptions, prompts: Sequence[Labelled]) -> Judged:
    """One set of prompts."""
    texts = [prompt.text for prompt in prompts]
    baseline = report_on(zero_shot(reader.encoder, texts, styles), prompts)
    return Judged(name=name, report=report_on(reader.read(texts), prompts), zero_shot=(baseline.top1, baseline.top2))


def zero_shot(encoder: TextEncoder, texts: Sequence[str], styles: Descriptions) -> tuple[Meaning, ...]:
    """What the encoder alone makes of texts: the nearest descriptions, no moods."""
    rows = encoder.embed(texts)
    return tuple(dataclasses.replace(NOTHING, styles=encoder.shares_of(row, styles), open=0.0) for row in rows)
