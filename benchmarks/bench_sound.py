"""How long a minute of music takes from notes to files, stage by stage, and how loud what comes out is.

Run: `python -m benchmarks.bench_sound [--songs 20] [--seconds 60] [--format mp3] [--style lofi]`. Songs come from the
written grammar, each style's instruments and mastering chain in turn, or one style's alone. Prints one line a song and
the medians; seconds are wall-clock time, so run it on an idle machine. Rendering includes the sound check and the
mixing, which goes on while the synthesiser plays; "cpu" counts both cores' work for the whole song. Ends with the
process's peak memory.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from engine.compose.files.delivery import Delivery
from engine.compose.render import SAMPLE_RATE_HZ, Synth, find_soundfont
from engine.compose.sound import SoundFiles, SoundMaker
from engine.grammar.corpus import composed_songs
from engine.metrics.loudness import integrated_loudness_lufs, true_peak_dbtp
from engine.music.notes import Role, Section, Song
from engine.music.styles import Style, load_style, style_names
from engine.music.timing import ticks_to_seconds

RING_OUT_S = 2.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--format", choices=("mp3", "ogg", "wav", "flac"), default="mp3")
    parser.add_argument("--style", choices=style_names())
    order = parser.parse_args()
    maker = SoundMaker(Synth(find_soundfont(None)))
    rows = []
    print("style      notes  render  master  encode  picture  total    cpu |  LUFS   dBTP")
    with tempfile.TemporaryDirectory() as folder:
        for at, (song, style) in enumerate(songs(order.songs, order.seconds - RING_OUT_S, order.style)):
            start, busy = perf_counter(), process_time()
            files = maker.make(
                song,
                style,
                seconds=order.seconds,
                seed=at,
                folder=Path(folder),
                name="song",
                delivery=Delivery(format=order.format),
                progress=lambda stage, share: None,
            )
            rows.append(row(song, style, files, (perf_counter() - start, process_time() - busy)))
    if len(rows) > 1:
        middle = [median(column) for column in zip(*(numbers for _, numbers in rows[1:]), strict=True)]
        print(line("median", middle))
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def songs(count: int, seconds_s: float, only: str | None = None) -> Iterator[tuple[Song, Style]]:
    """Grammar songs cut to a length, recast with each style's instruments in turn, or with those of one."""
    styles = [load_style(name) for name in ([only] if only else style_names())]
    for at, song in enumerate(composed_songs("lofi", count, seed=2026)):
        style = styles[at % len(styles)]
        yield recast(cut(song, seconds_s), style), style


def cut(song: Song, seconds_s: float) -> Song:
    """The song's first bars, as many as fit."""
    bar_s = ticks_to_seconds(song.meter.bar_ticks, song.tempo_bpm)
    bars = min(int(seconds_s / bar_s), song.bars)
    end = bars * song.meter.bar_ticks
    tracks = (replace(track, notes=tuple(note for note in track.notes if note.onset < end)) for track in song.tracks)
    sections: list[Section] = [
        replace(section, bars=min(section.bars, bars - section.start_bar))
        for section in song.sections
        if section.start_bar < bars
    ]
    return replace(song, sections=tuple(sections), chords=song.chords[: 2 * bars], tracks=tuple(tracks))


def recast(song: Song, style: Style) -> Song:
    """The song with the style's usual instruments; roles that the style lacks fall silent."""
    tracks = tuple(
        replace(track, program=style.parts[track.role].programs[0])
        for track in song.tracks
        if track.role in style.parts or track.role is Role.MELODY
    )
    return replace(song, style=style.name, tracks=tracks)


def row(song: Song, style: Style, files: SoundFiles, spent_s: tuple[float, float]) -> tuple[str, list[float]]:
    """Print a song's figures and return them. `spent_s`: wall-clock and processor seconds."""
    timings = files.timings_s
    figures = [
        float(sum(len(track.notes) for track in song.tracks)),
        *(timings[stage] for stage in ("render", "master", "encode", "picture")),
        *spent_s,
        integrated_loudness_lufs(files.samples, SAMPLE_RATE_HZ),
        true_peak_dbtp(files.samples, SAMPLE_RATE_HZ),
    ]
    print(line(style.name, figures))
    return style.name, figures


def line(name: str, figures: list[float]) -> str:
    """One row of the table."""
    notes, render, master, encode, picture, total, busy, loudness, peak = figures
    return (
        f"{name:9s} {notes:6.0f} {render:7.2f} {master:7.2f} {encode:7.2f} {picture:8.2f} {total:6.2f} {busy:6.2f} |"
        f" {loudness:6.2f} {peak:6.2f}"
    )


if __name__ == "__main__":
    main()
