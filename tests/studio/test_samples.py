"""`make samples`: a song a style, small files, a table in the README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from engine.compose.pipeline import Composer
from engine.compose.prompt import read_prompt
from engine.music.styles import style_names
from tools import samples
from tools.samples import MOST_BYTES, MOST_BYTES_A_SONG, README, SAMPLES, Sample, make, table, with_table

SAMPLE = Sample(style="lofi", prompt="rainy night", seed=1)


def test_every_style_has_one_sample_and_no_style_that_is_not_there() -> None:
    assert sorted(sample.style for sample in SAMPLES) == sorted(style_names())
    assert len({sample.prompt for sample in SAMPLES}) == len(SAMPLES)
    assert MOST_BYTES_A_SONG * len(SAMPLES) < 0.87 * MOST_BYTES


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.style)
def test_no_prompt_asks_for_another_length(sample: Sample) -> None:
    assert read_prompt(sample.prompt).seconds is None
    assert sample.request().seconds == 20


def test_the_readme_has_a_place_for_the_table_and_names_the_command() -> None:
    text = README.read_text(encoding="utf-8")
    assert with_table(text, "| rows |").count("| rows |") == 1
    assert with_table(with_table(text, "one"), "two") == with_table(text, "two")
    assert "make samples" in text.partition(samples.START)[0]


def test_a_readme_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="no '<!-- samples"):
        with_table("# Tunesmith", "rows")


def test_the_samples_that_are_there_are_whole_and_small() -> None:
    there = sorted(samples.FOLDER.glob("*")) if samples.FOLDER.is_dir() else []
    if not there:
        pytest.skip("docs/samples is not filled yet: `make samples` fills it")
    expected = {f"{sample.style}{suffix}" for sample in SAMPLES for suffix in samples.KINDS.values()}
    assert {path.name for path in there} == expected
    assert sum(path.stat().st_size for path in there) <= MOST_BYTES


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, composer: Composer) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "new"
    receipts = make([SAMPLE], folder, composer)
    (folder / "table.md").write_text(table(receipts), encoding="utf-8")
    return folder


def test_a_sample_is_a_small_mp3_a_midi_file_and_a_picture(made: Path) -> None:
    assert sorted(path.name for path in made.iterdir()) == ["lofi.mid", "lofi.mp3", "lofi.png", "table.md"]
    assert 200_000 < (made / "lofi.mp3").stat().st_size <= MOST_BYTES_A_SONG
    assert (made / "lofi.mid").read_bytes().startswith(b"MThd")
    with Image.open(made / "lofi.png") as picture:
        assert picture.width == 1100


def test_the_table_links_the_files_of_each_song(made: Path) -> None:
    row = (made / "table.md").read_text(encoding="utf-8").splitlines()[-1]
    assert row.count("|") == 5
    assert row.startswith("| Lofi | rainy night | <a href=")
    assert set(re.findall(r"docs/samples/lofi\.(\w+)", row)) == {"mp3", "mid", "png"}


def test_a_style_that_has_no_sample_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert samples.main(["polka"]) == 1
    assert "'polka'" in capsys.readouterr().err
