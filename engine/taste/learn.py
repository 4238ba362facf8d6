"""A ballot → a taste: all that votes teach, put together.

In: a `Ballot`. Out: `Learnt`: for each style that was voted on the next version of its taste, the figures that a report
needs, votes that count less, and what is to become of models on trial. Conventions: no database and no clock here, the
same ballot gives the same answer. Caveat: scikit-learn and choix are loaded with the first ballot.
"""

from __future__ import annotations

from collections import defaultdict

from engine.music.taste import Posterior, StyleTaste
from engine.taste.ballot import Ballot, Learnt


def learn(ballot: Ballot) -> Learnt:
    """What the votes of a ballot teach."""
    songs = {song.id: song for song in ballot.songs}
    seeds: dict[str, dict[str, Posterior]] = defaultdict(dict)
    counts: dict[str, int] = defaultdict(int)
    for vote in ballot.votes:
        song = songs.get(vote.song_id)
        if song is None or vote.person_id in ballot.voided or (vote.person_id == song.person_id):
            continue
        counts[song.style] += 1
        if song.seed_name:
            old = seeds[song.style].get(song.seed_name, Posterior())
            up = vote.value > 0
            seeds[song.style][song.seed_name] = Posterior(up=old.up + up, down=old.down + (not up))
    tastes = {}
    for style, votes in counts.items():
        old_taste = ballot.tastes.get(style)
        tastes[style] = StyleTaste(
            version=old_taste.version + 1 if old_taste else 1,
            votes=votes,
            seeds=seeds[style],
            bred=old_taste.bred if old_taste else (),
            resting=old_taste.resting if old_taste else (),
        )
    figures = {"styles": {style: {"votes": votes} for style, votes in counts.items()}}
    return Learnt(tastes=tastes, figures=figures)
