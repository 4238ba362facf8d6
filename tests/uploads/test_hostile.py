"""Files that mean harm, or are only broken: each gets a clear answer, and nothing is left of it.

All of them are received once, two at a time; each test then looks at the answer that its file got.
"""

from __future__ import annotations

import contextlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.learn.uploads import BadUpload, Fault, Limits, Upload, receive
from tests.uploads import hostile_boxes, hostile_junk, hostile_scores, hostile_sound
from tests.uploads.case import Case

CASES = (*hostile_junk.CASES, *hostile_sound.CASES, *hostile_boxes.CASES, *hostile_scores.CASES)
LONGEST_S = 30.0
LIMITS = Limits(memory_bytes=600_000_000)
"""Less than half of what an upload may have: whoever needed more would be told so (`Fault.TOO_MUCH`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a file: the fault and its sentence, or what was taken and its notices."""

    fault: Fault | None
    text: str
    seconds: float
    heard: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """All answers, and what was left afterwards."""

    answers: dict[str, Answer]
    left: tuple[str, ...]


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Round:
    inside = tmp_path_factory.mktemp("uploads")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda case: answer(case, inside), CASES))
    return Round(
        answers={case.title: given for case, given in zip(CASES, answers, strict=True)},
        left=tuple(path.name for path in inside.rglob("*")),
    )


def answer(case: Case, inside: Path) -> Answer:
    data, begin = case.make(), time.monotonic()
    try:
        with receive(data, case.name, LIMITS, inside=inside) as upload:
            heard = sounds_right(upload)
            fault, text = None, " ".join(upload.notices)
    except BadUpload as error:
        fault, text, heard = error.fault, str(error), False
    return Answer(fault=fault, text=text, seconds=time.monotonic() - begin, heard=heard)


def sounds_right(upload: Upload) -> bool:
    """Whether what was taken has samples within ±1 that can be heard, or notes."""
    if upload.kind != "audio":
        return any(track.notes for track in upload.notes().tracks)
    samples = upload.samples()
    return abs(samples).max() <= 1 and samples.std() > 0.01 and len(samples) >= 22_050 * 8


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_hostile_file_gets_the_answer_that_fits_it(case: Case, everything: Round) -> None:
    given = everything.answers[case.title]
    assert given.fault == case.fault, given.text
    assert case.words in given.text
    assert given.heard is (case.fault is None)
    assert given.seconds < LONGEST_S


def test_there_are_more_than_a_hundred_of_them_and_no_two_alike() -> None:
    assert sum(case.fault is not None for case in CASES) >= 150
    assert len({case.title for case in CASES}) == len(CASES)


def test_every_kind_of_fault_is_met_but_the_reader_going_down(everything: Round) -> None:
    met = {given.fault for given in everything.answers.values()}
    assert met >= set(Fault) - {Fault.CRASHED, Fault.TOO_MUCH}


def test_every_refusal_is_one_plain_sentence(everything: Round) -> None:
    for title, given in everything.answers.items():
        if given.fault is not None:
            assert given.text.startswith("The file '"), title
            assert given.text.endswith("."), title
            assert "\n" not in given.text, title
            assert len(given.text) < 250, title
            assert "Error" not in given.text, title


def test_nothing_is_left_of_them_on_disk(everything: Round) -> None:
    assert everything.left == ()


def test_no_process_is_left_of_them(everything: Round) -> None:
    assert len(everything.answers) == len(CASES)
    mine = str(os.getpid())
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            command = (stat.parent / "cmdline").read_bytes()
            parent = stat.read_text().rpartition(")")[2].split()[1]
            assert not (b"engine.learn.uploads.child" in command and parent in (mine, "1")), command


def test_none_of_them_needs_much_memory(everything: Round) -> None:
    assert not [title for title, given in everything.answers.items() if given.fault is Fault.TOO_MUCH]
