"""What the rules cost and allow: strictness by style and profile, scales by section, order at the end of a bar."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.compose.masks import FORBIDDEN
from engine.compose.plan import BarPlan, Casting, Plan
from engine.compose.rules import Rules
from engine.music.harmony import Chord, Key
from engine.music.notes import Role, Section, SectionKind
from engine.music.styles import load_style
from engine.music.timing import METERS
from engine.music.tokens import BAR_EVENT, BASS, DRUMS, HARMONY, MELODY, Event
from tests.boards import Stand
from tests.profiles import profile

CAST = {
    role: Casting(program=0, name=role.value, low=40, high=84, density=6.0)
    for role in (Role.MELODY, Role.HARMONY, Role.BASS, Role.DRUMS)
}
HOME = ("C", "F", "G", "C")


def plan(*rows: tuple[str, ...], style: str = "lofi", key: str = "C major", **more: object) -> Plan:
    """A plan of four bars a row of chords, a section each."""
    sections = tuple(
        Section(kind=SectionKind.VERSE, label="ABCDE"[index], start_bar=4 * index, bars=4) for index in range(len(rows))
    )
    bars = tuple(
        BarPlan(section=index, chords=(Chord.parse(name),) * 2, roles=frozenset(CAST), energy=0.5)
        for index, row in enumerate(rows)
        for name in row
    )
    made = Plan(
        prompt="",
        title="Small",
        style=style,
        blend={style: 1.0},
        seed=0,
        key=Key.parse(key),
        meter=METERS["4/4"],
        tempo_bpm=90.0,
        swing=0.5,
        energy=0.5,
        seconds=60.0,
        sections=sections,
        bars=bars,
        cast=CAST,
        sources={},
        requested={},
        style_scores={},
    )
    return replace(made, **more)


def cost(made: Plan, pitch: int, *, role: int = MELODY, bar: int = 0, slot: int = 3) -> float:
    """Nats against a pitch, in normal form, beyond what the bar's cheapest one costs."""
    stand = Stand(made)
    stand.push(*[BAR_EVENT] * bar)
    bias = stand.pitch_bias(slot, role)
    assert bias[pitch] > FORBIDDEN / 2
    return float(bias.max() - bias[pitch])


F, FIS, CIS = 65, 66, 61


def test_foreign_tones_cost_less_where_the_profiles_piece_is_chromatic():
    free = cost(plan(HOME), FIS)
    assert free > 0

    def at(share: float) -> float:
        return cost(plan(HOME, profile=profile(measures={"scale_consistency": share})), FIS)

    assert at(1.0) == at(0.95) == pytest.approx(free)
    assert at(0.8) == pytest.approx(free / 2)
    assert at(0.3) == at(0.65) == pytest.approx(free / 4)
    assert cost(plan(HOME, profile=profile()), FIS) == free, "nothing was measured"


def test_tones_of_the_scale_cost_the_same_however_chromatic_the_profile_is():
    chromatic = plan(HOME, profile=profile(measures={"scale_consistency": 0.6}))
    for role in (MELODY, HARMONY, BASS):
        for pitch in (60, 62, F):
            assert cost(chromatic, pitch, role=role) == cost(plan(HOME), pitch, role=role)


def test_a_style_that_trusts_its_network_more_grips_less(monkeypatch):
    firm = load_style("lofi")
    costs = []
    for grip in (1.0, 0.5):
        monkeypatch.setattr("engine.compose.script.load_style", lambda name, grip=grip: replace(firm, strictness=grip))
        costs.append([cost(plan(HOME), pitch, role=HARMONY) for pitch in (62, FIS)])
    assert costs[1] == pytest.approx([nats / 2 for nats in costs[0]])
    assert min(costs[0]) > 0


def test_every_style_has_a_grip_of_its_own_between_trust_and_force():
    for name in ("lofi", "rock", "classical"):
        foreign = cost(plan(HOME, style=name), FIS, role=HARMONY)
        assert foreign == pytest.approx(6.0 * load_style(name).strictness)


def test_a_section_in_another_key_has_that_keys_scale():
    made = plan(HOME, ("G", "D", "Em", "D"), HOME)
    home, away, back = ([cost(made, pitch, bar=bar) for pitch in (F, FIS)] for bar in (0, 4, 8))
    assert home == back
    assert home[0] < home[1], "F belongs to C major"
    assert away[1] < away[0], "F sharp belongs to G major"


def test_a_foreign_chord_or_two_are_no_other_key():
    borrowed = plan(HOME, ("C", "D7", "G", "C"))
    for bar in (4, 6, 7):
        assert cost(borrowed, F, bar=bar) < cost(borrowed, FIS, bar=bar)
    assert cost(borrowed, FIS, bar=5) == 0, "but it is the chord's own third"


def test_sections_are_heard_in_the_plans_normal_form():
    in_d = plan(("D", "G", "A", "D"), ("A", "E", "F#m", "E"), key="D major")
    in_c = plan(HOME, ("G", "D", "Em", "D"))
    for bar in (0, 4, 5):
        for pitch in range(60, 72):
            assert cost(in_d, pitch, bar=bar) == pytest.approx(cost(in_c, pitch, bar=bar))


def test_at_a_bars_last_slot_whoever_comes_first_in_order_goes_first():
    stand = Stand(plan(HOME))
    stand.push(Event(6, MELODY, 64, 3, 9), Event(8, HARMONY, 60, 3, 9), Event(8, MELODY, 67, 3, 9))
    assert stand.roles(20) == [DRUMS, BASS]
    assert stand.roles(31) == [DRUMS], "after the bass it would be too late for drums"


def test_a_fresh_role_alone_is_written_in_a_bar_that_repeats():
    made = plan(HOME)
    bars = list(made.bars)
    bars[3] = replace(bars[3], copy_of=0, fresh=frozenset({Role.BASS}))
    rules = Rules(replace(made, bars=tuple(bars)))
    assert np.flatnonzero(rules.active[3]).tolist() == [BASS]
    assert [role for role, old in enumerate(rules.repeated(3)) if old] == [DRUMS, HARMONY, MELODY]
    assert np.flatnonzero(rules.active[2]).tolist() == [DRUMS, BASS, HARMONY, MELODY]
