"""A copied tune is found in any key and at any tempo, with its place; what is nobody's is not; the file is checked."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import CheckpointError
from engine.metrics.copyindex import COMMON_PIECES, IndexDraft, load_index, save_index, with_limits
from engine.metrics.originality import (
    LONG_TICKS,
    MIN_DISTINCT,
    WINDOW,
    CopyIndex,
    Originality,
    SharedRun,
    tokens_of,
    tune_of,
)
from engine.music.notes import Note, Role, Song
from tests.metrics.songs import BAR, line, note, song

SCALE = (60, 62, 64, 65, 67, 69, 71, 72, 74, 76)


def random_tune(seed: int, *, bars: int = 16) -> list[Note]:
    """Notes of the scale of C at random, in quarters, eighths and dotted eighths, until the bars are full."""
    rng = np.random.default_rng(seed)
    notes, onset = [], 0
    while onset < bars * BAR:
        length = int(rng.choice([12, 12, 24, 18, 6]))
        notes.append(note(onset, int(rng.choice(SCALE)), length))
        onset += length
    return notes


def as_song(notes: Sequence[Note], *, bars: int = 16, role: Role = Role.MELODY) -> Song:
    return song({role: notes}, bars=bars)


def index_of(tunes: dict[str, Song], *, limit: int = 12) -> CopyIndex:
    draft = IndexDraft()
    for name, piece in tunes.items():
        draft.add(name, piece)
    return CopyIndex(draft.finish(limit=limit))


@pytest.fixture(scope="module")
def corpus() -> dict[str, Song]:
    return {f"book/{seed}": as_song(random_tune(seed)) for seed in range(40)}


@pytest.fixture(scope="module")
def index(corpus) -> CopyIndex:
    return index_of(corpus)


def moved(notes: Sequence[Note], *, ticks: int = 0, semitones: int = 0) -> list[Note]:
    return [replace(n, onset=n.onset + ticks, pitch=n.pitch + semitones) for n in notes]


@pytest.mark.parametrize("semitones", range(-12, 13))
def test_a_training_piece_in_any_key_is_found_in_full(index, corpus, semitones):
    tune = moved(tune_of(corpus["book/7"]), semitones=semitones)
    run = index.longest_run(as_song(tune))
    assert (run.notes, run.piece, run.piece_bar, run.song_bar) == (len(tune), "book/7", 1, 1)
    assert run.bars == pytest.approx(16, abs=0.2)


def test_tempo_loudness_and_articulation_hide_nothing(index, corpus):
    played = replace(as_song([replace(n, velocity=30, duration=3) for n in tune_of(corpus["book/3"])]), tempo_bpm=180.0)
    assert index.longest_run(played).notes == len(tune_of(corpus["book/3"]))


def test_an_excerpt_in_a_new_song_is_found_with_its_length_and_both_places(index, corpus):
    source = [n for n in tune_of(corpus["book/11"]) if 4 * BAR <= n.onset < 12 * BAR]
    start = source[0].onset - 4 * BAR
    own = [n for n in random_tune(901) if n.onset < 3 * BAR - 12]
    tail = [n for n in random_tune(902, bars=30) if n.onset >= 12 * BAR]
    excerpt = moved(source, ticks=-BAR, semitones=5)
    run = index.longest_run(as_song([*own, *excerpt, *tail], bars=30))
    assert run.piece == "book/11"
    assert len(source) <= run.notes <= len(source) + 2
    assert run.bars == pytest.approx(8 - start / BAR, abs=0.6)
    assert (run.piece_bar, run.song_bar) in {(5, 4), (4, 3)}


def test_a_random_tune_of_the_same_scale_and_rhythms_is_nobodys(index):
    longest = [index.longest_run(as_song(random_tune(seed))).notes for seed in range(1000, 1060)]
    assert max(longest) <= WINDOW + 3
    assert np.median(longest) == 0


def test_other_rhythm_or_other_intervals_are_another_tune(index, corpus):
    tune = tune_of(corpus["book/5"])
    even = [note(12 * i, n.pitch, 12) for i, n in enumerate(tune)]
    assert index.longest_run(as_song(even)).notes < WINDOW + 4
    bent = [replace(n, pitch=n.pitch + (i % 2)) for i, n in enumerate(tune)]
    assert index.longest_run(as_song(bent)).notes < WINDOW + 4


def brute_force(asked: Song, pieces: dict[str, Song]) -> int:
    """Notes of the longest common run by comparing tokens one by one, trimmed to telling windows; 0 below a window."""
    mine = tokens_of(tune_of(asked)).tolist()
    tellings = [len(set(mine[i : i + WINDOW])) >= MIN_DISTINCT for i in range(len(mine) - WINDOW + 1)]
    longest = 0
    for piece in pieces.values():
        theirs = tokens_of(tune_of(piece)).tolist()
        for offset in range(-len(theirs), len(mine)):
            same = [0 <= i - offset < len(theirs) and theirs[i - offset] == token for i, token in enumerate(mine)]
            start = None
            for i, equal in enumerate([*same, False]):
                start = i if equal and start is None else start
                if not equal and start is not None:
                    telling = [w for w in range(start, i - WINDOW + 1) if tellings[w]]
                    longest = max(longest, telling[-1] - telling[0] + 1 + WINDOW if telling else 0)
                    start = None
    return longest


PLAIN_NOTES = st.tuples(st.sampled_from((60, 62, 64)), st.sampled_from((12, 24)))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(PLAIN_NOTES, min_size=0, max_size=30), min_size=1, max_size=5),
    st.lists(PLAIN_NOTES, min_size=0, max_size=30),
)
def test_the_longest_run_is_what_comparing_note_by_note_finds(pieces, asked):
    def made(steps):
        onsets = np.cumsum([0, *(length for _, length in steps)])
        return as_song([note(int(o), p, n) for o, (p, n) in zip(onsets, steps, strict=False)], bars=8)

    tunes = {str(i): made(steps) for i, steps in enumerate(pieces)}
    assert index_of(tunes).longest_run(made(asked)).notes == brute_force(made(asked), tunes)


@pytest.mark.parametrize("seed", range(12))
def test_patchworks_of_training_pieces_are_measured_as_note_by_note(corpus, index, seed):
    rng = np.random.default_rng(seed)
    patches: list[Note] = []
    onset = 0
    while onset < 15 * BAR:
        tune = tune_of(corpus[f"book/{rng.integers(40)}"])
        first, count = int(rng.integers(len(tune) - 20)), int(rng.integers(3, 20))
        patch = moved(tune[first : first + count], ticks=onset - tune[first].onset)
        patches += patch
        onset = patch[-1].end
    asked = as_song(patches, bars=24)
    run = index.longest_run(asked)
    assert run.notes == brute_force(asked, corpus) > WINDOW


@pytest.mark.parametrize(
    "tune",
    [
        line(*[67] * 32, every=12),
        line(*range(60, 84), every=12),
        line(*[60, 62, 64, 65, 67, 69, 71, 72] * 1, every=12),
        line(*[67, 69] * 16, every=6),
    ],
    ids=["one note repeated", "the chromatic scale", "a scale", "a trill"],
)
def test_plain_material_is_nobodys(tune):
    assert index_of({"exercise": as_song(tune)}).longest_run(as_song(tune)) == SharedRun()


def test_what_very_many_pieces_have_in_common_is_nobodys():
    broken_chord = line(*[60, 67, 64, 72, 64, 67] * 6, every=12)
    tunes = {
        str(i): as_song([*broken_chord, *moved(random_tune(i, bars=8), ticks=5 * BAR)]) for i in range(COMMON_PIECES)
    }
    assert index_of(tunes).longest_run(as_song(broken_chord)).notes == 0
    tunes.popitem()
    assert index_of(tunes).longest_run(as_song(broken_chord)).notes == len(broken_chord)


def test_a_plain_beginning_lengthens_no_run():
    own = random_tune(4, bars=2)
    tune = [*line(*[60] * 40, every=12), *moved(own, ticks=5 * BAR)]
    run = index_of({"piece": as_song(tune)}).longest_run(as_song(tune))
    assert len(own) <= run.notes < len(own) + WINDOW
    assert run.song_bar == run.piece_bar == 5


def test_runs_do_not_go_on_from_one_piece_into_the_next():
    tune = random_tune(50, bars=4)
    pieces = {"one": as_song(tune[:14]), "two": as_song(tune[13:])}
    assert index_of(pieces).longest_run(as_song(tune)).notes == max(14, len(tune) - 13)


def test_without_a_melody_the_second_voice_is_the_tune_and_drums_and_bass_never_are():
    tune = random_tune(8)
    for role in (Role.COUNTER, Role.HARMONY):
        assert tune_of(as_song(tune, role=role)) == tune
    both = song({Role.HARMONY: random_tune(9), Role.MELODY: tune}, bars=16)
    assert tune_of(both) == tune
    for role in (Role.BASS, Role.DRUMS):
        assert tune_of(as_song(tune, role=role)) == []
        assert index_of({"one": as_song(tune)}).longest_run(as_song(tune, role=role)) == SharedRun()


def test_long_rests_are_alike_however_long():
    tune = random_tune(3, bars=3)
    other = [*tune[:10], *moved(tune[10:], ticks=LONG_TICKS)]
    wider = [*tune[:10], *moved(tune[10:], ticks=3 * LONG_TICKS)]
    assert index_of({"one": as_song(other)}).longest_run(as_song(wider)).notes == len(tune)


def test_the_verdict_goes_by_the_style_and_says_where(index, corpus):
    copied = as_song(tune_of(corpus["book/9"])[:14])
    verdict = index.check(copied)
    assert not verdict.passed
    assert verdict.reasons == (
        "14 notes of the tune from bar 1 on are those of book/9 from bar 1 on; at most 12 may be",
    )
    assert verdict.to_json() == {
        "longest_run_notes": 14,
        "longest_run_bars": verdict.run.bars,
        "nearest": {"piece": "book/9", "bar": 1, "song_bar": 1},
        "limit": 12,
        "passed": False,
    }
    draft = IndexDraft()
    draft.add("book/9", corpus["book/9"])
    lofi = CopyIndex(with_limits(draft.finish(limit=0), {"*": 5, copied.style: 14})).check(copied)
    assert (lofi.passed, lofi.reasons, lofi.limit) == (True, (), 14)
    assert Originality(run=SharedRun(), limit=5).to_json()["nearest"] is None


@pytest.fixture
def file(corpus, tmp_path):
    draft = IndexDraft()
    for name, piece in corpus.items():
        draft.add(name, piece)
    path = tmp_path / "originality.npz"
    save_index(draft.finish(limit=12), path, facts={"pieces": 40})
    return path


def test_an_index_read_from_its_file_answers_the_same(file, index, corpus):
    again = CopyIndex(load_index(file))
    for asked in [*list(corpus.values())[:5], *(as_song(random_tune(seed)) for seed in range(70, 90))]:
        assert again.check(asked) == index.check(asked)


def test_the_file_holds_numbers_alone_and_neither_pitches_nor_onsets(file):
    with np.load(file, allow_pickle=False) as columns:
        kinds = {name: str(columns[name].dtype) for name in columns.files}
    assert kinds == {
        "hashes": "uint32",
        "bar_steps": "uint8",
        "starts": "int64",
        "common": "uint32",
        "names": "uint8",
        "header": "uint8",
    }


def test_a_missing_file_names_the_command_that_makes_it(tmp_path):
    with pytest.raises(CheckpointError, match=r"no copy index at .*tunesmith originality"):
        load_index(tmp_path / "originality.npz")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_cut_file_is_damaged(file, share):
    whole = file.read_bytes()
    file.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(CheckpointError, match="is damaged"):
        load_index(file)


@pytest.mark.parametrize("place", [0.2, 0.4, 0.6])
def test_a_flipped_byte_is_noticed(file, place):
    whole = bytearray(file.read_bytes())
    whole[int(place * len(whole))] ^= 0x40
    file.write_bytes(bytes(whole))
    with pytest.raises(CheckpointError, match="is damaged"):
        load_index(file)


def rewritten(file, **changes):
    with np.load(file, allow_pickle=False) as columns:
        kept = {name: columns[name] for name in columns.files}
    for name, change in changes.items():
        kept[name] = change(kept[name])
    with file.open("wb") as out:
        np.savez(out, **kept)


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("hashes", lambda c: c[:-1]),
        ("hashes", lambda c: c.astype(np.int64)),
        ("bar_steps", lambda c: c[1:]),
        ("starts", lambda c: c[::-1].copy()),
        ("starts", lambda c: c[:-1]),
        ("names", lambda c: c[:9]),
        ("header", lambda c: c[:-1]),
        ("header", lambda _: np.frombuffer(b"[]", dtype=np.uint8)),
    ],
)
def test_columns_that_do_not_fit_together_are_damage(file, column, change):
    rewritten(file, **{column: change})
    with pytest.raises(CheckpointError, match=r"is damaged.*tunesmith originality"):
        load_index(file)


@pytest.mark.parametrize("key", ["format", "window"])
def test_an_index_of_another_version_is_refused(file, key):
    def other(header):
        text = json.loads(header.tobytes()) | {key: 0}
        return np.frombuffer(json.dumps(text).encode(), dtype=np.uint8)

    rewritten(file, header=other)
    with pytest.raises(CheckpointError, match="has format"):
        load_index(file)


def test_a_file_that_is_no_index_is_damaged(tmp_path):
    path = tmp_path / "originality.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hashes.txt", "1")
    with pytest.raises(CheckpointError, match="is damaged"):
        load_index(path)


def test_a_candidate_is_answered_in_milliseconds_against_a_million_windows():
    rng = np.random.default_rng(0)
    draft = IndexDraft()
    long = [note(12 * i, int(p), 12) for i, p in enumerate(rng.choice(SCALE, 2000))]
    draft.add("long", as_song(long, bars=260))
    one = draft.finish(limit=12)
    copies = 500
    grown = replace(
        one,
        hashes=np.concatenate([one.hashes, rng.integers(1, 2**32, copies * 2000, dtype=np.uint32)]),
        bar_steps=np.concatenate([one.bar_steps, np.zeros(copies * 2000, dtype=np.uint8)]),
        starts=np.concatenate([one.starts, one.starts[-1] + 2000 * np.arange(1, copies + 1)]),
        names=("long", *map(str, range(copies))),
    )
    index = CopyIndex(grown)
    asked = as_song(long[:400], bars=60)
    index.longest_run(asked)
    began = process_time()
    run = index.longest_run(asked)
    assert run.notes == 400
    assert process_time() - began < 0.05
