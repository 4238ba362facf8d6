"""Breeding seeds: what is liked moves what is bred, children pass the gates, weak seeds rest."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from itertools import pairwise
from math import exp

import numpy as np
import pytest

from engine.metrics.gates import degeneracy
from engine.music.harmony import Chord, Mode
from engine.music.seed import Seed, lineage_of, measured, seed_from_json, seed_to_song
from engine.music.seedbank import load_seeds
from engine.music.styles import load_style
from engine.music.taste import Posterior
from engine.music.timing import METERS
from engine.music.tokens import DRUMS, DURATIONS_TICKS, MELODY, SLOT_TICKS, Event, slots_in_bar
from engine.taste.breed import (
    CHILDREN,
    COPY,
    ENOUGH_VOTES,
    MOST_BYTES,
    VOTES_A_GENERATION,
    Brood,
    Stock,
    is_due,
    likeness,
    next_generation,
    resting_of,
)
from engine.taste.crossing import crossed, mutated, pitch_to_step, step_to_pitch

STYLES = ("lofi", "jazz", "folk")
GENERATIONS = 3
LIKED = 1.5
"""Log odds of a 👍 that a deviation of the liked measure is worth."""
NEAR = 6


def bank(style: str) -> tuple[Seed, ...]:
    return load_seeds(load_style(style).folder)


def drawn(seeds: list[Seed], votes: dict[str, Posterior], rng: np.random.Generator) -> Seed:
    """As composing draws: among a few that suit the plan, by their posteriors."""
    near = [seeds[int(i)] for i in rng.choice(len(seeds), size=min(NEAR, len(seeds)), replace=False)]
    known = [votes.get(seed.name, Posterior()) for seed in near]
    return near[int(np.argmax([rng.beta(posterior.alpha, posterior.beta) for posterior in known]))]


@cache
def community(style: str, measure: str, sign: int, seed: int) -> tuple[tuple[float, ...], tuple[Brood, ...]]:
    """A community that likes more (1) or less (−1) of a measure, through some generations: by how many deviations the
    drawn seeds have what it likes, before each generation and after the last; and the broods.
    """
    rng, own = np.random.default_rng(seed), bank(style)
    values = [getattr(seed, measure) for seed in own]
    votes: dict[str, Posterior] = {}
    brood, broods, means = Brood(bred=(), resting=()), [], []
    for generation in range(GENERATIONS + 1):
        awake = [s for s in (*own, *map(seed_from_json, brood.bred)) if s.name not in brood.resting]
        liked = []
        for _ in range(VOTES_A_GENERATION):
            song = drawn(awake, votes, rng)
            liked.append(sign * (getattr(song, measure) - np.mean(values)) / np.std(values))
            up = rng.random() < 1 / (1 + exp(-LIKED * liked[-1]))
            old = votes.get(song.name, Posterior())
            votes[song.name] = Posterior(up=old.up + up, down=old.down + (not up))
        means.append(float(np.mean(liked)))
        if generation < GENERATIONS:
            brood = next_generation(Stock(style=style, seeds=own, bred=brood.bred, votes=dict(votes)), rng)
            broods.append(brood)
    return tuple(means), tuple(broods)


COMMUNITIES = [
    (style, measure, sign, seed)
    for style in STYLES
    for measure in ("density", "energy", "register")
    for sign in (1, -1)
    for seed in range(2)
]


@pytest.mark.parametrize("measure", ["density", "energy", "register"])
@pytest.mark.parametrize("sign", [1, -1], ids=["more", "less"])
def test_after_three_generations_what_is_bred_and_drawn_has_more_of_what_is_liked(measure: str, sign: int) -> None:
    moved, bred = [], []
    for style, _, _, seed in (one for one in COMMUNITIES if one[1:3] == (measure, sign)):
        means, broods = community(style, measure, sign, seed)
        moved.append(means[-1] - means[0])
        values = [getattr(one, measure) for one in bank(style)]
        children = [getattr(seed_from_json(row), measure) for row in broods[-1].bred]
        bred.append(sign * (np.mean(children) - np.mean(values)) / np.std(values))
    assert np.mean(moved) > 0.4, "deviations of the shipped seeds"
    assert np.mean(np.array(moved) > 0) >= 0.85
    assert np.mean(bred) > 0.4
    assert np.mean(np.array(bred) > 0) >= 0.85


def test_most_tries_pass_the_gates_and_every_child_that_is_born_does() -> None:
    born, refused = 0, 0
    for one in COMMUNITIES:
        own = bank(one[0])
        for brood in community(*one)[1]:
            born += len(brood.born)
            refused += sum(brood.refused.values())
            for row in (row for row in brood.bred if row["name"] in brood.born):
                child = seed_from_json(row)
                assert degeneracy(seed_to_song(child, one[0]), {}) == ()
                assert all(likeness(child, seed) < COPY for seed in own)
                assert within(child, own)
    assert born / (born + refused) >= 0.85
    assert born >= 0.9 * CHILDREN * GENERATIONS * len(COMMUNITIES)


def within(child: Seed, own: tuple[Seed, ...]) -> bool:
    """Whether its pitches are about those of the style's own seeds."""
    for role in {event.role for bar in child.events for event in bar} - {DRUMS}:
        usual = [event.pitch for seed in own for bar in seed.events for event in bar if event.role == role]
        pitches = [event.pitch for bar in child.events for event in bar if event.role == role]
        if usual and not (min(usual) - 4 <= min(pitches) and max(pitches) <= max(usual) + 4):
            return False
    return True


