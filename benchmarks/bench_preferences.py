"""Which way of tuning to votes moves a network most towards a hidden taste, at equal drift from what it was.

    python -m benchmarks.bench_preferences [--style lofi] [--taste high ...] [--method ranked-pairs ...] [--seed 1]

In: the shipped network of a style, which writes a pool of songs; people with a hidden taste for one thing that can be
counted on notes cast 300 votes on them. Out: a row a taste and method: pairs of voted songs and of unheard ones that
the tuned network ranks as the taste does; how far fresh songs of the same plans moved, in deviations of the pool, and
how many are better than before; shares of candidates that fail a gate; likeness to the style; seconds of one core.

    liked-likelihood    liked songs are learnt, each by how surely it is liked (reward-weighted likelihood)
    voted-pairs         pairs of a liked and a disliked song (direct preference optimisation)
    chosen-likelihood   of eight candidates of one plan those that a preference learnt from the votes puts first
    ranked-pairs        pairs of such candidates, ranked by that preference: what servers' trainings do

Conventions: methods learn from the very same votes, held by the same tether, and are then drawn back to the same drift;
where one ends nearer than that, its way is gone on with as far. Caveat: a taste here is for what a network decides;
tempo, key, density and who plays are the plan's to decide.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.compose.generate import SongWriter
from engine.compose.plan import Plan
from engine.compose.planner import Planner
from engine.compose.request import ComposeRequest
from engine.dispatch.trainer import Workshop, style_of
from engine.evaluate.overlap import mean_overlap
from engine.evaluate.vectors import Label, Sample, measure_all
from engine.learn.server.hands import Order, Voice
from engine.learn.server.pieces import encoded_songs
from engine.learn.server.recipe import VOTED_RATE, VOTED_STEPS, recipe_for
from engine.learn.server.voted import Voted, agreement_of, pairs_of_votes, ranked, scores_of
from engine.metrics.features import song_features
from engine.model.checkpoint import Checkpoint, latest_version, load_checkpoint, save_checkpoint
from engine.model.pairs import Pairs
from engine.model.training import Columns
from engine.model.tuning import Material, Tether, Tuner, drift, threads
from engine.music.context import vocabulary_hash
from engine.music.notes import Role, Song
from engine.music.shelf import Shelf
from engine.music.styles import STYLES_DIR
from engine.music.taste import Preference
from engine.music.timing import TICKS_PER_QUARTER
from engine.taste.preference import find_preference
from engine.taste.table import Evidence
from engine.taste.weighed import Weighed

POOL, FRESH, REPLAY, WATCHED, UNHEARD = 150, 60, 24, 8, 40
PLANS, CANDIDATES, CHOSEN = 48, 8, 2
SECONDS = 30.0
VOTES = 2
"""A song of the pool gets so many: 300 in all."""
SLOPE = 2.0
"""Log odds of a 👍 a deviation of the taste."""
CLEAR = 0.2
DRIFT = 0.029
"""To which all are drawn: a share of the style's own loss, as in the product."""
FURTHEST = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A song, as one candidate made it, and its plan."""

    plan: Plan
    song: Song


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A way of tuning: which songs, and whether pairs of them or the likelihood of the better ones."""

    by_candidates: bool
    by_pairs: bool
    steps: int
    rate: float


METHODS = {
    "liked-likelihood": Method(by_candidates=False, by_pairs=False, steps=40, rate=2e-4),
    "voted-pairs": Method(by_candidates=False, by_pairs=True, steps=20, rate=5e-5),
    "chosen-likelihood": Method(by_candidates=True, by_pairs=False, steps=60, rate=2e-4),
    "ranked-pairs": Method(by_candidates=True, by_pairs=True, steps=VOTED_STEPS, rate=VOTED_RATE),
}
"""Steps and rates: the best of a few that were tried for each."""


def tune_pitch(song: Song) -> float:
    """How high the tune is."""
    melody = song.track(Role.MELODY)
    return float(np.mean([note.pitch for note in melody.notes])) if melody and melody.notes else 60.0


def off_the_beat(song: Song) -> float:
    """Share of pitched notes that begin off the beat."""
    onsets = [note.onset for track in song.tracks if track.role is not Role.DRUMS for note in track.notes]
    return float(np.mean([onset % TICKS_PER_QUARTER != 0 for onset in onsets])) if onsets else 0.0


def leaping(song: Song) -> float:
    """Mean interval of the tune, semitones."""
    melody = song.track(Role.MELODY)
    if melody is None or len(melody.notes) < 2:
        return 0.0
    return float(np.mean(np.abs(np.diff([note.pitch for note in melody.notes]))))


TASTES: dict[str, Callable[[Song], float]] = {"high": tune_pitch, "off-beat": off_the_beat, "leaping": leaping}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All that methods share. `unheard`: songs that nobody votes on; `plans`: of each all candidates."""

    style: str
    parent: Checkpoint
    pool: Sequence[Song]
    unheard: Sequence[Song]
    plans: Sequence[Sequence[Song]]
    before: Sequence[tuple[Made, Mapping[str, Any]]]
    replay: Columns
    watch: Columns
    seed: int

    @property
    def row(self) -> int:
        """The style's place in the network."""
        return self.parent.facts.style_ids[self.style]

    def columns(self, songs: Sequence[Song]) -> Columns:
        """Rows of songs."""
        return encoded_songs(songs, self.style, self.row).columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """What people with a taste said of the pool, and what was learnt from it; `liking` is the truth, in deviations."""

    liking: np.ndarray
    voted: Voted
    preference: Preference


