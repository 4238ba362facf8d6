"""Continuous batching: whoever shares the steps, a song is the same; who fails or is cancelled leaves alone."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from engine.compose.batcher import Batcher, BatchTask, Handle, State
from engine.compose.decode import Heat
from engine.compose.generate import SongWriter
from engine.compose.given import NOTHING, Given, Primer
from engine.compose.plan import Plan
from engine.compose.script import script_of
from engine.errors import EngineError
from engine.grammar.corpus import composed_songs
from engine.jobs.apart import each_apart
from engine.learn.dataset import STYLE_IDS
from engine.learn.train import network_config
from engine.model import sampling
from engine.model.checkpoint import save_checkpoint
from engine.model.network import Network
from engine.model.sampling import BLOCK, Packed, Stepper
from engine.music.notes import Role, Song
from engine.music.tokens import Event
from tests.small import plan_of_song, small_facts, small_network

STYLES = ("lofi", "blues", "jazz", "bossa")
Written = list[list[Event]]


@dataclass(frozen=True)
class Order:
    """Who comes when: a step number and a song."""

    at: int
    song: str


def shortened(song: Song, sections: int) -> Song:
    kept = song.sections[:sections]
    return replace(song, sections=kept, chords=song.chords[: 2 * kept[-1].end_bar])


@pytest.fixture(scope="session")
def tasks() -> dict[str, BatchTask]:
    """Songs of four styles: two lengths and two seeds each, of one to twelve candidates."""
    made = {}
    for index, style in enumerate(STYLES):
        network = small_network(index)
        for number, song in enumerate(composed_songs(style, 2, 31 + index)):
            plan = plan_of_song(shortened(song, 1 + number), seed=7 * index + number)
            made[f"{style} {number}"] = BatchTask(
                script=script_of(plan),
                network=network,
                style_row=STYLE_IDS[style],
                heat=Heat.of(0.9 + 0.05 * index, 0.9),
                candidates=(8, 3, 12, 1)[(index + number) % 4],
            )
    return made


def run(batcher: Batcher, orders: Sequence[Order], tasks: dict[str, BatchTask]) -> dict[str, Handle]:
    """Submit as ordered, step until nobody is left."""
    handles, step, left = {}, 0, sorted(orders, key=lambda order: order.at)
    while left or not batcher.idle:
        while left and left[0].at <= step:
            handles[left[0].song] = batcher.submit(tasks[left[0].song])
            left.pop(0)
        batcher.step()
        step += 1
        assert step < 10_000
    return handles


@pytest.fixture(scope="session")
def alone(tasks) -> dict[str, Written]:
    """Every song by itself, in a batcher with room for it alone."""
    return {name: run(Batcher(BLOCK), [Order(0, name)], tasks)[name].events() for name in tasks}


@pytest.mark.parametrize("seed", range(8))
def test_a_song_is_the_same_alone_and_in_any_company_order_and_number_of_slots(tasks, alone, seed):
    chance = random.Random(seed)
    names = chance.sample(sorted(tasks), k=chance.randint(3, len(tasks)))
    orders = [Order(chance.choice((0, 0, 5, 23, 60)), name) for name in names]
    handles = run(Batcher(chance.choice((8, 16, 24, 32, 64))), orders, tasks)
    for name in names:
        assert handles[name].state is State.DONE
        assert handles[name].events() == alone[name], name


def test_songs_of_one_network_share_its_lane_and_stay_the_same(tasks, alone):
    batcher = Batcher(16)
    handles = [batcher.submit(tasks["lofi 0"]), batcher.submit(tasks["lofi 1"])]
    batcher.step()
    assert batcher.occupancy.rows == 11
    while not batcher.idle:
        batcher.step()
    assert [handle.events() for handle in handles] == [alone["lofi 0"], alone["lofi 1"]]
    assert batcher.occupancy.rows_run <= 16 * batcher.occupancy.steps


def test_blocks_multiplied_one_by_one_give_the_same_songs(tasks, alone, monkeypatch):
    monkeypatch.setattr(sampling, "_rows_are_alike", lambda _: False)
    names = ("lofi 0", "lofi 1", "blues 1")
    handles = run(Batcher(32), [Order(0, name) for name in names], tasks)
    assert {name: handles[name].events() for name in names} == {name: alone[name] for name in names}


@pytest.mark.parametrize("alike", [None, False])
def test_where_weights_cannot_be_laid_out_songs_are_the_same_alone_and_in_company_too(tasks, monkeypatch, alike):
    """As on a device other than the processor: plain products, of all rows at once where a trial allows it."""
    monkeypatch.setattr(sampling, "_known", {})
    monkeypatch.setattr("torch.backends.mkldnn.is_available", lambda: False)
    if alike is not None:
        monkeypatch.setattr(sampling, "_rows_are_alike", lambda _: alike)
    names = ("lofi 0", "lofi 1", "blues 1")
    by_itself = {name: run(Batcher(BLOCK), [Order(0, name)], tasks)[name].events() for name in names}
    together = run(Batcher(32), [Order(0, name) for name in names], tasks)
    assert {name: together[name].events() for name in names} == by_itself


def test_a_song_by_itself_does_not_wait_for_the_question_whether_rows_are_alike(tasks, monkeypatch):
    asked = []
    monkeypatch.setattr(sampling, "_rows_are_alike", lambda packed: not asked.append(packed))
    run(Batcher(64), [Order(0, "lofi 0")], tasks)
    assert tasks["lofi 0"].candidates == BLOCK
    assert not asked
    run(Batcher(64), [Order(0, "lofi 0"), Order(0, "lofi 1")], tasks)
    assert len(asked) == 1


def test_rows_of_a_network_of_full_size_are_alike_in_any_number_and_at_any_place():
    packed = Packed(Network(network_config()))
    apart = Packed(packed.network, wide=False)
    assert packed.wide == sampling._rows_are_alike(packed)
    rows = np.arange(64)
    features = (rows[:, None] * 7919 + np.arange(30) * 104729) % packed.config.feature_rows
    reference = logits(Stepper([(apart, 64)]), features)
    for size in (8, 24, 40, 64):
        where = np.random.default_rng(size).permutation(64)[:size]
        for one in (packed, apart):
            for whole, part in zip(reference, logits(Stepper([(one, size)]), features[where], where), strict=True):
                assert np.array_equal(whole[where], part)


def test_rows_of_several_networks_side_by_side_are_those_of_each_by_itself():
    networks = [Packed(small_network(seed)) for seed in range(3)]
    rows = np.arange(40)
    features = (rows[:, None] * 7919 + np.arange(30) * 104729) % networks[0].config.feature_rows
    together = logits(Stepper([(networks[0], 8), (networks[1], 24), (networks[2], 8)]), features)
    for packed, where in zip(networks, (rows[:8], rows[8:32], rows[32:]), strict=True):
        alone = logits(Stepper([(packed, len(where))]), features[where], where)
        for many, one in zip(together, alone, strict=True):
            assert np.array_equal(many[where], one)


def test_a_network_that_takes_the_place_of_another_brings_its_own_tables_and_heads():
    one, other, third = (Packed(small_network(seed)) for seed in range(3))
    features = (np.arange(16)[:, None] * 7919 + np.arange(30) * 104729) % one.config.feature_rows
    stepper = Stepper([(one, 8), (other, 8)])
    stepper.rearrange([(one, 8), (third, 8)], [None] * 16)
    fresh = Stepper([(one, 8), (third, 8)])
    for changed, new in zip(logits(stepper, features), logits(fresh, features), strict=True):
        assert np.array_equal(changed, new)


def logits(stepper: Stepper, features: np.ndarray, rows: np.ndarray | None = None) -> list[np.ndarray]:
    """What the heads say, when each row chooses after its own number."""
    rows = np.arange(len(features)) if rows is None else rows
    for _ in range(2):
        stepper.advance(features)
    stepper.open_details((rows[:, None] * 31 + np.arange(8)) % 100)
    return [
        stepper.onset_logits(),
        stepper.role_logits(rows % 20),
        stepper.pitch_logits(rows % 13, rows % 129),
        stepper.drum_logits(),
        stepper.duration_logits(rows % 128),
        stepper.velocity_logits(rows % 7),
    ]


def test_rows_that_move_take_what_they_have_read_along_and_new_rows_have_read_nothing():
    packed = Packed(small_network())
    features = np.arange(8 * 30).reshape(8, 30) % packed.config.feature_rows
    moved, fresh = Stepper([(packed, 8)]), Stepper([(packed, 8)])
    moved.advance(features)
    before = moved.onset_logits()
    moved.rearrange([(packed, 16)], [5, None, 2, *[None] * 13])
    now = moved.onset_logits()
    assert np.array_equal(now[[0, 2]], before[[5, 2]])
    moved.advance(np.concatenate([features, features]))
    fresh.advance(features)
    assert np.array_equal(moved.onset_logits()[1], fresh.onset_logits()[1])
    assert not np.array_equal(moved.onset_logits()[0], fresh.onset_logits()[0])


def test_a_song_that_is_cancelled_in_the_middle_leaves_and_the_others_go_on(tasks, alone):
    batcher = Batcher(24)
    given_up, other = batcher.submit(tasks["lofi 0"]), batcher.submit(tasks["blues 1"])
    waiting = batcher.submit(tasks["jazz 0"])
    for _ in range(20):
        batcher.step()
    assert given_up.state is State.WRITING
    assert 0 < given_up.share < 1
    batcher.cancel(given_up)
    assert given_up in batcher.step()
    assert given_up.state is State.CANCELLED
    assert waiting.state is State.WRITING, "its rows are free for who waits"
    with pytest.raises(EngineError, match="cancelled"):
        given_up.events()
    finished = steps_to_the_end(batcher)
    assert given_up not in finished
    assert other.events() == alone["blues 1"]
    assert waiting.events() == alone["jazz 0"]


def steps_to_the_end(batcher: Batcher) -> list[Handle]:
    finished = []
    while not batcher.idle:
        finished += batcher.step()
    return finished


def test_a_song_that_is_cancelled_while_it_waits_never_begins(tasks):
    batcher = Batcher(8)
    first, second = batcher.submit(tasks["lofi 0"]), batcher.submit(tasks["blues 1"])
    batcher.step()
    batcher.cancel(second)
    batcher.cancel(second)
    finished = steps_to_the_end(batcher)
    assert sorted(handle.state.value for handle in finished) == ["cancelled", "done"]
    assert first.state is State.DONE
    batcher.cancel(first)
    assert batcher.step() == []
    assert first.state is State.DONE


def poisoned(task: BatchTask, how: str) -> BatchTask:
    """A song that its own rules cannot write to the end."""
    script = task.script
    if how == "when it begins":
        return replace(task, script=replace(script, kept=()))
    if how == "in the middle":
        return replace(task, script=replace(script, frame=replace(script.frame, bars=script.frame.bars[:-1])))
    pitch = 100_000 if how == "by what the network cannot read" else 300
    notes = (Event(0, 4, pitch, 3, 9), Event(2, 1, pitch, 3, 9), Event(4, 2, pitch, 3, 9))
    return replace(task, script=replace(script, kept=((), notes, *script.kept[2:])))


@pytest.mark.parametrize(
    "how", ["when it begins", "in the middle", "by what the network cannot read", "by an impossible pitch"]
)
def test_a_song_that_its_own_rules_cannot_write_fails_alone(tasks, alone, how):
    batcher = Batcher(32)
    good = batcher.submit(tasks["lofi 0"])
    bad = batcher.submit(poisoned(tasks["lofi 1"], how))
    late = batcher.submit(tasks["blues 1"])
    finished = steps_to_the_end(batcher)
    assert bad.state is State.FAILED
    assert finished.count(bad) == 1
    with pytest.raises((IndexError, ValueError, EngineError)):
        bad.events()
    assert good.events() == alone["lofi 0"]
    assert late.events() == alone["blues 1"]


def test_an_error_of_the_step_itself_ends_those_who_are_in_it_and_the_batcher_goes_on(tasks, alone, monkeypatch):
    batcher = Batcher(8)
    hit, next_one = batcher.submit(tasks["lofi 0"]), batcher.submit(tasks["blues 1"])
    batcher.step()
    with monkeypatch.context() as broken:
        broken.setattr(Stepper, "onset_logits", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            batcher.step()
    assert hit.state is State.FAILED
    finished = steps_to_the_end(batcher)
    assert finished == [hit, next_one]
    assert next_one.events() == alone["blues 1"]


def test_a_candidate_without_an_end_is_a_failure(tasks):
    batcher = Batcher(8)
    handle = batcher.submit(tasks["lofi 0"])
    batcher.step()
    handle.limit = 10
    assert steps_to_the_end(batcher) == [handle]
    with pytest.raises(EngineError, match="within 10 steps"):
        handle.events()


def test_slots_never_starve_while_somebody_waits(tasks):
    """After each step every block of rows is in use, as long as the queue is not empty."""
    batcher = Batcher(16)
    for name in (*tasks, *tasks):
        batcher.submit(tasks[name])
    order = []
    while not batcher.idle:
        before = batcher.occupancy
        order += batcher.step()
        after = batcher.occupancy
        if after.waiting:
            assert after.rows_run - before.rows_run == 16
    assert len(order) == 2 * len(tasks)
    assert all(handle.state is State.DONE for handle in order)
    assert batcher.occupancy.share > 0.5
    assert batcher.occupancy.rows == batcher.occupancy.waiting == 0


def test_a_song_of_more_candidates_than_slots_gets_them_all(tasks, alone):
    handle = run(Batcher(8), [Order(0, "lofi 0")], {"lofi 0": replace(tasks["lofi 0"], candidates=20)})["lofi 0"]
    assert len(handle.events()) == 20
    assert handle.events()[:8] == alone["lofi 0"]
    assert handle.share == 1.0


def test_only_a_network_that_is_in_use_or_was_lately_stays_laid_out(tasks, monkeypatch):
    monkeypatch.setattr("engine.compose.batcher.KEPT_NETWORKS", 2)
    batcher = Batcher(32)
    run(batcher, [Order(0, f"{style} 0") for style in STYLES], tasks)
    assert len(batcher._packed) == 2


@pytest.mark.parametrize("slots", [0, 7, 12])
def test_slots_come_in_blocks(slots):
    with pytest.raises(ValueError, match="multiple of 8"):
        Batcher(slots)


def test_a_song_without_candidates_is_refused(tasks):
    with pytest.raises(ValueError, match="at least one"):
        Batcher(8).submit(replace(tasks["lofi 0"], candidates=0))


def test_who_fails_fails_alone_and_what_ends_the_program_goes_through():
    done, failed = each_apart(lambda x: 6 // x, [1, 0, 3])
    assert done == [(1, 6), (3, 2)]
    assert [item for item, _ in failed] == [0]
    assert isinstance(failed[0][1], ZeroDivisionError)

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        each_apart(stop, [1])


@pytest.fixture(scope="module")
def writers(tmp_path_factory) -> Iterator[list[SongWriter]]:
    """Two writers of the same four styles, with few slots and with many."""
    styles = tmp_path_factory.mktemp("styles")
    for index, style in enumerate(STYLES):
        save_checkpoint(small_network(index), small_facts(style), styles / style / "v1.safetensors")
    return [SongWriter(device="cpu", styles_dir=styles, slots=slots) for slots in (8, 64)]


def wishes() -> list[tuple[Plan, Given]]:
    """A plain song, a blend, one after a primer, one with kept roles, another blend, an adventurous one."""
    songs = {style: list(composed_songs(style, 2, 31)) for style in STYLES[:2]}
    plain, other = (plan_of_song(shortened(song, 2), seed=3) for song in songs["lofi"])
    folk = plan_of_song(shortened(songs["blues"][0], 1), seed=4)
    score = replace(shortened(songs["lofi"][0], 2))
    return [
        (plain, NOTHING),
        (replace(plain, blend={"lofi": 0.7, "blues": 0.3}), NOTHING),
        (other, Given(primer=Primer(song=songs["lofi"][0], bars=2))),
        (plain, Given(kept=frozenset({Role.DRUMS, Role.BASS}), score=cut(score))),
        (replace(folk, blend={"blues": 0.5, "jazz": 0.5}), NOTHING),
        (replace(folk, adventure=0.9), NOTHING),
    ]


def cut(song: Song) -> Song:
    """The notes up to the song's end alone."""
    end = song.bars * song.meter.bar_ticks
    tracks = (replace(track, notes=tuple(note for note in track.notes if note.end <= end)) for track in song.tracks)
    return replace(song, tracks=tuple(tracks))


