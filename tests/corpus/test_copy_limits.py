"""The copy index of a corpus: what goes in, what is asked, and where the limits come from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from engine.cli.app import build_app
from engine.errors import BadRequest
from engine.learn import composed, originality
from engine.learn.corpus import _save
from engine.learn.originality import ENOUGH_EXCERPTS, build_index, excerpts_of, name_of
from engine.learn.sources.piece import Piece
from engine.metrics.copyindex import FILE, load_index, read_facts
from engine.metrics.originality import CopyIndex, tune_of
from engine.music.notes import Note, Role, Song
from tests.metrics.songs import BAR, song

SCALE = (60, 62, 64, 65, 67, 69, 71, 72, 74, 76)


def tune(seed: int, bars: int = 12) -> list[Note]:
    rng = np.random.default_rng(seed)
    steps = rng.choice([6, 12, 18, 24], bars * BAR // 6)
    onsets = np.cumsum(steps) - steps
    return [
        Note(onset=int(o), pitch=int(rng.choice(SCALE)), duration=int(d), velocity=80)
        for o, d in zip(onsets, steps, strict=True)
        if o < bars * BAR
    ]


def piece(
    name: str, notes: list[Note], *, split: str = "train", source: str = "book", style: str = "folk", bars: int = 12
) -> Piece:
    made: Song = replace(song({Role.MELODY: notes}, bars=bars), tempo_bpm=70.0)
    return Piece(id=f"{source}/{name}", source=source, licence="CC0", style=style, split=split, song=made)  # type: ignore[arg-type]


def quoting(seed: int, source: list[Note], count: int) -> list[Note]:
    """A tune of its own, in which `count` notes of another stand from the third bar on."""
    own = tune(seed)
    shift = 2 * BAR - source[0].onset
    quoted = [replace(n, onset=n.onset + shift) for n in source[:count]]
    return [
        *(n for n in own if n.end <= 2 * BAR),
        *quoted,
        *(n for n in own if n.onset >= quoted[-1].end),
    ]


@pytest.fixture(scope="module")
def corpus() -> list[Piece]:
    training = [piece(str(i), tune(i)) for i in range(12)]
    held_out = [
        piece(f"held{i}", quoting(500 + i, tune(i % 12), 10 + i % 12), split="valid", style=("folk", "rock")[i % 2])
        for i in range(40)
    ]
    return [*training, *held_out]


def test_training_pieces_are_found_and_held_out_ones_are_not_in_the_index(corpus):
    built = build_index(corpus)
    index = CopyIndex(built.windows)
    assert built.windows.names == tuple(f"book/{i}" for i in range(12))
    assert built.facts["pieces"] == {"book": 12}
    assert built.facts["licences"] == {"book": "CC0"}
    for one in corpus[:12]:
        assert index.longest_run(one.song).notes == len(tune_of(one.song))


def test_the_limit_is_the_95th_percentile_of_what_held_out_excerpts_share(corpus):
    built = build_index(corpus)
    index = CopyIndex(built.windows)
    runs = [index.longest_run(e).notes for p in corpus if p.split == "valid" for e in excerpts_of(p.song)]
    assert built.windows.limits == {"*": int(np.ceil(np.percentile(runs, 95)))}
    assert 18 <= built.windows.limits["*"] <= 24
    assert built.facts["held_out"]["*"]["excerpts"] == len(runs) == 40


def test_a_style_with_enough_excerpts_has_its_own_limit(corpus, monkeypatch):
    assert ENOUGH_EXCERPTS > 20
    monkeypatch.setattr(originality, "ENOUGH_EXCERPTS", 20)
    limits = build_index(corpus).windows.limits
    assert set(limits) == {"*", "folk", "rock"}


def test_the_same_tune_in_another_edition_sets_no_limit(corpus):
    editions = [piece(f"again{i}", tune(i), split="valid", style="folk") for i in range(12)]
    with_them = build_index([*corpus, *editions])
    assert with_them.windows.limits == build_index(corpus).windows.limits
    assert with_them.facts["held_out"]["*"]["same_tune"] == 12


def test_composed_songs_are_in_the_index_but_set_no_limit(corpus):
    written = [piece(str(i), tune(900 + i), source="composed-lofi", style="lofi") for i in range(3)]
    held = [
        piece(str(i), tune(900 + i % 3)[:40], source="composed-lofi", style="lofi", split="valid") for i in range(9)
    ]
    built = build_index([*corpus, *written, *held])
    assert built.windows.limits == build_index(corpus).windows.limits
    assert built.facts["held_out_composed"] == {}  # all of them are the same tunes
    assert CopyIndex(built.windows).longest_run(written[1].song).piece == "composed lofi 1"
    assert name_of(corpus[0]) == "book/0"


def test_a_long_piece_is_asked_in_excerpts_as_long_as_a_song():
    long = replace(song({Role.MELODY: tune(1, bars=64)}, bars=64), tempo_bpm=80.0)
    excerpts = list(excerpts_of(long))
    assert len(excerpts) == round(long.duration_s / 45)
    assert [n for e in excerpts for n in tune_of(e)] == tune_of(long)
    assert all(len(tune_of(e)) > 20 for e in excerpts)


def test_a_corpus_without_held_out_tunes_is_refused(corpus):
    with pytest.raises(BadRequest, match="larger ones"):
        build_index(corpus[:12])
    with pytest.raises(BadRequest, match="larger ones"):
        build_index(corpus[12:])


def test_the_command_refuses_a_folder_that_is_not_there(tmp_path):
    options = ["--corpora", str(tmp_path / "none"), "--work", str(tmp_path / "work"), "--out", str(tmp_path)]
    result = CliRunner().invoke(build_app(), ["originality", *options])
    assert isinstance(result.exception, BadRequest)
    assert "none' is not there" in str(result.exception)
    assert not (tmp_path / FILE).exists()


def test_the_command_indexes_what_training_has_read(corpus, tmp_path, monkeypatch):
    (tmp_path / "work" / "corpus").mkdir(parents=True)
    _save(tmp_path / "work" / "corpus" / "book.npz", corpus)
    monkeypatch.setattr(composed, "COMPOSED", {"lofi": composed.Composed(songs=2)})
    options = ["--corpora", str(tmp_path / "none"), "--work", str(tmp_path / "work"), "--out", str(tmp_path)]
    result = CliRunner().invoke(build_app(), ["originality", *options])
    assert result.exit_code == 0, result.output
    index = load_index(tmp_path / FILE)
    assert str(tmp_path / FILE) in result.stdout
    assert set(read_facts(tmp_path / FILE)["pieces"]) == {"book", "composed-lofi"}
    assert f"limit {index.limits['*']}" in result.stdout