def test_lineage_is_kept_beside_the_seed_and_names_are_never_given_twice() -> None:
    for one in COMMUNITIES:
        own, names = {seed.name for seed in bank(one[0])}, set()
        generations: dict[str, int] = {}
        for brood in community(*one)[1]:
            for row in (row for row in brood.bred if row["name"] in brood.born):
                lineage = lineage_of(row)
                assert lineage is not None
                assert row["name"] not in own | names
                names.add(row["name"])
                assert set(lineage.parents) <= own | set(generations)
                assert lineage.generation == 1 + max(generations.get(name, 0) for name in lineage.parents)
                assert all(name in lineage.how for name in lineage.parents)
                generations[row["name"]] = lineage.generation
    assert lineage_of({"name": "lofi-001"}) is None


def test_a_childs_measures_are_those_of_its_notes() -> None:
    for row in community("jazz", "density", 1, 0)[1][-1].bred:
        child = seed_from_json(row)
        anew = measured(child)
        for name in ("energy", "density", "register", "valence"):
            assert getattr(child, name) == pytest.approx(getattr(anew, name), abs=0.06)


def test_bred_seeds_never_take_more_room_than_they_may() -> None:
    sizes = [len(json.dumps(brood.bred, separators=(",", ":"))) for one in COMMUNITIES for brood in community(*one)[1]]
    assert max(sizes) <= MOST_BYTES
    gone = [name for one in COMMUNITIES for brood in community(*one)[1] for name in brood.gone]
    assert gone, "somebody made room"


