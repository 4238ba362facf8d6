"""A server's version of a style: published when it is better, refused with a reason when not, resumed, forgotten."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import save_file

from engine.errors import BadRequest, CheckpointError, JobError, NotFound, StoreError
from engine.jobs.courtesy import TRAININGS
from engine.learn.server.candidate import STATE
from engine.learn.server.order import TrainOrder, Verdict
from engine.learn.server.train import FOLDER, Surroundings, Training, train
from engine.metrics.copyindex import load_index
from engine.model.checkpoint import load_checkpoint, read_curve, read_facts
from engine.model.training import Stopped
from engine.music.context import vocabulary_hash
from engine.music.measured import load_measured
from engine.settings import Settings
from tests.learning.small_server import MODEL, RECIPE, SETTINGS, GrammarHands, order, pieces, ship, upload


@dataclass
class Server:
    """One server's world."""

    root: Path
    hands: GrammarHands = field(default_factory=GrammarHands)
    told: list[dict[str, Any]] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        """Of its data folder."""
        return Settings.read(data_dir=self.root / "data", device="cpu")

    @property
    def model(self) -> Path:
        """Where the version is published."""
        return self.root / "data" / "models" / MODEL

    def train(self, payload: dict[str, Any], *, recipe=RECIPE, between=lambda: None) -> Verdict:
        """Do a job."""
        around = Surroundings(
            settings=self.settings,
            hands=self.hands,
            between=between,
            styles_dir=self.root / "styles",
            recipe=lambda events, is_own: recipe,
        )
        return Training(TrainOrder.from_json(payload), around, lambda said: self.told.append(dict(said))).run()


@pytest.fixture
def server(tmp_path) -> Server:
    ship(tmp_path / "styles")
    return Server(root=tmp_path)


def test_a_better_candidate_is_published_with_all_that_a_version_consists_of(server):
    verdict = server.train(order(upload(server.root / "data", pieces())))
    assert verdict.is_published, verdict.reason
    assert verdict.metrics["held_out_nats"] < verdict.metrics["held_out_nats_before"]
    names = {path.name for path in server.model.iterdir()}
    assert names >= {"v1.safetensors", "v1.curve.json", "card.md", "habits.json", "originality.npz", "seeds.json"}
    assert "style.json" not in names
    checkpoint = load_checkpoint(server.model / "v1.safetensors", vocabulary=vocabulary_hash())
    shipped = load_checkpoint(server.root / "styles" / "lofi" / "v1.safetensors", vocabulary=vocabulary_hash())
    assert (checkpoint.sha256, shipped.sha256) == (verdict.sha256, verdict.parent_sha256)
    lineage = checkpoint.facts.lineage
    assert lineage["parent_sha256"] == shipped.sha256
    assert lineage["uploads"] == ["upload0000", "upload0001", "upload0002"]
    assert lineage["held_out_uploads"] == ["upload0003"]
    assert checkpoint.facts.licences["upload upload0001"] == "cc-by, Author 1"
    assert read_curve(server.model / "v1.safetensors")[0][0] == 0
    assert "cc-by, Author 0" in (server.model / "card.md").read_text(encoding="utf-8")


def test_the_result_is_what_the_job_promises(server):
    server.train(order(upload(server.root / "data", pieces())))
    result = Verdict(is_published=False, reason="No.", sha256="a", parent_sha256="b", metrics={"rise": 0.0}).to_json()
    assert result == {
        "verdict": "refuse",
        "reason": "No.",
        "metrics": {"rise": 0.0},
        "sha256": "a",
        "parent_sha256": "b",
    }
    assert json.loads(json.dumps(server.told)) == server.told
    phases = list(dict.fromkeys(said["phase"] for said in server.told))
    assert phases == ["reading", "replaying", "tuning", "composing", "comparing"]
    shares = [said["share"] for said in server.told]
    assert shares == sorted(shares)
    steps = [said for said in server.told if "step" in said]
    assert steps[-1]["step"] == steps[-1]["steps"] == SETTINGS.steps
    assert steps[-1]["eta_s"] > 0
    assert steps[-1]["nats"] > 0


