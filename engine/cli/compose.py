"""`tunesmith compose`: words in, a song's files out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.bar import progress_bar
from engine.cli.batch import Answering, answer_all
from engine.cli.wish import Options, folder_of, prompt_or_default
from engine.compose.plan import blend_text
from engine.compose.request import ComposeRequest, Receipt
from engine.settings import Settings

MEBIBYTE = 1024 * 1024

PromptArgument = Annotated[
    str | None,
    typer.Argument(metavar="PROMPT", help="What to compose, in words; - reads one prompt a line from stdin."),
]
StyleOption = Annotated[
    str | None, typer.Option(help="A style of `tunesmith styles`, or a blend: jazz+lofi, jazz:0.7+lofi:0.3.")
]
SecondsOption = Annotated[str | None, typer.Option(help="Length in seconds.")]
BpmOption = Annotated[str | None, typer.Option(help="Tempo in quarter notes a minute.")]
KeyOption = Annotated[str | None, typer.Option(help="Key, such as 'D minor'.")]
MeterOption = Annotated[str | None, typer.Option(help="Meter, such as 3/4.")]
SeedOption = Annotated[str | None, typer.Option(help="A whole number; the same seed gives the same song.")]
MoodOption = Annotated[str | None, typer.Option(help="Mood in words, such as 'sad and slow'.")]
EnergyOption = Annotated[str | None, typer.Option(help="0 calm to 1 wild.")]
AdventureOption = Annotated[str | None, typer.Option(help="0 plain to 1 daring; 0.5 is usual.")]
InstrumentsOption = Annotated[
    list[str] | None, typer.Option(help="Exactly who plays: 'flute, rhodes, upright bass'; may be repeated.")
]
WithoutOption = Annotated[
    list[str] | None, typer.Option(help="Who does not play: instruments or parts (drums, bass…); may be repeated.")
]
ChordsOption = Annotated[str | None, typer.Option(help="Chords of the main sections, one a bar: 'Am F C G'.")]
BarsOption = Annotated[str | None, typer.Option(help="Exactly so many bars.")]
EngineOption = Annotated[str, typer.Option("--engine", help="network, or rules: the style's written grammar alone.")]
ContinueOption = Annotated[Path | None, typer.Option("--continue", help="A MIDI file to go on from.")]
AgainOption = Annotated[str | None, typer.Option(help="The id of a finished song: its wish once more.")]
KeepOption = Annotated[
    list[str] | None, typer.Option(help="Parts of the song named by --again that stay as they are: 'bass, drums'.")
]
LoopOption = Annotated[bool, typer.Option("--loop", help="Audio of whole bars that goes round without a seam.")]
StemsOption = Annotated[bool, typer.Option("--stems", help="Also a zip of the parts, one file each.")]
MusicXmlOption = Annotated[bool, typer.Option("--musicxml", help="Also a score.")]
ThemeOption = Annotated[str, typer.Option(help="Of the picture: dark or light.")]
MaxMibOption = Annotated[
    float | None, typer.Option("--max-mib", min=0.01, help="No file larger than so many MiB; bit rates go down.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


def compose(
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
    out: Annotated[Path, typer.Option(help="Folder for the files; made if need be.")] = Path("out"),
    format: Annotated[str, typer.Option(help="mp3, ogg, wav or flac.")] = "mp3",
    loop: LoopOption = False,
    stems: StemsOption = False,
    musicxml: MusicXmlOption = False,
    theme: ThemeOption = "dark",
    max_mib: MaxMibOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compose a song: writes <name>.mp3, .mid, .png, .json (the receipt) and .song.json (for --again)."""
    from engine.compose.pipeline import Composer

    composer, folder = Composer(Settings.read()), folder_of(out)
    limit_bytes = None if max_mib is None else int(max_mib * MEBIBYTE)

    def work(request: ComposeRequest) -> Receipt:
        with progress_bar() as progress:
            return composer.compose(request, folder, limit_bytes=limit_bytes, progress=progress)

    options = Options(
        style=style,
        seconds=seconds,
        bpm=bpm,
        key=key,
        meter=meter,
        seed=seed,
        format=format,
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
        loop=loop,
        stems=stems,
        musicxml=musicxml,
        theme=theme,
    )
    answering = Answering(work=work, to_json=Receipt.to_json, show=_show)
    raise typer.Exit(answer_all(prompt_or_default(prompt, options), options, answering, as_json=as_json))


def _show(receipt: Receipt) -> None:
    """What a person wants to know first, and where the files are."""
    felt = receipt.measured.get("felt_bpm", receipt.tempo_bpm)
    facts = (
        blend_text(receipt.blend),
        f"{receipt.tempo_bpm:g} bpm" + ("" if abs(felt - receipt.tempo_bpm) < 0.01 else f" ({felt:g} beats felt)"),
        receipt.key,
        receipt.meter,
        f"{receipt.duration_s:g} s",
        f"seed {receipt.seed}",
        f"made in {receipt.timings_s['total']:.1f} s",
    )
    files = {**receipt.files, "receipt": str(Path(receipt.files["audio"]).with_suffix(".json"))}
    why = [str(receipt.explanation["sentence"])] if "sentence" in receipt.explanation else []
    lines = [receipt.title or receipt.prompt, " · ".join(facts), *why, *receipt.notices, f"{'id':<8} {receipt.id}"]
    lines += [f"{kind:<8} {path}" for kind, path in files.items()]
    typer.echo("\n  ".join(lines))
