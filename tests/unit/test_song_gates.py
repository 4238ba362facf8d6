"""A candidate that strays from its plan or copies a training piece is dropped, and the receipt says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.compose.adherence import MIN_BELONGING, adherence, belonging_share
from engine.compose.choose import choose, judge
from engine.compose.generate import SongWriter
from engine.compose.plan import Plan
from engine.errors import CheckpointError
from engine.grammar.corpus import composed_songs
from engine.metrics.copyindex import FILE, IndexDraft, save_index
from engine.metrics.originality import UNCHECKED, CopyIndex
from engine.model.checkpoint import save_checkpoint
from engine.music.harmony import Chord, Key
from engine.music.notes import Role, Song
from engine.music.timing import METERS
from tests.small import plan_of_song, small_facts, small_network


@pytest.fixture(scope="module")
def songs() -> list[Song]:
    return list(composed_songs("lofi", 4, 5))


@pytest.fixture(scope="module")
def plan(songs) -> Plan:
    return plan_of_song(songs[0])


def without(song: Song, role: Role) -> Song:
    return replace(song, tracks=tuple(track for track in song.tracks if track.role is not role))


def test_a_song_that_keeps_its_plan_passes(songs):
    for song in songs:
        assert adherence(song, plan_of_song(song)) == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"tempo_bpm": 83.5}, "the tempo is 83.5 bpm instead of"),
        ({"key": Key.parse("F# major")}, "the key is F# major instead of"),
        ({"meter": METERS["3/4"]}, "the meter is 3/4 instead of 4/4"),
        ({"chords": (Chord.parse("C#"),) * 8}, "the chords are not the planned ones"),
    ],
)
def test_what_strays_is_named(songs, plan, change, reason):
    assert any(line.startswith(reason) for line in adherence(replace(songs[0], **change), plan))


def test_a_song_of_another_length_strays(songs, plan):
    (*most, last) = songs[0].sections
    longer = replace(songs[0], sections=(*most, replace(last, bars=last.bars + 1)))
    assert adherence(longer, plan) == (f"the length is {longer.bars} bars instead of {songs[0].bars} bars",)


def test_who_does_not_play_or_plays_uncast_or_on_another_instrument_is_named(songs, plan):
    assert adherence(without(songs[0], Role.BASS), plan) == ("the bass does not play",)
    fewer = replace(plan, cast={role: part for role, part in plan.cast.items() if role is not Role.DRUMS})
    assert adherence(songs[0], fewer) == ("the drums plays, which is not cast",)
    track = songs[0].track(Role.BASS)
    assert track is not None
    other = replace(songs[0], tracks=(*without(songs[0], Role.BASS).tracks, replace(track, program=track.program ^ 1)))
    assert adherence(other, plan) == (f"the bass plays program {track.program ^ 1} instead of {track.program}",)


def test_notes_beside_key_and_chord_are_counted(songs, plan):
    song = songs[0]
    assert belonging_share(song) >= MIN_BELONGING
    up = tuple(
        replace(t, notes=tuple(replace(n, pitch=n.pitch + 1) for n in t.notes)) if t.role is not Role.DRUMS else t
        for t in song.tracks
    )
    bent = replace(song, tracks=up)
    assert belonging_share(bent) < MIN_BELONGING
    assert adherence(bent, plan) == (f"only {belonging_share(bent):.0%} of the notes belong to the key or the chord",)


def index_file(folder: Path, song: Song, limit: int) -> Path:
    draft = IndexDraft()
    assert draft.add("book/1", song)
    folder.mkdir(parents=True, exist_ok=True)
    save_index(draft.finish(limit=limit), folder / FILE, facts={})
    return folder / FILE


def copying_index(song: Song, *, limit: int) -> CopyIndex:
    draft = IndexDraft()
    draft.add("book/1", song)
    return CopyIndex(draft.finish(limit=limit))


def test_a_copied_candidate_fails_and_another_is_kept(songs, plan):
    index = copying_index(songs[0], limit=12)
    copied = judge(songs[0], plan, {}, index=index)
    own = judge(songs[1], plan_of_song(songs[1]), {}, index=index)
    assert (copied.gates["copying"], own.gates["copying"]) == (False, True)
    assert any("are those of book/1 from bar" in reason for reason in copied.failures)
    assert own.failures == ()
    assert choose([copied, own]) == 1


def test_without_an_index_copying_is_neither_passed_nor_failed(songs, plan):
    verdict = judge(songs[0], plan, {})
    assert verdict.gates == {"degeneracy": True, "adherence": True, "copying": None}
    assert verdict.originality_to_json() == dict(UNCHECKED)
    assert verdict.failures == ()


def test_every_gate_is_reported_by_itself(songs, plan):
    strayed = judge(without(songs[0], Role.BASS), plan, {}, index=copying_index(songs[1], limit=12))
    assert strayed.gates == {"degeneracy": False, "adherence": False, "copying": True}
    slow = judge(replace(songs[0], tempo_bpm=41.0), plan, {})
    assert slow.gates == {"degeneracy": True, "adherence": False, "copying": None}


@pytest.fixture(scope="module")
def styles(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("styles")
    save_checkpoint(small_network(), small_facts(), folder / "lofi" / "v1.safetensors")
    return folder


@pytest.fixture(scope="module")
def short(songs) -> Plan:
    sections = songs[1].sections[:2]
    return plan_of_song(replace(songs[1], sections=sections, chords=songs[1].chords[: 2 * sections[-1].end_bar]))


def test_the_writer_says_that_nothing_was_checked_where_there_is_no_index(styles, short):
    written = SongWriter(device="cpu", styles_dir=styles).write(short, candidates=1)
    assert written.gates["copying"] is None
    assert written.originality == dict(UNCHECKED)


def test_the_writer_drops_what_copies_and_keeps_the_rest(styles, short, tmp_path):
    free = SongWriter(device="cpu", styles_dir=styles).write(short, candidates=3)
    first = SongWriter(device="cpu", styles_dir=styles)
    (tmp_path / "lofi").symlink_to(styles / "lofi")
    index_file(tmp_path, free.song, limit=8)
    strict = SongWriter(device="cpu", styles_dir=tmp_path)
    written = strict.write(short, candidates=3)
    dropped = written.candidates["dropped"][str(free.candidates["kept"])]
    assert any("are those of book/1" in reason for reason in dropped)
    assert written.candidates["kept"] != free.candidates["kept"]
    assert written.gates["copying"] is True
    assert written.originality["limit"] == 8
    assert strict.copy_index is strict.copy_index
    assert first.copy_index is None


def test_a_damaged_index_stops_the_writer_before_it_writes(styles, short, tmp_path):
    (tmp_path / "lofi").symlink_to(styles / "lofi")
    (tmp_path / FILE).write_bytes(b"PK, but no archive")
    with pytest.raises(CheckpointError, match=r"copy index .* is damaged"):
        SongWriter(device="cpu", styles_dir=tmp_path).write(short, progress=lambda _: pytest.fail("it writes"))
