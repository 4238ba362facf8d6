"""The parts of a server's training: variants, sides, replay, measures, tuning, verdicts, giving way, composing."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.dispatch.trainer import Workshop, open_trainer, style_of
from engine.errors import JobError
from engine.grammar.corpus import composed_songs
from engine.learn.dataset import encode_song
from engine.learn.server import judge
from engine.learn.server.hands import Order, Voice
from engine.learn.server.measures import habits_with, measured_on
from engine.learn.server.order import Taught
from engine.learn.server.pace import LONGEST_REST_S, RESTS, Breath, Progress
from engine.learn.server.pieces import Kept, encoded_songs, transposed, variants, with_sides
from engine.learn.server.recipe import LEAST_STEPS, MOST_STEPS, recipe_for
from engine.learn.server.replay import ReplayOrder, replay_songs
from engine.metrics.copyindex import IndexDraft
from engine.metrics.originality import CopyIndex
from engine.model.training import TrainSettings
from engine.model.tuning import Material, Tether, Tuner, drift, threads
from engine.music.habits import load_habits
from engine.music.harmony import Key, Mode
from engine.music.measured import Measured, _check
from engine.music.notes import Role, Song
from engine.music.styles import load_style
from tests.learning.small_server import GrammarHands, pieces, ship
from tests.small import small_network


@pytest.fixture(scope="module")
def songs() -> list[Song]:
    """Six songs."""
    return pieces(6)


def kept(songs: list[Song], splits: str) -> list[Kept]:
    """Pieces on these sides, a letter each: t or v."""
    sides = {"t": "train", "v": "valid"}
    return [
        Kept(taught=Taught(id=f"upload{i:04}", split=sides[letter]), song=song)  # type: ignore[arg-type]
        for i, (song, letter) in enumerate(zip(songs, splits, strict=False))
    ]


def rows(song: Song) -> bytes:
    """All that the network reads of a song."""
    found = encode_song(song, 0)
    return b"".join(found[name].tobytes() for name in sorted(found))


def test_variants_are_all_that_reads_differently_within_five_semitones_and_five_percent(songs):
    for tonic in (0, 5, 7):
        song = replace(songs[0], key=Key(tonic=tonic, mode=Mode.MAJOR), tempo_bpm=89.0)
        found = [rows(variant) for variant in variants(song)]
        every = {
            rows(replace(transposed(song, k), tempo_bpm=song.tempo_bpm * tempo))
            for k, tempo in product(range(-5, 6), (0.95, 1.0, 1.05))
        }
        assert found[0] == rows(song)
        assert len(found) == len(set(found))
        assert set(found) == every


def test_pieces_are_held_out_where_the_store_held_out_none(songs):
    assert [p.taught.split for p in with_sides(kept(songs, "tvt"))] == ["train", "valid", "train"]
    for splits in ("tttttt", "vvvvvv", "tt"):
        sides = [p.taught.split for p in with_sides(kept(songs, splits))]
        assert sides.count("valid") == 1
        assert sides.count("train") == len(splits) - 1


def test_replay_is_written_once_for_a_checkpoint_and_anew_when_it_is_damaged(tmp_path):
    hands, order = GrammarHands(), ReplayOrder(sha256="a" * 64, style="lofi", songs=4, seconds=20.0)
    first = replay_songs(order, tmp_path, hands, lambda: None)
    assert (len(first.heard), len(first.watched)) == (3, 1)
    assert replay_songs(order, tmp_path, hands, lambda: None) == first
    assert len(hands.asked) == 1
    (path,) = (tmp_path / "replay").iterdir()
    path.write_text("{", encoding="utf-8")
    assert replay_songs(order, tmp_path, hands, lambda: None) == first
    replay_songs(replace(order, songs=5), tmp_path, hands, lambda: None)
    assert len(hands.asked) == 3


def test_habits_are_the_pieces_own_filled_up_from_the_shipped_style(songs):
    parent = load_style("lofi")
    habits = habits_with(songs, parent)
    assert habits is not None
    own = {song.tempo_bpm for song in songs}
    assert {profile.tempo_bpm for profile in habits.profiles[:3]} <= {round(tempo, 1) for tempo in own}
    shipped = load_habits(parent.folder)
    assert shipped is not None
    assert set(map(repr, habits.profiles)) - set(map(repr, shipped.profiles))
    assert any(profile in shipped.profiles for profile in habits.profiles)
    solo = [replace(song, tracks=song.tracks[:1]) for song in songs]
    assert habits_with(solo, parent) is None


def test_an_own_style_measures_who_plays_and_how_fast(songs):
    measured = measured_on([replace(song, tempo_bpm=140.0) for song in songs])
    _check(measured)
    assert measured.tempo_usual == 140.0
    assert measured.tempo_low == 133.0
    assert measured.parts[Role.BASS].presence > 0.3
    assert measured.parts[Role.MELODY].programs
    only_drums = [replace(song, tracks=tuple(t for t in song.tracks if t.role is Role.DRUMS)) for song in songs]
    assert measured_on(only_drums).parts == {}
    assert Measured() != measured
    with pytest.raises(ValueError, match="no songs"):
        measured_on([])


@pytest.fixture(scope="module")
def material(songs) -> Material:
    """New pieces, and songs that stand for the parent's."""
    own, replay = encoded_songs(songs[:3], "lofi", 5).columns, encoded_songs(songs[4:5], "lofi", 5).columns
    return Material(
        own=own,
        chances=np.ones(3),
        held_out=encoded_songs(songs[3:4], "lofi", 5).columns,
        replay=replay,
        watch=encoded_songs(songs[5:6], "lofi", 5).columns,
    )


