"""Blends of styles: one network between several, whatever the order they are named in."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from engine.compose.generate import SongWriter
from engine.compose.plan import Plan
from engine.compose.voices import KEPT_BLENDS, Voices, mean_reference, shares_of
from engine.errors import CheckpointError
from engine.grammar.corpus import composed_songs
from engine.learn.dataset import STYLE_IDS
from engine.model.blend import Part, blend_networks
from engine.model.checkpoint import save_checkpoint
from engine.model.network import Network
from engine.music.styles import load_style
from tests.small import plan_of_song, small_facts, small_network

SEED_OF = {"lofi": 0, "classical": 1, "folk": 2}


@pytest.fixture(scope="session")
def styles(tmp_path_factory):
    folder = tmp_path_factory.mktemp("styles")
    for style, seed in SEED_OF.items():
        reference = {"polyphony": [2.0 + seed, 0.5, 1.0 + seed, 3.0 + seed]}
        facts = replace(small_facts(style), metrics={"reference": reference})
        save_checkpoint(small_network(seed), facts, folder / style / "v1.safetensors")
    return folder


@pytest.fixture(scope="session")
def plan() -> Plan:
    song = next(composed_songs("lofi", 1, 8))
    return plan_of_song(replace(song, sections=song.sections[:2], chords=song.chords[: 2 * song.sections[1].end_bar]))


def blended(plan: Plan, **weights: float) -> Plan:
    return replace(plan, blend=weights)


def part(style: str, weight: float, *, network: torch.nn.Module | None = None) -> Part:
    return Part(network=network or small_network(SEED_OF[style]), weight=weight, style_row=STYLE_IDS[style])


def test_the_blend_of_a_network_with_itself_is_the_network() -> None:
    network = small_network(3)
    again = blend_networks([part("lofi", 0.3, network=network), part("lofi", 0.6, network=network)])
    for name, tensor in network.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor), name


def test_every_weight_lies_at_its_share_between_the_parents() -> None:
    lofi, folk = small_network(0), small_network(2)
    blend = blend_networks([part("lofi", 3, network=lofi), part("folk", 1, network=folk)])
    expected = 0.75 * lofi.onset.weight + 0.25 * folk.onset.weight
    assert torch.allclose(blend.onset.weight, expected, atol=1e-6)


def test_the_blends_style_is_the_mean_of_the_parts_own_styles() -> None:
    lofi, folk = small_network(0), small_network(2)
    blend = blend_networks([part("lofi", 1, network=lofi), part("folk", 1, network=folk)])
    expected = (lofi.table.weight[STYLE_IDS["lofi"]] + folk.table.weight[STYLE_IDS["folk"]]) / 2
    for style in ("lofi", "folk"):
        assert torch.allclose(blend.table.weight[STYLE_IDS[style]], expected, atol=1e-6)


@pytest.mark.parametrize("parts", [[], [part("lofi", 0.0)]], ids=["no parts", "no weight"])
def test_a_blend_of_nothing_is_refused(parts) -> None:
    with pytest.raises(ValueError, match="weigh"):
        blend_networks(parts)


def test_the_order_of_the_parts_does_not_change_the_song(styles, plan) -> None:
    one = SongWriter(device="cpu", styles_dir=styles).write(blended(plan, lofi=0.7, folk=0.3), candidates=2)
    other = SongWriter(device="cpu", styles_dir=styles).write(blended(plan, folk=0.3, lofi=0.7), candidates=2)
    assert one == other


def test_a_blend_is_another_song_than_either_parent(styles, plan) -> None:
    writer = SongWriter(device="cpu", styles_dir=styles)
    songs = [
        writer.write(wish, candidates=1).song.tracks
        for wish in (plan, blended(plan, folk=1.0, lofi=1.0), replace(plan, style="folk", blend={"folk": 1.0}))
    ]
    assert songs[0] != songs[1] != songs[2] != songs[0]


def test_a_style_that_weighs_nothing_or_stands_alone_is_no_blend(styles, plan) -> None:
    writer = SongWriter(device="cpu", styles_dir=styles)
    assert writer.write(blended(plan, lofi=1.0, folk=0.0), candidates=1) == writer.write(plan, candidates=1)
    with pytest.raises(ValueError, match="weighs"):
        shares_of({"lofi": 0.0})


def test_the_receipt_names_every_part_with_version_and_share(styles, plan) -> None:
    model = SongWriter(device="cpu", styles_dir=styles).write(blended(plan, lofi=3, folk=1), candidates=1).model
    assert model["style"] == "folk+lofi"
    assert model["version"] == "0.25 folk v1 + 0.75 lofi v1"
    assert len(model["sha256"]) == 64


def test_a_blend_is_heated_and_measured_between_its_styles(styles, plan) -> None:
    voices = Voices(device="cpu", styles_dir=styles)
    voice = voices.of_plan(blended(plan, lofi=0.5, folk=0.5))
    usual = [load_style(style).temperature for style in ("lofi", "folk")]
    assert voice.heat.pitch == pytest.approx(sum(usual) / 2)
    mean, deviation, low, high = voice.reference["polyphony"]
    assert (mean, low, high) == pytest.approx((3.0, 2.0, 4.0))
    assert deviation == pytest.approx((0.25 + 1.0) ** 0.5)


def test_the_reference_of_a_mixture_keeps_only_what_all_parts_measure() -> None:
    both = mean_reference([({"a": [1.0, 0.0, 1.0, 1.0], "b": [0.0] * 4}, 0.5), ({"a": [3.0, 0.0, 3.0, 3.0]}, 0.5)])
    assert both == {"a": [2.0, 1.0, 2.0, 2.0]}


def test_a_blend_is_made_once_and_few_are_kept(styles, plan) -> None:
    voices = Voices(device="cpu", styles_dir=styles)
    first = voices.of_plan(blended(plan, lofi=0.5, folk=0.5)).network
    assert voices.of_plan(blended(plan, folk=1, lofi=1)).network is first
    for weight in range(1, KEPT_BLENDS + 1):
        voices.of_plan(blended(plan, classical=weight, lofi=10))
    assert voices.of_plan(blended(plan, folk=1, lofi=1)).network is not first


def test_a_part_without_a_checkpoint_is_named(styles, plan) -> None:
    with pytest.raises(CheckpointError, match="rock"):
        SongWriter(device="cpu", styles_dir=styles).write(blended(plan, lofi=1, rock=1), candidates=1)


def test_networks_of_different_shapes_are_named(styles, plan, tmp_path) -> None:
    for style in ("lofi", "folk"):
        network = small_network() if style == "lofi" else Network(replace(small_network().config, hidden=8))
        save_checkpoint(network, small_facts(style), tmp_path / style / "v1.safetensors")
    with pytest.raises(CheckpointError, match="folk and lofi"):
        Voices(device="cpu", styles_dir=tmp_path).of_plan(blended(plan, lofi=1, folk=1))


def test_the_dropout_that_networks_were_trained_with_does_not_part_them() -> None:
    other = Network(replace(small_network().config, dropout=0.7))
    blend_networks([part("lofi", 1), part("folk", 1, network=other)])
