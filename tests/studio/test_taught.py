"""Songs composed with what their server taught: its models, its own styles, nobody else's."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.compose.finish import finish_song
from engine.compose.guild import Guild, GuildModel
from engine.compose.library import Library
from engine.compose.recorder import Booth, Spaces
from engine.compose.recording import Recorder
from engine.compose.request import ComposeRequest
from engine.compose.resident import ComposingLane
from engine.compose.seeds import ENOUGH
from engine.compose.songdraft import SongDraft
from engine.compose.voices import KEPT
from engine.errors import BadRequest
from engine.grammar.corpus import composed_songs
from engine.jobs.job import Done, Failed, Json
from engine.metrics.copyindex import FILE as INDEX
from engine.music.habits import Profile
from engine.music.harmony import Chord, Mode
from engine.music.notes import Role
from engine.music.seed import Seed
from engine.music.styles import load_style
from engine.music.timing import METERS
from engine.music.tokens import ROLE_INDEX, Event
from engine.settings import Settings
from engine.store.folders import FolderFiles
from engine.store.objects import ObjectFiles
from engine.store.scratch import Scratch
from engine.text.reader import Reader
from tests.contract.object_server import running_objects
from tests.profiles import habits, profile
from tests.studio.halves import (
    PLAIN,
    draft_of,
    lane_of,
    last_words,
    order_of,
    over_the_wire,
    record,
    untimed,
    words_of,
)
from tests.studio.taught import DUBSTEP, WOBBLE, Made, guild, publish_model

Publish = Callable[..., GuildModel]
Draft = dict[str, Any]


@pytest.fixture
def models(song_settings: Settings) -> FolderFiles:
    """Where the lane's models lie."""
    return FolderFiles(song_settings.data_dir, "models")


@pytest.fixture
def publish(models: FolderFiles, tmp_path: Path) -> Publish:
    """Publish a model under this id, and others of it when called again."""

    def published(model_id: str, **made: Any) -> GuildModel:
        return publish_model(models, model_id, Made(**made), tmp_path / "made")

    return published


@pytest.fixture
def fresh_lane(song_settings: Settings, small_styles: Path, reader: Reader) -> ComposingLane:
    """A composing process that has seen nothing yet."""
    return lane_of(song_settings, small_styles, reader)


@pytest.fixture
def here(recorder: Recorder, tmp_path: Path, models: FolderFiles) -> Booth:
    """A recording process that finds the lane's models."""
    spaces = Spaces(songs=FolderFiles(tmp_path), uploads=FolderFiles(tmp_path, "uploads"), library=Library(models))
    return Booth(recorder, spaces, Scratch(tmp_path))


def bank(name: str) -> tuple[Seed, ...]:
    """Seeds that any plan in C major takes one of."""
    events = ((Event(0, ROLE_INDEX[Role.BASS], 40, 13, 13),),) * 4
    chords = (Chord.parse("C"),) * 8
    return tuple(
        Seed(
            name=f"{name}-{number:03}",
            meter=METERS["4/4"],
            mode=Mode.MAJOR,
            tempo_bpm=80.0,
            chords=chords,
            events=events,
            energy=0.5,
            density=1.0,
            register=0.5,
            valence=0.5,
        )
        for number in range(ENOUGH)
    )


def folder_of(models: FolderFiles, model: GuildModel) -> Path:
    return asyncio.run(models.bring(model.id))


def notes(draft: Draft) -> Any:
    return draft["candidates"]["events"]


def notices(draft: Draft) -> list[str]:
    return list(draft["plan"]["notices"])


def refusal(lane: ComposingLane, order: Json) -> str:
    lane.admit("refused", "compose", order)
    word = last_words(words_of(lane))["refused"]
    assert isinstance(word, Failed)
    assert isinstance(word.error, BadRequest)
    return str(word.error)


# -- a server's version of a style ------------------------------------------------------------------------------------


