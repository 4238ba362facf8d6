"""`tunesmith evaluate`: songs in, a report with figures and pictures out.

Conventions: styles that are finished are passed over when the same command is given again; finished sets of songs too.
Caveat: a hundred songs of a style take some minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from engine.errors import BadRequest
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.evaluate.study import StudyRequest

LEAST_SONGS = 10
DESCRIPTION = "{task.description}"


def evaluate(
    *,
    style: Annotated[str | None, typer.Option(help="A style of `tunesmith styles`; all of them if left out.")] = None,
    songs: Annotated[int, typer.Option(min=LEAST_SONGS, help="Songs a style.")] = 100,
    seconds: Annotated[
        float | None, typer.Option(min=20, max=120, help="Length of every song; 30 to 60 by chance if left out.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Decides wishes, folds and halves.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder for the report.")] = Path("docs/evaluation"),
    work: Annotated[Path | None, typer.Option(help="Folder for what is kept between runs.")] = None,
    baselines: Annotated[bool, typer.Option(help="Measure the baselines too.")] = True,
    anew: Annotated[bool, typer.Option("--anew", help="Evaluate finished styles again.")] = False,
    reference_from: Annotated[
        Path | None,
        typer.Option(help="Build the human reference and the baselines from a dataset folder, and stop there."),
    ] = None,
) -> None:
    """Compare composed songs with people's music and with baselines; writes pages, JSON and pictures."""
    if reference_from is not None:
        from engine.cli.references import build_references

        kept = work or Settings.read().data_dir / "evaluation"
        build_references(reference_from, kept, lambda words: typer.echo(words, err=True))
        return
    from engine.cli.makers import Benches
    from engine.evaluate.report import write_index
    from engine.evaluate.study import StudyRequest, finished, study

    settings = Settings.read()
    benches = Benches(settings)
    request = StudyRequest(
        style="",
        songs=songs,
        seed=seed,
        out=out,
        work=work or settings.data_dir / "evaluation",
        seconds=seconds,
        with_baselines=baselines,
    )
    for name in _styles(style):
        bench, asked = benches.bench(name), replace(request, style=name)
        if finished(asked, bench.model) and not anew:
            typer.echo(f"{name}: finished before, in {out / name}.md")
            continue
        with _bar(asked) as advance:
            result = study(asked, bench, on_song=advance)
        missed = [target["name"] for target in result["targets"] if target["reached"] is False]
        typer.echo(f"{name}: {out / name}.md; not reached: {', '.join(missed) or 'nothing'}")
        write_index(out)


def _styles(style: str | None) -> tuple[str, ...]:
    """The asked style, or all. Raises `BadRequest` for an unknown one."""
    from engine.music.styles import style_names

    names = style_names()
    if style is not None and style not in names:
        raise BadRequest(f"The style {style!r} is not known; {', '.join(names)} would work.")
    return names if style is None else (style,)


@contextmanager
def _bar(request: StudyRequest) -> Iterator[Callable[[], None]]:
    """A progress bar on standard error; yields what to call after each song."""
    columns = (TextColumn(DESCRIPTION), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        total = request.songs * (2 if request.with_baselines else 1)
        task = bar.add_task(f"evaluating {request.style}", total=total)
        yield lambda: bar.advance(task)
