"""`tunesmith train`: corpora in, a checkpoint's next version out.

Conventions: stopped with Ctrl-C and started again with the same words, it goes on where it was. Caveat: all of it takes
about an hour on two cores; docs/training.md says what of it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from engine.settings import Settings

if TYPE_CHECKING:
    from engine.learn.train import TrainRequest
    from engine.model.training import Report

DESCRIPTION = "{task.description}"


def train(
    target: Annotated[str, typer.Argument(help="base, the name of a style, or all: the base and every style.")] = "all",
    *,
    corpora: Annotated[Path, typer.Option(help="Folder with the unpacked corpora (docs/training.md).")] = Path(
        "corpora"
    ),
    work: Annotated[Path | None, typer.Option(help="Folder for what is kept between runs.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of styles that gets the checkpoint.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Training steps; the usual number if left out.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Decides everything that is left to chance.")] = 1,
    processes: Annotated[int, typer.Option(min=1, help="Processes that encode the corpora.")] = 2,
) -> None:
    """Train the base network or a style's; writes the next version beside the earlier ones."""
    from engine.learn.recipe import BASE
    from engine.learn.round import Round
    from engine.learn.train import TrainRequest
    from engine.music.styles import STYLES_DIR, style_names

    request = TrainRequest(
        target=BASE,
        corpora=corpora,
        work=work or Settings.read().data_dir / "training",
        out=out or STYLES_DIR,
        steps=steps,
        seed=seed,
        processes=processes,
    )
    if target != "all":
        _train_one(replace(request, target=target))
        return
    round_ = Round(request, (BASE, *style_names()))
    for name in round_.left():
        _train_one(replace(request, target=name))
        round_.finished(name)


def _train_one(request: TrainRequest) -> None:
    """One checkpoint, with a progress bar on standard error and the file's name on standard output."""
    from engine.learn.train import train as run

    target = request.target
    columns = (TextColumn(DESCRIPTION), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(f"training {target}", total=None)

        def on_report(report: Report, total: int) -> None:
            heard = "" if report.valid_nats is None else f" · held out {report.valid_nats:.3f}"
            words = f"training {target} · {report.train_nats:.3f} nats an event{heard}"
            bar.update(task, total=total, completed=report.step, description=words)

        trained = run(request, say=bar.console.print, on_report=on_report)
    typer.echo(f"{trained.path}")
    typer.echo(
        f"  held out {trained.before_nats:.3f} → {trained.after_nats:.3f} nats an event, sha256 {trained.sha256}"
    )
