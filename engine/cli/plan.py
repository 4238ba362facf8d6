"""`tunesmith plan`: words in, everything that is decided before the first note out."""

from __future__ import annotations

import typer

from engine.cli.batch import Answering, answer_all
from engine.cli.compose import (
    BpmOption,
    JsonOption,
    KeyOption,
    MeterOption,
    PromptArgument,
    SecondsOption,
    SeedOption,
    StyleOption,
)
from engine.cli.wish import Options
from engine.settings import Settings


def plan(
    prompt: PromptArgument,
    *,
    style: StyleOption = None,
    seconds: SecondsOption = None,
    bpm: BpmOption = None,
    key: KeyOption = None,
    meter: MeterOption = None,
    seed: SeedOption = None,
    as_json: JsonOption = False,
) -> None:
    """Plan a song without composing it: style, tempo, key, form, chords, instruments, and where each came from."""
    from rich.console import Console

    from engine.compose.pipeline import Composer
    from engine.compose.plan import plan_to_json, plan_to_table

    composer, console = Composer(Settings.read()), Console()
    options = Options(style=style, seconds=seconds, bpm=bpm, key=key, meter=meter, seed=seed)
    answering = Answering(
        work=composer.plan, to_json=plan_to_json, show=lambda made: console.print(plan_to_table(made))
    )
    raise typer.Exit(answer_all(prompt, options, answering, as_json=as_json))
