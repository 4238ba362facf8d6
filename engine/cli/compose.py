"""`tunesmith compose`: words in, a song's files out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.bar import progress_bar
from engine.cli.batch import Answering, answer_all
from engine.cli.wish import Options, folder_of
from engine.compose.request import ComposeRequest, Receipt
from engine.settings import Settings

PromptArgument = Annotated[
    str, typer.Argument(metavar="PROMPT", help="What to compose, in words; - reads one prompt a line from stdin.")
]
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

    composer, folder = Composer(Settings.read()), folder_of(out)

    def work(request: ComposeRequest) -> Receipt:
        with progress_bar() as progress:
            return composer.compose(request, folder, progress=progress)

    options = Options(style=style, seconds=seconds, bpm=bpm, key=key, meter=meter, seed=seed, format=format)
    answering = Answering(work=work, to_json=Receipt.to_json, show=_show)
    raise typer.Exit(answer_all(prompt, options, answering, as_json=as_json))


def _show(receipt: Receipt) -> None:
    """What a person wants to know first, and where the files are."""
    facts = (
        receipt.style,
        f"{receipt.tempo_bpm:g} bpm",
        receipt.key,
        receipt.meter,
        f"{receipt.duration_s:g} s",
        f"seed {receipt.seed}",
        f"made in {receipt.timings_s['total']:.1f} s",
    )
    files = {**receipt.files, "receipt": str(Path(receipt.files["audio"]).with_suffix(".json"))}
    lines = [receipt.title or receipt.prompt, " · ".join(facts), *receipt.notices]
    lines += [f"{kind:<8} {path}" for kind, path in files.items()]
    typer.echo("\n  ".join(lines))