def test_a_candidate_that_gained_nothing_is_refused_and_not_kept(server):
    idle = replace(RECIPE, settings=replace(SETTINGS, rate=0.0))
    verdict = server.train(order(upload(server.root / "data", pieces())), recipe=idle)
    assert not verdict.is_published
    assert "no better than the version that composes now" in str(verdict.reason)
    assert not server.model.exists()


def test_a_candidate_is_compared_with_the_servers_own_version_where_that_composes(server):
    uploads = upload(server.root / "data", pieces())
    first = server.train(order(uploads))
    again = order(uploads, model_id="m0del0002", version=2, current=MODEL)
    verdict = server.train(again, recipe=replace(RECIPE, settings=replace(SETTINGS, steps=5)))
    assert verdict.metrics["held_out_nats_current"] == pytest.approx(first.metrics["held_out_nats"], abs=2e-3)
    assert verdict.metrics["held_out_nats_before"] == first.metrics["held_out_nats_before"]
    assert not verdict.is_published


def test_a_version_that_composes_now_but_is_damaged_is_passed_over(server):
    folder = server.root / "data" / "models" / "m0del0000"
    folder.mkdir(parents=True)
    (folder / "v1.safetensors").write_bytes(b"no checkpoint")
    verdict = server.train(order(upload(server.root / "data", pieces()), current="m0del0000"))
    assert verdict.metrics["held_out_nats_current"] == verdict.metrics["held_out_nats_before"]
    assert verdict.is_published


def test_a_network_that_hands_out_its_pieces_is_refused(server):
    songs = pieces(6)
    server.hands.copies = songs
    verdict = server.train(order(upload(server.root / "data", songs)))
    assert not verdict.is_published
    assert "copy a piece" in str(verdict.reason)
    assert "upload upload000" in str(verdict.reason)
    assert not server.model.exists()


def test_what_is_tuned_may_not_drift_further_than_its_tether(server):
    uploads = upload(server.root / "data", pieces())
    short = replace(RECIPE, most_rise=0.03, aimed_rise=0.02)
    tight = server.train(order(uploads), recipe=short)
    free = server.train(order(uploads, model_id="m0del0002"))
    assert tight.metrics["rise"] <= 0.03 < free.metrics["rise"]
    assert tight.metrics["held_out_nats"] > free.metrics["held_out_nats"]


def test_an_interrupted_training_goes_on_and_writes_replay_once(server):
    uploads = upload(server.root / "data", pieces())
    calls = 0

    def stop() -> None:
        nonlocal calls
        calls += 1
        if calls > 12:
            raise Stopped

    with pytest.raises(Stopped):
        server.train(order(uploads), between=stop)
    assert (server.root / "data" / TRAININGS / MODEL / STATE).exists()
    server.told.clear()
    verdict = server.train(order(uploads))
    assert verdict.is_published
    assert min(said["step"] for said in server.told if "step" in said) > 10
    assert [voice.folder is None for voice, _ in server.hands.asked] == [True, False]
    assert not (server.root / "data" / TRAININGS / MODEL / STATE).exists()


@pytest.mark.parametrize("is_damaged", [False, True])
def test_a_candidate_that_an_earlier_try_left_is_used_if_it_is_sound(server, is_damaged):
    payload = order(upload(server.root / "data", pieces()))
    server.hands.write_songs = _broken_off
    with pytest.raises(Stopped):
        server.train(payload)
    server.hands = GrammarHands()
    server.told.clear()
    path = server.root / "data" / TRAININGS / MODEL / FOLDER / "v1.safetensors"
    kept = load_checkpoint(path, vocabulary=vocabulary_hash()).sha256
    if is_damaged:
        path.write_bytes(path.read_bytes()[:-100])
    assert server.train(payload).sha256 == kept
    assert any("step" in said for said in server.told) is is_damaged


def _broken_off(voice, order, between):
    """Composes replay; breaks off when the candidate is to be heard."""
    if voice.folder is not None:
        raise Stopped
    return GrammarHands().write_songs(voice, order, between)