def test_what_a_server_taught_changes_its_songs_and_nobody_elses(lane: ComposingLane, publish: Publish) -> None:
    one, other = publish("taughtone", seed=21), publish("taughttwo", seed=22)
    shipped = draft_of(lane, order_of(PLAIN))
    first = draft_of(lane, order_of(PLAIN, guild=guild(one)))
    second = draft_of(lane, order_of(PLAIN, guild=guild(other)))
    assert notes(first) != notes(shipped) != notes(second) != notes(first)
    assert untimed(draft_of(lane, order_of(PLAIN))) == untimed(shipped)
    assert untimed(draft_of(lane, order_of(PLAIN, guild=None))) == untimed(shipped)
    assert untimed(draft_of(lane, order_of(PLAIN, guild=guild(one)))) == untimed(first)
    assert {**first["plan"], "explanation": None} == {**shipped["plan"], "explanation": None}


def test_songs_of_servers_are_the_same_together_as_alone_while_models_come_and_go(
    lane: ComposingLane, publish: Publish
) -> None:
    taught = {f"model{seed}": publish(f"mixed{seed}", seed=seed, version=seed) for seed in range(31, 36)}
    orders = {name: order_of(PLAIN, guild=guild(model)) for name, model in taught.items()}
    orders |= {"shipped": order_of(PLAIN), "own": order_of(PLAIN, guild=guild(own=(DUBSTEP,)))}
    alone = {name: untimed(draft_of(lane, order)) for name, order in orders.items()}
    for name in reversed(orders):
        lane.admit(name, "compose", orders[name])
        lane.step()
    ends = last_words(words_of(lane))
    together = {name: untimed(over_the_wire(e.result["draft"])) for name, e in ends.items() if isinstance(e, Done)}
    assert together == alone
    assert len({str(notes(draft)) for draft in alone.values()}) == 6  # the own style is not asked for


def test_a_style_that_the_server_did_not_teach_is_the_shipped_one(lane: ComposingLane, publish: Publish) -> None:
    taught = guild(publish("jazzonly", style="jazz"), style="jazz")
    assert untimed(draft_of(lane, order_of(PLAIN, guild=taught))) == untimed(draft_of(lane, order_of(PLAIN)))


def test_the_habits_of_a_servers_model_shape_its_plans(lane: ComposingLane, publish: Publish) -> None:
    quick = profile(tempo_bpm=91.0, meter="4/4")
    model = publish("habitual", habits=habits(quick, quick))
    plan = SongDraft.from_json(draft_of(lane, order_of(PLAIN, guild=guild(model)))).plan
    assert isinstance(plan.profile, Profile)
    assert plan.profile.tempo_bpm == 91.0
    assert plan.profile != SongDraft.from_json(draft_of(lane, order_of(PLAIN))).plan.profile


def test_a_blend_is_of_the_servers_own_versions(lane: ComposingLane, publish: Publish) -> None:
    mixed = replace(PLAIN, style="jazz:0.7+lofi:0.3")
    model = publish("blended", seed=41, version=3)
    draft = draft_of(lane, order_of(mixed, guild=guild(model)))
    assert notes(draft) != notes(draft_of(lane, order_of(mixed)))
    assert draft["candidates"]["model"]["version"] == "0.70 jazz v1 + 0.30 lofi server v3"
    assert draft["candidates"]["model"]["server_models"] == "blended"
    other = draft_of(lane, order_of(mixed, guild=guild(publish("blendtoo", seed=42, version=4))))
    assert notes(other) != notes(draft)


def test_receipts_name_the_version_its_lineage_and_that_uploads_were_learnt_from(
    lane: ComposingLane, here: Booth, publish: Publish
) -> None:
    model = publish("onreceipt", version=3, uploads=8)
    receipt = record(here, "receipted", draft_of(lane, order_of(PLAIN, guild=guild(model))))
    assert receipt.model == {
        "style": "lofi",
        "version": "server v3",
        "sha256": model.sha256,
        "server_models": "onreceipt",
        "learnt_from": "8 uploads of this server (lofi)",
        "lineage": "lofi abababababab → lofi server v3",
    }
    assert receipt.notices == record(here, "plain", draft_of(lane, order_of(PLAIN))).notices


