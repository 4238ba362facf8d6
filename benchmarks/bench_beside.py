"""How much a training beside it slows composing: songs written in turns with and without one.

    python -m benchmarks.bench_beside [--songs 40] [--rude]

In: nothing. Out: median seconds a song, with the training held still and with it at work, and their ratio. Conventions:
the training is a process of its own at niceness 15 and one thread, as in its lane, and believes all the time that songs
are composed; `--rude`: it never rests. It is stopped and continued by signals before each song, in turns, so that
whatever else the machine does hits both alike. Caveat: writing notes is what shares the cores' vector units with
training; rendering was not measured.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np

from engine.compose.generate import SongWriter
from engine.compose.planner import Planner
from engine.compose.request import ComposeRequest
from engine.grammar.corpus import composed_songs
from engine.learn.server.pace import Breath
from engine.learn.server.pieces import encoded_songs
from engine.learn.server.recipe import recipe_for
from engine.model.checkpoint import latest_version, load_checkpoint
from engine.model.tuning import Material, Tether, Tuner, threads
from engine.music.context import vocabulary_hash
from engine.music.styles import STYLES_DIR

STYLE = "lofi"
NICE = 15
SECONDS = 60.0
WARM_S = 20.0


def train(*, is_rude: bool) -> None:
    """Steps without end."""
    os.nice(NICE)
    songs = [encoded_songs([song], STYLE, 5).columns for song in composed_songs(STYLE, 3, 3)]
    material = Material(own=songs[0], chances=np.ones(1), held_out=songs[1], replay=songs[2], watch=songs[2])
    checkpoint = load_checkpoint(latest_version(STYLES_DIR / STYLE) or STYLES_DIR, vocabulary=vocabulary_hash())
    settings = replace(recipe_for(6000, False).settings, steps=10**9, evaluate_every=10**9)
    breath = Breath(lambda: not is_rude)
    with threads(1):
        Tuner(checkpoint.network, material, settings, Tether(weight=1.0, most_drift=1.0), breath).run(lambda _: None)


def compose(songs: int, child: int) -> dict[str, list[float]]:
    """Seconds of each song, by whether the training was at work."""
    writer, planner = SongWriter.load("cpu"), Planner(None)
    taken: dict[str, list[float]] = {"alone": [], "beside": []}
    for index in range(2 * songs + 2):
        request = ComposeRequest(prompt=STYLE, style=STYLE, seconds=SECONDS, seed=index // 2)
        plan = planner.plan(request)
        name = "beside" if (index + index // 2) % 2 else "alone"
        os.kill(child, signal.SIGCONT if name == "beside" else signal.SIGSTOP)
        began = time.perf_counter()
        writer.write(plan)
        if index >= 2:
            taken[name].append(time.perf_counter() - began)
    return taken


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=int, default=40)
    parser.add_argument("--rude", action="store_true")
    parser.add_argument("--train", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.train:
        train(is_rude=asked.rude)
        return
    command = [sys.executable, "-m", "benchmarks.bench_beside", "--train", *(["--rude"] if asked.rude else [])]
    with subprocess.Popen(command) as child:
        try:
            time.sleep(WARM_S)
            with threads(1):
                taken = compose(asked.songs, child.pid)
        finally:
            os.kill(child.pid, signal.SIGCONT)
            child.terminate()
    alone, beside = (float(np.median(taken[name])) for name in ("alone", "beside"))
    pairs = [b / a for a, b in zip(taken["alone"], taken["beside"], strict=True)]
    print(f"alone {alone:.3f} s, beside {beside:.3f} s a song; median of the ratios {np.median(pairs):.3f}")


if __name__ == "__main__":
    main()
