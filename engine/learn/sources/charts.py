"""Chord charts and progressions → how usual a progression is: facts to write styles by; nothing is trained on them.

In: the McGill Billboard annotations (CC0), a folder of charts in Harte's syntax beside an index, and the list
`progressions.json` of free-midi-chords (MIT). Out: `Chart`s, each section's bars as Roman numerals of its key, and
progressions ranked by the number of songs that use them. Conventions: numerals as `engine.music.harmony.roman_to_chord`
reads them; a chart is minor if its tonic chord is mostly minor; one chart a song (title and artist); a song counts once
a progression. Caveat: bass notes and alterations beyond the known qualities are dropped; only sections in 4/4 count.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.music.harmony import DEGREES, QUALITIES, Key, Mode, pitch_class, roman_to_chord

INDEX, CHARTS, CHART = "billboard-2.0-index.csv", "billboard-2.0-salami_chords", "salami_chords.txt"
HARTE = {
    "maj": "", "min": "m", "7": "7", "min7": "m7", "maj7": "maj7", "5": "5", "1": "5", "maj(9)": "add9", "sus4": "sus4",
    "maj6": "6", "sus4(b7,9)": "7sus4", "sus4(b7)": "7sus4", "min9": "m9", "7(#9)": "7", "maj9": "maj9", "9": "9",
    "11": "7sus4", "13": "13", "sus2": "sus2", "5(b7)": "7", "dim": "dim", "min6": "m6", "min11": "m11", "maj6(9)": "6",
    "hdim7": "m7b5", "sus4(9)": "sus4", "7(b9)": "7b9", "min(9)": "madd9", "aug(b7)": "7", "min7(11)": "m11",
    "maj13": "maj9", "dim7": "dim7", "aug": "aug", "minmaj7": "mmaj7", "min13": "m9", "7(#11)": "9", "7(b13)": "7b9",
}  # fmt: skip
"""Harte's qualities → the project's nearest."""
SEVENTHS = frozenset(q for q, tones in QUALITIES.items() if len(tones) > 3 and q not in ("add9", "madd9", "6", "m6"))
TRIADS = frozenset(("", "m", "5", "sus2", "sus4"))
DOMINANTS = frozenset(("7", "9", "13", "7b9"))
UPPER = {Mode.MAJOR: ("I", "bII", "II", "bIII", "III", "IV", "#IV", "V", "bVI", "VI", "bVII", "VII"),
         Mode.MINOR: ("I", "bII", "II", "III", "#III", "IV", "#IV", "V", "VI", "#VI", "VII", "#VII")}  # fmt: skip
"""Semitones above the tonic → degree, as the key's own scale counts them."""