def test_a_rule_written_song_of_an_own_style_is_its_parents_with_its_tempo(
    lane: ComposingLane, here: Booth, publish: Publish
) -> None:
    model = publish("ruled", style="dubstep", measured=WOBBLE)
    order = order_of(
        replace(PLAIN, style="dubstep", engine="rules"), guild=guild(model, style="dubstep", own=(DUBSTEP,))
    )
    receipt = record(here, "ruledsong", draft_of(lane, order))
    assert (receipt.style, receipt.model["version"]) == ("dubstep", "rules")
    assert 138 <= receipt.tempo_bpm <= 142
    assert receipt.model["learnt_from"] == "8 uploads of this server (dubstep)"


def test_songs_must_not_copy_what_their_server_taught(lane: ComposingLane, here: Booth, publish: Publish) -> None:
    longer = replace(PLAIN, seconds=30)
    plain = draft_of(lane, order_of(longer, guild=guild(publish("unindexed", seed=81))))
    draft = SongDraft.from_json(plain)
    assert draft.candidates is not None
    own = tuple(finish_song(draft.plan, list(events)) for events in draft.candidates.events)
    assert record(here, "original", plain).gates["copying"] is None
    index = publish("indexed", seed=81, tunes=own)
    copied = record(here, "copied", draft_of(lane, order_of(longer, guild=guild(index))))
    assert copied.gates["copying"] is False
    assert copied.originality["nearest"]["piece"] in ("upload 0", "upload 1")
    assert copied.candidates["passed"] == 0
    other = publish("otherindex", seed=81, tunes=(next(composed_songs("jazz", 1, 5)),))
    assert record(here, "uncopied", draft_of(lane, order_of(longer, guild=guild(other)))).gates["copying"] is True


def test_a_damaged_index_of_uploads_gives_way_where_songs_are_recorded(
    lane: ComposingLane, here: Booth, models: FolderFiles, publish: Publish
) -> None:
    model = publish("badindex", version=5, tunes=(next(composed_songs("jazz", 1, 5)),))
    (folder_of(models, model) / INDEX).write_bytes(b"PK")
    receipt = record(here, "badlyindexed", draft_of(lane, order_of(PLAIN, guild=guild(model))))
    assert receipt.notices[-1] == "Version 5 of this server's lofi, which composed this song, is no longer there."
    assert receipt.gates["copying"] is None


# -- building on songs ------------------------------------------------------------------------------------------------


def entry_of(folder: Path, song_id: str) -> str:
    return next((folder / "songs" / song_id).glob("*.song.json")).read_text(encoding="utf-8")


def test_parts_are_kept_after_the_server_has_another_model(
    lane: ComposingLane, here: Booth, tmp_path: Path, publish: Publish
) -> None:
    first = publish("seeded", seed=91, seeds=bank("lofi"))
    asked = ComposeRequest(prompt="lofi", seconds=8, seed=5, key="C major", meter="4/4")
    receipt = record(here, "seededsong", draft_of(lane, order_of(asked, guild=guild(first))))
    assert receipt.primer is not None
    keep = ComposeRequest(prompt="", again="seededsong", keep=("bass",), seed=6)
    order = {"request": keep.to_json(), "entry": entry_of(tmp_path, "seededsong")}
    again = draft_of(lane, {**order, "guild": guild(first)})
    assert again["plan"]["primer"] == receipt.primer
    second = publish("reseeded", seed=92, version=2, seeds=bank("other"))
    later = draft_of(lane, {**order, "guild": guild(second)})
    assert later["plan"]["primer"] is None
    assert record(here, "keptsong", later).model["version"] == "server v2"


def test_a_song_of_an_own_style_cannot_be_built_on_elsewhere(lane: ComposingLane, here: Booth, tmp_path: Path) -> None:
    own = guild(own=(DUBSTEP,))
    record(here, "ownsong", draft_of(lane, order_of(replace(PLAIN, style="dubstep"), guild=own)))
    entry = entry_of(tmp_path, "ownsong")
    for request in (
        ComposeRequest(prompt="", again="ownsong", seed=6),
        ComposeRequest(prompt="", again="ownsong", keep=("bass",), seed=6),
    ):
        order = {"request": request.to_json(), "entry": entry}
        assert draft_of(lane, {**order, "guild": own})["plan"]["style"] == "dubstep"
        assert refusal(lane, order).startswith("The style 'dubstep' is not known; ambient")