def written(voice: Voice, count: int, seed: int, candidates: int = 1) -> list[tuple[Made, dict[str, Any]]]:
    """Songs of plans that depend on the seed alone, and what became of their candidates."""
    style = style_of(voice)
    shelf, planner, rng = Shelf(styles={style.name: style}), Planner(None), np.random.default_rng(seed)
    writer = SongWriter(device="cpu")
    writings = []
    for index in range(count):
        request = ComposeRequest(
            prompt=style.name,
            style=style.name,
            seconds=SECONDS,
            energy=round((index * 0.618) % 1.0, 3),
            seed=int(rng.integers(2**53)),
        )
        plan = replace(planner.plan(request, shelf=shelf), primer=None)
        writings.append(writer.begin(plan, candidates=candidates, shelf=shelf))
    while not all(writing.handle.finished for writing in writings):
        writer.batcher.step()
    out = []
    for writing in writings:
        found = writer.finish(writing)
        out.append((Made(plan=writing.plan, song=found.song), {"gates": found.gates, **found.candidates}))
    return out


def world_of(style: str, seed: int) -> World:
    """Write all songs that do not depend on a taste."""
    path = latest_version(STYLES_DIR / style) or Path()
    parent, voice = load_checkpoint(path, vocabulary=vocabulary_hash()), Voice(style=style, parent=style)
    pool = [made.song for made, _ in written(voice, POOL + UNHEARD, seed)]
    again = [made.song for made, _ in written(voice, REPLAY + WATCHED, seed + 1000, candidates=2)]
    order = Order(songs=PLANS, seconds=SECONDS, seed=seed + 3000, candidates=CANDIDATES)
    row = parent.facts.style_ids[style]
    return World(
        style=style,
        parent=parent,
        pool=pool[:POOL],
        unheard=pool[POOL:],
        plans=Workshop("cpu").write_candidates(voice, order, lambda: None),
        before=written(voice, FRESH, seed + 2000, candidates=2),
        replay=encoded_songs(again[:REPLAY], style, row).columns,
        watch=encoded_songs(again[REPLAY:], style, row).columns,
        seed=seed,
    )


def asked(world: World, trait: Callable[[Song], float]) -> Ballot:
    """Have people with this taste vote on the pool, each song heard by `VOTES` of them; and learn from that."""
    rng, values = np.random.default_rng(world.seed + 7), np.array([trait(song) for song in world.pool])
    liking = (values - values.mean()) / values.std()
    ups = rng.binomial(VOTES, 1 / (1 + np.exp(-SLOPE * liking)))
    cast = [
        Weighed(song_id=f"song{index:04}", person_id=person, value=1 if person < up else -1, weight=1.0)
        for index, up in enumerate(ups)
        for person in range(VOTES)
    ]
    features = {f"song{index:04}": song_features(song) for index, song in enumerate(world.pool)}
    found = find_preference(Evidence(features=features, votes=cast))
    if found.preference is None:
        raise SystemExit(f"The votes foretell too little: {found.reason}")
    weights = (2.0 * ups - VOTES) / (VOTES + 2.0)
    clear = [index for index, weight in enumerate(weights) if abs(weight) >= CLEAR]
    voted = Voted(
        ids=tuple(f"song{index:04}" for index in clear),
        songs=tuple(world.pool[index] for index in clear),
        weights=tuple(float(weights[index]) for index in clear),
    )
    return Ballot(liking=liking, voted=voted, preference=found.preference)


def liked(world: World, ballot: Ballot, method: Method) -> tuple[Columns, np.ndarray]:
    """Songs whose likelihood is to rise, and how much each counts."""
    if not method.by_candidates:
        voted = ballot.voted
        good = [(song, weight) for song, weight in zip(voted.songs, voted.weights, strict=True) if weight > 0]
        return world.columns([song for song, _ in good]), np.array([weight for _, weight in good])
    chosen = []
    for plan in world.plans:
        scores = np.array(scores_of(plan, ballot.preference))
        chosen += [plan[index] for index in np.argsort(-scores)[:CHOSEN]]
    return world.columns(chosen), np.ones(len(chosen))


def pairs_for(world: World, ballot: Ballot, method: Method) -> Pairs:
    """Pairs to learn from."""
    if method.by_candidates:
        return ranked(world.plans, ballot.preference, world.style, world.row)[0]
    return pairs_of_votes(ballot.voted, world.style, world.row)


