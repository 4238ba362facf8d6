"""What lossy encoders add to peaks: the songs of a sweep, mastered anew, as mp3 and as Opus.

    python -m benchmarks.sweep_peaks FOLDER [--songs 60]

FOLDER holds songs that `sweep_sound --folder` made. Each is played and mastered again and encoded both ways; true peaks
are the higher of two decoders'. Prints, for the master and each encoding, the highest and the 95th percentile, and how
much the encoding added. Conventions: mp3 and Opus at their usual rates. The limiter's ceiling (`mixing/master.py`)
follows from it: no decoded file may exceed −1 dBTP.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.hear import RATE_HZ, by_libav, by_libsndfile
from benchmarks.look_sound import mixed, song_of
from engine.compose.files.encode import encoded
from engine.compose.files.tags import Tags
from engine.compose.mixing.master import master
from engine.compose.mixing.voices import SoundfontVoices
from engine.compose.render import Synth, find_soundfont
from engine.metrics.loudness import true_peak_dbtp


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--songs", type=int, default=60)
    order = parser.parse_args()
    rows = []
    for path, peaks in measured(sorted(order.folder.glob("*.song.json"))[: order.songs]):
        print(path.name.removesuffix(".song.json"), *(f"{peak:6.2f}" for peak in peaks), flush=True)
        rows.append(peaks)
    table = np.array(rows)
    for name, column in zip(("master", "mp3", "ogg"), table.T, strict=True):
        added = column - table[:, 0]
        print(
            f"{name:7s} highest {column.max():.2f} dBTP, 95 % below {np.percentile(column, 95):.2f};"
            f" added at most {added.max():.2f} dB, 95 % below {np.percentile(added, 95):.2f}"
        )


def measured(paths: list[Path]) -> Iterator[tuple[Path, tuple[float, float, float]]]:
    """True peaks of each song's master, its mp3 and its Opus file."""
    soundfont = SoundfontVoices(Synth(find_soundfont(None)))
    for path in paths:
        song = song_of(path)
        audio = master(mixed(song, soundfont))
        tags = Tags(title=song.title, style=song.style, bpm=song.tempo_bpm, key=song.key, comment="")
        files = [encoded(audio, format=name, tags=tags).data for name in ("mp3", "ogg")]
        mp3, ogg = (max(true_peak_dbtp(*read(data)) for read in (by_libsndfile, by_libav)) for data in files)
        yield path, (true_peak_dbtp(audio, RATE_HZ), mp3, ogg)


if __name__ == "__main__":
    main()
