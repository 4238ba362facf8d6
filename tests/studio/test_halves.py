"""The two halves of making a song, as two processes have them, against the whole in one: the same bytes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.compose.batcher import Batcher
from engine.compose.recorder import Booth
from engine.compose.request import STAGES, ComposeRequest, Receipt
from engine.compose.resident import ComposingLane
from engine.compose.shares import overall_share
from engine.compose.songdraft import SongDraft
from engine.errors import BadRequest, CheckpointError, EngineError, JobError, NotFound
from engine.jobs.job import Done, Failed, Json, Told
from engine.settings import Settings
from engine.text.reader import Reader
from tests.studio.halves import (
    OLD,
    PLAIN,
    WISHES,
    Before,
    Here,
    Words,
    draft_of,
    lane_of,
    last_words,
    order_of,
    over_the_wire,
    record,
    untimed,
    wish,
    words_of,
)


def in_folder(receipt: Receipt, folder: Path) -> dict[str, Any]:
    """What a receipt says, but for the time that it took and the folder in which that was."""
    told = receipt.to_json()
    told["timings_s"] = list(told["timings_s"])
    told["files"] = {kind: Path(path).name for kind, path in told["files"].items()}
    assert {str(Path(path).parent) for path in receipt.files.values()} == {str(folder)}
    return told


@pytest.mark.parametrize("name", WISHES)
def test_a_song_has_the_same_bytes_from_two_processes_and_from_one(
    name: str, made_here: Here, lane: ComposingLane, booth: Booth, tmp_path: Path
) -> None:
    old, song_id = made_here.old, f"new{list(WISHES).index(name)}"
    request = wish(name, old)
    there = record(booth, song_id, draft_of(lane, order_of(request, old)), limit_bytes=400_000)
    here = made_here.composer.compose(request, old.folder, song_id=song_id, limit_bytes=400_000)
    made = {path.name: path.read_bytes() for path in old.folder.glob(f"*-{song_id}.*")}
    kept = {path.name: path.read_bytes() for path in (tmp_path / "songs" / song_id).iterdir()}
    assert made.keys() == kept.keys()
    receipt_file = Path(here.files["midi"]).with_suffix(".json").name
    assert [file for file in made if file != receipt_file and made[file] != kept[file]] == []
    assert in_folder(there, tmp_path / "scratch" / song_id) == in_folder(here, old.folder)
    assert Receipt.from_json(json.loads(kept[receipt_file])) == there


@pytest.mark.parametrize("name", WISHES)
def test_a_draft_comes_back_from_json(name: str, lane: ComposingLane, old: Before) -> None:
    plain = draft_of(lane, order_of(wish(name, old), old))
    draft = SongDraft.from_json(plain)
    assert over_the_wire(draft.to_json()) == plain
    assert SongDraft.from_json(over_the_wire(draft.to_json())) == draft
    assert (draft.candidates is None) == (draft.plan.engine == "rules")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 0),
        ("plan", {}),
        ("plan", None),
        ("candidates", {"events": [[1, 2, 3]], "reference": {}, "model": {}}),
        ("candidates", {"events": [[1, 2, 3, 4, "5"]], "reference": {}, "model": {}}),
        ("kept", ["kazoo"]),
        ("request", {"prompt": "x", "volume": 11}),
        ("timings_s", None),
    ],
)
def test_what_is_no_draft_is_refused(
    key: str, value: object, lane: ComposingLane, booth: Booth, tmp_path: Path
) -> None:
    draft = {**draft_of(lane, order_of(PLAIN)), key: value}
    with pytest.raises(EngineError, match="draft"):
        record(booth, "refused", draft)
    assert list(tmp_path.iterdir()) == []


def test_songs_in_company_are_what_they_are_alone(lane: ComposingLane, old: Before) -> None:
    orders = {name: order_of(wish(name, old), old) for name in WISHES}
    alone = {name: untimed(draft_of(lane, order)) for name, order in orders.items()}
    for name in reversed(WISHES):
        lane.admit(name, "compose", orders[name])
    ends = last_words(words_of(lane))
    together = {
        name: untimed(over_the_wire(end.result["draft"])) for name, end in ends.items() if isinstance(end, Done)
    }
    assert together == alone


def test_who_comes_while_others_are_written_changes_nothing(lane: ComposingLane) -> None:
    alone = untimed(draft_of(lane, order_of(PLAIN)))
    lane.admit("first", "compose", order_of(PLAIN))
    words: Words = []
    for number in range(6):
        words += lane.step()
        lane.admit(f"later {number}", "compose", order_of(replace(PLAIN, seed=number)))
    first = last_words(words + words_of(lane))["first"]
    assert isinstance(first, Done)
    assert untimed(over_the_wire(first.result["draft"])) == alone


def test_bad_requests_among_good_ones_fail_alone(lane: ComposingLane, old: Before) -> None:
    bad: dict[str, tuple[Json, type[Exception], str]] = {
        "no words": (order_of(ComposeRequest(prompt="")), BadRequest, "''"),
        "no format": (order_of(replace(PLAIN, format="mp4")), BadRequest, "mp4"),
        "no key": (order_of(replace(PLAIN, key="H major")), BadRequest, "H major"),
        "no file": (order_of(replace(PLAIN, again="nosuch")), NotFound, "nosuch"),
        "another": ({**order_of(replace(PLAIN, again="nosuch")), "entry": old.entry}, BadRequest, "nosuch"),
        "damaged": ({**order_of(WISHES["again"]), "entry": old.entry[:-9]}, BadRequest, OLD),
        "no part": (order_of(replace(WISHES["keep"], keep=("kazoo",)), old), BadRequest, "kazoo"),
        "no MIDI": (order_of(replace(PLAIN, continuing="AAAA")), BadRequest, "MIDI"),
        "no request": ({"request": {"prompt": "lofi", "volume": 11}}, BadRequest, "volume"),
        "nothing": ({}, KeyError, "request"),
    }
    alone = untimed(draft_of(lane, order_of(PLAIN)))
    lane.admit("good", "compose", order_of(PLAIN))
    for job, (order, _, _) in bad.items():
        lane.admit(job, "compose", order)
    lane.admit("late", "compose", order_of(replace(PLAIN, seed=2)))
    ends = last_words(words_of(lane))
    for job, (_, kind, named) in bad.items():
        end = ends[job]
        assert isinstance(end, Failed)
        assert type(end.error) is kind, job
        assert named in str(end.error)
    good, late = ends["good"], ends["late"]
    assert isinstance(good, Done)
    assert isinstance(late, Done)
    assert untimed(over_the_wire(good.result["draft"])) == alone


def test_a_job_of_another_kind_is_refused(lane: ComposingLane, booth: Booth) -> None:
    with pytest.raises(JobError, match="'record'"):
        lane.admit("1", "record", {})
    with pytest.raises(JobError, match="'compose'"):
        booth.handle("compose", {}, print)
    assert lane.idle


def test_a_song_that_is_cancelled_in_the_middle_is_never_heard_of_again(lane: ComposingLane) -> None:
    alone = untimed(draft_of(lane, order_of(PLAIN)))
    for job in ("given up", "goes on", "not begun"):
        lane.admit(job, "compose", order_of(PLAIN))
    lane.cancel("not begun")
    before: Words = []
    while not any(isinstance(word, Told) and word.job == "given up" and word.data["share"] > 0.1 for word in before):
        before += lane.step()
    lane.cancel("given up")
    lane.cancel("nobody")
    after = words_of(lane)
    assert {word.job for word in after} == {"goes on"}
    assert "not begun" not in {word.job for word in before}
    end = last_words(before + after)["goes on"]
    assert isinstance(end, Done)
    assert untimed(over_the_wire(end.result["draft"])) == alone
    assert (lane.facts()["songs"], lane.facts()["rows"]) == (0, 0)


def test_an_error_of_the_step_itself_is_the_end_of_the_process(
    song_settings: Settings, small_styles: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane = lane_of(song_settings, small_styles, reader)
    lane.admit("hit", "compose", order_of(PLAIN))
    lane.step()
    monkeypatch.setattr(Batcher, "step", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        lane.step()


def test_progress_goes_through_all_stages_and_never_back(lane: ComposingLane, booth: Booth) -> None:
    lane.admit("1", "compose", order_of(PLAIN))
    words = words_of(lane)
    end = last_words(words)["1"]
    assert isinstance(end, Done)
    heard: list[Json] = [word.data for word in words if isinstance(word, Told)]
    first = len(heard)
    record(booth, "heard", end.result["draft"], heard)
    assert list(dict.fromkeys(event["stage"] for event in heard)) == list(STAGES)
    assert {event["stage"] for event in heard[:first]} == set(STAGES[:3])
    shares = [overall_share(event["stage"], event["share"]) for event in heard]
    assert shares == sorted(shares)
    assert len(heard) <= 120


def test_the_receipt_counts_the_seconds_of_both_halves(lane: ComposingLane, booth: Booth) -> None:
    draft = draft_of(lane, order_of(PLAIN))
    draft["timings_s"] = {"read": 1.0, "plan": 2.0, "compose": 30.0, "total": 40.0}
    timings = record(booth, "timed", draft).timings_s
    assert list(timings) == [*STAGES, "total"]
    assert (timings["read"], timings["plan"]) == (1.0, 2.0)
    assert 30 < timings["compose"] < 35
    in_turn = timings["compose"] - 30 + sum(timings[stage] for stage in ("render", "master", "encode"))
    assert 40 + in_turn <= timings["total"] + 0.01 < 60


def test_a_seed_that_comes_with_the_job_is_taken_where_none_is_asked_for(lane: ComposingLane, old: Before) -> None:
    def seed_of(request: ComposeRequest) -> tuple[int, str]:
        plan = SongDraft.from_json(draft_of(lane, order_of(request, old, seed=77))).plan
        return plan.seed, plan.sources["seed"]

    free = replace(PLAIN, seed=None)
    assert seed_of(free) == (77, "seed")
    assert seed_of(replace(free, prompt="lofi seed 42")) == (42, "prompt")
    assert seed_of(PLAIN) == (11, "asked")
    assert seed_of(replace(WISHES["again"], seed=None))[0] == 77
    assert seed_of(replace(WISHES["keep"], seed=None)) == (77, "seed")


def test_facts_tell_the_models_and_how_full_and_quick_the_batch_was(
    song_settings: Settings, small_styles: Path, reader: Reader
) -> None:
    lane = lane_of(song_settings, small_styles, reader)
    facts = lane.facts()
    assert (facts["models"], facts["steps"], facts["occupancy"], facts["step_ms"]) == ({}, 0, 0.0, None)
    lane.admit("1", "compose", order_of(PLAIN))
    lane.step()
    assert (lane.facts()["songs"], lane.facts()["rows"], lane.facts()["slots"]) == (1, 2, 16)
    words_of(lane)
    facts = lane.facts()
    assert facts["models"] == {"lofi": "v1"}
    assert facts["checkpoint_failures"] == 0
    assert 0 < facts["occupancy"] <= 2 / 16
    assert facts["step_ms"] > 0
    assert lane.facts()["occupancy"] == 0.0, "nothing since"
    assert over_the_wire(facts) == facts


def test_a_damaged_newest_checkpoint_is_passed_over_for_the_newest_sound_one(
    song_settings: Settings, small_styles: Path, reader: Reader, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = (small_styles / "lofi" / "v1.safetensors").read_bytes()
    folder = tmp_path / "lofi"
    folder.mkdir()
    for name, data in (("v1", whole), ("v2", whole[:-64] + bytes(64)), ("v10", b"torn")):
        (folder / f"{name}.safetensors").write_bytes(data)
    lane = lane_of(song_settings, tmp_path, reader)
    drafts = [untimed(draft_of(lane, order_of(PLAIN))) for _ in range(2)]
    sound = untimed(draft_of(lane_of(song_settings, small_styles, reader), order_of(PLAIN)))
    assert drafts == [sound, sound]
    assert lane.facts()["checkpoint_failures"] == 2
    assert lane.facts()["models"] == {"lofi": "v1"}
    told = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert [name in line for name, line in zip(("v10", "v2"), told, strict=True)] == [True, True]


def test_a_style_without_a_sound_checkpoint_fails_alone_and_names_the_newest(
    song_settings: Settings, small_styles: Path, reader: Reader, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for style, data in (("lofi", b"torn"), ("jazz", (small_styles / "jazz" / "v1.safetensors").read_bytes())):
        (tmp_path / style).mkdir()
        (tmp_path / style / "v1.safetensors").write_bytes(data)
    (tmp_path / "lofi" / "v3.safetensors").write_bytes(b"torn too")
    lane = lane_of(song_settings, tmp_path, reader)
    lane.admit("bad", "compose", order_of(PLAIN))
    lane.admit("bad too", "compose", order_of(replace(PLAIN, seed=3)))
    lane.admit("good", "compose", order_of(replace(PLAIN, prompt="jazz")))
    ends = last_words(words_of(lane))
    assert isinstance(ends["good"], Done)
    for job in ("bad", "bad too"):
        end = ends[job]
        assert isinstance(end, Failed)
        assert isinstance(end.error, CheckpointError)
        assert "v3.safetensors is damaged" in str(end.error)
    assert lane.facts()["checkpoint_failures"] == 2
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 2, "each is told of once"
