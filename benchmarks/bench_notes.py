"""How long the network takes to write a song's notes, and what the songs of every style measure.

    python -m benchmarks.bench_notes [--songs 10] [--seconds 60]

Prints, for each style, the seconds for eight candidates of a song (median), and medians of what the kept songs
measure. Nothing is rendered. Conventions: one prompt a style, seeds 0, 1, 2…; the text encoder and the checkpoints
are loaded before timing.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from engine.compose.pipeline import Composer
from engine.compose.request import ComposeRequest
from engine.metrics.measures import measure_song
from engine.music.styles import style_names
from engine.settings import Settings

COLUMNS = (
    ("notes_per_second", "notes/s"),
    ("longest_repeated_pitch_run", "same pitch running"),
    ("melody_pitches", "melody pitches"),
    ("melody_distinct_bars", "distinct bars"),
    ("melody_returning_bars", "returning bars"),
    ("melody_chord_tones", "chord tones on beats"),
    ("melody_steps", "steps"),
    ("bass_roots", "bass on root"),
    ("scale_consistency", "in scale"),
    ("groove_consistency", "groove"),
    ("empty_beat_rate", "empty beats"),
)


def survey(composer: Composer, style: str, *, songs: int, seconds: float) -> dict[str, float]:
    """Medians over `songs` songs of one style: seconds to write, share that passed all gates, and the measures."""
    rows: list[dict[str, float]] = []
    for seed in range(songs):
        plan = composer.plan(ComposeRequest(prompt=style, seconds=seconds, seed=seed))
        composer.writer.checkpoint(plan.style)
        began = perf_counter()
        written = composer.writer.write(plan, candidates=8)
        took = perf_counter() - began
        passed = float(not written.candidates["failures_of_kept"])
        measures = measure_song(written.song).to_json()
        rows.append({"seconds": took, "passed": passed} | {name: measures[name] or 0.0 for name, _ in COLUMNS})
    middle = {name: median(row[name] for row in rows) for name in rows[0]}
    worst = max(row["longest_repeated_pitch_run"] for row in rows)
    return middle | {"passed": sum(row["passed"] for row in rows) / songs, "longest_repeated_pitch_run": worst}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=60.0)
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        composer = Composer(Settings(data_dir=Path(folder)))
        heads = ["style", "write s", "passed", *(head for _, head in COLUMNS)]
        print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
        for style in style_names():
            row = survey(composer, style, songs=wish.songs, seconds=wish.seconds)
            cells = [f"{row['seconds']:.2f}", f"{row['passed']:.0%}", *(f"{row[name]:.2f}" for name, _ in COLUMNS)]
            print(f"| {style} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
