"""A ballot → a taste: all that votes teach, put together.

In: a `Ballot`. Out: `Learnt`: for each style that was voted on the next version of its taste, the figures that a report
needs, votes that count less, and what is to become of models on trial. Conventions: no database and no clock here, the
same ballot gives the same answer. Caveat: scikit-learn and choix are loaded with the first ballot.
"""

from __future__ import annotations

from collections import defaultdict

from engine.music.taste import Posterior, StyleTaste
from engine.taste.ballot import Ballot, Learnt
from engine.taste.preference import find_preference
from engine.taste.table import Evidence
from engine.taste.weighed import Weighed


def learn(ballot: Ballot) -> Learnt:
    """What the votes of a ballot teach."""
    songs = {song.id: song for song in ballot.songs}
    seeds: dict[str, dict[str, Posterior]] = defaultdict(dict)
    votes: dict[str, list[Weighed]] = defaultdict(list)
    for vote in ballot.votes:
        song = songs.get(vote.song_id)
        if song is None or vote.person_id in ballot.voided or (vote.person_id == song.person_id):
            continue
        votes[song.style].append(Weighed(song_id=song.id, person_id=vote.person_id, value=vote.value, weight=1.0))
        if song.seed_name:
            old = seeds[song.style].get(song.seed_name, Posterior())
            up = vote.value > 0
            seeds[song.style][song.seed_name] = Posterior(up=old.up + up, down=old.down + (not up))
    tastes, figures = {}, {}
    for style, cast in votes.items():
        old_taste = ballot.tastes.get(style)
        of_style = [song for song in ballot.songs if song.style == style]
        plan = find_preference(Evidence(features={song.id: song.plan for song in of_style}, votes=cast))
        song_finding = find_preference(Evidence(features={song.id: song.song for song in of_style}, votes=cast))
        tastes[style] = StyleTaste(
            version=old_taste.version + 1 if old_taste else 1,
            votes=len(cast),
            seeds=seeds[style],
            bred=old_taste.bred if old_taste else (),
            resting=old_taste.resting if old_taste else (),
            plan=plan.preference,
            song=song_finding.preference,
        )
        figures[style] = {"votes": len(cast), "plan": plan.figures(), "song": song_finding.figures()}
    return Learnt(tastes=tastes, figures={"styles": figures})
