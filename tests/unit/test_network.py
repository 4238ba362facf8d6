"""The network: stepping equals training, sampling obeys masks, training learns and resumes, checkpoints are checked."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from engine.errors import CheckpointError
from engine.grammar.corpus import composed_songs
from engine.learn.dataset import Dataset, encode_pieces
from engine.learn.sources.piece import Piece
from engine.model.checkpoint import latest_version, load_checkpoint, read_facts, save_checkpoint
from engine.model.nucleus import draw
from engine.model.sampling import Packed, Stepper
from engine.model.training import Trainer, TrainSettings, evaluate
from engine.music.context import vocabulary_hash
from engine.music.tokens import BAR, DRUMS, N_PITCHES
from tests.small import small_facts, small_network


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """Six composed songs, one of them held out."""
    pieces = [
        Piece(id=f"{i}", source="composed-lofi", licence="Apache-2.0", style="lofi",
              split="valid" if i == 5 else "train", song=song)
        for i, song in enumerate(composed_songs("lofi", 6, 11))
    ]  # fmt: skip
    return encode_pieces(pieces)


def test_stepping_gives_the_same_losses_as_training_reads(dataset):
    """The hand-written cell and chained heads equal nn.LSTM and the training heads, decision by decision."""
    network = small_network().eval()
    rows = np.arange(60)[None, :]
    batch = dataset.columns.batch(rows)
    with torch.no_grad():
        losses, _ = network(batch)
    stepper, sums = Stepper([(Packed(network), 1)]), dict.fromkeys(losses.parts, 0.0)

    def nats(logits: np.ndarray, choice: int) -> float:
        shifted = logits[0] - logits[0].max()
        return float(np.log(np.exp(shifted).sum()) - shifted[choice])

    for t in range(60):
        onset, role, pitch, duration, velocity = (int(x) for x in batch.events[0, t])
        stepper.advance(batch.features[:, t].long().numpy())
        sums["onset"] += nats(stepper.onset_logits(), onset)
        if onset == BAR:
            continue
        sums["role"] += nats(stepper.role_logits(np.asarray([onset])), role)
        stepper.open_details(batch.details[:, t].long().numpy())
        chosen = np.asarray([N_PITCHES + pitch if role == DRUMS else pitch])
        lengths = stepper.duration_logits(chosen)
        if role == DRUMS:
            sums["drum"] += nats(stepper.drum_logits(), pitch)
        else:
            logits = stepper.pitch_logits(batch.root[:, t].long().numpy(), batch.previous[:, t].long().numpy())
            sums["pitch"] += nats(logits, pitch)
            sums["duration"] += nats(lengths, duration)
        sums["velocity"] += nats(stepper.velocity_logits(np.asarray([duration])), velocity)
    for name, (expected, _) in losses.parts.items():
        assert sums[name] == pytest.approx(expected, rel=1e-4)


def test_a_line_of_a_batch_is_the_same_whoever_its_neighbours_are(dataset):
    network = small_network()
    features = dataset.columns.features[:30].astype(np.int64)
    outputs = []
    for neighbour in (0, 100):
        stepper = Stepper([(Packed(network), 2)])
        other = dataset.columns.features[neighbour : neighbour + 30].astype(np.int64)
        for t in range(30):
            stepper.advance(np.stack([features[t], other[t]]))
        outputs.append(stepper.onset_logits()[0])
    assert np.array_equal(outputs[0], outputs[1])


def test_draw_never_leaves_the_mask_and_follows_the_shares():
    rng = np.random.default_rng(0)
    n = 4000
    logits = np.tile(np.log([0.5, 0.3, 0.15, 0.05]), (n, 1))
    mask = np.tile([True, True, True, False], (n, 1))
    chosen = draw(logits, mask=mask, temperature=np.ones(n), top_p=1.0, uniform=rng.random(n))
    share = np.bincount(chosen, minlength=4) / n
    assert share[3] == 0
    assert share[:3] == pytest.approx(np.array([0.5, 0.3, 0.15]) / 0.95, abs=0.03)
    nucleus = draw(logits, mask=mask, temperature=np.ones(n), top_p=0.6, uniform=rng.random(n))
    assert set(nucleus) == {0, 1}


def test_draw_refuses_a_row_that_allows_nothing():
    with pytest.raises(ValueError, match="allows no class"):
        draw(np.zeros((1, 3)), mask=np.zeros((1, 3), bool), temperature=np.ones(1), top_p=1.0, uniform=np.zeros(1))


SETTINGS = TrainSettings(steps=40, lanes=4, chunk=32, rate=1e-2, warmup=5, evaluate_every=20, save_every=10, seed=3)


def make_trainer(dataset: Dataset, settings: TrainSettings = SETTINGS) -> Trainer:
    train, valid = dataset.part("train"), dataset.part("valid")
    return Trainer(small_network(), train.columns, train.weights({"lofi": 1.0}), valid.columns, settings)


def test_training_lowers_the_held_out_loss_and_keeps_the_best_weights(dataset):
    trainer = make_trainer(dataset)
    before, _ = evaluate(trainer.network, dataset.part("valid").columns)
    trainer.run(lambda report: None)
    after, parts = evaluate(trainer.network, dataset.part("valid").columns)
    assert after < 0.75 * before
    assert after == pytest.approx(trainer.best, rel=1e-3)
    assert set(parts) == {"onset", "role", "drum", "pitch", "duration", "velocity"}


def test_training_again_with_the_same_seed_gives_the_same_weights(dataset):
    settings = replace(SETTINGS, steps=6, evaluate_every=6)
    weights = []
    for _ in range(2):
        trainer = make_trainer(dataset, settings)
        trainer.run(lambda report: None)
        weights.append({name: tensor.clone() for name, tensor in trainer.network.state_dict().items()})
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_an_interrupted_training_goes_on_where_it_stopped(dataset, tmp_path):
    state = tmp_path / "run.safetensors"
    trainer = make_trainer(dataset)

    def interrupt(report) -> None:
        if report.step == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trainer.run(interrupt, state_file=state)
    again = make_trainer(dataset)
    assert again.resume(state)
    assert again.step == 20
    for name, tensor in trainer.network.state_dict().items():
        assert torch.equal(tensor, again.network.state_dict()[name])
    again.run(lambda report: None, state_file=state)
    assert again.step == SETTINGS.steps


def test_a_run_with_other_settings_is_not_resumed(dataset, tmp_path):
    state = tmp_path / "run.safetensors"
    make_trainer(dataset).save(state)
    assert not make_trainer(dataset, replace(SETTINGS, rate=1.0)).resume(state)
    assert not make_trainer(dataset).resume(tmp_path / "missing.safetensors")


def test_style_shares_decide_how_much_of_each_style_is_read(dataset):
    weights = dataset.weights({"lofi": 2.0})
    lengths = np.diff(dataset.columns.starts)
    assert (weights * lengths).sum() == pytest.approx(2.0)
    assert dataset.weights({"rock": 1.0}).sum() == 0


def test_a_checkpoint_comes_back_with_its_facts_and_rounded_weights(tmp_path):
    network, path = small_network(), tmp_path / "lofi" / "v1.safetensors"
    sha256 = save_checkpoint(network, small_facts(), path)
    loaded = load_checkpoint(path, vocabulary=vocabulary_hash())
    assert loaded.sha256 == sha256
    assert loaded.facts == small_facts() == read_facts(path)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor.half().float(), loaded.network.state_dict()[name])


def test_a_version_is_never_overwritten(tmp_path):
    path = tmp_path / "v1.safetensors"
    save_checkpoint(small_network(), small_facts(), path)
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match="never overwritten"):
        save_checkpoint(small_network(1), small_facts(), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_latest_version_is_the_highest_number(tmp_path):
    assert latest_version(tmp_path) is None
    for number in (2, 10, 9):
        (tmp_path / f"v{number}.safetensors").touch()
    assert latest_version(tmp_path) == tmp_path / "v10.safetensors"


def test_damaged_checkpoints_are_refused_by_name(tmp_path):
    path = tmp_path / "v1.safetensors"
    save_checkpoint(small_network(), small_facts(), path)
    good = path.read_bytes()
    flipped = bytearray(good)
    flipped[-100] ^= 0x55
    broken = {"truncated": good[: len(good) // 2], "flipped": bytes(flipped), "empty": b"", "text": b"hello" * 100}
    for name, data in broken.items():
        bad = tmp_path / f"{name}.safetensors"
        bad.write_bytes(data)
        with pytest.raises(CheckpointError, match=name):
            load_checkpoint(bad, vocabulary=vocabulary_hash())


def test_foreign_checkpoints_are_refused(tmp_path):
    other = tmp_path / "other.safetensors"
    save_file({"x": torch.zeros(2)}, other)
    with pytest.raises(CheckpointError, match="no Tunesmith checkpoint"):
        load_checkpoint(other, vocabulary=vocabulary_hash())
    old = tmp_path / "old.safetensors"
    save_checkpoint(small_network(), replace(small_facts(), vocabulary="0" * 64), old)
    with pytest.raises(CheckpointError, match="another vocabulary"):
        load_checkpoint(old, vocabulary=vocabulary_hash())
    with pytest.raises(CheckpointError, match="does not exist"):
        load_checkpoint(tmp_path / "none.safetensors", vocabulary=vocabulary_hash())


def test_the_facts_of_a_checkpoint_are_json(tmp_path):
    path = tmp_path / "v1.safetensors"
    facts = replace(small_facts(), metrics={"held_out_nats": 3.5}, lineage={"seed": 1}, licences={"a": "CC0"})
    save_checkpoint(small_network(), facts, path)
    assert json.loads(json.dumps(dict(read_facts(path).metrics))) == {"held_out_nats": 3.5}


def by_the_book(logits: np.ndarray, mask: np.ndarray, heat: np.ndarray, top_p: np.ndarray, uniform: np.ndarray) -> list:
    """Nucleus sampling, a row after the other."""
    chosen = []
    for row in range(len(logits)):
        shares = np.where(mask[row], np.exp((logits[row] - logits[row][mask[row]].max()) / heat[row]), 0.0)
        shares /= shares.sum()
        nucleus, sums = [], 0.0
        for kind in sorted(range(len(shares)), key=lambda kind: (-shares[kind], kind)):
            if sums >= top_p[row] or not shares[kind]:
                break
            nucleus.append(kind)
            sums += shares[kind]
        aim, sums = uniform[row] * sums, 0.0
        for kind in nucleus:
            sums += shares[kind]
            if sums > aim:
                break
        chosen.append(kind)
    return chosen


@pytest.mark.parametrize("classes", [5, 33, 128])
@pytest.mark.parametrize("flat", [0.2, 4.0])
def test_the_draw_is_that_of_the_book_for_sharp_and_for_flat_odds(classes, flat):
    rng = np.random.default_rng(classes)
    rows = 60
    for top_p in (0.5, 0.95, 1.0):
        logits = rng.normal(size=(rows, classes)) / flat
        mask = rng.random((rows, classes)) < 0.7
        mask[:, 0] = True
        heat, most = rng.uniform(0.7, 1.2, rows), np.full(rows, top_p)
        uniform = rng.random(rows)
        chosen = draw(logits, mask=mask, temperature=heat, top_p=most, uniform=uniform)
        assert chosen.tolist() == by_the_book(logits, mask, heat, most, uniform)


def test_of_equally_likely_classes_the_first_goes_first():
    logits = np.zeros((3, 128))
    logits[:, 60:] = -3.0
    uniform = np.array([0.0, 0.5, 0.999])
    chosen = draw(logits, mask=np.ones((3, 128), bool), temperature=np.ones(3), top_p=0.2, uniform=uniform)
    assert chosen[0] == 0
    assert list(chosen) == sorted(chosen)
    assert chosen[2] < 16, "a fifth of all is in the first sixteen of sixty alike"
    sharp = np.zeros((1, 128))
    sharp[0, [7, 3]] = 9.0
    for value, first in ((0.0, 3), (0.9, 7)):
        assert (
            draw(sharp, mask=np.ones((1, 128), bool), temperature=np.ones(1), top_p=0.9, uniform=np.array([value]))
            == first
        )
