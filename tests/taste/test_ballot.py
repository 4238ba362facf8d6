"""What goes to the learning worker comes back equal."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.errors import EngineError
from engine.music.taste import Posterior, Preference, StyleTaste
from engine.store.records import Origin, SongRecord
from engine.taste.ballot import (
    Ballot,
    CastVote,
    DuelVote,
    HeardSong,
    Learnt,
    Ruling,
    Suspicion,
    Trial,
    heard_song,
)

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
RECEIPT = {
    "style": "lofi",
    "model": {"style": "lofi", "version": "v1", "sha256": "ab"},
    "primer": "lofi-001",
    "features": {"plan": {"tempo": 6.2, "odd": float("nan")}, "song": {"density": 3}},
    "taste": {"lofi": 4},
}


def full_ballot() -> Ballot:
    taste = StyleTaste(
        version=3,
        votes=12,
        seeds={"lofi-001": Posterior(up=2.5, down=1)},
        song=Preference(centre={"a": 1}, scale={"a": 2.0}, weights={"a": 0.5}, accuracy=0.7, trust=0.4),
    )
    inner = Ballot(home=8, now=NOW, votes=(CastVote(song_id="x", person_id=2, value=-1, changed_at=NOW),))
    return Ballot(
        home=7,
        now=NOW,
        songs=(HeardSong(id="s", style="lofi", version="v1", created_at=NOW, song={"density": 3.0}, person_id=5),),
        votes=(CastVote(song_id="s", person_id=1 << 60, value=1, changed_at=NOW),),
        duels=(DuelVote(duel_id="d", left_id="s", right_id="t", person_id=2, answer="both", changed_at=NOW),),
        voided=frozenset({4, 3}),
        shared=(inner,),
        tastes={"lofi": taste},
        trials=(Trial(style="lofi", model_id="m", since=NOW),),
    )


def test_a_ballot_comes_back_from_json_equal() -> None:
    ballot = full_ballot()
    assert Ballot.from_json(ballot.to_json()) == ballot


def test_what_was_learnt_comes_back_from_json_equal() -> None:
    learnt = Learnt(
        tastes=full_ballot().tastes,
        figures={"styles": {"lofi": {"votes": 3}}},
        suspicions=(
            Suspicion(kind="ring", persons=(1, 2), songs=("s",), kept=0.2, sentence="They vote each other up."),
        ),
        rulings=(
            Ruling(
                style="lofi", model_id="m", decision="go on", control=Posterior(), canary=Posterior(up=1), reason="-"
            ),
        ),
    )
    assert Learnt.from_json(learnt.to_json()) == learnt


def test_what_is_no_ballot_is_refused_with_what_is_wrong() -> None:
    with pytest.raises(EngineError, match="no 'colour'"):
        Ballot.from_json({**full_ballot().to_json(), "colour": "red"})


def test_a_song_that_is_done_is_heard_with_its_finite_features() -> None:
    record = SongRecord(
        id="s",
        request={},
        receipt=RECEIPT,
        origin=Origin(person_id=5, guild_id=7),
        created_at=NOW,
        status="done",
        failure=None,
    )
    assert heard_song(record) == HeardSong(
        id="s",
        style="lofi",
        version="v1",
        created_at=NOW,
        seed_name="lofi-001",
        person_id=5,
        taste=4,
        plan={"tempo": 6.2},
        song={"density": 3.0},
    )


@pytest.mark.parametrize(("status", "receipt"), [("composing", None), ("failed", None)])
def test_a_song_that_is_not_done_is_not_heard(status: str, receipt: None) -> None:
    record = SongRecord(
        id="s", request={}, receipt=receipt, origin=Origin(), created_at=NOW, status=status, failure=None
    )  # type: ignore[arg-type]
    assert heard_song(record) is None


def test_songs_from_before_there_were_features_are_heard_without() -> None:
    old = {name: value for name, value in RECEIPT.items() if name not in ("features", "taste", "primer")}
    record = SongRecord(id="s", request={}, receipt=old, origin=Origin(), created_at=NOW, status="done", failure=None)
    song = heard_song(record)
    assert song is not None
    assert (dict(song.plan), dict(song.song), song.seed_name, song.taste) == ({}, {}, None, 0)
