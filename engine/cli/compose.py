"""`tunesmith compose`: words in, a song's files out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli.bar import progress_bar
from engine.cli.batch import answer_all
from engine.cli.wish import Options
from engine.compose.request import ComposeRequest
from engine.settings import Settings

PromptArgument = Annotated[str, typer.Argument(help="What to compose, in words; - reads one prompt a line from stdin.")]
StyleOption = Annotated[str | None, typer.Option(help="A style of `tunesmith styles`.")]
SecondsOption = Annotated[str | None, typer.Option(help="Length in seconds.")]
BpmOption = Annotated[str | None, typer.Option(help="Tempo in quarter notes a minute.")]
KeyOption = Annotated[str | None, typer.Option(help="Key, such as 'D minor'.")]
MeterOption = Annotated[str | None, typer.Option(help="Meter, such as 3/4.")]
SeedOption = Annotated[str | None, typer.Option(help="A whole number; the same seed gives the same song.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


def compose(
    prompt: PromptArgument,
    *,
    style: StyleOption = None,
    seconds: SecondsOption = None,
    bpm: BpmOption = None,
    key: KeyOption = None,
    meter: MeterOption = None,
    seed: SeedOption = None,
    out: Annotated[Path, typer.Option(help="Folder for the files; made if need be.")] = Path("out"),
    format: Annotated[str, typer.Option(help="mp3, ogg or wav.")] = "mp3",
    as_json: JsonOption = False,
) -> None:
    """Compose a song: writes <name>.mp3, .mid, .png and .json (the receipt)."""
    from engine.compose.pipeline import Composer

    composer = Composer(Settings.read())
    folder = out.expanduser().absolute()

    def work(request: ComposeRequest) -> Mapping[str, Any]:
        with progress_bar() as progress:
            return composer.compose(request, folder, progress=progress).to_json()

    options = Options(style=style, seconds=seconds, bpm=bpm, key=key, meter=meter, seed=seed, format=format)
    raise typer.Exit(answer_all(prompt, options, as_json=as_json, work=work, show=_show))


def _show(receipt: Mapping[str, Any]) -> None:
    """What a person wants to know first, and where the files are."""
    audio = Path(receipt["files"]["audio"])
    lines = [
        receipt["title"] or receipt["prompt"],
        f"  {receipt['style']} · {receipt['tempo_bpm']:g} bpm · {receipt['key']} {receipt['mode']} · {receipt['meter']}"
        f" · {receipt['duration_s']:g} s · seed {receipt['seed']} · made in {receipt['timings_s']['total']:.1f} s",
        *(f"  {notice}" for notice in receipt["notices"]),
        *(f"  {kind:<8} {path}" for kind, path in receipt["files"].items()),
        f"  {'receipt':<8} {audio.with_suffix('.json')}",
    ]
    typer.echo("\n".join(lines))
