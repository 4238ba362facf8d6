"""What eight pieces teach: a shipped style learns a kind of music that it has not heard, and keeps what it was.

    python -m benchmarks.bench_learning --dataset work/dataset [--kind masses madrigals jazz blues] [--out folder]
        [--as-recordings]

In: kinds that the shipped base has never heard: Palestrina's masses and Monteverdi's madrigals from the corpus that
music21 carries, learnt by classical; jazz and blues songs of the project's grammars, learnt by lofi and rock. The
dataset that `tunesmith train` keeps in its work folder gives the style's real held-out pieces. Out: a row a kind:
held-out loss on twenty other pieces of the kind, before and after; on the style's own held-out pieces; minutes; how
alike the songs are to the pieces; how many copy. Conventions: the eight pieces go the way of uploads, with the job that
trains for a server; one thread. `--as-recordings`: they are uploaded as mp3s, and what transcription
understood is learnt; tested on are the other pieces as they are written, and as they are understood of recordings.
Caveat: the real pieces decide nothing here, they are only measured.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.recordings import recording_of, understood_of
from engine.dispatch.trainer import Workshop
from engine.errors import BadRequest
from engine.grammar.corpus import composed_songs
from engine.jobs.courtesy import TRAININGS
from engine.learn.dataset import encode_pieces, load_dataset
from engine.learn.server.order import TrainOrder
from engine.learn.server.pieces import PIECE
from engine.learn.server.train import FOLDER, Surroundings, Training
from engine.learn.sources.piece import Piece
from engine.learn.sources.scores import corpus_folder, read_score
from engine.model.checkpoint import latest_version, load_checkpoint, versions_in
from engine.model.training import Columns, evaluate
from engine.model.tuning import threads
from engine.music.analysis import Reading, songs_from_midi
from engine.music.codec import song_to_json
from engine.music.context import vocabulary_hash
from engine.music.notes import Song
from engine.music.styles import STYLES_DIR
from engine.settings import Settings

TAUGHT, HELD_OUT, TESTED, REFERENCE = 8, 2, 20, 40
FEWEST_BARS, MOST_BARS = 60, 200
SEED = 3
MODEL = "0000bench"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Music of one kind, and the shipped style that is to learn it."""

    style: str
    songs: Callable[[], Iterator[Song]]


def scores(folder: str, pattern: str, form: str, most: int) -> Iterator[Song]:
    """Scores of music21's corpus, by their names."""
    for path in sorted(corpus_folder(folder).glob(pattern))[:most]:
        try:
            yield from songs_from_midi(read_score(path, form), Reading(style="classical", trust_bars=True))
        except BadRequest:
            continue


KINDS: dict[str, Kind] = {
    "masses": Kind(style="classical", songs=lambda: scores("palestrina", "Kyrie_*.krn", "humdrum", 60)),
    "madrigals": Kind(style="classical", songs=lambda: scores("monteverdi", "*.mxl", "musicxml", 60)),
    "jazz": Kind(style="lofi", songs=lambda: composed_songs("jazz", 40, 777, drum_bars=None)),
    "blues": Kind(style="rock", songs=lambda: composed_songs("blues", 40, 777, drum_bars=None)),
}


def chosen(kind: Kind) -> tuple[list[Song], list[Song]]:
    """Eight pieces to teach, and others to test on, by a fixed chance."""
    found = list(kind.songs())
    order = np.random.default_rng(SEED).permutation(len(found))
    fit = [found[i] for i in order if FEWEST_BARS <= found[i].bars <= MOST_BARS or kind.style != "classical"]
    return fit[:TAUGHT], fit[TAUGHT : TAUGHT + TESTED]


def columns_of(songs: list[Song], style: str, row: int) -> Columns:
    """Rows of songs as music of a style."""
    pieces = (
        Piece(id=str(i), source="bench", licence="", style=style, split="valid", song=song)
        for i, song in enumerate(songs)
    )
    return encode_pieces(pieces, ids={style: row}).columns


