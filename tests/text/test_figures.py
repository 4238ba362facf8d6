"""How well the shipped head understands prompts that it never saw: the floors that docs/understanding.md promises."""

from __future__ import annotations

import pytest

from engine.cli.understand import as_planned
from engine.learn.head_report import HeadReport, report_on
from engine.learn.prompts import held_out_prompts
from engine.learn.understand import zero_shot
from engine.music.styles import load_style, style_names
from engine.text.encoder import TextEncoder
from engine.text.reader import Reader

DESCRIPTIONS = {name: load_style(name).descriptions for name in style_names()}


@pytest.fixture(scope="module")
def reports() -> dict[str, HeadReport]:
    reader = Reader.load(DESCRIPTIONS)
    sets = {kind: held_out_prompts(kind) for kind in ("usual", "subtle")}
    sets["all"] = sets["usual"] + sets["subtle"]
    meanings = as_planned(reader, [prompt.text for prompt in sets["all"]])
    usual = len(sets["usual"])
    read = {"usual": meanings[:usual], "subtle": meanings[usual:], "all": meanings}
    return {kind: report_on(read[kind], prompts) for kind, prompts in sets.items()}


def test_usual_prompts_get_the_style_that_they_mean(reports: dict[str, HeadReport]) -> None:
    assert reports["usual"].top1 >= 0.92
    assert reports["usual"].top2 >= 0.97
    assert reports["usual"].open_found >= 0.95


def test_subtle_prompts_mostly_do_too(reports: dict[str, HeadReport]) -> None:
    assert reports["subtle"].top1 >= 0.85
    assert reports["subtle"].top2 >= 0.94


def test_a_confidence_is_as_often_right_as_it_says(reports: dict[str, HeadReport]) -> None:
    assert reports["all"].calibration_error <= 0.05
    assert reports["subtle"].calibration_error <= 0.05
    assert reports["usual"].calibration_error <= 0.07, "too modest: right more often than it says"


def test_moods_have_the_right_sign_and_order(reports: dict[str, HeadReport]) -> None:
    usual = reports["usual"]
    assert usual.energy_order >= 0.92
    assert usual.valence_order >= 0.90
    assert usual.valence_sign >= 0.87
    assert reports["subtle"].energy_order >= 0.90


def test_the_head_is_far_better_than_the_encoder_alone(reports: dict[str, HeadReport]) -> None:
    prompts = held_out_prompts()
    alone = report_on(zero_shot(TextEncoder.load(), [p.text for p in prompts], DESCRIPTIONS), prompts)
    assert alone.top1 < reports["usual"].top1 - 0.2
