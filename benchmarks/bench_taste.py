"""Simulated servers with hidden tastes: do new songs win against those of day zero, once people have voted?

    python -m benchmarks.bench_taste [--tastes "sparse,busy"] [--rigging 0,0.15] [--people 20] [--votes 300]
                                     [--rounds 3] [--seed 1] [--work DIR] [--ablate] [--plot docs/images/taste.png]

For each hidden taste a community asks for songs round by round, votes, and its taste is learnt from the votes as the
product learns it; the songs of the next round are composed with that. At last new songs of the same prompts are set
beside songs of day zero, unseen, `COMPARISONS` times: a member who shares the hidden taste hears both and chooses, with
the noise that votes have. Prints Markdown tables. Conventions: songs are composed by the engine's own code, without a
sound; `--rigging`: shares of members who vote against the taste; `--ablate`: what each mover brings alone; `--work`:
finished communities are kept there, and an interrupted run goes on (empty it when the engine has changed). One core,
about a minute a community. Caveat: `communities` says what these people are not.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.communities import SLOPE, TASTES, Community, Crowd, HiddenTaste, Person, gather, sigmoid, traits
from benchmarks.song_mill import MadeSong, Order, SongMill
from benchmarks.taste_figures import Outcome, Point, Side, draw, print_tables
from engine.compose.traits import plan_features
from engine.evaluate.learners import named_styles
from engine.evaluate.reference import load_reference
from engine.evaluate.vectors import Label, Sample, VectorSet, measure_all
from engine.metrics.features import song_features
from engine.music.codec import from_plain, to_plain
from engine.music.taste import StyleTaste
from engine.settings import Settings
from engine.taste.ballot import Ballot, CastVote, HeardSong
from engine.taste.learn import learn

PROMPTS = (
    "lofi for a rainy evening", "lofi beats to study to", "dreamy lofi on a night train",
    "a jazz trio in a small bar", "jazz for a sunday morning", "a jazz waltz of falling leaves",
    "slow blues at midnight", "blues on an old porch", "a blues in A with guitar",
    "a folk tune by the fire", "folk song of the harbour", "a folk dance on market day",
)  # fmt: skip
COMPARISONS = 500
SONGS_A_PROMPT, FIRST_SONGS = 4, 6
"""In every round, and in the first, when nothing has been learnt."""
NEW_SONGS, OLD_SONGS, ALONE_SONGS = 8, 16, 4
"""Of each prompt: composed at last, composed on day zero, and with one mover alone."""
OLD_SEEDS, NEW_SEEDS, ROUND_SEEDS, FIRST_SEEDS = 1_000_000, 2_000_000, 3_000_000, 4_000_000
SERVER = 4_242
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
MOVERS = ("seeds", "plans", "candidates")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A song as the simulation keeps it: what the engine measured (`heard`), what people hear (`traits`), and what is
    said of it in the end.
    """

    prompt: str
    heard: HeardSong
    traits: Mapping[str, float]
    gates: Mapping[str, bool | None]
    keeps_asked: bool
    named: str = ""

    @property
    def style(self) -> str:
        """The song's style."""
        return self.heard.style


class Namer:
    """Says what style songs are of, by what the package's reference music teaches a classifier."""

    def __init__(self, seed: int) -> None:
        reference = load_reference()
        self._training = reference.rows([i for i, label in enumerate(reference.labels) if label.split == "train"])
        self._seed = seed

    def names(self, songs: VectorSet) -> list[str]:
        """A style a song."""
        return named_styles(self._training, songs, seed=self._seed)


