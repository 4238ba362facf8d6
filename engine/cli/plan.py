"""`tunesmith plan`: words in, everything that is decided before the first note out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from engine.cli.batch import answer_all
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
from engine.compose.request import ComposeRequest
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
    from engine.compose.pipeline import Composer
    from engine.compose.plan import plan_to_json

    composer = Composer(Settings.read())

    def work(request: ComposeRequest) -> Mapping[str, Any]:
        return plan_to_json(composer.plan(request))

    options = Options(style=style, seconds=seconds, bpm=bpm, key=key, meter=meter, seed=seed)
    raise typer.Exit(answer_all(prompt, options, as_json=as_json, work=work, show=_show))


def _show(plan: Mapping[str, Any]) -> None:
    """The plan as plain lines: names, values, where they came from."""
    for key, value in plan.items():
        if isinstance(value, list | dict):
            continue
        source = plan.get("sources", {}).get(key, "")
        typer.echo(f"{key:<12} {value}" + (f"  ({source})" if source else ""))
