import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from engine.errors import BadRequest
from engine.learn.corpus import build_corpus, load_corpus
from engine.learn.sources.games import read_freedoom
from engine.music.notes import Role
from tests.corpus.midi_bytes import midi, track

SHARED = Path(__file__).resolve().parents[3] / "shared" / "corpora"
TUNE = [(240 * i, 72 + (i * 5) % 7, 240) for i in range(8 * 10)]
CHORDS = [(1920 * i, p, 1920) for i in range(10) for p in (60, 64, 67)]
HITS = [(480 * i, 36 + 2 * (i % 2), 60) for i in range(40)]


def band() -> bytes:
    return midi(
        track(TUNE, name="Lead", program=81),
        track(CHORDS, channel=1, program=30),
        track([(1920 * i, 36, 1920) for i in range(10)], channel=2, program=33),
        track(HITS, channel=9),
    )


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "corpora" / "freedoom"
    folder.mkdir(parents=True)
    (folder / "d_one.mid").write_bytes(band())
    (folder / "d_two.mid").write_bytes(b"MThd broken")
    (folder / "d_map19.mid").write_bytes(band())
    return tmp_path / "corpora"


def test_a_dataset_gives_back_exactly_the_pieces_that_went_in(root, tmp_path):
    counts = build_corpus(root, tmp_path / "out", only=["freedoom"])
    (piece,) = load_corpus(tmp_path / "out")
    (same,) = [p for p in read_freedoom(root / "freedoom") if hasattr(p, "song")]
    assert piece == same
    assert (counts["freedoom"].pieces, counts["freedoom"].bars, sum(counts["freedoom"].dropped.values())) == (1, 10, 2)
    assert {t.role for t in piece.song.tracks} >= {Role.MELODY, Role.BASS, Role.DRUMS}


def test_a_source_that_is_there_is_not_read_again(root, tmp_path):
    out = tmp_path / "out"
    build_corpus(root, out, only=["freedoom"])
    written = (out / "freedoom.npz").stat().st_mtime_ns
    assert build_corpus(root, out, only=["freedoom"]) == {}
    assert (out / "freedoom.npz").stat().st_mtime_ns == written


def test_the_report_counts_sources_styles_and_reasons(root, tmp_path):
    build_corpus(root, tmp_path / "out", only=["freedoom"])
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["freedoom"]["pieces"] == 1
    assert next(iter(report["freedoom"]["styles"].values()))["bars"] == 10
    assert len(report["freedoom"]["dropped"]) == 2


def test_an_archive_is_as_good_as_a_folder(root, tmp_path):
    packed = tmp_path / "packed"
    packed.mkdir()
    with tarfile.open(packed / "freedoom.tar.xz", "w:xz") as archive:
        archive.add(root / "freedoom", "freedoom")
    build_corpus(root, tmp_path / "a", only=["freedoom"])
    build_corpus(packed, tmp_path / "b", only=["freedoom"])
    assert list(load_corpus(tmp_path / "a")) == list(load_corpus(tmp_path / "b"))


def test_an_archive_cannot_write_outside_its_folder(tmp_path):
    with tarfile.open(tmp_path / "freedoom.tar.xz", "w:xz") as archive:
        member = tarfile.TarInfo("../../escaped.mid")
        member.size = 4
        archive.addfile(member, io.BytesIO(b"MThd"))
    with pytest.raises(tarfile.OutsideDestinationError):
        build_corpus(tmp_path, tmp_path / "out", only=["freedoom"])


def test_an_interrupted_write_leaves_no_dataset_behind(root, tmp_path, monkeypatch):
    def fail(*_args, **_columns):
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez_compressed", fail)
    with pytest.raises(OSError, match="no space"):
        build_corpus(root, tmp_path / "out", only=["freedoom"])
    assert not list((tmp_path / "out").glob("*.npz"))


def test_a_folder_without_sources_or_datasets_is_named(tmp_path):
    with pytest.raises(BadRequest, match="no known source"):
        build_corpus(tmp_path, tmp_path / "out", only=["freedoom"])
    with pytest.raises(BadRequest, match="no dataset"):
        list(load_corpus(tmp_path))


@pytest.mark.shared
def test_the_simutrans_archive_gives_sound_pieces(tmp_path):
    if not (SHARED / "simutrans.tar.xz").is_file():
        pytest.skip(f"the corpora are not at {SHARED}")
    counts = build_corpus(SHARED, tmp_path, only=["simutrans"])
    assert counts["simutrans"].pieces >= 40
    for piece in load_corpus(tmp_path):
        song = piece.song
        assert song.bars >= 8
        assert len(song.chords) == 2 * song.bars
        for part in song.tracks:
            assert all(0 <= n.onset < song.bars * song.meter.bar_ticks for n in part.notes)
            if part.role in (Role.MELODY, Role.COUNTER, Role.BASS):
                assert all(a.end <= b.onset for a, b in zip(part.notes, part.notes[1:], strict=False))