def tuned(world: World, ballot: Ballot, method: Method) -> tuple[Tuner, float]:
    """Tune, and go to the drift that all have; also seconds of one core."""
    recipe = recipe_for(0, False)
    own, chances = liked(world, ballot, method)
    material = Material(
        own=None if method.by_pairs else own,
        chances=chances,
        held_out=None,
        replay=world.replay,
        watch=world.watch,
        pairs=pairs_for(world, ballot, method) if method.by_pairs else None,
        pairing=recipe.pairing,
    )
    settings = replace(recipe.settings, steps=method.steps, rate=method.rate)
    path = latest_version(STYLES_DIR / world.style) or Path()
    network = load_checkpoint(path, vocabulary=vocabulary_hash()).network
    network.set_dropout(recipe.dropout)
    began = time.process_time()
    tuning = Tuner(network, material, settings, Tether(weight=recipe.tether, most_drift=9.0))
    tuning.run(lambda report: None)
    spent_s = time.process_time() - began
    go_to_drift(tuning, world)
    return tuning, spent_s


def go_to_drift(tuner: Tuner, world: World) -> None:
    """Along the way from the parent to the tuned weights, to the wanted drift."""
    aim = DRIFT * float(world.parent.facts.metrics["held_out_nats"])
    best = {name: tensor.clone() for name, tensor in tuner.network.state_dict().items()}
    start, low, high = tuner.parent.state_dict(), 0.0, FURTHEST
    for _ in range(9):
        share = (low + high) / 2
        tuner.network.load_state_dict({name: start[name] + share * (best[name] - start[name]) for name in best})
        low, high = (low, share) if drift(tuner.network, tuner.parent, world.watch) > aim else (share, high)


def compare(world: World, taste: str, name: str, ballot: Ballot) -> dict[str, Any]:
    """Tune one network to one taste, which `ballot` tells of; returns what was measured."""
    trait = TASTES[taste]
    tuner, spent_s = tuned(world, ballot, METHODS[name])
    deviation = float(np.std([trait(song) for song in world.pool]))
    values = np.array([trait(song) for song in world.unheard])
    truth = Voted(
        ids=("",) * len(values),
        songs=tuple(world.unheard),
        weights=tuple((values - np.median(values)) / deviation),
    )
    with tempfile.TemporaryDirectory() as folder:
        save_checkpoint(tuner.network, replace(world.parent.facts, version="v2"), Path(folder) / "v2.safetensors")
        voice = Voice(style=world.style, parent=world.style, folder=Path(folder))
        after = written(voice, FRESH, world.seed + 2000, candidates=2)
    songs = [[made.song for made, _ in some] for some in (world.before, after)]
    moved = np.array([trait(new) - trait(old) for old, new in zip(*songs, strict=True)]) / deviation
    said = pairs_of_votes(ballot.voted, world.style, world.row)
    unheard = pairs_of_votes(truth, world.style, world.row)
    return {
        "taste": taste,
        "method": name,
        "accuracy": ballot.preference.accuracy,
        "voted": round(agreement_of(tuner.network, tuner.parent, said), 3),
        "unheard": round(agreement_of(tuner.network, tuner.parent, unheard), 3),
        "drift": round(drift(tuner.network, tuner.parent, world.watch), 4),
        "moved": round(float(moved.mean()), 3),
        "error": round(float(moved.std() / len(moved) ** 0.5), 3),
        "wins": round(float((np.sign(moved).mean() + 1) / 2), 3),
        "failed": [round(1 - sum(row["passed"] for _, row in some) / (2 * FRESH), 3) for some in (world.before, after)],
        "likeness": [round(likeness(world.unheard, some), 3) for some in songs],
        "core_s": round(spent_s, 1),
    }


def likeness(one: Sequence[Song], other: Sequence[Song]) -> float:
    """How alike two sets of songs are, 0…1: the mean overlapping area of all measures."""
    label = Label(id="", style="", split="valid", kind="generated")
    first, second = (measure_all(Sample(label=label, song=song) for song in some) for some in (one, other))
    return float(mean_overlap(first, second))


def row_of(found: Mapping[str, Any]) -> str:
    """A line of the table."""
    cells = (
        found["taste"],
        found["method"],
        f"{found['voted']:.2f}, {found['unheard']:.2f}",
        f"{found['moved']:+.2f} ± {found['error']:.2f}",
        f"{found['wins']:.0%}",
        f"{found['failed'][0]:.1%} → {found['failed'][1]:.1%}",
        f"{found['likeness'][0]:.3f} → {found['likeness'][1]:.3f}",
        f"{found['drift']:.3f}",
        f"{found['core_s']:.0f}",
    )
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Parse, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--style", default="lofi")
    parser.add_argument("--taste", nargs="+", choices=tuple(TASTES), default=list(TASTES))
    parser.add_argument("--method", nargs="+", choices=tuple(METHODS), default=list(METHODS))
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rows = []
    with threads(1):
        world = world_of(given.style, given.seed)
        for taste in given.taste:
            ballot = asked(world, TASTES[taste])
            for name in given.method:
                found = compare(world, taste, name, ballot)
                rows.append(row_of(found))
                print(json.dumps(found), flush=True)
    print("\n| taste | method | pairs: voted, unheard | moved | better | failed | likeness | drift | core s |"
          "\n|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    print("\n".join(rows))


if __name__ == "__main__":
    main()
