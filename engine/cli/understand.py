"""`tunesmith understand`: how well prompts are understood, on prompts that nothing was learnt from; or learn it anew.

Conventions: figures go to standard output as a table, mistakes after it with `--mistakes`. Caveat: training takes
about 25 minutes on two cores, and replaces the head only when it is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from engine.learn.understand import Judged
    from engine.text.meaning import Meaning
    from engine.text.reader import Reader

COLUMNS = (
    "held out",
    "prompts",
    "top 1",
    "top 2",
    "zero-shot",
    "open found",
    "calibration error",
    "valence sign",
    "valence order",
    "energy order",
)


def understand(
    *,
    train: Annotated[bool, typer.Option("--train", help="Train the head anew first.")] = False,
    head: Annotated[Path | None, typer.Option(help="The head's file; the shipped one if left out.")] = None,
    mistakes: Annotated[bool, typer.Option("--mistakes", help="List what was misunderstood.")] = False,
) -> None:
    """Judge how prompts are understood: style, moods, confidence."""
    from rich.console import Console
    from rich.table import Table

    from engine.learn.understand import judge, make_head
    from engine.music.styles import load_style, style_names
    from engine.text.encoder import TextEncoder
    from engine.text.head import HEAD_PATH, load_head
    from engine.text.reader import Reader

    path = head or HEAD_PATH
    if train:
        make_head(style_names(), path, say=lambda line: typer.echo(line, err=True))
    descriptions = {name: load_style(name).descriptions for name in style_names()}
    reader = Reader.assemble(TextEncoder.load(), load_head(path), descriptions)
    judged = judge(lambda texts: as_planned(reader, texts), descriptions)
    table = Table(*COLUMNS)
    for one in judged:
        table.add_row(*_row(one))
    console = Console()
    console.print(table)
    if mistakes:
        for one in judged:
            for text, label, found, share in one.report.mistakes:
                console.print(f"{one.name}\t{label}\t{found} {share:.2f}\t{text}", markup=False, highlight=False)


def as_planned(reader: Reader, texts: Sequence[str]) -> tuple[Meaning, ...]:
    """Meanings with the moods that a plan takes: what the head hears, and plain mood words beside it."""
    from engine.compose.mood import mood_of
    from engine.compose.words.moods import read_mood

    meanings = reader.read(texts)
    moods = [mood_of(meaning, read_mood(text)) for meaning, text in zip(meanings, texts, strict=True)]
    return tuple(replace(meaning, mood=mood) for meaning, mood in zip(meanings, moods, strict=True))


def _row(judged: Judged) -> tuple[str, ...]:
    report = judged.report
    shares = (report.top1, report.top2, judged.zero_shot[0], report.open_found, report.calibration_error)
    moods = (report.valence_sign, report.valence_order, report.energy_order)
    return (judged.name, str(report.prompts), *(f"{share:.3f}" for share in (*shares, *moods)))