SETTINGS = TrainSettings(steps=20, lanes=4, chunk=32, rate=1e-2, warmup=2, evaluate_every=10, save_every=100)


def tuned(material: Material, tether: Tether):
    """A tuning from the same untrained parent."""
    network = small_network()
    tuner = Tuner(network, material, SETTINGS, tether)
    with threads(1):
        tuner.run(lambda report: None)
        return tuner, tuner.settle()


def test_a_tether_holds_a_tuned_network_to_its_parent(material):
    _, loose = tuned(material, Tether(weight=0.0, most_drift=99.0))
    tuner, held = tuned(material, Tether(weight=5.0, most_drift=99.0))
    assert held.drift < loose.drift
    assert drift(tuner.parent, small_network(), material.watch) == pytest.approx(0.0, abs=1e-6)
    assert drift(tuner.network, tuner.parent, material.watch) == pytest.approx(held.drift)


def test_weights_that_drifted_too_far_are_drawn_back_part_of_the_way(material):
    _, free = tuned(material, Tether(weight=0.0, most_drift=99.0))
    tuner, drawn = tuned(material, Tether(weight=0.0, most_drift=free.drift / 3))
    assert free.share == 1.0
    assert 0 < drawn.share < 1
    assert drawn.drift <= free.drift / 3
    assert free.nats < drawn.nats
    none, back = tuned(material, Tether(weight=0.0, most_drift=0.0))
    assert back.share == 0.0
    for one, other in zip(none.network.parameters(), none.parent.parameters(), strict=True):
        assert torch.equal(one, other)
    assert tuner.network.device == torch.device("cpu")