def test_blends_primers_and_kept_roles_are_the_same_alone_and_in_company(writers):
    few, many = writers
    wanted = wishes()
    together = [many.begin(plan, candidates=3, given=given) for plan, given in wanted]
    while not many.batcher.idle:
        many.batcher.step()
    for (plan, given), writing in zip(wanted, together, strict=True):
        assert many.finish(writing) == few.write(plan, candidates=3, given=given)


def test_a_song_that_its_caller_breaks_off_leaves_the_batch(writers):
    def stop(_: float) -> None:
        raise KeyboardInterrupt

    plan, given = wishes()[0]
    with pytest.raises(KeyboardInterrupt):
        writers[0].write(plan, candidates=2, given=given, progress=stop)
    writers[0].batcher.step()
    assert writers[0].batcher.idle


def test_a_song_may_be_written_at_once_while_others_are_in_the_batch(writers):
    few, many = writers
    (plain, _), _, (other, primer), *_ = wishes()
    begun = many.begin(other, candidates=2, given=primer)
    shares: list[float] = []
    assert many.write(plain, candidates=2, progress=shares.append) == few.write(plain, candidates=2)
    assert shares == sorted(shares)
    assert shares[-1] <= 1
    while not begun.handle.finished:
        many.batcher.step()
    assert many.finish(begun) == few.write(other, candidates=2, given=primer)