def test_another_order_of_the_same_model_starts_anew(server):
    uploads = upload(server.root / "data", pieces(5))
    payload = order(uploads)
    server.hands.write_songs = _broken_off
    with pytest.raises(Stopped):
        server.train(payload)
    server.hands = GrammarHands()
    server.train(order(uploads[1:]))
    assert read_facts(server.model / "v1.safetensors").lineage["uploads"] == ["upload0001", "upload0002", "upload0003"]


def test_training_without_a_forgotten_piece_leaves_no_trace_of_it(server):
    uploads = upload(server.root / "data", pieces(5))
    server.hands.write_songs = _broken_off
    with pytest.raises(Stopped):
        server.train(order(uploads))
    assert (server.root / "data" / TRAININGS / MODEL).exists()
    server.hands = GrammarHands()
    second = "m0del0002"
    assert server.train(order(uploads[1:], model_id=second, version=2)).is_published
    assert not (server.root / "data" / TRAININGS / MODEL).exists()
    folder = server.root / "data" / "models" / second
    for path in (*folder.iterdir(), *(server.root / "data" / "replay").iterdir()):
        assert b"upload0000" not in path.read_bytes(), path.name
    assert load_index(folder / "originality.npz").names == tuple(f"upload upload000{i}" for i in range(1, 5))
    alone = Server(root=server.root, hands=GrammarHands())
    fresh = alone.train(order(uploads[1:], model_id="m0del0003", version=2))
    assert fresh.sha256 == load_checkpoint(folder / "v2.safetensors", vocabulary=vocabulary_hash()).sha256


def test_trainings_that_others_still_need_stay(server):
    other = server.root / "data" / TRAININGS / "m0del0009"
    other.mkdir(parents=True)
    server.train(order(upload(server.root / "data", pieces()), known=["m0del0009"]))
    assert other.exists()


def test_an_own_style_has_its_parents_place_and_its_own_measures(server):
    payload = order(upload(server.root / "data", pieces()), style="dubstep", description="wobbling basses")
    verdict = server.train(payload)
    assert verdict.is_published
    facts = read_facts(server.model / "v1.safetensors")
    assert facts.style == "dubstep"
    assert facts.style_ids["dubstep"] == facts.style_ids["lofi"]
    measured = load_measured(server.model)
    tempos = [song.tempo_bpm for song in pieces()]
    assert measured.tempo_low is not None
    assert min(tempos) * 0.94 <= measured.tempo_low <= measured.tempo_usual <= measured.tempo_high <= max(tempos) * 1.06
    assert measured.parts
    assert server.hands.asked[-1][0].description == "wobbling basses"


@pytest.mark.parametrize("damage", ["damaged", "foreign", "missing"])
def test_a_shipped_checkpoint_that_cannot_be_trusted_is_refused_by_name(server, damage):
    path = server.root / "styles" / "lofi" / "v1.safetensors"
    if damage == "missing":
        path.unlink()
    elif damage == "damaged":
        data = bytearray(path.read_bytes())
        data[-5] ^= 0xFF
        path.write_bytes(bytes(data))
    else:
        save_file({}, path, metadata={"format": "another"})
    with pytest.raises(CheckpointError, match=r"damaged|no Tunesmith checkpoint|no checkpoint"):
        server.train(order(upload(server.root / "data", pieces())))


def test_orders_without_enough_sound_pieces_are_told_why(server):
    uploads = upload(server.root / "data", pieces(2))
    with pytest.raises(BadRequest, match="Pieces to learn from: 1; 2 would work"):
        server.train(order(uploads[:1]))
    (server.root / "data" / "uploads" / "upload0001" / "piece.json").write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match="upload0001"):
        server.train(order(uploads))
    with pytest.raises(NotFound):
        server.train(order([*uploads[:1], {"id": "upload0077", "split": "valid"}]))
    with pytest.raises(JobError, match="order to train"):
        train(server.settings, {"model_id": "x"}, lambda said: None, server.hands)