@dataclass(slots=True, kw_only=True)
class Server:
    """A simulated server: what was composed and said so far, and the taste that was learnt."""

    community: Community
    rng: np.random.Generator
    now: datetime
    songs: dict[str, Known] = field(default_factory=dict)
    votes: list[CastVote] = field(default_factory=list)
    tastes: dict[str, StyleTaste] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    suspicions: int = 0

    def hear(self, songs: Sequence[Known], round_number: int) -> list[Known]:
        """New songs, asked for by somebody each."""
        people, eager = self.community.people, _eagerness(self.community.people)
        asked = []
        for at, song in enumerate(songs):
            by = people[int(self.rng.choice(len(people), p=eager))]
            row = replace(song.heard, id=f"r{round_number}s{at}", person_id=by.id, created_at=self.now)
            asked.append(replace(song, heard=row))
            self.songs[row.id] = asked[-1]
        return asked

    def vote(self, songs: Sequence[Known], count: int) -> None:
        """`count` votes under these songs: eager people vote more, nobody twice or under their own song."""
        people, eager = self.community.people, _eagerness(self.community.people)
        by_id = {person.id: person for person in people}
        done: set[tuple[int, str]] = set()
        while len(done) < count:
            person = people[int(self.rng.choice(len(people), p=eager))]
            song = songs[int(self.rng.integers(len(songs)))]
            asker = by_id[song.heard.person_id or 0]
            if (person.id, song.heard.id) in done or asker is person:
                continue
            done.add((person.id, song.heard.id))
            likes = self.community.likes(person, song, asker, self.rng)
            self.votes.append(
                CastVote(
                    song_id=song.heard.id,
                    person_id=person.id,
                    value=1 if likes else -1,
                    changed_at=self.now + timedelta(minutes=_minutes(person, self.rng)),
                )
            )

    def learn(self) -> None:
        """What the product learns of all votes so far."""
        self.now += timedelta(days=1)
        learnt = learn(
            Ballot(
                home=SERVER,
                now=self.now,
                songs=tuple(song.heard for song in self.songs.values()),
                votes=tuple(self.votes),
                tastes=self.tastes,
            )
        )
        self.tastes = {**self.tastes, **learnt.tastes}
        self.figures, self.suspicions = learnt.figures, len(learnt.suspicions)


def _eagerness(people: Sequence[Person]) -> NDArray[np.float64]:
    votes = np.array([person.votes for person in people])
    shares: NDArray[np.float64] = votes / votes.sum()
    return shares


def _minutes(person: Person, rng: np.random.Generator) -> float:
    """When in the day: those who rig votes come together."""
    return float(rng.uniform(600, 606) if person.is_rigging else rng.uniform(0, 1200))


