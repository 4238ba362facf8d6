"""The controls: what an option asks for is met exactly, beats the prompt's words, and is told where it did."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compose.blend import mix_styles, read_blend
from engine.compose.decode import Heat
from engine.compose.generate import heat_for
from engine.compose.plan import Plan, plan_to_json
from engine.compose.planner import Planner
from engine.compose.request import ComposeRequest
from engine.compose.words.chords import read_chords
from engine.compose.words.moods import MEANT, MOODS, axes_of, read_mood
from engine.errors import BadRequest
from engine.music.notes import Role
from engine.music.styles import load_style

PLANNER = Planner(None)


def plan(prompt: str = "lofi 30s", *, seed: int = 1, **fields: object) -> Plan:
    return PLANNER.plan(dataclasses.replace(ComposeRequest(prompt=prompt, seed=seed), **fields))  # type: ignore[arg-type]


def sentence(**fields: object) -> str:
    """How a request is refused."""
    with pytest.raises(BadRequest) as refused:
        plan(**fields)  # type: ignore[arg-type]
    text = str(refused.value)
    assert "would work" in text
    assert "\n" not in text
    return text


# blends


@pytest.mark.parametrize(
    ("text", "blend"),
    [
        ("lofi", {"lofi": 1.0}),
        ("jazz+lofi", {"jazz": 0.5, "lofi": 0.5}),
        ("jazz:0.7+lofi:0.3", {"jazz": 0.7, "lofi": 0.3}),
        ("lofi : 1 + jazz : 3", {"jazz": 0.75, "lofi": 0.25}),
        ("lofi:30%+jazz:70%", {"jazz": 0.7, "lofi": 0.3}),
        ("jazz:0.8+lofi", {"jazz": 0.8, "lofi": 0.2}),
        ("Lo-Fi+JAZZ", {"lofi": 0.5, "jazz": 0.5}),
    ],
)
def test_a_blend_is_read_with_its_weights_heaviest_first(text: str, blend: dict[str, float]) -> None:
    read = read_blend(text)
    assert read == blend
    assert list(read) == list(blend)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("jazz+polka", "'polka'"), ("jazz+", "''"), ("jazz:0+lofi:1", "'jazz:0'"), ("jazz:x+lofi", "'jazz:x'"),
        ("jazz:-1+lofi", "'jazz:-1'"), ("jazz+jazz", "jazz twice"), ("jazz:1+lofi", "leave nothing"),
        ("jazz+lofi+folk+rock", "4 styles"), ("jazz:nan+lofi:1", "nan"),
    ],
)  # fmt: skip
def test_a_blend_that_cannot_be_read_names_what_is_wrong(text: str, named: str) -> None:
    assert named in sentence(style=text)


def test_a_blend_draws_from_both_styles_by_their_weight() -> None:
    made = plan("a song, 30s", style="jazz:0.7+lofi:0.3")
    assert made.style == "jazz"
    assert dict(made.blend) == {"jazz": 0.7, "lofi": 0.3}
    assert made.requested["style"] == {"value": "jazz 70 % + lofi 30 %", "from": "asked"}
    lofi, jazz = load_style("lofi"), load_style("jazz")
    mixed = mix_styles({"jazz": 0.7, "lofi": 0.3}, np.random.default_rng(0))
    assert lofi.tempo_usual < mixed.tempo_usual < jazz.tempo_usual
    for mode in set(lofi.progressions) & set(jazz.progressions):
        own = [row in jazz.progressions[mode] for row in mixed.progressions[mode]]
        assert 0.5 < sum(own) / len(own) < 0.95
    origins = {"jazz" if part is jazz.parts.get(role) else "lofi" for role, part in mixed.parts.items()}
    assert origins == {"jazz", "lofi"}


def test_two_styles_in_a_prompt_are_a_blend_whose_noun_is_the_main_one() -> None:
    made = plan("jazzy lofi 30s")
    assert dict(made.blend) == {"lofi": 0.65, "jazz": 0.35}
    assert list(made.blend) == ["lofi", "jazz"]
    assert made.sources["style"] == "prompt"
    for prompt in ("lofi, but jazzy", "something jazzy and lofi", "lofi with a jazzy touch"):
        assert list(plan(prompt).blend) == ["lofi", "jazz"], prompt
    assert list(plan("a jazzy tune").blend) == ["jazz"]
    assert list(plan("lofi, not jazzy").blend) == ["lofi"]


# mood, energy, adventure


@pytest.mark.parametrize("word", [*MOODS, *MEANT])
def test_every_mood_word_is_read_alone(word: str) -> None:
    read = read_mood(f"something {word}")
    assert read is not None
    assert read.to_json() == {axis: pytest.approx(value, abs=1e-4) for axis, value in axes_of(word).items()}
    if word in MOODS:
        assert (read.energy, read.valence) == MOODS[word]


def test_words_that_mean_an_axis_of_their_own_move_it_most() -> None:
    for word, axis, sign in (
        ("slow", "tempo", -1), ("fast", "tempo", 1), ("busy", "density", 1), ("sparse", "density", -1),
        ("dark", "brightness", -1), ("sparkling", "brightness", 1), ("sad", "valence", -1), ("wild", "energy", 1),
    ):  # fmt: skip
        axes = axes_of(word)
        assert sign * axes[axis] >= 0.7
        assert abs(axes[axis]) == max(map(abs, axes.values())), word


def test_moods_mix_and_turn_round() -> None:
    sad, not_sad, slow = read_mood("sad"), read_mood("not sad"), read_mood("sad and slow")
    assert sad is not None
    assert not_sad is not None
    assert slow is not None
    assert sad.valence < slow.valence < 0 < not_sad.valence
    assert slow.tempo < sad.tempo
    assert read_mood("xyzzy") is None


def test_what_is_not_wanted_turns_only_the_mood_beside_it() -> None:
    assert read_mood("no drums at all and happy") == read_mood("happy")
    assert read_mood("not too happy") != read_mood("happy")


def test_a_mood_makes_the_song_sad_and_slow_whatever_the_prompt_says() -> None:
    sad = [plan("happy fast lofi", seed=seed, mood="sad and slow") for seed in range(12)]
    happy = [plan("sad slow lofi", seed=seed, mood="happy and fast") for seed in range(12)]
    assert max(p.energy for p in sad) < min(p.energy for p in happy)
    assert sum(p.tempo_bpm for p in sad) < sum(p.tempo_bpm for p in happy)
    assert sum("minor" in str(p.key) for p in sad) > sum("minor" in str(p.key) for p in happy)
    assert sad[0].requested["mood"] == {"value": "sad and slow", "from": "asked"}


@given(st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=20, deadline=None)
def test_energy_and_adventure_are_met_exactly_and_beat_the_mood(energy: float, adventure: float) -> None:
    made = plan(mood="calm", energy=energy, adventure=adventure)
    assert made.energy == pytest.approx(energy, abs=0.0006)
    assert made.adventure == adventure
    shown = plan_to_json(made)
    assert shown["sources"]["energy"] == shown["sources"]["adventure"] == "asked"


@pytest.mark.parametrize("name", ["energy", "adventure"])
@pytest.mark.parametrize("value", [-0.1, 1.01, float("nan"), float("inf")])
def test_energy_and_adventure_lie_between_0_and_1(name: str, value: float) -> None:
    assert f"The {name} {value:g} is out of range" in sentence(**{name: value})


@pytest.mark.parametrize("mood", ["", "  ", "x" * 300])
def test_a_mood_says_something(mood: str) -> None:
    assert "The mood" in sentence(mood=mood)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.7, 1.3), st.floats(0.8, 0.99))
def test_adventure_heats_the_sampling_and_half_changes_nothing(a: float, b: float, heat: float, top_p: float) -> None:
    usual = Heat.of(heat, top_p)
    assert heat_for(usual, 0.5) == usual
    cool, warm = heat_for(usual, min(a, b)), heat_for(usual, max(a, b))
    assert cool.pitch <= warm.pitch
    assert 0 < cool.top_p <= warm.top_p <= 1


# players


def cast_names(made: Plan) -> set[str]:
    return {casting.name for casting in made.cast.values()}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("asked", "names"),
    [
        (("flute, rhodes, upright bass",), {"Flute", "Electric Piano", "Acoustic Bass"}),
        (("flute", "rhodes", "upright bass"), {"Flute", "Electric Piano", "Acoustic Bass"}),
        (("piano, guitar and flute",), {"Grand Piano", "Nylon Guitar", "Flute"}),  # lofi's own guitar
        (("flute, oboe, clarinet",), {"Flute", "Oboe", "Clarinet"}),
        (("violin, viola, cello, contrabass",), {"Violin", "Viola", "Cello", "Contrabass"}),
        (("piano",), {"Grand Piano"}),
    ],
)
def test_the_asked_instruments_play_and_no_others(asked: Sequence[str], names: set[str], seed: int) -> None:
    made = plan("lofi 40s", seed=seed, instruments=tuple(asked))
    assert cast_names(made) == names
    assert made.sources["instruments"] == "asked"


@pytest.mark.parametrize("seed", range(6))
def test_who_is_left_out_does_not_play(seed: int) -> None:
    made = plan("lofi with a drum solo and a piano", seed=seed, without=("drums, piano",))
    assert Role.DRUMS not in made.cast
    assert not {casting.program for casting in made.cast.values()} & set(range(4))
    assert made.requested["without"] == {"value": ["piano", "drums"], "from": "asked"}
    (notice,) = made.notices
    assert notice == "The prompt asks for drums and piano, the option leaves that out: the option was followed."


def test_asked_instruments_beat_those_that_the_prompt_wants_or_forbids() -> None:
    made = plan("lofi with saxophone, no drums, no flute", instruments=("flute, drums, bass",))
    assert set(made.cast) >= {Role.DRUMS, Role.BASS}
    assert "Flute" in cast_names(made)
    assert not any("Sax" in name for name in cast_names(made))
    assert len(made.notices) == 2
    assert all("the option was followed" in notice for notice in made.notices)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"instruments": ("flurgle",)}, "'flurgle'"),
        ({"instruments": ("flutte",)}, "'flute'"),
        ({"without": ("flurgle",)}, "'flurgle'"),
        ({"instruments": ("drums",), "without": ("drums",)}, "'drums'"),
        ({"instruments": ("violin",), "without": ("strings",)}, "'violin'"),
        ({"instruments": ("flute, oboe, clarinet, violin, cello, harp",)}, "6 instruments"),
        ({"without": ("melody, counter, harmony, bass, drums",)}, "All parts"),
        ({"instruments": ("flute",), "without": ("lead, counter, chords",)}, "'flute'"),
    ],
)
def test_players_that_cannot_be_are_named(fields: dict[str, object], named: str) -> None:
    assert named in sentence(**fields)


# chords


def test_asked_chords_are_the_main_sections_chords_and_give_the_key() -> None:
    asked = read_chords("Am F C G").bars
    for seed in range(6):
        made = plan("lofi 60s", seed=seed, chords="Am F C G")
        assert str(made.key) == "A minor"
        assert made.sources["key"] == "chords"
        for section in made.sections:
            if section.label in "ABIO":
                for place in range(section.bars):
                    bar = section.start_bar + place
                    if bar < len(made.bars) - 1:
                        assert made.bars[bar].chords == asked[place % 4]
        assert made.bars[-1].chords[0].root == made.key.tonic


def test_exactly_the_asked_bars_with_the_asked_chords_are_just_these() -> None:
    made = plan("lofi", chords="Am F C G", bars=4)
    assert [str(bar.chords[0]) for bar in made.bars] == ["Am", "F", "C", "G"]


def test_an_asked_key_stays_whatever_the_chords_are_in() -> None:
    assert str(plan(chords="Am F C G", key="C major").key) == "C major"
    assert str(plan("lofi in C major", chords="Am F C G").key) == "C major"


def test_chords_beat_a_key_in_the_prompt_that_they_are_not_in() -> None:
    made = plan("lofi in F# major", chords="Am F C G")
    assert str(made.key) == "A minor"
    assert "'F# major'" in made.notices[0]


def test_a_chord_played_as_its_nearest_is_told() -> None:
    assert plan(chords="C7#9 F7").notices == ("Some chords are played as the nearest that is known: C7#9 as C7.",)


def test_a_chord_that_cannot_be_read_is_named() -> None:
    assert "'H7'" in sentence(chords="Am H7 C G")


# bars, tempo, length


@given(st.integers(1, 64), st.sampled_from([None, "4/4", "3/4", "6/8"]), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_asked_bars_are_met_exactly_and_the_length_follows(bars: int, meter: str | None, seed: int) -> None:
    made = plan("lofi", seed=seed, bars=bars, meter=meter)
    assert len(made.bars) == bars == made.sections[-1].end_bar
    assert made.seconds == pytest.approx(max(bars * made.bar_s + 2.2, 5), abs=0.011)
    assert made.sources["bars"] == "asked"
    assert made.sources["seconds"] == "length"


@given(st.integers(4, 40), st.floats(20, 80))
@settings(max_examples=40, deadline=None)
def test_asked_bars_in_an_asked_length_fit_the_tempo(bars: int, seconds: float) -> None:
    slowest, fastest = bars * 240 / (seconds - 6), bars * 240 / (seconds - 0.8)
    if slowest > 239 or fastest < 41:
        return
    made = plan("lofi", bars=bars, seconds=seconds)
    assert len(made.bars) == bars
    assert made.seconds == seconds
    assert 0.79 <= made.tail_s <= 6.01
    assert 40 <= made.tempo_bpm <= 240


def test_bars_and_tempo_win_over_the_length_and_the_notice_says_so() -> None:
    made = plan("lofi", bars=16, bpm=90, seconds=20)
    assert (len(made.bars), made.tempo_bpm) == (16, 90)
    assert made.seconds == pytest.approx(16 * 4 * 60 / 90 + 2.2, abs=0.01)
    assert made.notices == ("16 bars at 90 bpm last 44.87 s and not '20 s': bars and tempo were kept.",)
    assert "seconds" not in made.requested


def test_a_length_in_the_prompt_gives_way_to_bars_rather_than_force_a_strange_tempo() -> None:
    made = plan("lofi 30s", bars=16)
    assert len(made.bars) == 16
    assert made.tempo_bpm < 120
    assert "'30s'" in made.notices[0]


def test_bars_and_length_win_over_a_tempo_in_the_prompt() -> None:
    made = plan("lofi at 150 bpm", bars=16, seconds=60)
    assert (len(made.bars), made.seconds) == (16, 60)
    assert made.tempo_bpm < 80
    assert "'150 bpm'" in made.notices[0]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"bars": 0}, "The bars 0"),
        ({"bars": -4}, "The bars -4"),
        ({"bars": 5000}, "5000 bars of 4/4"),
        ({"bars": 500}, "500 bars of 4/4"),
        ({"bars": 100, "seconds": 20}, "100 bars of 4/4 cannot fill 20 s"),
        ({"bars": 1, "seconds": 200}, "1 bars of 4/4 cannot fill 200 s"),
    ],
)
def test_bars_that_cannot_be_are_refused(fields: dict[str, object], named: str) -> None:
    assert named in sentence(**fields)


def test_the_bars_that_a_refusal_offers_do_work() -> None:
    text = sentence(bars=100, seconds=20)
    fewest, most = (int(word) for word in text.split("; ")[1].split(" bars")[0].split(" to "))
    for bars in (fewest, most):
        assert len(plan("lofi", bars=bars, seconds=20).bars) == bars


# options against words


@pytest.mark.parametrize(
    ("prompt", "fields", "said"),
    [
        ("lofi in E major", {"key": "D minor"}, "'E major'"),
        ("lofi in 3/4", {"meter": "4/4"}, "'3/4'"),
        ("lofi at 150 bpm", {"bpm": 80.0}, "'150 bpm'"),
        ("lofi 45s", {"seconds": 20.0}, "'45s'"),
        ("jazz", {"style": "lofi"}, "'jazz'"),
    ],
)
def test_an_option_beats_the_prompt_and_the_notice_says_so(prompt: str, fields: dict[str, object], said: str) -> None:
    made = plan(prompt, **fields)
    (notice,) = made.notices
    assert said in notice
    assert notice.endswith("the option was followed.")
    assert not plan("lofi", **fields).notices


@pytest.mark.parametrize(
    ("prompt", "fields"), [("lofi in H major", {"key": "D minor"}), ("lofi in 5/4", {"meter": "3/4"})]
)
def test_an_option_beats_something_impossible_in_the_prompt(prompt: str, fields: dict[str, str]) -> None:
    shown = plan_to_json(plan(prompt, **fields))
    assert {name: shown[name] for name in fields} == fields
    with pytest.raises(BadRequest):
        plan(prompt)


def test_the_engine_is_the_network_or_the_rules() -> None:
    assert plan().engine == "network"
    assert plan(engine="rules").engine == "rules"
    assert "'magic'" in sentence(engine="magic")


def test_a_plan_shows_each_control_with_its_source() -> None:
    asked = {
        "style": "jazz+lofi", "mood": "sad", "energy": 0.3, "adventure": 0.8, "instruments": ("flute", "piano"),
        "without": ("drums",), "chords": "Am F C G", "bars": 12, "engine": "rules",
    }  # fmt: skip
    shown = plan_to_json(plan("music", **asked))
    for name in asked:
        assert shown["sources"][name] == "asked", name
        assert shown["requested"][name]["from"] == "asked"
    assert (shown["energy"], shown["adventure"], shown["engine"], shown["bars"]) == (0.3, 0.8, "rules", 12)
    assert shown["blend"] == {"jazz": 0.5, "lofi": 0.5}


def test_a_request_comes_back_from_json_as_it_was() -> None:
    request = ComposeRequest(prompt="lofi", instruments=("flute", "bass"), without=("drums",), keep=("bass",), bars=4)
    assert ComposeRequest.from_json(json.loads(json.dumps(request.to_json()))) == request
