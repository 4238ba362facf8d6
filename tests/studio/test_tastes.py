"""A home's taste through a whole song: the two halves agree, receipts tell, and nobody else's songs change."""

from __future__ import annotations

import json
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any

import pytest

from engine.compose.drafting import Books, Drafter
from engine.compose.guild import Guild
from engine.compose.pipeline import Composer
from engine.compose.recorder import Booth
from engine.compose.recording import Place, Recorder
from engine.compose.request import ComposeRequest, Receipt
from engine.compose.resident import ComposingLane
from engine.compose.songdraft import SongDraft
from engine.compose.task import open_task
from engine.errors import NotFound
from engine.jobs.job import Json
from engine.music.seed import Lineage, bred_to_json, digest_of
from engine.music.seedbank import load_seeds
from engine.music.shelf import Shelf
from engine.music.styles import load_style
from engine.music.taste import Posterior, Preference, StyleTaste
from engine.taste.crossing import crossed
from tests.studio.halves import PLAIN, Before, draft_of, order_of, over_the_wire, record, untimed

BLEND = ComposeRequest(prompt="rainy", style="jazz:0.7+lofi:0.3", seconds=6, seed=8, format="flac")
LOFI = replace(PLAIN, format="flac")


def liking(**weights: float) -> Preference:
    return Preference(
        centre=dict.fromkeys(weights, 3.0), scale=dict.fromkeys(weights, 0.1), weights=weights, accuracy=0.7, trust=1.0
    )


def taste_of(style: str, version: int) -> StyleTaste:
    """All that votes can move: seeds of the bank and bred ones, plans, candidates."""
    own = load_seeds(load_style(style).folder)
    child = crossed(own[0], own[1])
    child = replace(child, name=f"{style}-g1-{digest_of(child)}")
    return StyleTaste(
        version=version,
        votes=60,
        seeds={seed.name: Posterior(up=i % 5, down=(i + 2) % 3) for i, seed in enumerate(own)},
        bred=(bred_to_json(child, Lineage(parents=(own[0].name, own[1].name), how="by hand", generation=1)),),
        resting=(own[2].name,),
        plan=liking(notes_per_second=-1.0, tempo_log2=-0.5),
        song=liking(density=-1.0, register=0.5),
    )


GUILD = Guild(tastes={"lofi": taste_of("lofi", 7), "jazz": taste_of("jazz", 2), "folk": taste_of("folk", 1)})


def home_order(request: ComposeRequest, guild: Guild = GUILD, old: Before | None = None) -> Json:
    return order_of(request, old, guild=guild.to_json())


def told(receipt: Receipt) -> dict[str, Any]:
    """A receipt, but for times and places."""
    return {name: value for name, value in receipt.to_json().items() if name not in ("timings_s", "files")}


@pytest.fixture(params=[LOFI, BLEND], ids=["one style", "blend"])
def wished(request: pytest.FixtureRequest) -> ComposeRequest:
    wish: ComposeRequest = request.param
    return wish


@pytest.fixture
def there(wished: ComposeRequest, lane: ComposingLane, booth: Booth) -> Receipt:
    """The song from two processes."""
    return record(booth, "there", draft_of(lane, home_order(wished)))


def test_both_halves_make_what_one_process_makes(
    wished: ComposeRequest, there: Receipt, composer: Composer, recorder: Recorder, tmp_path: Path
) -> None:
    shelf = Shelf(styles={name: replace(load_style(name), taste=taste) for name, taste in GUILD.tastes.items()})
    drafter: Drafter = composer.drafter
    drafting = drafter.begin(open_task(wished, no_song), lambda *_: None, Books(shelf=shelf, guild=GUILD))
    assert drafting.writing is not None
    drafter.writer.run(drafting.writing)
    place = Place(song_id="there", folder=tmp_path, name="here")
    here = recorder.record(drafter.finish(drafting), place, lambda *_: None, shelf)
    assert told(here) == told(there)
    assert drafter.writer.finish(drafting.writing).song.tracks
    kept = tmp_path / "songs" / "there"
    for kind in ("midi", "audio"):
        assert (kept / Path(there.files[kind]).name).read_bytes() == Path(here.files[kind]).read_bytes()


def no_song(song_id: str) -> Any:
    raise NotFound(song_id)


def test_a_receipt_tells_features_always_and_the_taste_where_one_was_in_force(
    lane: ComposingLane, booth: Booth
) -> None:
    plain = record(booth, "plain", draft_of(lane, order_of(LOFI)))
    fond = record(booth, "fond", draft_of(lane, home_order(LOFI)))
    blend = record(booth, "blend", draft_of(lane, home_order(BLEND)))
    for receipt in (plain, fond, blend):
        assert receipt.features.keys() == {"plan", "song"}
        assert all(isfinite(value) for part in receipt.features.values() for value in part.values())
        assert Receipt.from_json(json.loads(receipt.dumps())) == receipt
    assert (plain.taste, fond.taste, blend.taste) == ({}, {"lofi": 7}, {"jazz": 2, "lofi": 7})
    assert "votes" not in plain.explanation
    assert fond.explanation["votes"]
    assert all(part in fond.explanation["sentence"] for part in fond.explanation["votes"])
    assert fond.features["plan"] != plain.features["plan"]
    assert fond.style == plain.style
    before = {name: value for name, value in plain.to_json().items() if name not in ("features", "taste")}
    assert Receipt.from_json(before) == replace(plain, features={}, taste={}), "one of earlier songs"


def test_a_song_without_a_taste_is_the_same_before_beside_and_after_those_with_one(lane: ComposingLane) -> None:
    alone = untimed(draft_of(lane, order_of(LOFI)))
    fond = untimed(draft_of(lane, home_order(LOFI)))
    assert untimed(draft_of(lane, order_of(LOFI))) == alone
    assert untimed(draft_of(lane, home_order(LOFI))) == fond
    assert fond["plan"] != alone["plan"]
    other = untimed(draft_of(lane, home_order(LOFI, Guild(tastes={"folk": taste_of("folk", 1)}))))
    assert {**other, "guild": None} == alone


def test_a_draft_takes_along_the_tastes_of_its_styles_alone(lane: ComposingLane) -> None:
    draft = SongDraft.from_json(draft_of(lane, home_order(BLEND)))
    assert draft.guild.tastes.keys() == {"jazz", "lofi"}
    assert draft.guild.tastes["lofi"] == GUILD.tastes["lofi"]
    assert SongDraft.from_json(over_the_wire(draft.to_json())) == draft


def test_a_song_is_made_again_without_the_bred_seed_that_it_began_from(
    lane: ComposingLane, booth: Booth, old: Before
) -> None:
    entry = json.loads(old.entry)
    entry["plan"]["primer"] = "lofi-g1-abcdef"
    gone = replace(old, entry=json.dumps(entry))
    again = ComposeRequest(prompt="", again=entry["id"], seed=5, keep=("bass",), format="flac")
    receipt = record(booth, "again", draft_of(lane, order_of(again, gone)))
    assert receipt.primer is None
    assert any("lofi-g1-abcdef" in notice for notice in receipt.notices)
    held = Guild(tastes={"lofi": replace(GUILD.tastes["lofi"], bred=(renamed(GUILD, "lofi-g1-abcdef"),))})
    kept = record(booth, "kept", draft_of(lane, home_order(again, held, gone)))
    assert kept.primer == "lofi-g1-abcdef"
    assert not any("lofi-g1-abcdef" in notice for notice in kept.notices)


def renamed(guild: Guild, name: str) -> dict[str, Any]:
    return {**guild.tastes["lofi"].bred[0], "name": name}
