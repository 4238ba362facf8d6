"""Which workers a studio has."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.dispatch.lanes import config_of, lanes_of
from engine.dispatch.learner import with_learning
from engine.dispatch.parcel import packed
from engine.errors import JobError
from engine.jobs.job import Emit, Json
from engine.jobs.wire import resolve
from engine.settings import Settings
from engine.taste.ballot import Ballot, Learnt


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.read(data_dir=tmp_path, database_url=None)


def test_every_kind_of_job_has_one_lane_whose_opener_is_there(settings: Settings) -> None:
    lanes = lanes_of(settings)
    kinds = [kind for lane in lanes for kind in lane.kinds]
    assert sorted(kinds) == ["compose", "preview", "record", "taste", "teach", "train"]
    assert all(callable(resolve(lane.opener)) for lane in lanes)


@pytest.mark.parametrize("kind", ["teach", "train"])
def test_what_a_learning_lane_opens_knows_its_jobs(settings: Settings, kind: str) -> None:
    lane = next(lane for lane in lanes_of(settings) if kind in lane.kinds)
    handler = resolve(lane.opener)(config_of(settings))
    with pytest.raises((KeyError, JobError), match=r"upload_id|order to train"):  # what it lacks is of its own kind
        handler(kind, {}, lambda _: None)


def test_whoever_learns_steps_back_behind_whoever_composes(settings: Settings) -> None:
    nice = {lane.name: lane.nice for lane in lanes_of(settings)}
    assert nice["compose"] == nice["record"] == 0 < nice["teach"] < nice["train"] == 15


def test_a_lesson_never_waits_for_a_training(settings: Settings) -> None:
    lanes = {kind: lane for lane in lanes_of(settings) for kind in lane.kinds}
    assert lanes["teach"].name != lanes["train"].name
    assert (lanes["teach"].workers, lanes["train"].workers) == (1, 1)
    assert lanes["train"].timeout_s > 10 * lanes["teach"].timeout_s, "most of its time it may have to wait for songs"


def test_whoever_records_learns_tastes_too_and_hands_on_all_else() -> None:
    handed_on: list[str] = []

    def record(kind: str, payload: Json, emit: Emit) -> Json:
        handed_on.append(kind)
        return {}

    handler = with_learning(record)
    ballot = Ballot(home=2, now=datetime(2026, 1, 1, tzinfo=UTC)).to_json()
    assert Learnt.from_json(handler("taste", packed(ballot), lambda _: None)).tastes == {}
    assert handler("taste", packed(ballot) | {"audit": True}, lambda _: None) == {"voters": [], "suspicions": []}
    with pytest.raises(JobError, match="unpacked"):
        handler("taste", {}, lambda _: None)
    for kind in ("record", "preview"):
        handler(kind, {}, lambda _: None)
    assert handed_on == ["record", "preview"]
