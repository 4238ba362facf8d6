"""Recordings whose truth is known: corpus pieces played by our own synthesiser, mastered, and encoded as mp3.

In: a dataset folder (as `engine.learn.corpus` writes it), which part, a cache folder. Out: `Example`s: an mp3 at 128
kbit/s and what sounds in it, to the millisecond. Conventions: the test part is played from held-out works alone, those
for development and training from other pieces of the training side; composed songs have different seeds in each. For
training instruments, keys, tempos, mixes and bit rates are drawn at random; elsewhere they are the piece's own. Piano
pieces play all roles on a piano, bands are whole bands with drums. Every recording opens with some silence, so that no
beat falls on zero by itself. An example that is in the cache is not made again. Caveat: one synthesiser with one
soundfont plays everything, so figures flatter what was tuned on it.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from engine.compose.files.mp3 import encode_mp3
from engine.compose.mixing.chains import find_chain
from engine.compose.mixing.chip import ChipVoices
from engine.compose.mixing.master import master
from engine.compose.mixing.mix import MixOrder, mix
from engine.compose.mixing.voices import SoundfontVoices
from engine.compose.perform import perform
from engine.compose.render import SAMPLE_RATE_HZ, Synth, find_soundfont
from engine.grammar.corpus import composed_songs
from engine.learn.composed import played_bars
from engine.learn.corpus import load_corpus
from engine.learn.sources.piece import Piece
from engine.music.excerpt import excerpt
from engine.music.notes import Role, Song
from engine.music.performance import PERFORMED_PER_WRITTEN, PerformedSong
from engine.music.styles import load_style, style_names
from engine.music.timing import ticks_to_seconds

Half = Literal["training", "development", "test"]
Kind = Literal["piano", "band"]

BIT_RATES_KBIT_S = (128, 96, 160, 192)
LEAST_S, MOST_S, RING_S = 30.0, 55.0, 2.0
PIANO_SOURCES = {"mutopia": 5, "chopin": 2, "lieder": 2, "hymnal": 1, "chorales": 1, "ragtime": 1}
"""How many piano pieces come from where; `ragtime` is Mutopia's rags."""
BAND_SOURCES = {"freedoom": 5, "simutrans": 2, "chip": 2}
COMPOSED_STYLES = ("lofi", "jazz", "blues", "bossa", "pop", "synthwave")
COMPOSED_EACH = 2
SEEDS: dict[str, int] = {"development": 7_001, "test": 7_002, "training": 7_003}
TRAINING_TIMES = 24
"""So many times as many recordings for training."""
MOST_COPIES = 4
"""Where a source has fewer works, each is recorded up to so often: other instruments, key, tempo and section."""
VARIED_PROGRAMS = {
    Role.MELODY: (*range(0, 32), *range(40, 47), 48, 52, *range(56, 96), 104, 105, 107, 110),
    Role.COUNTER: (*range(0, 32), *range(40, 53), *range(56, 96), 104, 105, 107),
    Role.HARMONY: (
        *range(0, 9),
        *range(11, 13),
        *range(16, 32),
        46,
        48,
        49,
        50,
        51,
        52,
        61,
        62,
        80,
        81,
        *range(88, 96),
    ),
    Role.BASS: (*range(32, 40), 0, 43, 58, 87),
    Role.DRUMS: (0, 0, 8, 16, 24, 25, 32, 40),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """`mp3`: the file. `truth`: see `truth_of`."""

    name: str
    kind: Kind
    mp3: Path
    truth: dict[str, Any]


def examples(corpus: Path, half: Half, cache_folder: Path) -> list[Example]:
    """All examples of a half, made where the cache has none; about 2 s each."""
    folder = cache_folder / half
    folder.mkdir(parents=True, exist_ok=True)
    listing = folder / "examples.json"
    if not listing.exists():
        others = examples(corpus, "development", cache_folder) if half == "training" else []
        songs = _songs(corpus, half, frozenset(example.name for example in others))
        names = [_make(folder, kind, name, song, half) for kind, name, song in songs]
        listing.write_text(json.dumps(names), encoding="utf-8")
    return [_read(folder, name) for name in json.loads(listing.read_text(encoding="utf-8"))]


def _read(folder: Path, name: str) -> Example:
    truth = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return Example(name=truth["id"], kind=truth["kind"], mp3=folder / f"{name}.mp3", truth=truth)


def _songs(corpus: Path, half: Half, without: frozenset[str]) -> Iterator[tuple[Kind, str, Song]]:
    split = "valid" if half == "test" else "train"
    by_source: dict[str, list[Piece]] = defaultdict(list)
    for piece in load_corpus(corpus):
        if piece.split == split:
            by_source["ragtime" if piece.style == "ragtime" else piece.source].append(piece)
    times = TRAINING_TIMES if half == "training" else 1
    kinds: tuple[tuple[dict[str, int], Kind], ...] = ((PIANO_SOURCES, "piano"), (BAND_SOURCES, "band"))
    for sources, kind in kinds:
        for source, count in sources.items():
            pieces = [p for p in by_source[source] if p.id not in without]
            for name, song in copied(pieces, count * times, kind, half):
                yield kind, name, song
    bars = played_bars(load_corpus(corpus, sources=("groove",)))
    for style in COMPOSED_STYLES:
        songs = composed_songs(style, COMPOSED_EACH * times, SEEDS[half], drum_bars=bars.get(style) or None)
        for index, song in enumerate(songs):
            name = f"composed-{style}/{index}"
            yield "band", name, cut(song, generator(SEEDS[half], name)) or song


def varied(song: Song, kind: Kind, rng: np.random.Generator) -> Song:
    """Another key and tempo, and often other instruments."""
    shift, faster = int(rng.integers(-5, 7)), float(rng.uniform(0.85, 1.18))
    tracks = []
    for track in song.tracks:
        program = track.program
        if kind == "piano":
            program = int(rng.choice((0, 0, 0, 1, 2, 3)))
        elif rng.random() < 0.5:
            program = int(rng.choice(VARIED_PROGRAMS[track.role]))
        up = 0 if track.role is Role.DRUMS else shift
        notes = tuple(replace(note, pitch=min(max(note.pitch + up, 21), 108)) for note in track.notes)
        tracks.append(replace(track, program=program, notes=tuple(sorted(set(notes)))))
    key = replace(song.key, tonic=(song.key.tonic + shift) % 12)
    return replace(song, tracks=tuple(tracks), key=key, tempo_bpm=song.tempo_bpm * faster)


def generator(seed: int, name: str) -> np.random.Generator:
    """A generator of one piece's own, so that nothing depends on which others are drawn."""
    return np.random.default_rng([seed, int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)])


