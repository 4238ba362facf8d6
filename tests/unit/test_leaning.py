"""A home's taste where songs are composed: votes draw seeds, choose plans and candidates, and leave what is asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from engine.compose import seeds as seeds_module
from engine.compose.choose import REACH, Verdict, choose, liked
from engine.compose.explain import Explanation
from engine.compose.given import NOTHING
from engine.compose.guild import Guild, OwnStyle
from engine.compose.leaning import NO_LEANING, Leaning, leaning_of
from engine.compose.library import Library
from engine.compose.plan import Plan
from engine.compose.planner import Planner
from engine.compose.request import ComposeRequest
from engine.compose.seeds import (
    ENOUGH,
    drawn_seeds,
    primer_of,
    seeds_of,
    with_primer,
    without_lost_primer,
)
from engine.compose.sketch import SKETCHES, worth_of
from engine.compose.traits import plan_features
from engine.compose.written import Candidates, keep_best
from engine.errors import BadRequest
from engine.grammar.corpus import composed_songs
from engine.metrics.features import song_features
from engine.music.excerpt import excerpt
from engine.music.harmony import Chord
from engine.music.notes import Song
from engine.music.seed import Lineage, Seed, bred_to_json
from engine.music.seedbank import FILE, load_seeds, write_seeds
from engine.music.shelf import SHIPPED, Shelf
from engine.music.styles import load_style
from engine.music.taste import Posterior, Preference, StyleTaste
from engine.music.timing import METERS
from engine.music.tokens import Event, song_to_events
from engine.store.folders import FolderFiles
from tests.small import plan_of_song

PLANNER = Planner(None)


def preference(trust: float = 1.0, **weights: float) -> Preference:
    """Likes more of what weighs more than 0; centre and scale are those of songs in general."""
    usual = {"notes_per_second": (3.5, 0.5), "density": (3.5, 0.4), "tempo_log2": (6.5, 0.3), "register": (62.0, 4.0)}
    rows = {name: usual.get(name, (0.0, 1.0)) for name in weights}
    return Preference(
        centre={name: row[0] for name, row in rows.items()},
        scale={name: row[1] for name, row in rows.items()},
        weights=weights,
        accuracy=0.7,
        trust=trust,
    )


def shelf_of(**tastes: StyleTaste) -> Shelf:
    return Shelf(styles={name: replace(load_style(name), taste=taste) for name, taste in tastes.items()})


def taste(**changes: object) -> StyleTaste:
    return replace(StyleTaste(version=3, votes=40), **changes)  # type: ignore[arg-type]


def a_seed(name: str, plan: Plan, *, pitch: int = 72) -> Seed:
    bar = (Event(0, 1, 38, 8, 11), Event(4, 4, pitch, 7, 9), Event(12, 4, pitch + 2, 7, 9), Event(20, 4, pitch, 7, 9))
    return Seed(
        name=name,
        meter=METERS["4/4"],
        mode=plan.key.mode,
        tempo_bpm=80.0,
        chords=(Chord.parse("C"),) * 4,
        events=(bar, bar),
        energy=0.5,
        density=4.0,
    )


@pytest.fixture(scope="session")
def songs() -> list[Song]:
    return [excerpt(song, 2, 10) for song in composed_songs("lofi", 6, 8)]


@pytest.fixture(scope="session")
def plan(songs: list[Song]) -> Plan:
    return plan_of_song(songs[0])


@pytest.fixture
def names(tmp_path, monkeypatch, plan) -> list[str]:
    """The seeds of a bank of lofi that stands in for the shipped one; all suit the plan alike."""
    monkeypatch.setattr(seeds_module, "_folder", lambda style: tmp_path)
    seeds = [a_seed(f"lofi-{index:03}", plan, pitch=60 + index) for index in range(ENOUGH)]
    write_seeds(tmp_path / FILE, style="lofi", checkpoint={}, seeds=seeds)
    return [seed.name for seed in load_seeds(tmp_path)]


def primers(plan: Plan, shelf: Shelf, draws: int = 300) -> list[str | None]:
    return [with_primer(plan, np.random.default_rng(seed), shelf).primer for seed in range(draws)]


@pytest.mark.usefixtures("names")
def test_seeds_whose_songs_are_liked_are_drawn_more_and_others_still_sometimes(plan) -> None:
    usual = Counter(primers(plan, SHIPPED))
    assert max(usual.values()) < 90, "six of the nearest, all alike"
    fond, poor = sorted(str(name) for name in usual)[:2]
    votes = {fond: Posterior(up=9, down=1), poor: Posterior(up=1, down=9)}
    drawn = Counter(primers(plan, shelf_of(lofi=taste(seeds=votes))))
    assert drawn[fond] > 1.7 * usual[fond]
    assert drawn[poor] < 0.2 * usual[poor]
    assert len(drawn) >= 5, "the others are tried, too"


def test_without_votes_for_a_near_seed_the_draw_is_that_without_a_taste(plan, names) -> None:
    far = shelf_of(lofi=taste(seeds={"lofi-of-another-bank": Posterior(up=9)}))
    assert primers(plan, far, 60) == primers(plan, shelf_of(lofi=taste()), 60) == primers(plan, SHIPPED, 60)
    assert set(primers(plan, far, 60)) <= set(names)


def test_what_a_liked_seed_is_liked_for_is_told(plan, names) -> None:
    votes = {name: Posterior(up=9, down=3) for name in names}
    told = with_primer(plan, np.random.default_rng(1), shelf_of(lofi=taste(seeds=votes)))
    assert told.moved == (f"it begins from the seed {told.primer}, whose songs are liked here (75 % of votes)",)
    disliked = {name: Posterior(up=3, down=9) for name in names}
    assert with_primer(plan, np.random.default_rng(1), shelf_of(lofi=taste(seeds=disliked))).moved == ()


def bred(plan: Plan, name: str = "lofi-g1-abcdef") -> dict[str, object]:
    return bred_to_json(a_seed(name, plan, pitch=66), Lineage(parents=("lofi-001",), how="by hand", generation=1))


def test_resting_seeds_are_drawn_no_more_and_bred_ones_are(plan, names) -> None:
    home = shelf_of(lofi=taste(bred=(bred(plan),), resting=tuple(names[:7]), seeds={"lofi-g1-abcdef": Posterior(up=9)}))
    drawn = set(primers(plan, home))
    assert "lofi-g1-abcdef" in drawn
    assert not drawn & set(names[:7])
    assert {seed.name for seed in drawn_seeds(home.style("lofi"))} == {*names[7:], "lofi-g1-abcdef"}
    assert {seed.name for seed in seeds_of(home.style("lofi"))} == {*names, "lofi-g1-abcdef"}
    assert "lofi-g1-abcdef" not in set(primers(plan, SHIPPED))


def test_a_song_from_a_resting_or_bred_seed_can_be_made_again(plan, names) -> None:
    home = shelf_of(lofi=taste(bred=(bred(plan),), resting=(names[0], "lofi-g1-abcdef")))
    for name in (names[0], names[-1], "lofi-g1-abcdef"):
        earlier = replace(plan, primer=name)
        assert without_lost_primer(earlier, home) is earlier
        primer = primer_of(earlier, home)
        assert primer is not None
        assert primer.song.title == name


@pytest.mark.usefixtures("names")
def test_a_song_whose_bred_seed_is_gone_begins_without_and_says_so(plan) -> None:
    earlier = replace(plan, primer="lofi-g1-abcdef", notices=("Before.",))
    for shelf in (SHIPPED, shelf_of(lofi=taste(bred=(bred(plan, "lofi-g2-fedcba"),)))):
        now = without_lost_primer(earlier, shelf)
        assert (now.primer, now.primer_mood) == (None, None)
        assert now.notices[0] == "Before."
        assert "lofi-g1-abcdef" in now.notices[1]
        assert primer_of(now, shelf) is None


def test_a_bred_seed_that_cannot_be_read_is_left_out(plan, names, caplog) -> None:
    broken = [{**bred(plan, "one"), "chords": "H"}, {"name": "two"}, {**bred(plan, "three"), "notes": {"melody": [1]}}]
    home = shelf_of(lofi=taste(bred=(*broken, bred(plan))))
    assert [seed.name for seed in seeds_of(home.style("lofi"))] == [*names, "lofi-g1-abcdef"]
    assert caplog.text.count("A bred seed is left out.") == 3


def without_taste(plan: Plan) -> Plan:
    return replace(plan, taste={}, explanation=None)


STYLES = ("lofi", "jazz", "folk")
REQUESTS = [ComposeRequest(prompt="rain", style=style, seed=seed) for style in STYLES for seed in range(4)]


@pytest.fixture(scope="module")
def usual() -> list[Plan]:
    return [PLANNER.plan(request) for request in REQUESTS]


@pytest.mark.parametrize(
    "indifferent",
    [
        taste(),
        taste(plan=preference(0.0, density=9.0), song=preference(0.0, density=9.0)),
        taste(song=preference(density=1.0)),
    ],
    ids=["no votes", "not trusted", "songs alone"],
)
def test_a_taste_that_says_nothing_of_plans_leaves_them_as_they_are(indifferent: StyleTaste, usual: list[Plan]) -> None:
    shelf = shelf_of(lofi=indifferent, jazz=indifferent, folk=indifferent)
    for request, plan in zip(REQUESTS, usual, strict=True):
        own = PLANNER.plan(request, shelf=shelf)
        assert without_taste(own) == without_taste(plan)
        assert own.explanation == plan.explanation


@pytest.mark.parametrize("sign", [1.0, -1.0], ids=["more", "less"])
@pytest.mark.parametrize("feature", ["notes_per_second", "tempo_log2", "register"])
def test_plans_have_more_of_what_votes_prefer(feature: str, sign: float, usual: list[Plan]) -> None:
    fond = taste(plan=preference(**{feature: 4 * sign}))
    shelf = shelf_of(lofi=fond, jazz=fond, folk=fond)
    gains = [
        sign * (plan_features(PLANNER.plan(request, shelf=shelf))[feature] - plan_features(plan)[feature])
        for request, plan in zip(REQUESTS, usual, strict=True)
    ]
    assert np.mean(np.array(gains) > 0) >= 0.5
    assert np.mean(gains) > 0.25 * np.std([plan_features(plan)[feature] for plan in usual])


def test_the_same_taste_and_seed_make_the_same_plan() -> None:
    shelf = shelf_of(jazz=taste(plan=preference(density=1.0, tempo_log2=-0.5)))
    request = ComposeRequest(prompt="rain", style="jazz", seed=5)
    assert PLANNER.plan(request, shelf=shelf) == PLANNER.plan(request, shelf=shelf)


ASKED = ComposeRequest(
    prompt="rain",
    style="lofi",
    bpm=83.0,
    key="F# minor",
    meter="3/4",
    seconds=41.0,
    energy=0.3,
    instruments=("flute", "rhodes", "upright bass"),
    chords="F#m D A E",
)


def test_all_that_is_asked_for_is_kept_whatever_votes_prefer() -> None:
    wild = taste(plan=preference(tempo_log2=9.0, brightness=9.0, notes_per_second=9.0, triple=-9.0, roles=9.0))
    for seed in range(6):
        request = replace(ASKED, seed=seed)
        plan, usual = PLANNER.plan(request, shelf=shelf_of(lofi=wild)), PLANNER.plan(request)
        assert (plan.tempo_bpm, str(plan.key), str(plan.meter), plan.seconds) == (83.0, "F# minor", "3/4", 41.0)
        assert (plan.energy, plan.seed, plan.style) == (0.3, seed, "lofi")
        assert {c.name for c in plan.cast.values()} == {c.name for c in usual.cast.values()}
        assert plan.bars[1].chords[0].name() == "D"
        assert plan.requested == usual.requested
        assert plan.sources == usual.sources


def test_a_wish_of_the_prompt_is_kept_too() -> None:
    fond = taste(plan=preference(tempo_log2=9.0, brightness=9.0))
    for seed in range(4):
        plan = PLANNER.plan(
            ComposeRequest(prompt="lofi in d minor, 70 bpm, 30 seconds", seed=seed), shelf=shelf_of(lofi=fond)
        )
        assert (plan.tempo_bpm, str(plan.key), plan.seconds) == (70.0, "D minor", 30.0)


def test_the_first_sketchs_refusal_stands_and_the_meter_is_drawn_once() -> None:
    """A hundred bars in 100 s go in short bars alone, which a style of several meters draws sometimes."""
    fond = shelf_of(folk=taste(plan=preference(triple=-5.0, tempo_log2=1.0)))
    planned, refused = 0, 0
    for seed in range(12):
        request = ComposeRequest(prompt="folk", seed=seed, bars=100, seconds=100.0)
        try:
            usual = PLANNER.plan(request)
        except BadRequest:
            refused += 1
            with pytest.raises(BadRequest):
                PLANNER.plan(request, shelf=fond)
            continue
        planned += 1
        plan = PLANNER.plan(request, shelf=fond)
        assert len(plan.bars) == len(usual.bars) == 100
        assert plan.meter == usual.meter
    assert planned >= 3
    assert refused >= 3


def test_what_is_liked_is_sought_among_usual_sketches_not_among_the_strangest() -> None:
    rng = np.random.default_rng(3)
    rows = [{"liked": float(x), "other": float(y)} for x, y in rng.normal(size=(64, 2))]
    strange = [{"liked": 6.0, "other": 0.0}, {"liked": 1.0, "other": 7.0}]
    for strength in (0.3, 30.0):
        worth = worth_of([*rows, *strange], [strength * row["liked"] for row in [*rows, *strange]])
        best = rows[int(np.argmax(worth[:64]))]
        assert int(np.argmax(worth)) < 64
        assert 0.5 < best["liked"] < 2.5
        assert abs(best["other"]) < 1
    assert not worth_of(rows, [1.0] * 64).any(), "who likes all alike"


def test_what_votes_moved_is_told_with_the_plan() -> None:
    shelf = shelf_of(jazz=taste(plan=preference(notes_per_second=-3.0)))
    told = [PLANNER.plan(ComposeRequest(prompt="jazz", seed=seed), shelf=shelf) for seed in range(6)]
    assert all(plan.taste == {"jazz": 3} for plan in told)
    moved = [plan for plan in told if plan.moved]
    assert len(moved) >= 5
    for plan in moved:
        assert plan.explanation is not None
        assert f"votes here chose among {SKETCHES} plans" in plan.explanation.sentence
        assert "sparser" in plan.explanation.sentence
        assert plan.explanation.to_json()["votes"] == list(plan.moved)
    usual = PLANNER.plan(ComposeRequest(prompt="jazz", seed=1))
    assert usual.explanation is not None
    assert "votes" not in usual.explanation.to_json()
    assert (usual.taste, usual.moved) == ({}, ())


def test_a_blends_tastes_count_by_the_shares_of_their_styles() -> None:
    shelf = shelf_of(
        jazz=taste(plan=preference(register=1.0), song=preference(density=2.0)),
        lofi=taste(song=preference(0.5, density=-2.0)),
    )
    leaning = leaning_of({"jazz": 0.7, "lofi": 0.3}, shelf)
    features = {"density": 3.9, "register": 66.0}
    assert leaning.plan_score(features) == pytest.approx(0.7 * 1.0)
    assert leaning.song_score(features) == pytest.approx(0.7 * 2.0 - 0.3 * 0.5 * 2.0)
    assert leaning.versions == {"jazz": 3, "lofi": 3}
    assert leaning_of({"folk": 1.0}, shelf) == NO_LEANING == leaning_of({"jazz": 1.0}, SHIPPED)


def test_a_taste_that_moves_nothing_is_not_said_to_be_in_force() -> None:
    assert leaning_of({"lofi": 1.0}, shelf_of(lofi=taste())).versions == {}
    assert leaning_of({"lofi": 1.0}, shelf_of(lofi=taste(plan=preference(0.0, density=1.0)))).versions == {}
    for moving in (taste(resting=("x",)), taste(seeds={"x": Posterior(up=1)}), taste(song=preference(density=1.0))):
        assert leaning_of({"lofi": 1.0}, shelf_of(lofi=moving)).versions == {"lofi": 3}


def test_words_name_what_speaks_most_for_the_choice() -> None:
    leaning = Leaning(
        tastes={"lofi": taste(song=preference(density=-1.0, tempo_log2=0.1, register=1.0))}, shares={"lofi": 1.0}
    )
    usual = {"density": 3.5, "tempo_log2": 6.5, "register": 62.0}
    assert leaning.words("song", {**usual, "density": 2.5, "register": 64.0}, usual) == "sparser, higher"
    assert leaning.words("song", {**usual, "density": 4.5}, usual) == ""
    assert leaning.words("plan", {**usual, "density": 2.5}, usual) == ""


def test_votes_never_keep_a_failing_or_a_far_candidate() -> None:
    rng = np.random.default_rng(4)
    moved = 0
    for _ in range(400):
        verdicts = [
            Verdict(failures=("broken",) * int(rng.random() < 0.2), distance=float(rng.uniform(0.6, 1.2)))
            for _ in range(8)
        ]
        kept, usual = choose(liked(verdicts, list(rng.normal(0, 30, 8)))), choose(verdicts)
        assert len(verdicts[kept].failures) == len(verdicts[usual].failures)
        assert verdicts[kept].distance <= verdicts[usual].distance + 2 * REACH + 1e-9
        moved += kept != usual
    assert moved > 40
    assert choose(liked(verdicts, [1.5] * 8)) == usual


@pytest.mark.parametrize("sign", [1.0, -1.0], ids=["busier", "sparser"])
def test_of_candidates_that_pass_alike_the_one_that_votes_prefer_is_kept(songs, plan, sign: float) -> None:
    """Candidates that differ in how many of the tune's notes they have; without a reference none is further away."""
    whole = songs[0].tracks[0].notes
    melody = [[note for at, note in enumerate(whole) if at % left != 1] for left in (99, 7, 3, 5)]
    tracks = [(replace(songs[0].tracks[0], notes=tuple(notes)), *songs[0].tracks[1:]) for notes in melody]
    events = tuple(tuple(song_to_events(replace(songs[0], tracks=those))) for those in tracks)
    candidates = Candidates(events=events, reference={}, model={})
    usual = keep_best(candidates, plan, NOTHING, None)
    assert usual.candidates["kept"] == 0
    assert usual.candidates["passed"] == 4
    kept = keep_best(candidates, plan, NOTHING, None, shelf_of(lofi=taste(song=preference(density=sign * 20))))
    assert kept.candidates["kept"] == (0 if sign > 0 else 2)
    assert kept.moved == (() if sign > 0 else ("votes here chose among 4 candidates: sparser",))
    assert song_features(kept.song)["density"] <= song_features(usual.song)["density"]
    untrusted = shelf_of(lofi=taste(song=preference(0.0, density=sign * 20)))
    assert keep_best(candidates, plan, NOTHING, None, untrusted) == usual