# -- own styles -------------------------------------------------------------------------------------------------------


def test_an_own_style_is_known_by_name_in_its_server_alone(lane: ComposingLane) -> None:
    own = guild(own=(DUBSTEP,))
    asked = replace(PLAIN, prompt="for a rainy night", style="dubstep")
    told = replace(PLAIN, prompt="dark Dubstep for a rainy night")
    for request, source in ((asked, "asked"), (told, "prompt")):
        plan = SongDraft.from_json(draft_of(lane, order_of(request, guild=own))).plan
        assert (plan.style, plan.sources["style"]) == ("dubstep", source)
    assert refusal(lane, order_of(asked)) == (
        "The style 'dubstep' is not known; ambient, blues, bossa, chiptune, classical, folk, jazz, lofi, pop, ragtime,"
        " rock, synthwave would work."
    )
    elsewhere = replace(DUBSTEP, name="zydeco")
    assert "dubstep" not in refusal(lane, order_of(asked, guild=guild(own=(elsewhere,)))).partition(";")[2]
    assert ", zydeco would work." in refusal(lane, order_of(asked, guild=guild(own=(elsewhere,))))
    theirs = draft_of(lane, order_of(replace(told, prompt="dubstep for a rainy night")))
    assert theirs["plan"]["style"] != "dubstep"
    assert any("no style called dubstep yet" in notice for notice in notices(theirs))


def test_an_own_style_of_several_words_is_found_as_people_write_it(lane: ComposingLane) -> None:
    own = guild(own=(replace(DUBSTEP, name="drum-and-bass"),))
    for prompt in ("drum and bass, dark", "some drum-and-bass", "DrumAndBass please"):
        plan = SongDraft.from_json(draft_of(lane, order_of(replace(PLAIN, prompt=prompt), guild=own))).plan
        assert plan.style == "drum-and-bass", prompt


def test_an_own_styles_description_helps_its_server_alone(lane: ComposingLane) -> None:
    meant = replace(PLAIN, prompt="wobbling growling bass drops over half-time drums")
    plan = SongDraft.from_json(draft_of(lane, order_of(meant, guild=guild(own=(DUBSTEP,))))).plan
    assert (plan.style, plan.sources["style"]) == ("dubstep", "encoder")
    assert plan.explanation is not None
    assert plan.explanation.words
    other = SongDraft.from_json(draft_of(lane, order_of(meant))).plan
    assert other.style != "dubstep"
    assert "dubstep" not in other.style_scores


def test_an_untrained_own_style_is_written_as_its_parent_is(lane: ComposingLane) -> None:
    asked = replace(PLAIN, style="dubstep", bpm=80.0, key="C minor")
    own = draft_of(lane, order_of(asked, guild=guild(own=(DUBSTEP,))))
    assert own["candidates"]["model"]["style"] == "dubstep"
    parents = draft_of(lane, order_of(replace(asked, style="lofi")))
    assert own["candidates"]["model"]["sha256"] == parents["candidates"]["model"]["sha256"]
    assert own["candidates"]["reference"] == parents["candidates"]["reference"]


def test_an_own_style_plays_what_was_measured_on_its_uploads(
    lane: ComposingLane, here: Booth, publish: Publish
) -> None:
    model = publish("wobbles", style="dubstep", measured=WOBBLE, seed=51)
    asked = ComposeRequest(prompt="dubstep", seconds=8, seed=4)
    draft = draft_of(lane, order_of(asked, guild=guild(model, style="dubstep", own=(DUBSTEP,))))
    plan = SongDraft.from_json(draft).plan
    assert 130 <= plan.tempo_bpm <= 150  # so that whole bars fit
    assert plan.profile is None
    assert set(plan.cast) <= {Role.MELODY, Role.BASS, Role.DRUMS}
    assert plan.cast[Role.BASS].program in (38, 39)
    receipt = record(here, "wobbling", draft)
    assert receipt.style == "dubstep"
    assert receipt.model["lineage"] == "lofi abababababab → dubstep server v1"
    assert receipt.gates["copying"] is None  # small styles have no index


