"""A server's own style: its parent's, under another name, as measured on uploads; and the shelf that it stands on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.compose.blend import read_blend
from engine.compose.guild import Guild, GuildModel, OwnStyle
from engine.compose.prompt import read_prompt
from engine.errors import BadRequest, CheckpointError, EngineError
from engine.metrics.originality import CopyIndexes, Originality, SharedRun
from engine.music.habits import FILE as HABITS
from engine.music.measured import FILE, Measured, MeasuredPart, load_measured, own_style
from engine.music.notes import Role, Song
from engine.music.shelf import SHIPPED, Shelf
from engine.music.styles import STYLES_DIR, Style, Taught, load_style, style_names

LOFI = load_style("lofi")
BASS = MeasuredPart(programs=(38,), low=30, high=50, density=6.0, presence=1.0)
WHOLE = Measured(
    tempo_low=130.0, tempo_usual=140.0, tempo_high=150.0, meters=("6/8", "4/4"), major_share=0.0, energy=0.9, swing=0.5,
    parts={Role.BASS: BASS, Role.DRUMS: replace(BASS, programs=(24,))},
)  # fmt: skip


def shelf(*styles: Style) -> Shelf:
    return Shelf(styles={style.name: style for style in styles})


def taught(folder: Path) -> Taught:
    return Taught(model_id="a", version=1, folder=folder)


# -- what is measured -------------------------------------------------------------------------------------------------


def test_an_own_style_is_its_parent_but_for_its_name_and_what_was_measured():
    plain = own_style("dubstep", LOFI, "wobbles")
    assert (plain.name, plain.title, plain.root, plain.descriptions) == ("dubstep", "Dubstep", "lofi", ("wobbles",))
    kept = {"name": "lofi", "title": "Lofi", "parent": "", "aliases": LOFI.aliases, "descriptions": LOFI.descriptions}
    assert replace(plain, **kept) == LOFI
    own = own_style("dubstep", LOFI, "wobbles", measured=WHOLE)
    assert (own.tempo_low, own.tempo_usual, own.tempo_high) == (130.0, 140.0, 150.0)
    assert (own.meters, own.major_share, own.energy, own.swing) == (("6/8", "4/4"), 0.0, 0.9, 0.5)
    assert list(own.parts) == [Role.BASS, Role.DRUMS]
    assert own.parts[Role.BASS] == replace(LOFI.parts[Role.BASS], programs=(38,), low=30, high=50, density=6.0)
    assert own.ensembles == ()
    assert own.progressions == LOFI.progressions


def test_what_was_not_measured_stays_the_parents():
    assert own_style("dubstep", LOFI, "wobbles", measured=Measured()) == own_style("dubstep", LOFI, "wobbles")
    ragtime = load_style("ragtime")
    assert Role.DRUMS not in ragtime.parts
    drums = own_style("x-y", ragtime, "", measured=WHOLE)
    assert drums.parts[Role.DRUMS].programs == (24,)
    assert drums.descriptions == ("x-y music",)
    assert set(drums.aliases) == {"x y", "xy"}


def test_measures_come_back_from_their_file(tmp_path: Path):
    assert load_measured(tmp_path) == Measured()
    (tmp_path / FILE).write_text(WHOLE.dumps(), encoding="utf-8")
    assert load_measured(tmp_path) == WHOLE


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"tempo_low": 160.0},
        {"tempo_low": None},
        {"tempo_low": 10.0},
        {"tempo_high": 900.0},
        {"meters": ["13/16"]},
        {"major_share": 1.5},
        {"swing": 0.9},
        {"energy": "loud"},
        {"volume": 11},
        {"parts": {"drums": {"programs": [0], "low": 35, "high": 81, "density": 4.0, "presence": 1.0}}},
        {"parts": {"bass": {"programs": [], "low": 35, "high": 81, "density": 4.0, "presence": 1.0}}},
        {"parts": {"bass": {"programs": [200], "low": 35, "high": 81, "density": 4.0, "presence": 1.0}}},
        {"parts": {"bass": {"programs": [33], "low": 81, "high": 35, "density": 4.0, "presence": 1.0}}},
        {"parts": {"bass": {"programs": [33], "low": 35, "high": 81, "density": 0.0, "presence": 1.0}}},
        {"parts": {"kazoo": {"programs": [33], "low": 35, "high": 81, "density": 1.0, "presence": 1.0}}},
    ],
)
def test_measures_that_no_style_can_have_are_refused(change: Mapping[str, Any], tmp_path: Path):
    (tmp_path / FILE).write_text(json.dumps({**json.loads(WHOLE.dumps()), **change}), encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"style\.json are damaged"):
        load_measured(tmp_path)


# -- where its files lie ----------------------------------------------------------------------------------------------


def test_what_a_taught_style_lacks_is_the_shipped_styles_and_an_own_one_goes_without(tmp_path: Path):
    ours = replace(LOFI, taught=taught(tmp_path))
    own = own_style("dubstep", LOFI, "wobbles", taught=taught(tmp_path))
    assert (ours.folder_of(HABITS), own.folder_of(HABITS)) == (STYLES_DIR / "lofi", tmp_path)
    (tmp_path / HABITS).write_text("{}")
    assert (ours.folder_of(HABITS), own.folder_of(HABITS)) == (tmp_path, tmp_path)
    assert own_style("dubstep", LOFI, "wobbles").folder_of(HABITS) == STYLES_DIR / "lofi"


# -- the shelf --------------------------------------------------------------------------------------------------------


def test_a_shelf_knows_the_shipped_styles_and_its_own():
    own = own_style("dubstep", LOFI, "wobbles")
    ours = shelf(own, replace(LOFI, taught=taught(Path("a"))))
    assert SHIPPED.names() == style_names()
    assert ours.names() == tuple(sorted((*style_names(), "dubstep")))
    assert ours.own == ("dubstep",)
    assert ours.style("dubstep") is own
    assert ours.style("jazz") is load_style("jazz")
    assert ours.descriptions()["dubstep"] == ("wobbles",)
    with pytest.raises(BadRequest, match="'dubstep' is not known; ambient, "):
        SHIPPED.style("dubstep")


@pytest.mark.parametrize(
    ("name", "prompt"),
    [
        ("dubstep", "heavy DUBSTEP, 60s"),
        ("dubstep", "dubstepp at 140 bpm"),
        ("drum-and-bass", "drum and bass for the gym"),
        ("vaporwave", "vaporwave mall"),
        ("chill-hop", "chill hop for studying"),
        ("metal", "metal, fast"),
        ("stride", "some stride piano"),
        ("my-band", "a song like my band plays"),
    ],
)
def test_prompts_of_its_server_name_an_own_style(name: str, prompt: str):
    ours = shelf(own_style(name, LOFI, "wobbles"))
    assert read_prompt(prompt, shelf=ours).styles == (name,)
    assert name not in read_prompt(prompt).styles


def test_an_own_style_can_be_left_out_and_blended():
    ours = shelf(own_style("dubstep", LOFI, "wobbles"))
    read = read_prompt("lofi but no dubstep", shelf=ours)
    assert (read.styles, read.unwanted_styles) == (("lofi",), ("dubstep",))
    assert read_prompt("jazzy dubstep", shelf=ours).styles == ("dubstep", "jazz")
    assert read_blend("dubstep:0.6+jazz", ours) == {"dubstep": 0.6, "jazz": 0.4}
    with pytest.raises(BadRequest, match="'dubstep' is not known"):
        read_blend("dubstep:0.6+jazz")


def test_own_styles_of_the_same_name_are_each_servers_own():
    one, other = shelf(own_style("wave", LOFI, "one")), shelf(own_style("wave-two", LOFI, "two"))
    assert read_prompt("wave", shelf=one).styles == ("wave",)
    assert read_prompt("wave two", shelf=other).styles == ("wave-two",)
    assert read_prompt("wave two", shelf=one).styles == ("wave",)
    assert read_prompt("wave two").styles == ()


# -- what a job says --------------------------------------------------------------------------------------------------

MODELS = (GuildModel(id="newer", version=4, uploads=8), GuildModel(id="older", version=2))
GUILD = Guild(models={"lofi": MODELS, "dubstep": (GuildModel(id="own", version=1),)},
              styles=(OwnStyle(name="dubstep", parent="jazz"),))  # fmt: skip


def test_a_guild_comes_back_from_json():
    assert Guild.from_json(json.loads(json.dumps(GUILD.to_json()))) == GUILD
    assert bool(GUILD)
    assert not Guild.from_json(Guild().to_json())
    for wrong in ({"models": []}, {"styles": [{"name": 1, "parent": "lofi"}]}, {"colour": "red"}):
        with pytest.raises(EngineError, match="cannot be read"):
            Guild.from_json(wrong)


def test_what_cannot_be_used_gives_way_to_the_next_and_is_told_by_style():
    once = GUILD.without("newer")
    assert once.models["lofi"] == MODELS[1:]
    assert once.notices == {"lofi": "Version 4 of this server's lofi cannot be used any more; version 2 was taken."}
    twice = once.without("older").without("own")
    assert twice.models == {}
    assert twice.notices["lofi"].endswith(
        "Version 2 of this server's lofi cannot be used any more; the shipped lofi was taken."
    )
    assert twice.notices["dubstep"].endswith("; the shipped jazz was taken.")
    assert GUILD.without("unknown") == GUILD
    assert once.only({"lofi": 1.0}) == Guild(models={"lofi": MODELS[1:]})
    assert GUILD.only({"dubstep": 1.0}).styles == GUILD.styles


# -- what must not be copied ------------------------------------------------------------------------------------------


class Says:
    """An index that finds the same in every song."""

    def __init__(self, notes: int, limit: int) -> None:
        self._found = Originality(run=SharedRun(notes=notes, piece=f"{notes} of {limit}"), limit=limit)

    def check(self, song: Song) -> Originality:
        return self._found


def test_of_several_copy_indexes_the_one_that_a_song_does_worst_at_decides(a_song: Song):
    def found(*indexes: Says) -> str:
        return CopyIndexes(indexes=indexes).check(a_song).run.piece

    assert found(Says(9, 15), Says(12, 15)) == "12 of 15"
    assert found(Says(9, 8), Says(12, 15)) == "9 of 8"
    assert found(Says(9, 8), Says(12, 10)) == "12 of 10"


@pytest.fixture
def a_song() -> Song:
    from engine.grammar.corpus import composed_songs  # noqa: PLC0415 (this test alone needs a song)

    return next(composed_songs("lofi", 1, 3))