def test_an_explanation_ends_with_what_votes_moved() -> None:
    plain = Explanation(style="lofi", source="asked", confidence=1.0)
    assert replace(plain, moved=("votes here chose among 8 candidates: sparser",)).sentence == (
        "Lofi, as asked; votes here chose among 8 candidates: sparser."
    )


def test_a_guild_carries_its_tastes_and_gives_a_song_those_of_its_styles(plan) -> None:
    full = taste(
        seeds={"lofi-001": Posterior(up=2.5, down=1)}, bred=(bred(plan),), resting=("a",), song=preference(density=1.0)
    )
    guild = Guild(tastes={"lofi": full, "jazz": taste()})
    assert Guild.from_json(guild.to_json()) == guild
    assert guild
    assert guild.only({"lofi": 1.0}).tastes == {"lofi": full}
    assert not Guild(tastes={})


def test_the_shelf_has_the_tastes_of_shipped_and_own_styles_and_of_no_others(tmp_path) -> None:
    library = Library(FolderFiles(tmp_path, "models"))
    guild = Guild(
        styles=(OwnStyle(name="drift", parent="ambient"),),
        tastes={"jazz": taste(version=1), "drift": taste(version=2), "gone": taste(version=9)},
    )
    _, shelf = library.shelf_of(guild)
    found = {name: shelf.style(name).taste for name in ("jazz", "drift", "lofi", "ambient")}
    assert {name: one.version for name, one in found.items() if one} == {"jazz": 1, "drift": 2}
    assert "gone" not in shelf.names()
    assert load_style("jazz").taste is None
    assert shelf.own == ("drift",)
