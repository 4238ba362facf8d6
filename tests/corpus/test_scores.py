import pytest

from engine.errors import BadRequest
from engine.learn.sources.humdrum import read_humdrum
from engine.learn.sources.scores import bar_starts, read_score
from engine.learn.sources.tunes import dance_tempo, first_voice, hymn_file, split_tunes
from engine.music.harmony import Key, Mode
from engine.music.notes import Role

JIG = "X:1\nT:A Jig\nM:6/8\nL:1/8\nR:jig\nK:Edor\nB|EFG ABc|{d}d3 edB|E3-E3:|\n"
HYMN = """X: 1
T: A Hymn
M: 3/4 % time
L: 1/4
K: Eb
[V: S1V1] [Q:1/4=100] G | B2 !fermata!c | B3 |
w: not to be sung
[V: S1V2] E | G2 A | G3 |
[V: S2V1] B, | E2 E | E3 |
[V: S2V2] E, | E,2 A,, | E,3 |
"""


def kern(*lines: str) -> str:
    return "\n".join(["**kern\t**kern", "*d:\t*d:", "*M2/4\t*M2/4", *lines, "*-\t*-"]) + "\n"


@pytest.mark.parametrize(
    ("lengths", "starts"),
    [([96, 96, 96], [0, 96, 192]), ([24, 96, 96], [72, 96, 192]), ([24, 96, 72, 24, 96], [72, 96, 192, 264, 288]),
     ([96, 48, 96], [0, 96, 192]), ([96, 200, 96], [0, 96, 384])],
    ids=["whole", "upbeat", "repeat", "short", "cadenza"],
)  # fmt: skip
def test_bars_start_on_bar_lines(lengths, starts):
    assert bar_starts(lengths, [96] * len(lengths)) == starts


def test_a_tune_is_read_with_mode_upbeat_ties_and_without_grace_notes():
    file = read_score(first_voice(JIG), "abc")
    (tune,) = file.tracks
    assert file.key_signatures[0].key == Key(tonic=4, mode=Mode.DORIAN)
    assert [(n.onset, n.pitch, n.duration) for n in tune.notes[:3]] == [(60, 71, 12), (72, 64, 12), (84, 66, 12)]
    assert tune.notes[-1].pitch == 64
    assert tune.notes[-1].duration == 72
    assert (144, 74, 36) in [(n.onset, n.pitch, n.duration) for n in tune.notes]


def test_a_book_is_split_into_its_tunes_and_rubbish_is_left_out():
    book = "% a book\n\n" + JIG + "\n" + JIG.replace("X:1", "X:2") + "\nX:3\nT:no key\n"
    assert [t.split("\n")[0] for t in split_tunes(book)] == ["X:1", "X:2"]


def test_a_dance_has_its_usual_tempo():
    assert dance_tempo(JIG) == 174.0
    assert dance_tempo("X:1\nT:Old March\nM:4/4\nK:C\n") == 110.0
    assert dance_tempo("X:1\nT:Nameless\nM:3/4\nK:C\n") == 120.0


def test_a_hymn_gives_its_four_voices_their_roles():
    file = hymn_file(HYMN)
    assert [t.role for t in file.tracks] == [Role.MELODY, Role.COUNTER, Role.HARMONY, Role.BASS]
    assert [t.notes[1].pitch for t in file.tracks] == [70, 67, 63, 51]
    assert {t.notes[0].onset for t in file.tracks} == {48}
    assert file.tempo_bpm == 100.0


@pytest.mark.parametrize(
    ("old", "new"), [("M: 3/4", "M: none"), ("[V: S2V2]", "[V: S3V1]"), ("E,3 |", "E,3 | E,3 |")],
    ids=["no meter", "other voices", "unequal"],
)  # fmt: skip
def test_a_hymn_that_does_not_fit_is_refused(old, new):
    with pytest.raises(BadRequest):
        hymn_file(HYMN.replace(old, new))


def test_nonsense_is_no_score():
    with pytest.raises(BadRequest):
        read_score("not abc at all", "abc")


def test_kern_durations_pitches_key_and_staves_are_read():
    file = read_humdrum(kern("=1\t=1", "4D\t8dd#", ".\t8cc-", "4.r\t4.AA", "8GGG\t8r"))
    upper, lower = file.tracks
    assert [(n.onset, n.pitch, n.duration) for n in upper.notes] == [(0, 75, 12), (12, 71, 12), (24, 45, 36)]
    assert [(n.onset, n.pitch, n.duration) for n in lower.notes] == [(0, 50, 24), (60, 31, 12)]
    assert file.key_signatures[0].key == Key(tonic=2, mode=Mode.MINOR)


def test_kern_voices_that_split_and_join_stay_in_their_staff_and_bars_agree():
    file = read_humdrum(kern("=1\t=1", "*^\t*", "4D\t2F\t4a", "4E\t.\t4b", "*v\t*v\t*", "=2\t=2", "2C\t2cc"))
    upper, lower = file.tracks
    assert [(n.onset, n.pitch) for n in lower.notes] == [(0, 50), (0, 53), (24, 52), (48, 48)]
    assert [(n.onset, n.pitch) for n in upper.notes] == [(0, 69), (24, 71), (48, 72)]


def test_kern_ties_are_joined_triplets_exact_and_grace_notes_skipped():
    file = read_humdrum(kern("=1\t=1", "12C\t4cc", "12D\t.", "12E\t.", ".\tqdd", "4C\t[4ee", "=2\t=2", "2C\t2ee]"))
    upper, lower = file.tracks
    assert [(n.onset, n.pitch, n.duration) for n in upper.notes] == [(0, 72, 24), (24, 76, 72)]
    assert [n.onset for n in lower.notes] == [0, 8, 16, 24, 48]


def test_kern_dynamics_set_the_velocity_from_there_on():
    text = "**kern\t**dynam\n*M2/4\t*M2/4\n=1\t=1\n4c\tp\n4d\t.\n=2\t=2\n2e\tff\n*-\t*-\n"
    assert [n.velocity for n in read_humdrum(text).tracks[0].notes] == [54, 54, 106]


def test_kern_lines_that_do_not_add_up_are_refused():
    with pytest.raises(BadRequest, match="add up"):
        read_humdrum(kern("=1\t=1", "4c"))
    with pytest.raises(BadRequest, match="no notes"):
        read_humdrum("!! nothing\n")