def test_an_own_style_does_not_hide_a_shipped_one(lane: ComposingLane) -> None:
    hiding = guild(own=(replace(DUBSTEP, name="lofi", parent="jazz"),))
    draft = draft_of(lane, order_of(PLAIN, guild=hiding))
    assert {**untimed(draft), "guild": None} == untimed(draft_of(lane, order_of(PLAIN)))


# -- models that cannot be used ---------------------------------------------------------------------------------------


def truncate(folder: Path) -> None:
    path = next(folder.glob("*.safetensors"))
    path.write_bytes(path.read_bytes()[:-100])


def spoil(name: str, text: str = "{") -> Callable[[Path], None]:
    def spoilt(folder: Path) -> None:
        (folder / name).write_text(text, encoding="utf-8")

    return spoilt


def drop_network(folder: Path) -> None:
    next(folder.glob("*.safetensors")).unlink()


DAMAGE: dict[str, Callable[[Path], None]] = {
    "a truncated checkpoint": truncate,
    "no checkpoint": drop_network,
    "habits that are no JSON": spoil("habits.json"),
    "habits of another format": spoil("habits.json", '{"format": 9}'),
    "seeds that are none": spoil("seeds.json", "[]"),
    "no folder": shutil.rmtree,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_model_gives_way_to_the_newest_sound_one_with_a_notice(
    damage: str, fresh_lane: ComposingLane, models: FolderFiles, publish: Publish
) -> None:
    number, lane = list(DAMAGE).index(damage), fresh_lane
    old = publish(f"sound{number}", seed=61, version=2)
    new = publish(f"broken{number}", seed=62, version=3, habits=habits(profile()))
    DAMAGE[damage](folder_of(models, new))
    wanted = draft_of(lane, order_of(PLAIN, guild=guild(old)))
    got = draft_of(lane, order_of(PLAIN, guild=guild(new, old)))
    assert notes(got) == notes(wanted)
    assert got["candidates"]["model"]["server_models"] == old.id
    told = "Version 3 of this server's lofi cannot be used any more; version 2 was taken."
    assert notices(got) == [*notices(wanted), told]
    shipped = draft_of(lane, order_of(PLAIN))
    fallen = draft_of(lane, order_of(PLAIN, guild=guild(new)))
    assert notes(fallen) == notes(shipped)
    assert fallen["candidates"]["model"] == shipped["candidates"]["model"]
    told = "Version 3 of this server's lofi cannot be used any more; the shipped lofi was taken."
    assert notices(fallen) == [*notices(shipped), told]
    assert lane.facts()["checkpoint_failures"] == (damage != "no folder")


def test_a_checkpoint_that_is_not_the_published_one_is_not_used(lane: ComposingLane, publish: Publish) -> None:
    foreign = replace(publish("foreign"), sha256="0" * 64)
    draft = draft_of(lane, order_of(PLAIN, guild=guild(foreign)))
    assert notes(draft) == notes(draft_of(lane, order_of(PLAIN)))
    assert "cannot be used any more" in notices(draft)[-1]


@pytest.mark.parametrize("text", ["{", '{"format": 2}', '{"format": 1, "tempo_low": 200.0}'])
def test_an_own_style_with_damaged_measures_is_composed_as_its_parent_is(
    text: str, lane: ComposingLane, models: FolderFiles, publish: Publish
) -> None:
    model = publish(f"measures{len(text)}", style="dubstep", measured=WOBBLE)
    (folder_of(models, model) / "style.json").write_text(text, encoding="utf-8")
    asked = replace(PLAIN, style="dubstep")
    draft = draft_of(lane, order_of(asked, guild=guild(model, style="dubstep", own=(DUBSTEP,))))
    unmeasured = draft_of(lane, order_of(asked, guild=guild(own=(DUBSTEP,))))
    assert notes(draft) == notes(unmeasured)
    told = "Version 1 of this server's dubstep cannot be used any more; the shipped lofi was taken."
    assert notices(draft) == [*notices(unmeasured), told]


def test_a_model_that_goes_before_its_song_is_recorded_is_told_of(
    lane: ComposingLane, here: Booth, models: FolderFiles, publish: Publish
) -> None:
    model = publish("vanishes", version=2)
    draft = draft_of(lane, order_of(PLAIN, guild=guild(model)))
    asyncio.run(models.remove(model.id))
    receipt = record(here, "toolate", draft)
    assert "Version 2 of this server's lofi, which composed this song, is no longer there." in receipt.notices
    assert receipt.model["server_models"] == "vanishes"


def test_of_many_models_the_last_ones_stay_in_memory(lane: ComposingLane, publish: Publish) -> None:
    short = replace(PLAIN, seconds=5)
    first = draft_of(lane, order_of(short))
    for number in range(KEPT + 3):
        draft_of(lane, order_of(short, guild=guild(publish(f"many{number}", seed=number))))
    voices = lane._drafter.writer.voices
    assert list(voices._kept) == [("lofi", f"many{number}") for number in range(3, KEPT + 3)]
    assert voices.versions["lofi"] == "v1"
    assert untimed(draft_of(lane, order_of(short))) == untimed(first)


# -- from an object store ---------------------------------------------------------------------------------------------


def test_models_are_brought_from_the_object_store_while_others_are_written(
    lane: ComposingLane, fresh_lane: ComposingLane, tmp_path: Path, publish: Publish
) -> None:
    wanted = draft_of(lane, order_of(PLAIN, guild=guild(publish("fromafar", seed=71))))
    shipped = draft_of(lane, order_of(PLAIN))
    with running_objects() as server:
        there = ObjectFiles(server.place("models"), tmp_path / "cache", "models", retry_s=0.3)
        far = publish_model(there, "fromafar", Made(seed=71), tmp_path / "more")
        fresh_lane._library = Library(there)
        fresh_lane.admit("far", "compose", order_of(PLAIN, guild=guild(far)))
        fresh_lane.admit("near", "compose", order_of(PLAIN))
        ends = last_words(words_of(fresh_lane))
    drafts = {name: over_the_wire(end.result["draft"]) for name, end in ends.items() if isinstance(end, Done)}
    assert untimed(drafts["far"]) == untimed(wanted)
    assert untimed(drafts["near"]) == untimed(shipped)
    assert (tmp_path / "cache" / "models" / "fromafar" / "v1.safetensors").is_file()
    again = draft_of(fresh_lane, order_of(PLAIN, guild=guild(far)))  # the store is gone, the model is here
    assert untimed(again) == untimed(wanted)
    late = replace(far, id="neverseen")
    fresh_lane.admit("late", "compose", order_of(PLAIN, guild=guild(late)))
    word = last_words(words_of(fresh_lane))["late"]
    assert isinstance(word, Failed)
    assert type(word.error).__name__ == "StoreError"  # which is tried again


def test_copies_of_models_that_were_taken_back_leave_the_machines_that_brought_them(tmp_path: Path) -> None:
    with running_objects() as server:
        here, there = (
            ObjectFiles(server.place("swept"), tmp_path / name, "models", retry_s=0.3) for name in ("here", "there")
        )
        gone, stays = (publish_model(there, name, Made(), tmp_path / "made") for name in ("takenback", "staysthere"))
        library = Library(here)
        library.bring(Guild(models={"lofi": (gone,), "jazz": (stays,)}))
        cache = tmp_path / "here" / "models"
        assert sorted(path.name for path in cache.iterdir()) == ["staysthere", "takenback"]
        asyncio.run(there.remove("takenback"))
        library.sweep()
        assert [path.name for path in cache.iterdir()] == ["staysthere"]
        guild, shelf = library.shelf_of(Guild(models={"lofi": (gone,), "jazz": (stays,)}))
        assert list(guild.models) == ["jazz"]
        assert shelf.style("lofi") == load_style("lofi")
