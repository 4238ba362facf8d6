"""From corpora to checkpoints: the whole way on a small composed corpus, as `tunesmith train` goes it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import BadRequest, CheckpointError
from engine.grammar.corpus import composed_songs
from engine.learn import composed
from engine.learn import train as training
from engine.learn.dataset import Dataset, load_dataset, save_dataset, with_held_out
from engine.learn.recipe import BASE, LARGE_RECIPE, NEW_RECIPE, SMALL_RECIPE, known_styles, recipe_for, style_shares
from engine.learn.reference import reference_of
from engine.learn.round import Round
from engine.learn.train import TrainRequest, train
from engine.model.checkpoint import load_checkpoint, read_curve
from engine.model.network import NetworkConfig
from engine.music.context import vocabulary_hash
from engine.music.notes import Role
from tests.small import small_network


def silent(_: str) -> None:
    """Progress for nobody."""


@pytest.fixture
def request_(tmp_path, monkeypatch) -> TrainRequest:
    """A request whose corpus is twelve composed songs and whose networks have 16 units."""
    small: NetworkConfig = small_network().config
    monkeypatch.setattr(training, "network_config", lambda: small)
    monkeypatch.setattr(composed, "COMPOSED", {"lofi": composed.COMPOSED["lofi"]})
    monkeypatch.setattr(training, "build_corpus", lambda root, out: {})
    monkeypatch.setattr(training, "load_corpus", lambda out: iter(()))
    (tmp_path / "corpora").mkdir()
    return TrainRequest(
        target=BASE,
        corpora=tmp_path / "corpora",
        work=tmp_path / "work",
        out=tmp_path / "styles",
        steps=4,
        composed=12,
        processes=1,
    )


def test_a_style_is_trained_from_the_base_and_says_so(request_):
    base = train(request_, say=silent, on_report=lambda report, total: None)
    style = train(replace(request_, target="lofi"), say=silent, on_report=lambda report, total: None)
    assert base.path == request_.out / "base" / "v1.safetensors"
    checkpoint = load_checkpoint(style.path, vocabulary=vocabulary_hash())
    assert checkpoint.facts.lineage["parent_sha256"] == base.sha256
    assert checkpoint.facts.lineage["held_out_pieces"] >= 1
    assert checkpoint.facts.licences == {"composed-lofi": "Apache-2.0 (written by the project's own grammar)"}
    assert checkpoint.facts.metrics["held_out_nats"] == pytest.approx(style.after_nats, abs=1e-3)
    assert "polyphony" in checkpoint.facts.metrics["reference"]
    card = (request_.out / "lofi" / "card.md").read_text(encoding="utf-8")
    assert style.sha256 in card
    assert base.sha256[:16] in card
    assert "written by the project's own grammar" in card
    assert "20 % of what it heard were other styles" in card


def test_training_twice_gives_two_versions_of_the_same_weights(request_):
    first = train(request_, say=silent, on_report=lambda report, total: None)
    second = train(request_, say=silent, on_report=lambda report, total: None)
    assert (first.path.name, second.path.name) == ("v1.safetensors", "v2.safetensors")
    assert first.sha256 == second.sha256


def test_an_interrupted_command_given_again_goes_on(request_):
    request = replace(request_, steps=40)

    def stop(report, total) -> None:
        if report.step >= 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(request, say=silent, on_report=stop)
    said: list[str] = []
    steps: list[int] = []
    train(request, say=said.append, on_report=lambda report, total: steps.append(report.step))
    assert said == ["Going on from step 10 of 40."]
    assert min(steps) > 10
    assert list(request.work.glob("*.run.safetensors")) == []


def test_a_style_needs_a_base_and_pieces(request_):
    with pytest.raises(CheckpointError, match="base"):
        train(replace(request_, target="lofi"), say=silent, on_report=lambda report, total: None)
    with pytest.raises(BadRequest, match="polka"):
        train(replace(request_, target="polka"), say=silent, on_report=lambda report, total: None)


def test_the_encoded_dataset_is_read_back_as_it_was(request_, tmp_path):
    dataset = training.prepare(request_, say=silent)
    again = load_dataset(request_.work / "dataset")
    assert again is not None
    assert again.labels == dataset.labels
    assert (again.columns.features == dataset.columns.features).all()
    assert load_dataset(tmp_path / "nowhere") is None


def test_every_style_gets_held_out_pieces(request_):
    dataset = training.prepare(request_, say=silent)
    only_train = Dataset(
        columns=dataset.columns, labels=tuple(replace(label, split="train") for label in dataset.labels)
    )
    fixed = with_held_out(only_train)
    assert sum(label.split == "valid" for label in fixed.labels) == 1
    assert with_held_out(fixed) == fixed
    save_dataset(fixed, request_.work / "other")


def test_a_round_remembers_what_is_finished(tmp_path):
    request = TrainRequest(target=BASE, corpora=Path("c"), work=tmp_path)
    round_ = Round(request, ("base", "lofi", "folk"))
    assert round_.left() == ["base", "lofi", "folk"]
    round_.finished("base")
    assert Round(request, ("base", "lofi", "folk")).left() == ["lofi", "folk"]
    assert Round(replace(request, seed=2), ("base", "lofi")).left() == ["base", "lofi"]
    for name in ("lofi", "folk"):
        round_.finished(name)
    assert Round(request, ("base", "lofi", "folk")).left() == ["base", "lofi", "folk"]


def test_a_reference_is_measured_on_bands_not_on_lone_drums_or_tunes():
    songs = list(composed_songs("lofi", 6, 3))
    drums = [replace(song, tracks=tuple(t for t in song.tracks if t.role is Role.DRUMS)) for song in songs]
    tunes = [replace(song, tracks=tuple(t for t in song.tracks if t.role is Role.MELODY)) for song in songs]
    assert reference_of([*songs, *drums, *tunes]) == reference_of(songs)
    alone = reference_of([*drums, *tunes])
    assert alone["polyphony"][0] == 1.0
    assert all(low <= mean <= high for mean, _, low, high in reference_of(songs).values())


def test_small_styles_are_trained_gently_and_hear_more_of_the_others(request_):
    heard = training.prepare(request_, say=silent)
    played = replace(heard, labels=tuple(replace(label, style="rock") for label in heard.labels))
    assert recipe_for("rock", played, known={"rock"}) == SMALL_RECIPE
    assert SMALL_RECIPE.settings.rate < LARGE_RECIPE.settings.rate
    halves = tuple(replace(label, style="rock" if index % 2 else "lofi") for index, label in enumerate(heard.labels))
    shares = style_shares("lofi", Dataset(columns=heard.columns, labels=halves), replay=0.25)
    assert shares == {"lofi": 0.75, "rock": pytest.approx(0.25)}


def test_how_the_loss_fell_is_kept_beside_the_checkpoint(request_):
    made = train(request_, say=silent, on_report=lambda report, total: None)
    curve = read_curve(made.path)
    assert curve[0] == [0, pytest.approx(made.before_nats, abs=1e-3)]
    assert min(nats for _, nats in curve) == pytest.approx(made.after_nats, abs=1e-3)
    assert [step for step, _ in curve] == sorted({step for step, _ in curve})
    assert read_curve(made.path.with_name("v9.safetensors")) == []


def test_a_style_that_the_base_has_not_heard_is_trained_longer(request_):
    heard = training.prepare(request_, say=silent)
    assert recipe_for("lofi", heard, known={"lofi"}) == LARGE_RECIPE
    assert recipe_for("lofi", heard, known={"rock"}) == NEW_RECIPE
    assert known_styles({"jazz": 40, "rock": 90, "folk": 1}, {"jazz": 1000, "rock": 100}) == {"rock", "folk"}
    played = replace(heard, labels=tuple(replace(label, style="synthwave") for label in heard.labels))
    new = recipe_for("synthwave", played, known={"rock"})
    assert new.settings.steps > SMALL_RECIPE.settings.steps
    assert new.kin == "synth"
    assert recipe_for("synthwave", played, known={"synthwave"}).kin is None


def test_a_style_that_gains_nothing_is_tried_again_more_slowly(request_, monkeypatch):
    train(request_, say=silent, on_report=lambda report, total: None)
    wild = replace(SMALL_RECIPE, settings=replace(SMALL_RECIPE.settings, rate=30.0, warmup=0))
    monkeypatch.setattr(training, "recipe_for", lambda target, heard, known: wild)
    said: list[str] = []
    made = train(replace(request_, target="lofi"), say=said.append, on_report=lambda report, total: None)
    assert said == [
        "No step was better than the start at a rate of 30; trying 10.",
        "No step was better than the start at a rate of 10; trying 3.33333.",
    ]
    assert made.best_step == 0
    assert made.after_nats == made.before_nats


def test_a_folder_of_corpora_that_is_not_there_is_named(request_, tmp_path):
    with pytest.raises(BadRequest, match=r"nowhere.*is not there"):
        train(replace(request_, corpora=tmp_path / "nowhere"), say=silent, on_report=lambda report, total: None)
    assert not request_.work.exists()