def known_song(made: MadeSong, song_id: str = "") -> Known:
    """A song as it is kept, asked for by nobody yet."""
    plan = made.plan
    return Known(
        prompt=made.order.prompt,
        heard=HeardSong(
            id=song_id,
            style=plan.style,
            version=made.model.get("version", ""),
            created_at=FIRST_DAY,
            seed_name=plan.primer,
            taste=plan.taste.get(plan.style, 0),
            plan=plan_features(plan),
            song=song_features(made.song),
        ),
        traits=traits(made.song),
        gates=made.gates,
        keeps_asked=made.keeps_asked,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Who composes and who names styles; the songs of day zero, `old` to compare with and `first` to vote on first;
    and how long it goes on.
    """

    mill: SongMill
    namer: Namer
    old: tuple[Known, ...]
    first: tuple[Known, ...]
    votes: int
    rounds: int
    people: int
    seed: int
    ablate: bool

    def run(self, taste: HiddenTaste, rigging: float) -> Outcome:
        """One community from its first day to the blind comparisons."""
        began = perf_counter()
        crowd = Crowd(size=self.people, rigging=rigging, seed=self.seed)
        pool: dict[str, list[Mapping[str, float]]] = {}
        for song in self.old:
            pool.setdefault(song.style, []).append(song.traits)
        community = gather(taste, pool, crowd)
        server = Server(
            community=community,
            rng=np.random.default_rng([self.seed, TASTES.index(taste), round(100 * rigging)]),
            now=datetime.fromtimestamp(crowd.now_s, UTC),
        )
        curve = [self._round(server, taste, number) for number in range(self.rounds)]
        new = named_songs(self._made(server.tastes, NEW_SONGS, NEW_SEEDS + self.seed * 1000), self.namer)
        curve.append(Point(votes=len(server.votes), wins=self._expected(community, new), **_learnt(server)))
        return Outcome(
            taste=taste.name,
            rigging=rigging,
            new=self._side(community, new),
            old=self._side(community, self.old),
            wins=self._blind(community, community.majority, new),
            wins_all=self._blind(community, community.honest, new),
            silent_wins=_without_noise(community, new, self.old),
            expected=curve[-1].wins,
            spread=self._spread(community, new),
            curve=tuple(curve),
            alone=self._alone(server, community) if self.ablate and not rigging else {},
            bred=sum(len(taste.bred) for taste in server.tastes.values()),
            resting=sum(len(taste.resting) for taste in server.tastes.values()),
            suspicions=server.suspicions,
            took_s=perf_counter() - began,
        )

    def _round(self, server: Server, taste: HiddenTaste, number: int) -> Point:
        """Songs, votes, learning; how the round's songs would do against day zero."""
        seeds = ROUND_SEEDS + (self.seed * 100 + TASTES.index(taste)) * 1000 + number * 100
        learnt = _learnt(server)
        made = [known_song(song) for song in self._made(server.tastes, SONGS_A_PROMPT, seeds)] if number else self.first
        heard = server.hear(made, number)
        point = Point(votes=len(server.votes), wins=self._expected(server.community, heard), **learnt)
        share = self.votes * (number + 1) // self.rounds - self.votes * number // self.rounds
        server.vote(heard, share)
        server.learn()
        return point

    def _made(self, tastes: Mapping[str, StyleTaste], count: int, first_seed: int) -> list[MadeSong]:
        return self.mill.make(orders_of(count, first_seed), tastes)

    def _alone(self, server: Server, community: Community) -> dict[str, float]:
        """The share of wins with one mover alone, by the same taste."""
        out = {}
        for mover in MOVERS:
            tastes = {style: only(mover, taste) for style, taste in server.tastes.items()}
            made = self._made(tastes, ALONE_SONGS, NEW_SEEDS + self.seed * 1000)
            out[mover] = self._expected(community, [known_song(song) for song in made])
        return out

    def _side(self, community: Community, songs: Sequence[Known]) -> Side:
        utilities = [community.utility(song) for song in songs]
        return Side(
            songs=len(songs),
            utility=float(np.mean(utilities)),
            deviation=float(np.std(utilities)),
            adherence=float(np.mean([bool(song.gates.get("adherence")) and song.keeps_asked for song in songs])),
            sound=float(np.mean([all(passed is not False for passed in song.gates.values()) for song in songs])),
            identity=float(np.mean([song.named == song.style for song in songs])),
        )

    def _pairs(self, new: Sequence[Known]) -> list[tuple[Known, Known]]:
        """Every new song beside every one of day zero that the same prompt gave."""
        return [(song, old) for song in new for old in self.old if old.prompt == song.prompt]

    def _expected(self, community: Community, new: Sequence[Known]) -> float:
        """The share of wins that so many comparisons come to in the long run."""
        return float(np.mean([_chance(community, first, second) for first, second in self._pairs(new)]))

    def _spread(self, community: Community, new: Sequence[Known]) -> tuple[float, float]:
        """The middle 90 % of the expected share, by drawing the new songs anew."""
        rng = np.random.default_rng(self.seed)
        each = np.array([self._expected(community, [song]) for song in new])
        draws = [float(each[rng.integers(len(each), size=len(each))].mean()) for _ in range(1000)]
        low, high = np.quantile(draws, (0.05, 0.95))
        return float(low), float(high)

    def _blind(self, community: Community, judges: Sequence[Person], new: Sequence[Known]) -> float:
        """`COMPARISONS` times somebody hears a new song and one of day zero, unseen, and chooses."""
        rng = np.random.default_rng([self.seed, len(judges)])
        pairs, won = self._pairs(new), 0
        for _ in range(COMPARISONS):
            first, second = pairs[int(rng.integers(len(pairs)))]
            judge = judges[int(rng.integers(len(judges)))]
            won += community.prefers(judge, first, second, rng)
        return won / COMPARISONS


def _chance(community: Community, first: Known, second: Known) -> float:
    """How likely the first is chosen by those who share the hidden taste."""
    gaps = [community.heard(person, first) - community.heard(person, second) for person in community.majority]
    return float(np.mean([sigmoid(SLOPE * gap) for gap in gaps]))


def _without_noise(community: Community, new: Sequence[Known], old: Sequence[Known]) -> float:
    """The share of pairs of one prompt in which the new song is better by the hidden taste alone; ties are halves."""
    wins = []
    for song in new:
        here = community.utility(song)
        for other in old:
            if other.prompt == song.prompt:
                gap = here - community.utility(other)
                wins.append(0.5 if abs(gap) < 1e-9 else float(gap > 0))
    return float(np.mean(wins))


def _learnt(server: Server) -> dict[str, float]:
    """How far the taste is trusted: means over the styles."""
    tastes = list(server.tastes.values())
    plan = [taste.plan.trust if taste.plan else 0.0 for taste in tastes]
    song = [taste.song.trust if taste.song else 0.0 for taste in tastes]
    return {"plan_trust": float(np.mean(plan or [0.0])), "song_trust": float(np.mean(song or [0.0]))}


def only(mover: str, taste: StyleTaste) -> StyleTaste:
    """A taste that moves one thing alone."""
    if mover == "seeds":
        return replace(taste, plan=None, song=None)
    bare = replace(taste, seeds={}, bred=(), resting=())
    return replace(bare, song=None) if mover == "plans" else replace(bare, plan=None)


def named_songs(made: Sequence[MadeSong], namer: Namer) -> list[Known]:
    """Songs with the style that the classifier takes them for."""
    samples = [
        Sample(label=Label(id=f"n{at}", style=song.plan.style, split="valid", kind="generated"), song=song.song)
        for at, song in enumerate(made)
    ]
    names = namer.names(measure_all(samples))
    return [replace(known_song(song), named=name) for song, name in zip(made, names, strict=True)]


def orders_of(count: int, first_seed: int) -> list[Order]:
    """So many songs a prompt, each with a seed of its own."""
    prompts = [prompt for _ in range(count) for prompt in PROMPTS]
    return [Order(prompt=prompt, seed=first_seed + at) for at, prompt in enumerate(prompts)]


def day_zero(mill: SongMill, namer: Namer, path: Path, count: int, first_seed: int) -> tuple[Known, ...]:
    """So many songs a prompt without any taste, composed once and kept."""
    if not path.exists():
        songs = named_songs(mill.make(orders_of(count, first_seed)), namer)
        path.write_text(json.dumps([to_plain(song) for song in songs]), encoding="utf-8")
    return tuple(from_plain(Known, row) for row in json.loads(path.read_text(encoding="utf-8")))


def main() -> None:
    """Run all communities and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tastes", default=",".join(taste.name for taste in TASTES))
    parser.add_argument("--rigging", default="0,0.15")
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--votes", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--ablate", action="store_true")
    parser.add_argument("--plot", type=Path)
    order = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = order.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        outcomes = run_all(order, work)
    print_tables(outcomes)
    if order.plot is not None:
        draw(outcomes, order.plot)


def run_all(order: argparse.Namespace, work: Path) -> list[Outcome]:
    """Every taste with every share of riggers; finished ones are taken from the work folder."""
    mill = SongMill(Settings.read(device="cpu", data_dir=work / "data"))
    namer = Namer(order.seed)
    bench = Bench(
        mill=mill,
        namer=namer,
        old=day_zero(mill, namer, work / "day-zero.json", OLD_SONGS, OLD_SEEDS),
        first=day_zero(mill, namer, work / f"first-{order.seed}.json", FIRST_SONGS, FIRST_SEEDS + order.seed * 1000),
        votes=order.votes,
        rounds=order.rounds,
        people=order.people,
        seed=order.seed,
        ablate=order.ablate,
    )
    outcomes = []
    for rigging in map(float, order.rigging.split(",")):
        for taste in [taste for taste in TASTES if taste.name in order.tastes.split(",")]:
            path = work / f"{taste.name.replace(' ', '-')}-{round(100 * rigging)}-{order.seed}.json"
            if not path.exists():
                path.write_text(json.dumps(asdict(bench.run(taste, rigging))), encoding="utf-8")
            outcomes.append(from_plain(Outcome, json.loads(path.read_text(encoding="utf-8"))))
            print(f"{outcomes[-1]}\n", flush=True)
    return outcomes


if __name__ == "__main__":
    main()
