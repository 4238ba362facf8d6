"""What a request's files are, from the request to the receipt."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date
from pathlib import Path

import music21
import pytest
import soundfile

from engine.compose.pipeline import Composer
from engine.compose.request import ComposeRequest, Receipt
from engine.compose.songbook import Entry
from engine.settings import Settings
from engine.text.reader import Reader
from tests.sound.files import cover_of, tags_of

SECRET = "quokka-umbrella"
EVERYTHING = ComposeRequest(
    prompt=f"chill lofi for {SECRET}", seconds=8, seed=11, format="flac", loop=True, stems=True, musicxml=True
)


@pytest.fixture(scope="module")
def made(composer: Composer, reader: Reader, tmp_path_factory: pytest.TempPathFactory) -> tuple[Receipt, Path]:
    folder = tmp_path_factory.mktemp("everything")
    dated = Composer(
        Settings.read(candidates=1), reader=reader, writer=composer.writer, calendar=lambda: date(2031, 5, 4)
    )
    return dated.compose(EVERYTHING, folder, name="song"), folder


def test_every_file_is_there_and_the_receipt_names_it(made: tuple[Receipt, Path]) -> None:
    receipt, folder = made
    assert {kind: Path(path).name for kind, path in receipt.files.items()} == {
        "audio": "song.flac",
        "midi": "song.mid",
        "picture": "song.png",
        "stems": "song.stems.zip",
        "musicxml": "song.musicxml",
        "score": "song.song.json",
    }
    assert {path.name for path in folder.iterdir()} == {Path(path).name for path in receipt.files.values()} | {
        "song.json"
    }


def test_a_loop_is_whole_bars_of_all_stems_and_the_person_hears_why(made: tuple[Receipt, Path]) -> None:
    receipt, _ = made
    beats = receipt.bars * int(receipt.meter[0]) * 4 / int(receipt.meter[2])
    frames = soundfile.info(receipt.files["audio"]).frames
    assert frames == round(beats * 60 / receipt.tempo_bpm * 44_100)
    assert receipt.duration_s == pytest.approx(frames / 44_100, abs=0.001)
    assert any(notice.startswith("A loop is whole bars") for notice in receipt.notices)
    with zipfile.ZipFile(receipt.files["stems"]) as archive:
        stems = {name: soundfile.info(io.BytesIO(archive.read(name))).frames for name in archive.namelist()}
    assert {name.removesuffix(".flac").removeprefix("song-") for name in stems} <= set(receipt.instruments)
    assert set(stems.values()) == {frames}


def test_the_tags_tell_where_the_song_comes_from(made: tuple[Receipt, Path]) -> None:
    receipt, _ = made
    data = Path(receipt.files["audio"]).read_bytes()
    tags = tags_of(data)
    assert (tags["title"], tags["artist"], tags["genre"], tags["date"]) == (receipt.title, "Tunesmith", "Lofi", "2031")
    assert tags["key"] == receipt.key
    assert tags["comment"].split(" · ") == [
        receipt.style,
        f"{receipt.tempo_bpm:g} bpm",
        receipt.key,
        receipt.meter,
        "seed 11",
        f"song {receipt.id}",
        f"model {receipt.model['style']} {receipt.model['version']}",
    ]
    assert cover_of(data) is not None


def test_no_word_of_the_prompt_is_in_a_file_that_is_handed_on(made: tuple[Receipt, Path]) -> None:
    receipt, _ = made
    for kind in ("audio", "midi", "picture", "stems", "musicxml"):
        data = Path(receipt.files[kind]).read_bytes()
        for part in SECRET.split("-"):
            for spelling in (part.encode(), part.encode("utf-16-le")):
                assert not re.search(re.escape(spelling), data, re.IGNORECASE), kind


def test_the_score_can_be_opened_and_has_the_songs_bars(made: tuple[Receipt, Path]) -> None:
    receipt, _ = made
    score = music21.converter.parse(receipt.files["musicxml"], format="musicxml")
    assert score.metadata.bestTitle == receipt.title
    assert all(len(part.getElementsByClass("Measure")) == receipt.bars for part in score.parts)


def test_the_wish_is_kept_with_the_song(made: tuple[Receipt, Path]) -> None:
    receipt, _ = made
    entry = Entry.loads(Path(receipt.files["score"]).read_text(encoding="utf-8"))
    assert entry.request == EVERYTHING
    assert not any(bar.final for bar in entry.plan.bars)


@pytest.fixture
def tight(composer: Composer, tmp_path: Path) -> Receipt:
    wish = ComposeRequest(prompt="chill lofi", seconds=8, seed=11, format="wav", stems=True)
    return composer.compose(wish, tmp_path, name="song", limit_bytes=260_000)


def test_no_file_is_larger_than_allowed_and_the_person_is_told(tight: Receipt) -> None:
    assert Path(tight.files["audio"]).suffix == ".mp3"
    sizes = {kind: Path(path).stat().st_size for kind, path in tight.files.items()}
    assert sizes["audio"] <= 260_000
    assert sizes["stems"] <= 260_000
    assert any("became an mp3" in notice for notice in tight.notices)
    assert any("stems were made as" in notice for notice in tight.notices)
