"""Chord charts become numerals; progressions are ranked by the songs that use them."""

from __future__ import annotations

import json
from functools import partial

import pytest

from engine.learn.sources.charts import (
    HARTE,
    by_bars,
    by_changes,
    is_blues,
    is_extended,
    is_loop,
    numeral,
    ranked,
    read_chart,
    read_charts,
    read_progressions,
)
from engine.music.harmony import QUALITIES, Key, Mode, roman_to_chord

CHART = """# title: A Song
# artist: Somebody
# metre: 4/4
# tonic: D

0.0\tsilence
0.5\tA, intro, | D:maj | G:maj A:maj7/3 | N |, (guitar
8.4\t| B:min . . A:7(#9) | F#:min7 . G:maj . | (2/4) D:maj | x2
9.0\tB, verse, | G:maj | G:maj | A:sus4(b7) | D:maj | x2
# tonic: E
20.0\tC, chorus, | E:maj | A:maj | B:maj | E:maj |
# metre: 3/4
30.0\t| E:maj | A:maj |
40.0\tend
"""


def test_a_chart_is_read_bar_by_bar_in_the_key_of_its_place():
    chart = read_chart(CHART, year=1984)
    assert (chart.title, chart.artist, chart.year, chart.mode) == ("A Song", "Somebody", 1984, Mode.MAJOR)
    intro, verse, chorus = chart.sections
    assert intro.name == "intro"
    assert intro.bars == ("I", "IV|Vmaj7", "", *("", "iii7|IV", "") * 2)
    assert verse.bars == ("IV", "IV", "V7sus4", "I") * 2
    assert chorus.bars == ("I", "IV", "V", "I")


def test_a_song_with_a_minor_tonic_is_counted_from_its_own_scale():
    chart = read_chart("# tonic: A\n0.0\tA, verse, | A:min | F:maj | G:maj | E:7 |\n")
    assert chart.mode is Mode.MINOR
    assert chart.sections[0].bars == ("i", "VI", "VII", "V7")


@pytest.mark.parametrize("mode", [Mode.MAJOR, Mode.MINOR])
@pytest.mark.parametrize("quality", sorted(set(HARTE.values())))
def test_every_numeral_that_is_written_can_be_read_again(mode, quality):
    assert quality in QUALITIES
    for root in range(12):
        chord = roman_to_chord(numeral(root, quality, mode), Key(tonic=0, mode=mode))
        assert (chord.root, chord.quality) == (root, quality)


def test_a_song_counts_once_a_progression_and_bars_without_chords_do_not():
    songs = [read_chart(CHART), read_chart(CHART.replace("G:maj | G:maj", "B:min | G:maj"))]
    rows = ranked(songs, units=partial(by_bars, size=4))
    assert rows[0] == (Mode.MAJOR, ("I", "IV", "V", "I"), 2)
    assert (Mode.MAJOR, ("IV", "IV", "V7sus4", "I"), 1) in rows
    assert not any("" in row for _, row, _ in rows)


def test_changes_are_found_wherever_they_stand_and_however_long_a_chord_lasts():
    assert list(by_changes(("I", "I", "IV|V", "I"), 3)) == [("I", "IV", "V"), ("IV", "V", "I")]


def test_kinds_of_progressions_are_told_apart():
    assert is_loop(("I", "V", "vi", "IV"))
    assert not is_loop(("I", "I", "V", "V"))
    assert not is_loop(("ii7", "V7", "Imaj7", "Imaj7"))
    assert is_extended(("ii7", "V7", "Imaj7", "vi"))
    assert not is_extended(("I7", "IV7", "I7", "V7"))
    assert is_blues(("I7", "IV7", "I7", "V7"))
    assert not is_blues(("I7", "VI7", "II7", "V7"))


def test_one_chart_a_song_is_kept(tmp_path):
    (tmp_path / "billboard-2.0-index.csv").write_text(
        "id,chart_date,title\n3,1984-01-01,x\n4,1985-01-01,x\n5,,\n", encoding="utf-8"
    )
    for number, text in (("0003", CHART), ("0004", CHART.replace("A Song", "a song!")), ("0005", "# title: B\n")):
        folder = tmp_path / "billboard-2.0-salami_chords" / number
        folder.mkdir(parents=True)
        (folder / "salami_chords.txt").write_text(text, encoding="utf-8")
    assert [(chart.title, chart.year) for chart in read_charts(tmp_path)] == [("A Song", 1984), ("B", 0)]


def test_listed_progressions_are_read_and_unreadable_ones_left_out(tmp_path):
    entries = [
        {"set": "maj", "roman": ["I", "Idom7", "I7", "iii", "bVIIM"], "moods": ["Joyful"]},
        {"set": "min", "roman": ["i", "VI", "ivm7", "V7"], "moods": ["Sad"]},
        {"set": "maj", "roman": ["I", "VI69"], "moods": []},
    ]
    path = tmp_path / "progressions.json"
    path.write_text(json.dumps({"progressions": entries}), encoding="utf-8")
    assert read_progressions(path) == [
        (Mode.MAJOR, ("I", "I7", "Imaj7", "iii", "bVII"), ("Joyful",)),
        (Mode.MINOR, ("i", "VI", "iv7", "V7"), ("Sad",)),
    ]
