"""The five moods reach the plan: each by something that can be measured, none against an explicit wish."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import mean

import pytest

from engine.compose.chordwalk import dark_share
from engine.compose.feel import LEAST_SHARE, MOST_SHARE
from engine.compose.mood import mood_of
from engine.compose.plan import Plan, plan_to_json
from engine.compose.planner import Planner
from engine.compose.request import ComposeRequest
from engine.compose.tonality import BRIGHT_MODES, bright_share
from engine.music.instruments import program_range
from engine.music.notes import Role
from engine.music.styles import load_style
from engine.music.timbre import brightness_of
from engine.text.meaning import MOODS, NEUTRAL, NOTHING, Meaning, Mood, WordWeight

STYLES = ("lofi", "jazz", "classical", "rock", "folk")
SEEDS = range(40)
STRONG = 0.6
"""As far from 0 as clear prompts are read."""
UPPER = (Role.MELODY, Role.HARMONY, Role.COUNTER)


def meaning(**moods: float) -> Meaning:
    return Meaning(styles={}, open=1.0, mood=Mood(**moods))


class FixedReader:
    """Reads each text as told, or as the same meaning, whatever its words."""

    def __init__(self, usual: Meaning, **told: Meaning) -> None:
        self._usual, self._told = usual, told

    def read(self, texts: Sequence[str], styles: object = None) -> tuple[Meaning, ...]:
        return tuple(self._told.get(text, self._usual) for text in texts)

    def explain(self, text: str, style: str, styles: object = None) -> tuple[WordWeight, ...]:
        return ()


def planned(seed: int, style: str = "lofi", *, mood: dict[str, float], **fields: object) -> Plan:
    request = ComposeRequest(prompt="zzz", style=style, seed=seed, **fields)  # type: ignore[arg-type]
    return Planner(FixedReader(meaning(**mood))).plan(request)  # type: ignore[arg-type]


def notes_per_second(plan: Plan) -> float:
    """As the plan wants them: densities of who plays, bar by bar."""
    return sum(plan.cast[role].density for bar in plan.bars for role in bar.roles) / (len(plan.bars) * plan.bar_s)


def register(plan: Plan) -> float:
    return mean((plan.cast[role].low + plan.cast[role].high) / 2 for role in plan.cast if role in UPPER)


def sound(plan: Plan) -> float:
    return mean(brightness_of(casting.program) for role, casting in plan.cast.items() if role is not Role.DRUMS)


def is_bright(plan: Plan) -> float:
    return float(plan.key.mode in BRIGHT_MODES)


def ordered(
    one: dict[str, float], other: dict[str, float], measure: Callable[[Plan], float], style: str
) -> list[float]:
    """For each seed 1 where the first mood gives more than the second, ½ where both give the same, else 0."""
    pairs = ((measure(planned(s, style, mood=one)), measure(planned(s, style, mood=other))) for s in SEEDS)
    return [1.0 if high > low else 0.5 if high == low else 0.0 for high, low in pairs]


BUSY = {"energy": STRONG, "density": STRONG, "tempo": STRONG}
STILL = {axis: -value for axis, value in BUSY.items()}


@pytest.mark.parametrize("style", STYLES)
def test_frantic_and_busy_is_faster_fuller_and_louder_than_sparse_and_still(style: str) -> None:
    assert mean(ordered(BUSY, STILL, lambda plan: plan.tempo_bpm, style)) >= 0.95
    assert mean(ordered(BUSY, STILL, notes_per_second, style)) >= 0.95
    assert mean(ordered(BUSY, STILL, lambda plan: plan.energy, style)) == 1.0


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("axis", "measure", "least"),
    [
        ("tempo", lambda plan: plan.tempo_bpm, 0.9),
        ("density", notes_per_second, 0.9),
        ("brightness", register, 0.9),
        ("energy", lambda plan: plan.energy, 1.0),
        ("valence", is_bright, 0.9),
    ],
    ids=["tempo", "density", "brightness", "energy", "valence"],
)
def test_each_mood_alone_moves_its_own_measure(
    style: str, axis: str, measure: Callable[[Plan], float], least: float
) -> None:
    assert mean(ordered({axis: STRONG}, {axis: -STRONG}, measure, style)) >= least


def test_bright_moods_take_bright_instruments_where_a_style_has_a_choice() -> None:
    found = [row for style in STYLES for row in ordered({"brightness": 0.8}, {"brightness": -0.8}, sound, style)]
    assert mean(found) >= 0.75


def test_a_faint_mood_moves_less_than_a_strong_one() -> None:
    for axis, measure in (
        ("tempo", lambda plan: plan.tempo_bpm),
        ("density", notes_per_second),
        ("brightness", register),
    ):
        steps = [mean(measure(planned(s, "jazz", mood={axis: v})) for s in SEEDS) for v in (-0.8, -0.3, 0.3, 0.8)]
        assert steps == sorted(steps), axis


@pytest.mark.parametrize("key", ["C major", "A minor"])
def test_sad_moods_take_more_minor_chords_in_the_same_mode(key: str) -> None:
    def dark(plan: Plan) -> float:
        return dark_share([chord.quality for bar in plan.bars for chord in bar.chords])

    for style in ("rock", "jazz"):
        sad, glad = (mean(dark(planned(s, style, mood={"valence": v}, key=key)) for s in SEEDS) for v in (-0.8, 0.8))
        assert sad > glad + 0.05, style


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("sign", [-1, 1])
def test_the_strongest_moods_stay_within_the_style_and_the_instruments(style: str, sign: int) -> None:
    own = load_style(style)
    for seed in range(12):
        plan = planned(seed, style, mood=dict.fromkeys(MOODS, float(sign)), seconds=45)
        factor = 1.4 if str(plan.meter) == "6/8" else 1
        assert own.tempo_low * factor * 0.97 <= plan.tempo_bpm <= own.tempo_high * factor * 1.03
        assert str(plan.meter) in own.meters
        for role, casting in plan.cast.items():
            part = own.parts[role]
            assert LEAST_SHARE * 0.5 * part.density <= casting.density <= MOST_SHARE * part.density + 0.01
            if role is not Role.DRUMS:
                lowest, highest = program_range(casting.program)
                assert lowest <= casting.low < casting.high <= highest
                assert casting.high - casting.low >= 9


@pytest.mark.parametrize("sign", [-1, 1])
def test_no_explicit_wish_is_changed_by_a_mood(sign: int) -> None:
    moods = dict.fromkeys(MOODS, float(sign))
    for seed in range(8):
        plan = planned(
            seed,
            "folk",
            mood=moods,
            bpm=97,
            key="D dorian",
            meter="3/4",
            seconds=33,
            energy=0.4,
            instruments=("flute", "harp"),
        )
        assert (plan.tempo_bpm, str(plan.key), str(plan.meter), plan.seconds) == (97, "D dorian", "3/4", 33)
        assert plan.energy == 0.4
        assert {casting.name for casting in plan.cast.values()} <= {"Flute", "Harp"}
        assert not plan.notices
        laid = planned(seed, "lofi", mood=moods, chords="Am F C G", bars=8)
        assert len(laid.bars) == 8
        assert {chord.name() for bar in laid.bars for chord in bar.chords} <= {"Am", "F", "C", "G"}


@pytest.mark.parametrize(("words", "sign"), [("slow", 1.0), ("fast", -1.0)])
def test_tempo_words_win_over_what_is_heard(words: str, sign: float) -> None:
    said = Planner(FixedReader(meaning(tempo=sign)))  # type: ignore[arg-type]
    plans = [said.plan(ComposeRequest(prompt=f"{words} jazz", seed=seed)) for seed in SEEDS]
    usual = load_style("jazz").tempo_usual
    assert mean((plan.tempo_bpm < usual) == (words == "slow") for plan in plans) >= 0.95
    assert all(plan.sources["tempo"] == "prompt" for plan in plans)


def test_an_asked_mood_counts_and_not_the_prompts() -> None:
    reader = FixedReader(meaning(tempo=0.8), **{"zzz": meaning(tempo=-0.8, energy=-0.5)})
    plan = Planner(reader).plan(ComposeRequest(prompt="qqq", mood="zzz", seed=3))  # type: ignore[arg-type]
    assert (plan.mood.tempo, plan.mood.energy) == (-0.8, -0.5)
    assert plan.sources["energy"] == "asked"
    alone = Planner(reader).plan(ComposeRequest(prompt="qqq", seed=3))  # type: ignore[arg-type]
    assert alone.mood.tempo == 0.8
    assert plan.tempo_bpm < alone.tempo_bpm


def test_a_mood_without_a_style_makes_the_default_style_sad_and_slow() -> None:
    sad, glad = (
        [Planner(None).plan(ComposeRequest(prompt=f"something {words}", seed=seed)) for seed in range(20)]
        for words in ("sad and slow", "happy and fast")
    )
    assert {plan.style for plan in sad} == {"lofi"}
    assert max(plan.tempo_bpm for plan in sad) < min(plan.tempo_bpm for plan in glad)
    assert max(plan.energy for plan in sad) < min(plan.energy for plan in glad)
    assert mean(map(is_bright, sad)) < 0.2
    assert mean(map(is_bright, glad)) > 0.8


def test_what_is_heard_and_what_is_said_count_both_and_silence_is_no_mood() -> None:
    heard = meaning(energy=0.5, density=-0.5)
    assert mood_of(heard, None) == Mood(energy=0.5, density=-0.5)
    assert mood_of(heard, Mood(energy=-0.5, density=-0.75)) == Mood(energy=0.1, density=-0.6)
    assert mood_of(NOTHING, Mood(tempo=0.4)) == Mood(tempo=0.4)
    assert mood_of(NOTHING, None) == NEUTRAL


def test_the_share_of_bright_modes_moves_with_valence_and_never_reaches_an_end() -> None:
    for usual in (0.0, 0.2, 0.5, 1.0):
        steps = [bright_share(usual, valence) for valence in (-1.0, -0.5, 0.0, 0.5, 1.0)]
        assert steps == sorted(steps)
        assert 0 < steps[0] < steps[-1] < 1
    assert bright_share(0.35, 0.0) == pytest.approx(0.35)


def test_the_plan_tells_its_mood_and_its_primers() -> None:
    plan = planned(1, "jazz", mood={"energy": 0.5, "brightness": -0.5})
    shown = plan_to_json(plan)
    assert shown["mood"] == {"valence": 0.0, "energy": 0.5, "density": 0.0, "brightness": -0.5, "tempo": 0.0}
    assert plan.primer is not None
    assert shown["primer"] == plan.primer
    assert set(shown["primer_mood"]) == set(MOODS)
    assert all(-1 <= value <= 1 for value in shown["primer_mood"].values())


@pytest.mark.parametrize("program", [-1, 128])
def test_only_general_midi_programs_have_a_brightness(program: int) -> None:
    with pytest.raises(ValueError, match="General MIDI"):
        brightness_of(program)
    assert all(-1 <= brightness_of(number) <= 1 for number in range(128))
    assert brightness_of(9) > brightness_of(4), "a glockenspiel is brighter than an electric piano"