def copied(pieces: Sequence[Piece], count: int, kind: Kind, half: Half) -> Iterator[tuple[str, Song]]:
    """`count` recordings of different works; for training also of the same ones again, under another name."""
    left = count
    for copy in range(MOST_COPIES if half == "training" else 1):
        mark = f"@{copy}" if copy else ""
        drawn = list(_drawn(pieces, left, kind, SEEDS[half], mark))
        yield from ((f"{piece.id}{mark}", song) for piece, song in drawn)
        left -= len(drawn)
        if not left:
            return


def _drawn(pieces: Sequence[Piece], count: int, kind: Kind, seed: int, mark: str = "") -> Iterator[tuple[Piece, Song]]:
    """`count` pieces of the kind, one a work at most, that are long enough."""
    works: set[str] = set()
    for piece in sorted(pieces, key=lambda p: hashlib.sha256(f"{seed}{p.id}".encode()).digest()):
        work = piece.id.split("#")[0].rsplit("-", 1)[0]
        song = _as_piano(piece.song) if kind == "piano" else piece.song
        if work in works or (kind == "piano") == (song.track(Role.DRUMS) is not None):
            continue
        if piece.source in ("mutopia", "lieder", "chopin") and {t.program for t in piece.song.tracks} - {0, 1, 2, 3}:
            continue
        if kind == "band" and len(song.tracks) < 3:
            continue
        if (part := cut(song, generator(seed, f"{piece.id}{mark}"))) is None:
            continue
        works.add(work)
        yield piece, part
        if len(works) == count:
            return