def reference(dataset: Path, style: str) -> Columns:
    """Some of the style's real held-out pieces. Raises `BadRequest` where there is no dataset."""
    found = load_dataset(dataset)
    if found is None:
        raise BadRequest(f"There is no dataset in {dataset}; the work folder of `tunesmith train` has one.")
    own = [i for i, label in enumerate(found.labels) if label.split == "valid" and label.style == style]
    return found.chosen(own[:: max(1, len(own) // REFERENCE)][:REFERENCE]).columns


def heard(songs: list[Song], style: str) -> list[Song]:
    """What is understood of recordings of these songs."""
    found = []
    for song in songs:
        understood = understood_of(recording_of(replace(song, style=style)))
        print(f"  {song.title or 'a piece'}: {'refused' if understood is None else 'understood'}", flush=True)
        found += [] if understood is None else [understood]
    return found


def learn(name: str, dataset: Path, data_dir: Path, *, as_recordings: bool) -> dict[str, Any]:
    """Teach one kind; returns what was measured. Raises `BadRequest` where too few recordings are understood."""
    kind = KINDS[name]
    taught, tested = chosen(kind)
    if as_recordings:
        taught = heard(taught, kind.style)
    for index, song in enumerate(taught):
        folder = data_dir / "uploads" / f"piece{index}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / PIECE).write_text(json.dumps(song_to_json(song)), encoding="utf-8")
    order = TrainOrder.from_json(
        {
            "model_id": MODEL,
            "guild_id": 0,
            "style": kind.style,
            "version": 1,
            "parent": kind.style,
            "description": None,
            "uploads": [
                {"id": f"piece{i}", "split": "valid" if i >= len(taught) - HELD_OUT else "train"}
                for i in range(len(taught))
            ],
        }
    )
    settings = Settings.read(data_dir=data_dir, device="cpu")
    around = Surroundings(settings=settings, hands=Workshop("cpu"), between=lambda: None)
    began, used = time.monotonic(), time.process_time()
    verdict = Training(order, around, lambda said: print(" ", json.dumps(said), flush=True)).run()
    minutes, used = (time.monotonic() - began) / 60, (time.process_time() - used) / 60
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    parent = load_checkpoint(latest_version(STYLES_DIR / kind.style) or Path(), vocabulary=vocabulary_hash())
    places = (data_dir / "models" / MODEL, data_dir / TRAININGS / MODEL / FOLDER)
    path = next(path for place in places if place.is_dir() for path in versions_in(place))
    candidate = load_checkpoint(path, vocabulary=vocabulary_hash())
    row = parent.facts.style_ids[kind.style]
    measured = {"kind": columns_of(tested, kind.style, row), "style": reference(dataset, kind.style)}
    if as_recordings:
        measured["heard"] = columns_of(heard(tested, kind.style), kind.style, row)
    losses = {
        f"{what}_{when}": round(evaluate(checkpoint.network, columns)[0], 4)
        for what, columns in measured.items()
        for when, checkpoint in (("before", parent), ("after", candidate))
    }
    return {"kind": name, "style": kind.style, **losses, "minutes": round(minutes, 2), "core_minutes": round(used, 2),
            "peak_mb": round(peak_mb),
            "verdict": verdict.to_json()}  # fmt: skip


def row_of(found: dict[str, Any]) -> str:
    """One line of the table."""
    metrics = found["verdict"]["metrics"]
    change = {what: found[f"{what}_after"] / found[f"{what}_before"] - 1 for what in ("kind", "style")}
    if "heard_after" in found:
        also = f"; as heard {found['heard_before']:.3f} → {found['heard_after']:.3f}"
        also += f" ({found['heard_after'] / found['heard_before'] - 1:+.1%})"
    else:
        also = ""
    cells = (
        f"{found['kind']} → {found['style']}",
        f"{found['kind_before']:.3f} → {found['kind_after']:.3f} ({change['kind']:+.1%}){also}",
        f"{found['style_before']:.3f} → {found['style_after']:.3f} ({change['style']:+.1%})",
        f"{metrics['rise']:.1%}",
        f"{metrics['likeness_before']:.3f} → {metrics['likeness']:.3f}",
        f"{metrics['songs_copied']:.0%} (longest run {metrics['longest_run_notes']})",
        f"{metrics['songs_broken']:.0%}",
        f"{found['minutes']:.1f} ({found['core_minutes']:.1f} of a core)",
        found["verdict"]["verdict"] + (f": {found['verdict']['reason']}" if found["verdict"]["reason"] else ""),
    )
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Parse, teach, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--kind", nargs="+", choices=tuple(KINDS), default=list(KINDS))
    parser.add_argument("--out", type=Path, help="where to keep what is made; a temporary folder if left out")
    parser.add_argument("--as-recordings", action="store_true", help="teach mp3s instead of written pieces")
    asked = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as temporary, threads(1):
        for name in asked.kind:
            folder = (asked.out or Path(temporary)) / name
            found = learn(name, asked.dataset, folder, as_recordings=asked.as_recordings)
            (folder / "found.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
            rows.append(row_of(found))
            print(rows[-1], flush=True)
    print("\n| kind → style | held-out loss on the kind | on the style | foretold | likeness | copied | broken |"
          " minutes | verdict |\n|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    print("\n".join(rows))


if __name__ == "__main__":
    main()
