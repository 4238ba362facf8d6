"""`tunesmith plan`: words in, everything that is decided before the first note out."""

from __future__ import annotations

from pathlib import Path

import typer

from engine.cli.batch import Answering, answer_all
from engine.cli.compose import (
    AdventureOption,
    AgainOption,
    BarsOption,
    BpmOption,
    ChordsOption,
    ContinueOption,
    EnergyOption,
    EngineOption,
    InstrumentsOption,
    JsonOption,
    KeepOption,
    KeyOption,
    MeterOption,
    MoodOption,
    PromptArgument,
    SecondsOption,
    SeedOption,
    StyleOption,
    WithoutOption,
)
from engine.cli.wish import Options, prompt_or_default
from engine.settings import Settings

OUT = Path("out")
"""Where `compose` puts its songs: `--again` looks here, and in the data folder."""


def plan(
    prompt: PromptArgument = None,
    *,
    style: StyleOption = None,
    seconds: SecondsOption = None,
    bpm: BpmOption = None,
    key: KeyOption = None,
    meter: MeterOption = None,
    seed: SeedOption = None,
    mood: MoodOption = None,
    energy: EnergyOption = None,
    adventure: AdventureOption = None,
    instruments: InstrumentsOption = None,
    without: WithoutOption = None,
    chords: ChordsOption = None,
    bars: BarsOption = None,
    engine: EngineOption = "network",
    continuing: ContinueOption = None,
    again: AgainOption = None,
    keep: KeepOption = None,
    as_json: JsonOption = False,
) -> None:
    """Plan a song without composing it: style, tempo, key, form, chords, instruments, and where each came from."""
    from rich.console import Console

    from engine.compose.pipeline import Composer
    from engine.compose.plan import plan_to_json, plan_to_table

    composer, console = Composer(Settings.read()), Console()
    options = Options(
        style=style,
        seconds=seconds,
        bpm=bpm,
        key=key,
        meter=meter,
        seed=seed,
        mood=mood,
        energy=energy,
        adventure=adventure,
        instruments=tuple(instruments or ()),
        without=tuple(without or ()),
        chords=chords,
        bars=bars,
        engine=engine,
        continuing=continuing,
        again=again,
        keep=tuple(keep or ()),
    )
    answering = Answering(
        work=lambda request: composer.plan(request, OUT),
        to_json=plan_to_json,
        show=lambda made: console.print(plan_to_table(made)),
    )
    raise typer.Exit(answer_all(prompt_or_default(prompt, options), options, answering, as_json=as_json))
