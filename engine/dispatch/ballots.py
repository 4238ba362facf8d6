"""What a home voted, as learning reads it; and what was learnt, as it is kept.

    rows ─ballot_of─→ Ballot ─packed─→ worker ─→ Learnt ─rows_of─→ tastes

In: rows. Out: values of `engine.taste`. Conventions: of a ballot there is a mark, which is the same as long as nobody
votes, takes a vote back or is voided; it is kept with what was learnt, so that nothing is learnt twice. Figures are
kept by style, those of the whole home with each. Caveat: as long as receipts and votes are few thousand, this takes a
fraction of a second; it is called in threads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from engine.errors import EngineError
from engine.music.taste import StyleTaste
from engine.store import AnswerRecord, BallotRows, ModelRecord, NewTaste, TasteRecord, VoteRecord
from engine.taste.ballot import Ballot, CastVote, DuelVote, HeardSong, Learnt, Suspicion, Trial, heard_song

MARK, HOME_FIGURES, STYLE_FIGURES = "mark", "home", "style"
SUSPICIONS, RULINGS = "suspicions", "rulings"
MOST_SUSPICIONS = 40


def mark_of(rows: BallotRows, trials: Sequence[ModelRecord] = ()) -> str:
    """What tells one ballot from another."""
    digest = hashlib.sha256()
    for vote in rows.votes:
        digest.update(f"{vote.song_id} {vote.person_id} {vote.value}\n".encode())
    for answer in rows.duels:
        digest.update(f"{answer.duel_id} {answer.person_id} {answer.answer}\n".encode())
    digest.update(repr((sorted(rows.voided), sorted(model.id for model in trials))).encode())
    return digest.hexdigest()[:16]


def ballot_of(
    rows: BallotRows,
    *,
    tastes: Mapping[str, TasteRecord] | None = None,
    trials: Sequence[ModelRecord] = (),
    shared: Sequence[BallotRows] = (),
) -> Ballot:
    """The ballot of a home. `shared`: what other homes let it learn from."""
    return Ballot(
        home=rows.home,
        now=datetime.now(UTC),
        is_private=all(song.origin.guild_id is None for song in rows.songs),
        songs=_heard(rows),
        votes=tuple(map(_cast, rows.votes)),
        duels=tuple(map(_answered, rows.duels)),
        voided=rows.voided,
        shared=tuple(ballot_of(other) for other in shared),
        tastes={style: taste for style, record in (tastes or {}).items() if (taste := taste_of(record)) is not None},
        trials=tuple(
            Trial(style=model.style, model_id=model.id, since=model.trial_since)
            for model in trials
            if model.trial_since is not None
        ),
    )


def rows_of(home: int, learnt: Learnt, mark: str) -> tuple[NewTaste, ...]:
    """What is kept of what was learnt."""
    of_styles = learnt.figures.get("styles", {})
    of_home = {name: value for name, value in learnt.figures.items() if name != "styles"} | {
        SUSPICIONS: [plain_suspicion(found) for found in learnt.suspicions[:MOST_SUSPICIONS]],
        RULINGS: {ruling.model_id: ruling.reason for ruling in learnt.rulings},
    }
    return tuple(
        NewTaste(
            home=home,
            style=style,
            version=taste.version,
            state=taste.to_json(),
            figures={MARK: mark, STYLE_FIGURES: of_styles.get(style, {}), HOME_FIGURES: of_home},
            votes=taste.votes,
        )
        for style, taste in learnt.tastes.items()
    )


def taste_of(record: TasteRecord) -> StyleTaste | None:
    """The taste in a row; None where another version of the program wrote what cannot be read: it is learnt anew."""
    try:
        return StyleTaste.from_json(record.state)
    except EngineError:
        return None


def plain_suspicion(found: Suspicion) -> dict[str, Any]:
    """A suspicion as JSON, without the songs."""
    return {"kind": found.kind, "persons": list(found.persons), "kept": found.kept, "sentence": found.sentence}


def _heard(rows: BallotRows) -> tuple[HeardSong, ...]:
    return tuple(song for record in rows.songs if (song := heard_song(record)) is not None)


def _cast(vote: VoteRecord) -> CastVote:
    return CastVote(song_id=vote.song_id, person_id=vote.person_id, value=vote.value, changed_at=vote.changed_at)


def _answered(answer: AnswerRecord) -> DuelVote:
    return DuelVote(
        duel_id=answer.duel_id,
        left_id=answer.left_id,
        right_id=answer.right_id,
        person_id=answer.person_id,
        answer=answer.answer,
        changed_at=answer.changed_at,
    )
