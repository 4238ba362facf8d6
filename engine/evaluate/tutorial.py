"""The tutorial LSTM as a composer: songs → tokens, tokens → songs.

In: a style's songs. Out: songs as those tutorials write them. A token is what starts at one moment: a pitch, or a
chord as its pitch classes; every event lasts half a beat; no velocity, one piano. Conventions: drums are not heard;
chords are set around middle C. Caveat: songs are as long as asked for in seconds at the tutorials' 120 beats a minute.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.evaluate.windows import LONGEST_S, SHORTEST_S
from engine.model.tutorial import HIDDEN, SEQUENCE, TutorialNetwork, sample_tutorial, train_tutorial
from engine.music.analysis import estimate_key
from engine.music.notes import Note, Role, Section, SectionKind, Song, Track
from engine.music.timing import METERS, TICKS_PER_QUARTER, ticks_to_seconds

TEMPO, STEP, VELOCITY = 120.0, TICKS_PER_QUARTER // 2, 64
MIDDLE_C, PIANO = 60, 0
MAX_TOKENS = 40_000

Token = tuple[int, ...]
"""One pitch (12 and above), or the sorted pitch classes of a chord (all below 12)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tutorial:
    """A trained baseline: its network, its tokens, the sequence that excerpts are drawn from, its losses."""

    network: TutorialNetwork
    vocabulary: tuple[Token, ...]
    sequence: NDArray[np.int64]
    losses: tuple[float, ...]


def tokens_of(song: Song) -> list[Token]:
    """What starts at each moment, in order."""
    moments: dict[int, set[int]] = {}
    for track in song.tracks:
        if track.role is not Role.DRUMS:
            for note in track.notes:
                moments.setdefault(note.onset, set()).add(note.pitch)
    return [_token(moments[onset]) for onset in sorted(moments)]


def _token(pitches: set[int]) -> Token:
    return tuple(pitches) if len(pitches) == 1 else tuple(sorted({pitch % 12 for pitch in pitches}))


def learn_tutorial(songs: Sequence[Song], *, seed: int, steps: int, hidden: int = HIDDEN) -> Tutorial:
    """Train on the songs, one after the other. Raises `ValueError` if they hold too little."""
    read = [token for song in songs for token in tokens_of(song)][:MAX_TOKENS]
    vocabulary = tuple(sorted(set(read)))
    number = {token: index for index, token in enumerate(vocabulary)}
    sequence = np.array([number[token] for token in read], dtype=np.int64)
    network, losses = train_tutorial(sequence, len(vocabulary), seed=seed, steps=steps, hidden=hidden)
    return Tutorial(network=network, vocabulary=vocabulary, sequence=sequence, losses=tuple(losses))


def tutorial_songs(tutorial: Tutorial, style: str, count: int, seed: int) -> Iterator[Song]:
    """`count` songs of 30 to 60 seconds, each continuing a random excerpt, as the tutorials do."""
    rng = np.random.default_rng(seed)
    longest = int(LONGEST_S / ticks_to_seconds(STEP, TEMPO))
    starts = rng.integers(len(tutorial.sequence) - SEQUENCE, size=count)
    excerpts = tutorial.sequence[starts[:, None] + np.arange(SEQUENCE)]
    rows = sample_tutorial(tutorial.network, excerpts, longest, rng)
    for row in rows:
        events = int(rng.uniform(SHORTEST_S, LONGEST_S) / ticks_to_seconds(STEP, TEMPO))
        yield song_of_tokens([tutorial.vocabulary[index] for index in row[:events]], style)


def song_of_tokens(tokens: Sequence[Token], style: str) -> Song:
    """Half a beat a token, on a piano: the highest notes are the melody, the rest is harmony."""
    meter = METERS["4/4"]
    melody, harmony = [], []
    for index, token in enumerate(tokens):
        pitches = token if len(token) == 1 and token[0] >= 12 else [MIDDLE_C + pitch for pitch in token]
        notes = [Note(onset=index * STEP, pitch=pitch, duration=STEP, velocity=VELOCITY) for pitch in sorted(pitches)]
        melody.append(notes[-1])
        harmony += notes[:-1]
    bars = -(-len(tokens) * STEP // meter.bar_ticks)
    parts = [(Role.MELODY, melody), (Role.HARMONY, harmony)]
    return Song(
        style=style,
        tempo_bpm=TEMPO,
        key=estimate_key(melody + harmony),
        meter=meter,
        swing=0.5,
        sections=(Section(kind=SectionKind.VERSE, label="A", start_bar=0, bars=bars),),
        chords=(None,) * (2 * bars),
        tracks=tuple(Track(role=role, program=PIANO, notes=tuple(notes)) for role, notes in parts if notes),
    )