def _as_piano(song: Song) -> Song:
    return replace(song, tracks=tuple(replace(t, program=0) for t in song.tracks if t.role is not Role.DRUMS))


def cut(song: Song, rng: np.random.Generator) -> Song | None:
    """At most `MOST_S` of the song, from a section's start or from its own; None if it is too short or hardly plays."""
    bar_s = ticks_to_seconds(song.meter.bar_ticks, song.tempo_bpm)
    bars = min(int(MOST_S / bar_s), song.bars)
    if bars * bar_s < LEAST_S:
        return None
    starts = [s.start_bar for s in song.sections if s.start_bar + bars <= song.bars] or [0]
    part = excerpt(song, int(rng.choice(starts)), bars)
    return part if sum(len(t.notes) for t in part.tracks) > 2 * bars else None


def _make(folder: Path, kind: Kind, name: str, song: Song, half: Half) -> str:
    safe = hashlib.sha256(name.encode()).hexdigest()[:16]
    rng = generator(SEEDS[half] + 1, name)
    lead_s = float(rng.uniform(0.1, 1.5))
    style = load_style(song.style if song.style in style_names() else "pop")
    bit_rate = BIT_RATES_KBIT_S[0]
    if half == "training":
        song, bit_rate = varied(song, kind, rng), int(rng.choice(BIT_RATES_KBIT_S))
        style = load_style(str(rng.choice(style_names()))) if rng.random() < 0.4 else style
    seconds = song.duration_s + RING_S
    performed = perform(song, seed=int(rng.integers(1 << 30)), touch=style.touch, room_s=RING_S)
    target = folder / f"{safe}.mp3"
    silence = np.zeros((2, round(lead_s * SAMPLE_RATE_HZ)), np.float32)
    if not target.exists():
        order = MixOrder(chain=find_chain(style.master), seed=1, samples=round(seconds * SAMPLE_RATE_HZ))
        voices = ChipVoices() if style.voices == "chip" and kind == "band" else SoundfontVoices(_synth())
        audio = master(mix(performed, style.parts, voices, order))
        target.write_bytes(encode_mp3(np.hstack([silence, audio]), bit_rate))
    truth = truth_of(performed, kind, name, len(silence[0]) / SAMPLE_RATE_HZ)
    (folder / f"{safe}.json").write_text(json.dumps(truth), encoding="utf-8")
    return safe


def truth_of(performed: PerformedSong, kind: Kind, name: str, lead_s: float) -> dict[str, Any]:
    """What sounds: role → rows (onset and end in seconds, pitch, written tick, velocity); beats and bar lines in
    seconds; tempo of the felt beat; key, meter, swing, sections.
    """
    song = performed.song

    def at(ticks: int) -> float:
        return round(lead_s + performed.seconds(ticks), 5)

    notes = {}
    for track, written in zip(performed.tracks, song.tracks, strict=True):
        order = sorted(written.notes)
        rows = []
        for note in track.notes:
            near = min(
                (n for n in order if n.pitch == note.pitch),
                key=lambda n: abs(n.onset * PERFORMED_PER_WRITTEN - note.onset),
            )
            rows.append([at(note.onset), at(note.end), note.pitch, near.onset, note.velocity])
        notes[track.role.value] = rows
    beat, bar, end = song.meter.beat_ticks, song.meter.bar_ticks, song.bars * song.meter.bar_ticks
    return {
        "id": name, "kind": kind, "style": song.style, "notes": notes,
        "beats": [at(t * PERFORMED_PER_WRITTEN) for t in range(0, end + 1, beat)],
        "downbeats": [at(t * PERFORMED_PER_WRITTEN) for t in range(0, end + 1, bar)],
        "bpm": song.tempo_bpm * 24 / beat, "quarters_bpm": song.tempo_bpm, "key": [song.key.tonic, song.key.mode.value],
        "meter": str(song.meter), "swing": song.swing,
        "sections": [[s.kind.value, s.label, s.start_bar, s.bars] for s in song.sections],
        "seconds": song.duration_s + lead_s + RING_S,
    }  # fmt: skip


@cache
def _synth() -> Synth:
    return Synth(find_soundfont(None))