def test_the_same_votes_and_generator_breed_the_same() -> None:
    own = bank("lofi")
    stock = Stock(style="lofi", seeds=own, votes={seed.name: Posterior(up=2, down=1) for seed in own})
    one, same, other = (next_generation(stock, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one == same
    assert set(one.born).isdisjoint(other.born)


def test_seeds_that_nobody_voted_on_are_no_parents() -> None:
    own = bank("lofi")
    assert next_generation(Stock(style="lofi", seeds=own), np.random.default_rng(1)).bred == ()
    fond = own[3].name, own[8].name
    stock = Stock(style="lofi", seeds=own, votes={name: Posterior(up=3) for name in fond})
    for row in next_generation(stock, np.random.default_rng(1)).bred:
        assert set(row["parents"]) <= set(fond)


def test_kin_are_not_paired_where_there_are_others() -> None:
    own = bank("folk")
    votes = {seed.name: Posterior(up=2) for seed in own}
    first = next_generation(Stock(style="folk", seeds=own, votes=votes), np.random.default_rng(4))
    votes |= {name: Posterior(up=30) for name in first.born}
    stock = Stock(style="folk", seeds=own, bred=first.bred, votes=votes)
    parents = {row["name"]: set(row["parents"]) for row in first.bred}
    for seed in range(6):
        brood = next_generation(stock, np.random.default_rng(seed))
        for row in (row for row in brood.bred if row["name"] in brood.born and len(row["parents"]) == 2):
            one, two = row["parents"]
            assert two not in parents.get(one, set())
            assert one not in parents.get(two, set())
            assert not parents.get(one, set()) & parents.get(two, set())


def test_weak_seeds_rest_the_weakest_first_and_never_most_of_them() -> None:
    own = bank("lofi")
    votes = {seed.name: Posterior(up=6, down=2) for seed in own}
    worst = own[5].name
    votes[worst] = Posterior(up=0, down=12)
    assert resting_of(own, votes) == (worst,)
    few = {**votes, worst: Posterior(down=ENOUGH_VOTES - 1)}
    assert resting_of(own, few) == ()
    half = {seed.name: Posterior(up=8.0 * (i % 2), down=8.0 * (1 - i % 2)) for i, seed in enumerate(own)}
    for meter, bright in {(str(seed.meter), seed.mode in (Mode.MAJOR, Mode.LYDIAN, Mode.MIXOLYDIAN)) for seed in own}:
        group = [
            s for s in own if (str(s.meter), s.mode in (Mode.MAJOR, Mode.LYDIAN, Mode.MIXOLYDIAN)) == (meter, bright)
        ]
        assert sum(seed.name in resting_of(own, half) for seed in group) <= len(group) / 3
    assert next_generation(Stock(style="lofi", seeds=own, votes=votes), np.random.default_rng(1)).resting == (worst,)


def test_a_generation_is_due_after_so_many_votes() -> None:
    dues = [is_due(votes, votes + 1) for votes in range(3 * VOTES_A_GENERATION)]
    assert sum(dues) == 3
    assert is_due(0, VOTES_A_GENERATION)
    assert not is_due(VOTES_A_GENERATION, VOTES_A_GENERATION + 5)


def tune(*notes: tuple[int, int], mode: Mode = Mode.MAJOR, chord: str = "C") -> Seed:
    """A bar of a tune alone: onset and pitch of each note."""
    return Seed(
        name="t",
        meter=METERS["4/4"],
        mode=mode,
        tempo_bpm=100.0,
        chords=(Chord.parse(chord),) * 2,
        events=(tuple(Event(onset, MELODY, pitch, 3, 10) for onset, pitch in notes),),
    )


def test_white_keys_are_counted_without_gaps() -> None:
    whites = [pitch for pitch in range(128) if pitch % 12 in (0, 2, 4, 5, 7, 9, 11)]
    assert [pitch_to_step(pitch) for pitch in whites] == list(range(len(whites)))
    assert [step_to_pitch(step) for step in range(len(whites))] == whites
    assert pitch_to_step(61) == pitch_to_step(60)


def test_a_crossed_seed_has_ones_rhythm_and_the_others_contour() -> None:
    rhythm = tune((4, 60), (10, 60), (14, 60), (20, 60), (28, 60))
    rising = tune((0, 67), (8, 71), (24, 79))
    child = crossed(rhythm, rising)
    (bar,) = child.events
    assert [(e.onset, e.duration, e.velocity) for e in bar] == [
        (e.onset, e.duration, e.velocity) for e in rhythm.events[0]
    ]
    pitches = [event.pitch for event in bar]
    assert pitches == sorted(pitches)
    assert (pitches[0], pitches[-1]) == (69, 79)
    assert all(pitch % 12 in (0, 2, 4, 5, 7, 9, 11) for pitch in pitches)


def test_a_contour_keeps_its_degrees_in_another_mode() -> None:
    major = tune((4, 72), (12, 76), (20, 79), mode=Mode.MAJOR)
    child = crossed(tune((4, 60), (12, 60), (20, 60), mode=Mode.MINOR, chord="Am"), major)
    assert [event.pitch % 12 for event in child.events[0]] == [9, 0, 4], "first, third and fifth of A minor"


@pytest.mark.parametrize("style", STYLES)
def test_tunes_stand_on_the_chord_on_half_bars_and_all_else_is_the_first_parents(style: str) -> None:
    for one, other in pairwise(bank(style)):
        if one.meter != other.meter:
            continue
        child = crossed(one, other)
        half = slots_in_bar(child.meter) // 2
        assert (child.chords, child.tempo_bpm, child.mode) == (one.chords, one.tempo_bpm, one.mode)
        for bar, events in enumerate(child.events):
            assert [e for e in events if e.role != MELODY] == [e for e in one.events[bar] if e.role != MELODY]
            for event in (e for e in events if e.role == MELODY and e.onset % half == 0):
                chord = child.chords[2 * bar + event.onset // half]
                assert chord is None or event.pitch % 12 in chord.pitch_classes


def test_mutations_are_small_and_all_kinds_happen() -> None:
    rng = np.random.default_rng(2)
    kinds, kept = set(), []
    for seed in bank("jazz"):
        for _ in range(12):
            change = mutated(seed, rng)
            assert (change.how == "") == (change.seed is seed)
            if not change.how:
                continue
            kinds.add(next(word for word in ("moved", "step", "thinned", "filled", "swapped") if word in change.how))
            if "swapped" not in change.how:
                kept.append(likeness(seed, change.seed))
            else:
                assert sorted(change.seed.events) == sorted(seed.events)
            assert all(list(bar) == sorted(bar) for bar in change.seed.events)
    assert kinds == {"moved", "step", "thinned", "filled", "swapped"}
    assert min(kept) > 0.4
    assert np.mean(kept) > 0.75


def test_thinning_leaves_beats_and_half_of_every_part() -> None:
    rng = np.random.default_rng(5)
    thinned = 0
    for seed in bank("lofi") * 4:
        change = mutated(seed, rng)
        if "thinned" in change.how:
            thinned += 1
            for before, after in zip(seed.events, change.seed.events, strict=True):
                assert set(after) <= set(before)
                assert {e for e in before if e.onset % 8 == 0} <= set(after)
                for role in {event.role for event in before}:
                    assert 2 * sum(e.role == role for e in after) >= sum(e.role == role for e in before)
    assert thinned


def test_notes_that_fill_begin_where_the_one_before_ends_and_end_where_the_next_begins() -> None:
    rng, new = np.random.default_rng(1), set()
    held = tune((0, 60), (16, 72))
    held = replace(held, events=(tuple(event._replace(duration=13) for event in held.events[0]),))
    for _ in range(60):
        change = mutated(held, rng)
        if "filled" in change.how:
            line = change.seed.events[0]
            (added,) = (event for event in line if event.onset not in (0, 16))
            before = max(event for event in line if event.onset < added.onset)
            new.add((added.onset, added.pitch))
            assert SLOT_TICKS[before.onset] + DURATIONS_TICKS[before.duration] <= SLOT_TICKS[added.onset]
            after = 16 if added.onset < 16 else 32
            assert SLOT_TICKS[added.onset] + DURATIONS_TICKS[added.duration] <= SLOT_TICKS[after]
    assert new == {(8, 65), (24, 72)}, "half way, a passing note"
