"""The written prompts: enough of them, each in one place only, labelled within bounds; and what is learnt from them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from engine.compose.prompt import read_prompt
from engine.errors import BadRequest
from engine.learn.head_report import calibration_error, order_right, report_on
from engine.learn.prompts import (
    HEADER,
    MOODS,
    PROMPTS_DIR,
    Labelled,
    all_training_prompts,
    held_out_prompts,
    languages,
    prompts_in,
    read_table,
    training_prompts,
)
from engine.learn.train_head import HeadRecipe, calibrated, targets_of, train_head
from engine.learn.understand import split
from engine.music.styles import style_names
from engine.text.encoder import TextEncoder
from engine.text.head import OPEN, Head, labels_of
from engine.text.meaning import Meaning, Mood
from engine.text.reader import Reader

TABLES = sorted(PROMPTS_DIR.rglob("*.tsv"))


def plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip() or text


def test_there_are_as_many_prompts_as_promised_for_every_style() -> None:
    learnt, judged = Counter(p.style for p in training_prompts()), Counter(p.style for p in held_out_prompts())
    assert learnt.keys() == judged.keys() == {*style_names(), OPEN}
    assert sum(learnt.values()) >= 1500
    assert sum(judged.values()) >= 300
    assert min(learnt.values()) >= 100
    assert min(judged.values()) >= 25
    assert sum(p.usual for p in training_prompts()) >= 1000
    assert languages() == ("de", "es", "fr", "ja", "pt")
    assert all(len(prompts_in(language, "train")) >= 60 for language in languages())


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.name)
def test_labels_are_known_and_moods_differ(path: Path) -> None:
    prompts = read_table(path)
    assert {p.style for p in prompts} | {p.also for p in prompts} <= {*style_names(), OPEN, ""}
    assert all(p.style != p.also for p in prompts)
    spread = np.array([p.moods for p in prompts]).std(axis=0)
    assert (spread > 0.1).all(), dict(zip(MOODS, spread.round(2), strict=True))


def test_nothing_that_is_judged_by_was_learnt_and_nothing_stands_twice() -> None:
    learnt = [plain(p.text) for p in all_training_prompts()]
    sets = [held_out_prompts("usual"), held_out_prompts("subtle")]
    sets += [prompts_in(language, "heldout") for language in languages()]
    judged = [[plain(p.text) for p in prompts] for prompts in sets]
    assert not set(learnt) & {text for texts in judged for text in texts}
    for texts in (learnt, *judged):
        assert [text for text, count in Counter(texts).items() if count > 1] == []


def test_no_usual_held_out_prompt_names_its_style() -> None:
    named = []
    for prompt in held_out_prompts():
        try:
            named += [prompt.text] if prompt.style in read_prompt(prompt.text).styles else []
        except BadRequest as refusal:
            pytest.fail(f"{prompt.text}: {refusal}")
    assert named == []


@pytest.mark.parametrize(
    "line",
    [
        "rain\tlofi\t\t0\t0\t0\t0",
        "rain\tlofi\t\t0\t0\t0\t0\t2",
        "rain\tlofi\t\tx\t0\t0\t0\t0",
        "rain",
        "\ta\t\t0\t0\t0\t0\t0",
    ],
)
def test_a_line_that_is_no_prompt_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "t.tsv"
    path.write_text("\t".join(HEADER) + f"\n{line}\n", encoding="utf-8")
    with pytest.raises(BadRequest, match=r"Line 2 .*would work"):
        read_table(path)


def test_a_table_without_its_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_text("rain\tlofi\n", encoding="utf-8")
    with pytest.raises(BadRequest, match="columns"):
        read_table(path)


def test_some_usual_prompts_are_left_out_to_calibrate_by() -> None:
    learnt, left_out = split(list(training_prompts()))
    assert len(left_out) >= 150
    assert all(prompt.usual for prompt in left_out)
    assert not {p.text for p in learnt} & {p.text for p in left_out}
    assert {p.style for p in left_out} == {*style_names(), OPEN}


def labelled(text: str, style: str, energy: float = 0.0, also: str = "") -> Labelled:
    return Labelled(text=text, style=style, also=also, moods=(energy, energy, 0.0, 0.0, 0.0))


def meant(style: str, share: float, energy: float = 0.0) -> Meaning:
    styles = {"rock": 0.0, "folk": 0.0, style: share}
    styles.pop(OPEN, None)
    rest = share if style == OPEN else 1 - share
    return Meaning(styles=styles, open=rest, mood=Mood(valence=energy, energy=energy))


def test_a_report_counts_what_is_right() -> None:
    prompts = [labelled("a", "rock", 0.8), labelled("b", "folk", -0.8), labelled("c", OPEN), labelled("d", "rock", 0.3)]
    meanings = [meant("rock", 0.9, 0.5), meant("rock", 0.7, -0.5), meant(OPEN, 0.8), meant("rock", 0.6, 0.6)]
    report = report_on(meanings, prompts)
    assert report.top1 == pytest.approx(2 / 3)
    assert report.open_found == 1
    assert report.valence_sign == 1
    assert report.energy_order == pytest.approx(4 / 5), "of five clear pairs, a and d stand the wrong way round"
    assert [mistake[0] for mistake in report.mistakes] == ["b"]


def test_a_confidence_that_comes_true_has_no_calibration_error() -> None:
    rng = np.random.Generator(np.random.PCG64(1))
    sure = rng.uniform(0.3, 1.0, 20_000)
    assert calibration_error(sure, rng.random(20_000) < sure) < 0.02
    assert calibration_error(sure, rng.random(20_000) < sure - 0.2) == pytest.approx(0.2, abs=0.02)


def test_the_order_of_pairs_counts_only_clear_differences() -> None:
    wanted = np.array([0.0, 0.1, 1.0])
    assert order_right(np.array([1.0, 0.0, 2.0]), wanted, 0.5) == 1.0
    assert order_right(np.array([1.0, 0.0, 2.0]), wanted, 0.0) == pytest.approx(2 / 3)


def test_a_second_style_gets_a_share_of_the_target() -> None:
    shares, moods = targets_of([labelled("a", "rock", 0.5, also="folk"), labelled("b", OPEN)], ("folk", "rock", OPEN))
    assert shares.tolist() == [[0.25, 0.75, 0.0], [0.0, 0.0, 1.0]]
    assert moods.shape == (2, 5)


def test_a_head_learns_what_it_is_told_and_the_adapter_carries_it() -> None:
    scenes = {
        "rock": ("loud guitars", "a mosh pit", "headbanging"),
        "folk": ("the tavern", "a fiddle", "village dance"),
    }
    prompts = [labelled(text, style, 0.8 if style == "rock" else -0.8) for style, t in scenes.items() for text in t]
    said: list[str] = []
    recipe = HeadRecipe(runs=1, epochs=6, batch=3, mean_decay=0.5)
    head = train_head(TextEncoder.load(), prompts, labels_of(["rock", "folk"]), recipe, said.append)
    reader = Reader.assemble(TextEncoder.load(), head, {style: list(t) for style, t in scenes.items()})
    heard = reader.read([prompt.text for prompt in prompts])
    assert all(max(m.styles, key=lambda n: m.styles[n]) == p.style for m, p in zip(heard, prompts, strict=True))
    assert all(np.sign(m.mood.energy) == np.sign(p.moods[1]) for m, p in zip(heard, prompts, strict=True))
    assert len(said) == 6
    assert head.adapter, "the encoder moved too"


def test_the_temperature_softens_a_head_that_is_too_sure() -> None:
    rng = np.random.Generator(np.random.PCG64(2))
    labels = ("folk", "rock", OPEN)
    weight = np.zeros((1152, 8), dtype=np.float32)
    weight[0, 0], weight[0, 1] = 3.0, -3.0
    head = Head(labels=labels, temperature=1.0, weight=weight, bias=np.zeros(8, dtype=np.float32))
    rows = np.zeros((400, 1152), dtype=np.float32)
    rows[:, 0] = rng.choice([-0.2, 0.2], 400)
    right = rng.random(400) < 0.75
    styles = ["folk" if (row > 0) == ok else "rock" for row, ok in zip(rows[:, 0], right, strict=True)]
    prompts = [labelled(str(number), style) for number, style in enumerate(styles)]
    assert calibrated(head, rows, prompts).temperature > 2
