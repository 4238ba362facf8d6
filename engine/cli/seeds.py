"""`tunesmith seeds`: a style's network writes its seed bank anew.

Caveat: it takes a minute or two a style; docs/training.md says when it is due.
"""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from engine.settings import Settings

MOST_SEEDS = 64


def seeds(
    style: Annotated[str, typer.Argument(help="The name of a style.")],
    *,
    count: Annotated[int, typer.Option(min=1, max=MOST_SEEDS, help="How many seeds.")] = 48,
    seed: Annotated[int, typer.Option(min=0, help="Decides everything that is left to chance.")] = 1,
) -> None:
    """Write a style's seed bank: passages of its own songs that others begin from."""
    from engine.compose.generate import SongWriter
    from engine.compose.sowing import Sowing, sow_bank
    from engine.music.styles import load_style

    folder, writer = load_style(style).folder, SongWriter.load(Settings.read().device)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(f"writing {style} songs", total=1.0)
        wanted = Sowing(style=style, count=count, seed=seed)
        held = sow_bank(wanted, writer, folder, lambda share: bar.update(task, completed=share))
    typer.echo(f"{folder / 'seeds.json'}")
    typer.echo(f"  {held} seeds")
