"""Training from votes: whether it is worth it, what is learnt, how it is judged, and what a version says of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.compose.taught import lineage_of
from engine.errors import BadRequest, EngineError
from engine.grammar.corpus import composed_songs
from engine.learn.server import judge
from engine.learn.server.hands import Between, Order, Voice
from engine.learn.server.order import TrainOrder, Verdict
from engine.learn.server.preferred import (
    LEAST_DISLIKED,
    LEAST_LIKED,
    NEW_LIKED,
    Preferred,
    VotedSong,
    known_songs,
    preferred,
)
from engine.learn.server.recipe import VOTED_STEPS, recipe_for
from engine.learn.server.train import Surroundings, Training
from engine.learn.server.voted import Ranking, Voted, chance_error, pairs_of_votes, ranked, read_voted, scores_of
from engine.metrics.features import song_features
from engine.model.checkpoint import load_checkpoint
from engine.model.pairs import PairSettings
from engine.music.context import vocabulary_hash
from engine.music.excerpt import excerpt
from engine.music.notes import Song
from engine.music.styles import Taught, load_style
from engine.music.taste import Preference
from engine.settings import Settings
from engine.store import open_files, place_of
from tests.learning.small_server import MODEL, RECIPE, STYLE, GrammarHands, order, pieces, ship, song_json, upload

SPARSE = Preference(centre={"density": 3.0}, scale={"density": 0.5}, weights={"density": -1.0}, accuracy=0.8, trust=0.7)
VOTES = replace(RECIPE, pairing=PairSettings(count=4, chunk=64), ranked_plans=6, ranked_candidates=4)
COUNT = LEAST_LIKED + LEAST_DISLIKED + 6


def thinned(song: Song) -> Song:
    """Every third note of it."""
    return replace(song, tracks=tuple(replace(track, notes=track.notes[::3]) for track in song.tracks))


def grammar_songs(count: int, seed: int) -> list[Song]:
    """Every other one is thin."""
    songs = [excerpt(song, 4, min(12, song.bars - 4)) for song in composed_songs(STYLE, count, seed)]
    return [thinned(song) if index % 2 else song for index, song in enumerate(songs)]


class VotedHands(GrammarHands):
    """Composes by grammar; its candidates are thick and thin, its songs are thin once there is a version, and thick
    before; those of the deaf one are the other way round.
    """

    is_deaf = False

    def write_songs(self, voice: Voice, order: Order, between: Between) -> list[Song]:
        """See `Hands`."""
        songs = super().write_songs(voice, order, between)
        return songs if (voice.folder is None) is not self.is_deaf else [thinned(song) for song in songs]

    def write_candidates(self, voice: Voice, order: Order, between: Between) -> list[list[Song]]:
        """See `Hands`."""
        self.asked.append((voice, order))
        return [grammar_songs(order.candidates, 100 * order.seed + index) for index in range(order.songs)]


def voted(data_dir: Path, *, opposite: bool = False) -> list[VotedSong]:
    """Songs in the file store, of which the thin ones are liked (or the others)."""
    out = []
    for index, song in enumerate(grammar_songs(COUNT, 77)):
        folder = data_dir / "songs" / f"song{index:04}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"a-song-song{index:04}.song.json").write_text(song_json(song), encoding="utf-8")
        is_liked = bool(index % 2) is not opposite
        out.append(VotedSong(id=folder.name, up=2.0 * is_liked, down=2.0 * (not is_liked)))
    return out


def wanted(songs: list[VotedSong], preference: Preference = SPARSE) -> dict[str, Any]:
    """What an order says of votes."""
    found = preferred(songs, preference)
    assert found is not None
    plain: dict[str, Any] = json.loads(json.dumps(found.to_json()))
    return plain


def train(root: Path, payload: dict[str, Any], hands: GrammarHands | None = None) -> Verdict:
    """Do a job."""
    around = Surroundings(
        settings=Settings.read(data_dir=root / "data", device="cpu"),
        hands=hands or VotedHands(),
        between=lambda: None,
        styles_dir=root / "styles",
        recipe=lambda events, is_own: VOTES,
    )
    return Training(TrainOrder.from_json(payload), around, lambda said: None).run()


def some(liked: int, disliked: int, unclear: int = 5) -> list[VotedSong]:
    """So many songs."""
    kinds = [(2.0, 0.0)] * liked + [(0.0, 2.0)] * disliked + [(1.0, 1.0)] * unclear
    return [VotedSong(id=f"song{i:04}", up=up, down=down) for i, (up, down) in enumerate(kinds)]


def test_votes_are_worth_a_training_when_they_are_enough_and_foretell_something():
    found = preferred(some(LEAST_LIKED, LEAST_DISLIKED), SPARSE)
    assert found is not None
    assert len(found.songs) == LEAST_LIKED + LEAST_DISLIKED
    assert found.votes == 2 * len(found.songs)
    assert {song.weight for song in found.songs} == {0.5, -0.5}
    assert preferred(some(LEAST_LIKED - 1, LEAST_DISLIKED), SPARSE) is None
    assert preferred(some(LEAST_LIKED, LEAST_DISLIKED - 1), SPARSE) is None
    assert preferred(some(50, 50), None) is None
    assert preferred(some(50, 50), replace(SPARSE, trust=0.0)) is None


def test_votes_are_learnt_from_again_when_enough_newly_liked_songs_are_there():
    songs = some(30, 10)
    first = preferred(songs, SPARSE)
    assert first is not None
    known = known_songs({"preferred": {"songs": [song.id for song in first.songs]}})
    assert preferred(songs, SPARSE, known=known) is None
    fresh = [VotedSong(id=f"new{i:05}", up=3.0, down=0.0) for i in range(NEW_LIKED)]
    assert preferred([*songs, *fresh[1:]], SPARSE, known=known) is None
    assert preferred([*songs, *fresh], SPARSE, known=known) is not None
    assert known_songs(None) == known_songs({"uploads": 3}) == frozenset()


def test_what_is_preferred_survives_a_job_and_what_is_none_is_refused():
    found = preferred(some(20, 10), SPARSE)
    assert found is not None
    assert Preferred.from_json(json.loads(json.dumps(found.to_json()))) == found
    with pytest.raises(EngineError, match="preferred"):
        Preferred.from_json({"songs": 3})


def test_candidates_are_paired_within_their_plan_the_preferred_one_first():
    plans = [grammar_songs(4, seed) for seed in range(12)]
    heard, held_out = ranked(plans, SPARSE, STYLE, 5)
    assert (len(heard), len(held_out)) == (10 * 6, 2 * 6)
    songs = [song for index, plan in enumerate(plans) if (index + 1) % 6 for song in plan]
    scores = scores_of(songs, SPARSE)
    for winner, loser, chance in zip(heard.winners, heard.losers, heard.chances, strict=True):
        assert winner // 4 == loser // 4
        assert scores[winner] - scores[loser] == pytest.approx(chance)
        assert chance > 0


def test_songs_that_are_gone_or_damaged_are_left_out(tmp_path):
    songs = voted(tmp_path / "data")
    said = Preferred.from_json(wanted(songs))
    (tmp_path / "data" / "songs" / "song0001" / "a-song-song0001.song.json").write_text("{", encoding="utf-8")
    (tmp_path / "data" / "songs" / "song0002" / "a-song-song0002.song.json").unlink()
    settings = Settings.read(data_dir=tmp_path / "data")
    found = read_voted(open_files(place_of(settings), settings.data_dir), said)
    assert set(found.ids) == {song.id for song in songs} - {"song0001", "song0002"}
    assert found.are_enough
    assert not Voted(ids=("a",), songs=found.songs[:1], weights=(1.0,)).are_enough
    pairs = pairs_of_votes(found, STYLE, 5)
    assert len(pairs) == sum(w > 0 for w in found.weights) * sum(w < 0 for w in found.weights)
    assert 0.05 < chance_error(found) < 0.25


@pytest.fixture
def server(tmp_path) -> Path:
    ship(tmp_path / "styles")
    return tmp_path


def test_votes_alone_make_a_version_that_tells_liked_songs_from_disliked_ones(server):
    songs = voted(server / "data")
    verdict = train(server, order([], preferred=wanted(songs)))
    assert verdict.is_published, verdict.reason
    said = verdict.metrics["preferred"]
    assert said["agreement"] > 0.5 + said["error"]
    assert said["current"] == 0.5
    assert said["score"] > said["score_before"] + 2 * said["score_error"]
    assert (set(said["songs"]), said["votes"]) == ({song.id for song in songs}, 2.0 * COUNT)
    assert known_songs(verdict.metrics) == {song.id for song in songs}
    assert "held_out_nats" not in verdict.metrics
    folder = server / "data" / "models" / MODEL
    assert {path.name for path in folder.iterdir()} == {"v1.safetensors", "v1.curve.json", "card.md"}
    facts = load_checkpoint(folder / "v1.safetensors", vocabulary=vocabulary_hash()).facts
    assert facts.lineage["voted_songs"] == [song.id for song in songs]
    assert (facts.lineage["uploads"], facts.licences) == ([], {})
    assert verdict.parent_sha256 == facts.lineage["parent_sha256"]
    assert train(server, order([], preferred=wanted(songs), model_id="m0del0002")).sha256 == verdict.sha256


def test_votes_that_say_the_opposite_of_the_preference_refuse_its_network(server):
    verdict = train(server, order([], preferred=wanted(voted(server / "data", opposite=True))))
    assert not verdict.is_published
    assert "tells liked songs from disliked ones worse" in str(verdict.reason)
    assert verdict.metrics["preferred"]["agreement"] < 0.5
    assert not (server / "data" / "models" / MODEL).exists()


def test_a_network_whose_songs_are_no_nearer_to_the_taste_is_refused(server):
    hands = VotedHands()
    hands.is_deaf = True
    verdict = train(server, order([], preferred=wanted(voted(server / "data"))), hands)
    assert not verdict.is_published
    assert "no nearer to what the votes prefer" in str(verdict.reason)
    assert verdict.metrics["preferred"]["agreement"] > 0.5


def test_uploads_and_votes_are_learnt_together(server):
    uploads = upload(server / "data", pieces())
    verdict = train(server, order(uploads, preferred=wanted(voted(server / "data"))))
    assert verdict.is_published, verdict.reason
    assert verdict.metrics["held_out_nats"] < verdict.metrics["held_out_nats_before"]
    assert verdict.metrics["preferred"]["agreement"] > 0.5
    names = {path.name for path in (server / "data" / "models" / MODEL).iterdir()}
    assert names >= {"v1.safetensors", "habits.json", "originality.npz", "seeds.json"}


def test_uploads_are_learnt_without_votes_whose_songs_are_gone(server):
    uploads = upload(server / "data", pieces())
    said = wanted(some(LEAST_LIKED, LEAST_DISLIKED))
    verdict = train(server, order(uploads, preferred=said))
    assert verdict.is_published, verdict.reason
    assert "preferred" not in verdict.metrics
    with pytest.raises(BadRequest, match="more votes would work"):
        train(server, order([], preferred=said))


BETTER = Ranking(agreement=0.7, current=0.5, error=0.05, score=1.0, score_before=0.0, score_error=0.2)
NO_PIECES = judge.Losses(current_nats=None, parent_nats=None, candidate_nats=None, rise=0.01, most_rise=0.03)
GAINED = judge.Losses(current_nats=3.0, parent_nats=3.0, candidate_nats=2.5, rise=0.01, most_rise=0.03)
SOUND = judge.SongFindings(
    songs=20, broken=0.0, broken_example="", copied=0.0, copied_example="", longest_run_notes=8
)  # fmt: skip


@pytest.mark.parametrize(
    ("losses", "ranking", "words"),
    [
        (NO_PIECES, BETTER, None),
        (NO_PIECES, replace(BETTER, agreement=0.43), "worse than the version"),
        (NO_PIECES, replace(BETTER, agreement=0.45), None),
        (NO_PIECES, replace(BETTER, score=0.39), "no nearer to what the votes prefer"),
        (NO_PIECES, replace(BETTER, current=0.8), "before 80%"),
        (NO_PIECES, replace(BETTER, current=0.74), None),
        (replace(NO_PIECES, rise=0.04), BETTER, "forgotten too much"),
        (GAINED, BETTER, None),
        (GAINED, replace(BETTER, score=0.3), None),
        (GAINED, replace(BETTER, agreement=0.43), "worse than the version"),
        (GAINED, replace(BETTER, current=0.8), "before 80%"),
        (replace(GAINED, candidate_nats=3.0), BETTER, None),
        (replace(GAINED, candidate_nats=3.1), BETTER, "held out no better"),
        (replace(GAINED, candidate_nats=3.0), replace(BETTER, agreement=0.43), "held out no better"),
    ],
)
def test_a_candidate_gains_by_pieces_or_votes_and_loses_by_neither(losses, ranking, words):
    reason = judge.reason_against(losses, SOUND, ranking)
    assert (reason is None) == (words is None), reason
    assert words is None or words in str(reason)


def test_votes_alone_are_learnt_in_fewer_and_slower_steps():
    alone, with_pieces = recipe_for(0, False).settings, recipe_for(6000, False).settings
    assert alone.steps == VOTED_STEPS < with_pieces.steps
    assert alone.rate < with_pieces.rate


def test_the_features_of_a_thin_song_are_what_the_preference_likes():
    thick = grammar_songs(1, 5)[0]
    assert SPARSE.score(song_features(thinned(thick))) > SPARSE.score(song_features(thick))


@pytest.mark.parametrize(
    ("uploads", "songs", "words"),
    [
        (8, 0, "8 uploads of this server (lofi)"),
        (1, 30, "1 upload and votes on 30 songs of this server (lofi)"),
        (0, 30, "votes on 30 songs of this server (lofi)"),
    ],
)
def test_receipts_say_that_votes_were_learnt_from(uploads, songs, words):
    taught = Taught(model_id=MODEL, version=3, folder=Path(), uploads=uploads, voted=songs)
    assert lineage_of([replace(load_style(STYLE), taught=taught)])["learnt_from"] == words