def test_threads_are_given_back():
    before = torch.get_num_threads()
    with threads(1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


FINE = judge.Losses(current_nats=3.0, parent_nats=3.0, candidate_nats=2.5, rise=0.01, most_rise=0.03)
SOUND = judge.SongFindings(
    songs=20, broken=0.0, broken_example="", copied=0.0, copied_example="", longest_run_notes=8
)  # fmt: skip


@pytest.mark.parametrize(
    ("losses", "songs", "words"),
    [
        (FINE, SOUND, None),
        (replace(FINE, rise=0.031), SOUND, "forgotten too much"),
        (replace(FINE, candidate_nats=2.99), SOUND, "no better"),
        (replace(FINE, current_nats=2.4), SOUND, "no better"),
        (FINE, replace(SOUND, broken=0.2, broken_example="bar 3 is silent"), "bar 3 is silent"),
        (FINE, replace(SOUND, copied=0.2, copied_example="20 notes"), "copy a piece"),
    ],
)
def test_candidates_are_refused_for_one_reason_each(losses, songs, words):
    reason = judge.reason_against(losses, songs)
    assert (reason is None) == (words is None)
    assert words is None or words in str(reason)


def test_songs_are_asked_against_every_index(songs):
    draft = IndexDraft()
    draft.add("upload x", songs[0])
    uploads, nothing = CopyIndex(draft.finish(limit=15)), CopyIndex(IndexDraft().finish(limit=15))
    found = judge.examine(songs[:2], [nothing, uploads], {"after": 0.7, "before": 0.6})
    assert found.copied == 0.5
    assert "upload x" in found.copied_example
    assert found.longest_run_notes > 15
    assert found.to_json()["songs_copied"] == 0.5
    silent = replace(songs[1], tracks=())
    assert judge.examine([silent], [], {}).broken == 1.0


def test_a_training_rests_while_somebody_composes_in_proportion_to_its_work():
    now, slept = 0.0, 0.0

    def sleep(seconds: float) -> None:
        nonlocal now, slept
        now, slept = now + seconds, slept + seconds

    breath = Breath(lambda: True, sleep=sleep, clock=lambda: now)
    breath()
    assert slept == 0.0
    now += 0.5
    breath()
    assert slept == pytest.approx(0.5 * RESTS)
    now += 100.0
    breath()
    assert slept == pytest.approx(0.5 * RESTS + LONGEST_REST_S)
    idle = Breath(lambda: False, sleep=sleep, clock=lambda: now)
    idle()
    now += 5.0
    idle()
    assert idle.rested_s == 0.0


def test_progress_is_told_about_once_a_second_and_every_loss_at_once():
    now, told = 0.0, []
    progress = Progress(lambda said: told.append(dict(said)), clock=lambda: now)
    progress.phase("tuning")
    for step in range(1, 11):
        now += 0.25
        progress.step(step, 10, 2.0 if step == 5 else None, 0)
    assert [said["step"] for said in told[1:]] == [4, 5, 9]
    assert told[2]["nats"] == 2.0
    assert told[2]["eta_s"] == pytest.approx(5 * 0.25 + 20.0, abs=0.06)


def test_more_music_is_learnt_from_for_longer():
    assert recipe_for(100, False).settings.steps == LEAST_STEPS
    assert recipe_for(6000, False).settings.steps == 140
    assert recipe_for(10**7, False).settings.steps == MOST_STEPS
    assert recipe_for(6000, True).most_rise > recipe_for(6000, False).most_rise


def test_a_small_network_composes_for_its_own_training(tmp_path: Path):
    ship(tmp_path)
    workshop, calls = Workshop("cpu", tmp_path), []
    order = Order(songs=2, seconds=12.0, seed=1, candidates=1)
    made = workshop.write_songs(Voice(style="lofi", parent="lofi"), order, lambda: calls.append(1))
    assert [song.style for song in made] == ["lofi", "lofi"]
    assert made[0] != made[1]
    assert len(calls) > 2
    again = workshop.write_songs(Voice(style="lofi", parent="lofi"), order, lambda: None)
    assert made == again


def test_a_candidate_of_an_own_style_composes_by_what_its_folder_holds(tmp_path, songs):
    ship(tmp_path, style="dubstep")
    folder = tmp_path / "dubstep"
    (folder / "style.json").write_text(measured_on([replace(song, tempo_bpm=140.0) for song in songs]).dumps())
    voice = Voice(style="dubstep", parent="lofi", description="wobbling basses", folder=folder)
    made = Workshop("cpu").write_songs(voice, Order(songs=2, seconds=12.0, seed=1, candidates=1), lambda: None)
    assert [song.style for song in made] == ["dubstep", "dubstep"]
    assert all(130.0 <= song.tempo_bpm <= 150.0 for song in made)


def test_seeds_are_chosen_among_songs_and_likeness_is_highest_to_themselves(tmp_path, songs):
    workshop = Workshop("cpu")
    voice = Voice(style="dubstep", parent="lofi", description="wobbles", folder=tmp_path)
    held = workshop.sow(voice, songs, tmp_path)
    assert held > 0
    assert (tmp_path / "seeds.json").exists()
    assert workshop.sow(voice, [], tmp_path) == 0
    long = list(composed_songs("lofi", 5, 9))
    same = workshop.likeness(long, long)
    other = workshop.likeness(long, [replace(song, tempo_bpm=song.tempo_bpm * 1.6) for song in long])
    assert same is not None
    assert other is not None
    assert same > other
    assert workshop.likeness([], songs) is None
    own = style_of(voice)
    assert (own.name, own.root) == ("dubstep", "lofi")


def test_the_training_process_refuses_other_jobs(tmp_path):
    handle = open_trainer({"data_dir": str(tmp_path)})
    with pytest.raises(JobError, match="'teach'"):
        handle("teach", {}, lambda said: None)