Progression = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartSection:
    """A section's name ("verse", "" if there is none) and its bars, each one or two numerals joined by `|`."""

    name: str
    bars: Progression


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One song's chords. `year` 0 if the index does not know it."""

    title: str
    artist: str
    year: int
    mode: Mode
    sections: tuple[ChartSection, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line of a chart: the tonic it is in, the section that begins with it (None if none), its bars of chords."""

    tonic: int
    section: str | None
    bars: tuple[tuple[str, ...], ...]


def read_charts(folder: Path) -> list[Chart]:
    """All charts under the Billboard folder, one a song, by their numbers."""
    years = _years(folder / INDEX)
    charts: dict[tuple[str, str], Chart] = {}
    for path in sorted((folder / CHARTS).glob(f"*/{CHART}")):
        chart = read_chart(path.read_text(encoding="utf-8"), year=years.get(int(path.parent.name), 0))
        charts.setdefault((_plain(chart.title), _plain(chart.artist)), chart)
    return list(charts.values())


def read_chart(text: str, *, year: int = 0) -> Chart:
    """Read one chart in Harte's syntax, with `# title`, `# artist`, `# metre` and `# tonic` lines."""
    heads = dict(re.findall(r"^# (title|artist): *(.*?) *$", text, re.M))
    lines = _lines(text)
    mode = _mode(lines)
    sections: list[tuple[str, list[str]]] = []
    for line in lines:
        if line.section is not None or not sections:
            sections.append((line.section or "", []))
        sections[-1][1].extend(_bar(bar, line.tonic, mode) for bar in line.bars)
    return Chart(
        title=heads.get("title", ""),
        artist=heads.get("artist", ""),
        year=year,
        mode=mode,
        sections=tuple(ChartSection(name=name, bars=tuple(bars)) for name, bars in sections if bars),
    )


def read_progressions(path: Path) -> list[tuple[Mode, Progression, tuple[str, ...]]]:
    """The progressions of the JSON list that can be read as numerals: mode, one numeral a bar, moods."""
    out = []
    for entry in json.loads(path.read_text(encoding="utf-8"))["progressions"]:
        minor = entry["set"] == "min" or re.match(r"im|i$|i7", entry["roman"][0])
        mode = Mode.MINOR if minor else Mode.MAJOR
        row = tuple(_json_numeral(word, mode) for word in entry["roman"])
        if all(row):
            out.append((mode, row, tuple(entry["moods"])))
    return out


def numeral(root: int, quality: str, mode: Mode) -> str:
    """A chord `root` semitones above the tonic, as a numeral: `vi7`, `bVII`, `iiø7`."""
    degree = UPPER[mode][root % 12]
    sign, letters = re.fullmatch(r"([b#]?)(\w+)", degree).groups()  # type: ignore[union-attr]
    if quality in ("dim", "dim7", "m7b5"):
        return sign + letters.lower() + {"dim": "dim", "dim7": "dim7", "m7b5": "ø7"}[quality]
    if quality.startswith("m") and not quality.startswith("maj"):
        rest = {"mmaj7": "maj7", "madd9": "add9"}.get(quality, quality[1:])
        return sign + letters.lower() + ("m11" if rest == "11" else rest)
    return sign + letters + quality


def ranked(
    charts: Iterable[Chart],
    *,
    units: Callable[[Progression], Iterable[Progression]],
    wanted: Callable[[Progression], bool] = lambda _: True,
) -> list[tuple[Mode, Progression, int]]:
    """Progressions with the number of songs that use them, most usual first; `units` cuts a section's bars."""
    counts: Counter[tuple[Mode, Progression]] = Counter()
    for chart in charts:
        rows = {row for section in chart.sections for row in units(section.bars) if "" not in row}
        counts.update((chart.mode, row) for row in rows if wanted(row))
    order = sorted(counts.items(), key=lambda item: (-item[1], item[0][0], item[0][1]))
    return [(mode, row, count) for (mode, row), count in order]


def by_bars(bars: Progression, size: int) -> Iterator[Progression]:
    """Units of `size` bars, counted from the section's start."""
    return (bars[at : at + size] for at in range(0, len(bars) - size + 1, size))


def by_changes(bars: Progression, size: int) -> Iterator[Progression]:
    """`size` chords on end, from anywhere in the section, however long each lasts: a repeated chord counts once."""
    words = [word for bar in bars for word in bar.split("|")]
    changes = [word for index, word in enumerate(words) if index == 0 or word != words[index - 1]]
    return (tuple(changes[at : at + size]) for at in range(len(changes) - size + 1))


def qualities(row: Sequence[str], mode: Mode) -> list[tuple[int, str]]:
    """Each chord of a progression: semitones above the tonic, quality."""
    key = Key(tonic=0, mode=mode)
    chords = [roman_to_chord(word, key) for bar in row for word in bar.split("|")]
    return [(chord.root, chord.quality) for chord in chords]


def is_loop(row: Progression) -> bool:
    """At least three different chords, all of them triads: the loop of pop."""
    words = {word for bar in row for word in bar.split("|")}
    return len(words) >= 3 and all(quality in TRIADS for _, quality in qualities(row, Mode.MAJOR))


def is_extended(row: Progression) -> bool:
    """At least half of the chords are sevenths or more, and not all of them dominants."""
    found = [quality for _, quality in qualities(row, Mode.MAJOR)]
    rich = sum(quality in SEVENTHS for quality in found)
    return 2 * rich >= len(found) and not all(q in DOMINANTS for q in found)


def is_blues(row: Progression) -> bool:
    """Dominants on the first, fourth and fifth degree only, at least on the first."""
    found = qualities(row, Mode.MAJOR)
    return (0, "7") in found and all(root in (0, 5, 7) and quality in {*DOMINANTS, ""} for root, quality in found)


UNITS: dict[str, Callable[[Progression, int], Iterator[Progression]]] = {"bars": by_bars, "changes": by_changes}
KINDS: dict[str, Callable[[Progression], bool]] = {
    "all": lambda _: True,
    "loop": is_loop,
    "extended": is_extended,
    "blues": is_blues,
}


def _years(index: Path) -> dict[int, int]:
    with index.open(encoding="utf-8", newline="") as file:
        return {int(row["id"]): int(row["chart_date"][:4]) for row in csv.DictReader(file) if row["chart_date"]}


def _plain(text: str) -> str:
    return re.sub(r"\W+", "", text.lower())


def _lines(text: str) -> list[_Line]:
    """The lines of chords in 4/4; a bar with a meter of its own in brackets, or without a chord, becomes empty."""
    tonic, meter, lines = 0, "4/4", []
    section: str | None = None
    for raw in text.split("\n"):
        if match := re.match(r"# (tonic|metre): *(\S+)", raw):
            tonic, meter = (pitch_class(match[2]), meter) if match[1] == "tonic" else (tonic, match[2])
        if match := re.match(r"[\d.]+\t([A-Z]'*), *([a-z -]+),|[\d.]+\t()([a-z][a-z -]+),", raw):
            section = (match[2] or match[4]).strip()
        if meter != "4/4" or raw.count("|") < 2:
            continue
        times = re.search(r"\| *x(\d+)", raw)
        bars = [tuple(_symbols(bar)) for bar in raw.split("|")[1:-1]]
        lines.append(_Line(tonic=tonic, section=section, bars=tuple(bars) * (int(times[1]) if times else 1)))
        section = None
    return lines


def _symbols(bar: str) -> list[str]:
    """The chords of a bar, one a beat where they are written so, `.` resolved; empty in a bar of another meter."""
    if "(" in re.sub(r":\S+", "", bar):
        return []
    words: list[str] = []
    for word in bar.split():
        words.append(words[-1] if word == "." and words else word)
    return words


def _mode(lines: Sequence[_Line]) -> Mode:
    thirds = Counter(
        "min" in word.split(":")[1]
        for line in lines
        for bar in line.bars
        for word in bar
        if ":" in word and pitch_class(word.split(":")[0]) == line.tonic
    )
    return Mode.MINOR if thirds[True] > thirds[False] else Mode.MAJOR


def _bar(words: Sequence[str], tonic: int, mode: Mode) -> str:
    """A bar as one numeral, or two joined by `|`; "" for a bar without chords or with more than two."""
    halves = [words[0], words[len(words) // 2]] if len(words) in (2, 4) else list(words[:1])
    if not words or len(words) == 3 or any(":" not in word for word in words) or (
        len(words) == 4 and (words[0] != words[1] or words[2] != words[3])
    ):  # fmt: skip
        return ""
    found = []
    for word in halves:
        root, _, rest = word.partition(":")
        quality = HARTE.get(rest.partition("/")[0])
        if quality is None:
            return ""
        found.append(numeral(pitch_class(root) - tonic, quality, mode))
    return found[0] if len(set(found)) == 1 else "|".join(found)


def _json_numeral(word: str, mode: Mode) -> str:
    """A numeral of the JSON list in the project's spelling, counted from the mode's scale; "" if it cannot be."""
    match = re.fullmatch(r"([b#]?)([IViv]+)(dom7|M7|m7|dim|sus2|sus4|add9|m|M|7|6|5|)", word)
    if match is None or match[2].upper() not in DEGREES:
        return ""
    sign, letters, suffix = match.groups()
    minor = suffix in ("m", "m7") or (letters.islower() and suffix != "M")
    if suffix == "7" and not minor:
        suffix = "M7" if letters.upper() in ("I", "IV") else "7"
    quality = {"dom7": "7", "M7": "maj7", "m7": "m7", "m": "m", "M": "", "7": "7"}.get(suffix, suffix)
    quality = {"": "m", "7": "m7", "6": "m6", "add9": "madd9"}.get(quality, quality) if minor else quality
    own = Key(tonic=0, mode=Mode.MAJOR if sign else mode).scale[DEGREES[letters.upper()]]
    return numeral(own + sign.count("#") - sign.count("b"), quality, mode)


def main() -> None:
    """`python -m engine.learn.sources.charts FOLDER [KIND [bars|changes [SIZE [FROM-YEAR]]]]`: the most usual forty."""
    folder, kind, unit, size, since = (*sys.argv[1:6], *("", "all", "bars", "4", "0")[len(sys.argv) - 1 :])
    if not folder or kind not in KINDS or unit not in UNITS:
        sys.exit("usage: python -m engine.learn.sources.charts FOLDER [KIND [bars|changes [SIZE [FROM-YEAR]]]]")
    charts = [chart for chart in read_charts(Path(folder)) if chart.year >= int(since)]
    rows = ranked(charts, units=lambda bars: UNITS[unit](bars, int(size)), wanted=KINDS[kind])
    sys.stdout.write(f"{len(charts)} songs\n")
    sys.stdout.writelines(f"{count:4}  {mode:6} {' '.join(row)}\n" for mode, row, count in rows[:40])


if __name__ == "__main__":
    main()
