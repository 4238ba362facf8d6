"""Random songs over all styles, heard by others: is each file as loud, as long, as fast and in the key that it says?

    python -m benchmarks.sweep_sound [--songs 200] [--seed 2026] [--folder songs/] [--out table.md]

Composes `--songs` songs, the styles in turn, with random prompts, moods, lengths (10 to 60 s), formats, and now and
then a tempo, a key or a meter; `hear` says what is measured. Prints each song that has a fault and a table of the
styles. Conventions: song `i` of a seed is the same whatever the count. `--folder` keeps songs and results, and what
lies there is not made again, so a sweep can be stopped, continued or lengthened; `--hear` listens to all of them anew.
Ends with 1 if a figure is missed.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.hear import Heard, Told, hear
from engine.compose.pipeline import Composer
from engine.compose.request import AUDIO_FORMATS, ComposeRequest, Receipt
from engine.evaluate.wishes import MOODS, PLACES
from engine.music.harmony import Key, Mode
from engine.music.styles import load_style, style_names
from engine.music.timing import Meter
from engine.settings import Settings

KEY_SHARE, TEMPO_SHARE, METER_SHARE, MOOD_SHARE = 0.3, 0.3, 0.1, 0.3
KEYS_RIGHT = 0.8
"""Share of songs whose key must be heard; everything else must be right in all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A song: what was asked and told, and what was heard."""

    song: str
    style: str
    format: str
    seed: int
    told: str
    bpm: float
    heard: Heard


def main() -> int:
    """Compose, listen, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--folder", type=Path, help="where songs and results stay")
    parser.add_argument("--hear", action="store_true", help="listen anew to songs that were heard before")
    parser.add_argument("--out", type=Path, help="a Markdown file for the table")
    order = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        folder = order.folder or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        rows = []
        for row in sweep(wishes(order.songs, order.seed), folder, anew=order.hear):
            rows.append(row)
            if line := complaint(row):
                print(line, flush=True)
    table = table_of(rows)
    print(table)
    if order.out:
        order.out.write_text(table, encoding="utf-8")
    return 1 if failures(rows) else 0


def wishes(
    count: int, seed: int, *, seconds: tuple[int, int] = (10, 60), styles: Sequence[str] = ()
) -> Iterator[ComposeRequest]:
    """Random requests, the styles (all, if none are named) in turn."""
    names = styles or style_names()
    for index in range(count):
        rng = np.random.default_rng((seed, index))
        style = load_style(names[index % len(names)])
        mood, place, more = (str(rng.choice(words)) for words in (MOODS, PLACES, MOODS))
        asks = rng.random(4) < (KEY_SHARE, TEMPO_SHARE, METER_SHARE, MOOD_SHARE)
        key = Key(tonic=int(rng.integers(12)), mode=Mode.MAJOR if rng.random() < 0.5 else Mode.MINOR)
        bpm = float(rng.integers(round(style.tempo_low), round(style.tempo_high) + 1))
        meter = str(rng.choice(["3/4", "6/8", "4/4"]))
        yield ComposeRequest(
            prompt=f"{mood} {style.name}, {place}",
            seconds=float(rng.integers(seconds[0], seconds[1] + 1)),
            seed=int(rng.integers(2**53)),
            format=str(rng.choice(AUDIO_FORMATS)),
            key=str(key) if asks[0] else None,
            bpm=bpm if asks[1] else None,
            meter=meter if asks[2] else None,
            mood=more if asks[3] else None,
        )


def sweep(requests: Iterator[ComposeRequest], folder: Path, *, anew: bool = False) -> Iterator[Row]:
    """Each song's row; what `folder` holds already is not made again."""
    composer = Composer(Settings.read(data_dir=folder))
    for index, request in enumerate(requests):
        name = f"{index:03d}"
        receipt_path, heard_path = folder / f"{name}.json", folder / f"{name}.heard.json"
        if receipt_path.is_file():
            receipt = Receipt.from_json(json.loads(receipt_path.read_text(encoding="utf-8")))
        else:
            receipt = composer.compose(request, folder, name=name)
            heard_path.unlink(missing_ok=True)
        if anew or not heard_path.is_file():
            told = Told(
                seconds=request.seconds or receipt.duration_s,
                bpm=receipt.tempo_bpm,
                key=Key.parse(receipt.key),
                meter=Meter.parse(receipt.meter),
            )
            heard = hear(Path(receipt.files["audio"]), told)
            heard_path.write_text(json.dumps(dataclasses.asdict(heard), indent=1) + "\n", encoding="utf-8")
        heard = Heard(**json.loads(heard_path.read_text(encoding="utf-8")))
        yield Row(
            song=name,
            style=receipt.style,
            format=request.format,
            seed=receipt.seed,
            told=f"{receipt.tempo_bpm:g} bpm, {receipt.key}, {receipt.meter}",
            bpm=receipt.tempo_bpm,
            heard=heard,
        )


def complaint(row: Row) -> str:
    """What is not as it should be, or nothing."""
    heard = row.heard
    wrong = list(heard.faults)
    if not heard.tempo_right:
        wrong.append(f"heard at {heard.bpm:g} bpm ({heard.bpm / row.bpm:.3f})")
    if not heard.key_right:
        wrong.append(f"heard in {heard.key}")
    return f"{row.song} {row.style} ({row.format}, {row.told}): {'; '.join(wrong)}" if wrong else ""


def failures(rows: Sequence[Row]) -> list[str]:
    """Figures that are missed."""
    missed = [complaint(row) for row in rows if row.heard.faults or not row.heard.tempo_right]
    if sum(row.heard.key_right for row in rows) < KEYS_RIGHT * len(rows):
        missed.append(f"fewer than {KEYS_RIGHT:.0%} of the keys were heard")
    return missed


def table_of(rows: Sequence[Row]) -> str:
    """A Markdown table: a line a style, and one of all."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.style].append(row)
    heads = (
        "style",
        "songs",
        "LUFS",
        "highest dBTP",
        "without fault",
        "tempo right",
        "by `feature.tempo`",
        "key right",
    )
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += [_line(style, groups[style]) for style in sorted(groups)]
    return "\n".join([*lines, _line("all", rows)]) + "\n"


def _line(name: str, rows: Sequence[Row]) -> str:
    heard = [row.heard for row in rows]
    lufs = [one.lufs for one in heard]
    cells = (
        name,
        str(len(rows)),
        f"{min(lufs):.1f} to {max(lufs):.1f}",
        f"{max(one.peak_dbtp for one in heard):.2f}",
        f"{sum(not one.faults for one in heard)}",
        f"{sum(one.tempo_right for one in heard)}",
        f"{sum(one.plain_right for one in heard)}",
        f"{sum(one.key_right for one in heard)} ({sum(one.key_right for one in heard) / len(rows):.0%})",
    )
    return "| " + " | ".join(cells).replace("-", "−") + " |"


if __name__ == "__main__":
    sys.exit(main())
