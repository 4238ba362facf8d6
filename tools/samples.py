"""Compose the sample songs, one of 20 seconds a style, and write the README's table of them.

In: the prompts and seeds of `SAMPLES`, and the networks that the styles have now. Out: `<style>.mp3`, `.mid` and `.png`
a style in docs/samples (or the folder that `--out` names), and, for docs/samples, the lines between the README's two
`samples` marks. Run it by `make samples`. Conventions: seeds are fixed, so what changes from one run to the next is the
program; mp3 files have 128 kbit/s at most, and everything together stays under `MOST_BYTES`. Caveat: the table tells of
what was composed just now, so a run for some styles only leaves it alone.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.compose.pipeline import Composer
from engine.compose.request import ComposeRequest, Receipt
from engine.errors import TunesmithError
from engine.music.styles import load_style
from engine.settings import Settings

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "samples"
README = ROOT / "README.md"
START, END = "<!-- samples: `make samples` writes what follows -->", "<!-- end of samples -->"
SECONDS_S = 20.0
MOST_BYTES_A_SONG = 360_000
"""Of an mp3: 20 s at 128 kbit/s, tags and cover."""
MOST_BYTES = 5_000_000
THUMBNAIL_PX = 260
KINDS = {"audio": ".mp3", "midi": ".mid", "picture": ".png"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What is composed for a style."""

    style: str
    prompt: str
    seed: int

    def request(self) -> ComposeRequest:
        """The wish for it."""
        return ComposeRequest(prompt=self.prompt, style=self.style, seconds=SECONDS_S, seed=self.seed)


SAMPLES = (
    Sample(style="lofi", prompt="rainy night, homework, a warm electric piano", seed=12),
    Sample(style="jazz", prompt="a smoky corner table after midnight, walking bass", seed=7),
    Sample(style="blues", prompt="slow train leaving, harmonica and a tired guitar", seed=4),
    Sample(style="bossa", prompt="afternoon breeze on the terrace, nylon guitar and flute", seed=9),
    Sample(style="classical", prompt="a waltz for an empty ballroom, in 3/4", seed=3),
    Sample(style="ragtime", prompt="a cheerful parade, upright piano", seed=5),
    Sample(style="folk", prompt="village dance at the harvest, fiddle, 6/8", seed=8),
    Sample(style="pop", prompt="summer crush, hopeful and bright", seed=11),
    Sample(style="rock", prompt="open highway, loud guitars, driving drums", seed=6),
    Sample(style="chiptune", prompt="final level of a pixel castle, fast and heroic", seed=10),
    Sample(style="ambient", prompt="snow falling on a frozen lake, very calm", seed=2),
    Sample(style="synthwave", prompt="neon city at night, slow drive", seed=13),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compose the samples of the styles that are named, or of all. Exit code 1: too large, or no such style."""
    parser = argparse.ArgumentParser(description="Compose the sample songs.")
    parser.add_argument("styles", nargs="*", help="only these styles")
    parser.add_argument("--out", type=Path, default=FOLDER, help="another folder than docs/samples")
    wanted = parser.parse_args(arguments)
    samples = [sample for sample in SAMPLES if sample.style in wanted.styles or not wanted.styles]
    if unknown := set(wanted.styles) - {sample.style for sample in samples}:
        return _say(f"There is no sample of the style {sorted(unknown)[0]!r}.")
    try:
        receipts = make(samples, wanted.out, Composer(Settings.read()))
    except TunesmithError as error:
        return _say(str(error))
    size_bytes = sum(path.stat().st_size for path in wanted.out.iterdir() if path.suffix in KINDS.values())
    print(f"{len(receipts)} songs; the folder has {size_bytes / 1e6:.2f} MB.")
    if size_bytes > MOST_BYTES:
        return _say(f"That is more than {MOST_BYTES / 1e6:g} MB.")
    if wanted.out == FOLDER and len(receipts) == len(SAMPLES):
        README.write_text(with_table(README.read_text(encoding="utf-8"), table(receipts)), encoding="utf-8")
    return 0


def make(samples: Sequence[Sample], folder: Path, composer: Composer) -> tuple[Receipt, ...]:
    """Compose the samples into `folder`, which is made if need be; their receipts, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    receipts = []
    for sample in samples:
        with tempfile.TemporaryDirectory() as scratch:
            receipt = composer.compose(
                sample.request(), Path(scratch), name=sample.style, limit_bytes=MOST_BYTES_A_SONG
            )
            for kind, suffix in KINDS.items():
                shutil.copyfile(receipt.files[kind], folder / f"{sample.style}{suffix}")
        print(f"{sample.style:10} {receipt.title}, {receipt.tempo_bpm:.4g} bpm, {receipt.key}, {receipt.meter}")
        receipts.append(receipt)
    return tuple(receipts)


def table(receipts: Sequence[Receipt]) -> str:
    """The README's table: a row a song, with its picture and links to its files."""
    lines = ["| Style | Prompt | Picture | Listen |", "|---|---|---|---|"]
    for receipt in receipts:
        stem = f"docs/samples/{receipt.style}"
        facts = f"{receipt.tempo_bpm:.0f} bpm, {receipt.key}, {receipt.meter}"
        picture = f'<a href="{stem}.png"><img src="{stem}.png" width="{THUMBNAIL_PX}" alt="{receipt.title}"></a>'
        links = f"*{receipt.title}*, {facts}: [mp3]({stem}.mp3), [MIDI]({stem}.mid)"
        lines.append(f"| {load_style(receipt.style).title} | {receipt.prompt} | {picture} | {links} |")
    return "\n".join(lines)


def with_table(text: str, rows: str) -> str:
    """The README's text with other lines between the marks. Raises `ValueError` if there are no marks."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError(f"The README has no {START!r} … {END!r}.")
    return f"{before}{START}\n\n{rows}\n\n{END}{after}"


def _say(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
