"""The form of a piece: which blocks of bars are the same music, and what each is for.

In: tracks of a song, chords, meter. Out: sections that cover all bars. Method: blocks of 8 bars (4 in short pieces) are
compared by chords, pitch classes, rhythm and who plays; alike blocks share a label. Kinds: a short thin first block is
an intro, a thin last one an outro, the most repeated loud label the chorus, a label heard once between others the
bridge, all else verse. Caveat: blocks are counted from the first bar, so a form with odd phrase lengths is cut across.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.music.harmony import Chord
from engine.music.notes import Role, Section, SectionKind, Track
from engine.music.timing import Meter

BLOCK_BARS, SHORT_BLOCK_BARS, SHORT_PIECE_BARS = 8, 4, 25
ALIKE = 0.78
ONSET_BINS = 8


def find_sections(
    tracks: Sequence[Track], chords: Sequence[Chord | None], meter: Meter, bars: int
) -> tuple[Section, ...]:
    """Sections that cover bars 0 to `bars` without gaps."""
    if bars <= 0:
        return ()
    size = SHORT_BLOCK_BARS if bars < SHORT_PIECE_BARS else BLOCK_BARS
    starts = list(range(0, bars, size))
    if len(starts) > 1 and bars - starts[-1] < size // 2:
        starts.pop()
    blocks = [(s, (starts[i + 1] if i + 1 < len(starts) else bars) - s) for i, s in enumerate(starts)]
    features = _bar_features(tracks, chords, meter, bars)
    loudness = _bar_loudness(tracks, meter, bars)
    labels = _label([features[s : s + n] for s, n in blocks])
    density = [float(loudness[s : s + n].mean()) for s, n in blocks]
    kinds = kinds_of(labels, density)
    return tuple(
        Section(kind=kind, label=label, start_bar=start, bars=length)
        for (start, length), label, kind in zip(blocks, labels, kinds, strict=True)
    )


def _bar_features(
    tracks: Sequence[Track], chords: Sequence[Chord | None], meter: Meter, bars: int
) -> NDArray[np.float64]:
    """What each bar is like, `[bars, 24 + 24 + 40] float64`: two chords, pitch classes, onsets by role."""
    roles = list(Role)
    chord = np.zeros((bars, 2, 12))
    for index, value in enumerate(chords[: 2 * bars]):
        if value is not None:
            chord[index // 2, index % 2, list(value.pitch_classes)] = 0.5
    chroma = np.zeros((bars, 2, 12))
    rhythm = np.zeros((bars, len(roles), ONSET_BINS))
    for track in tracks:
        part = 0 if track.role is Role.MELODY else 1
        for note in track.notes:
            bar, rest = divmod(note.onset, meter.bar_ticks)
            if not 0 <= bar < bars:
                continue
            if track.role is not Role.DRUMS:
                chroma[bar, part, note.pitch % 12] += min(note.duration, meter.beat_ticks)
            rhythm[bar, roles.index(track.role), rest * ONSET_BINS // meter.bar_ticks] += 1.0
    chroma /= np.maximum(np.linalg.norm(chroma, axis=2, keepdims=True), 1e-9)
    rhythm = np.minimum(rhythm, 1.0)
    return np.concatenate([chord.reshape(bars, -1), chroma.reshape(bars, -1), 0.5 * rhythm.reshape(bars, -1)], axis=1)


def _bar_loudness(tracks: Sequence[Track], meter: Meter, bars: int) -> NDArray[np.float64]:
    """Sum of velocities of the notes that begin in each bar, `[bars] float64`."""
    loudness = np.zeros(bars)
    for track in tracks:
        for note in track.notes:
            bar = note.onset // meter.bar_ticks
            if 0 <= bar < bars:
                loudness[bar] += note.velocity
    return loudness


def _label(blocks: Sequence[NDArray[np.float64]]) -> list[str]:
    """A letter for each block; alike blocks share it."""
    known: list[NDArray[np.float64]] = []
    labels: list[str] = []
    for block in blocks:
        best, likeness = -1, 0.0
        for index, other in enumerate(known):
            shared = min(len(block), len(other))
            a, b = block[:shared].ravel(), other[:shared].ravel()
            norm = float(np.linalg.norm(a) * np.linalg.norm(b))
            value = float(a @ b) / norm if norm else 0.0
            if value > likeness:
                best, likeness = index, value
        if likeness < ALIKE:
            best = len(known)
            known.append(block)
        labels.append(letter(best))
    return labels


def letter(index: int) -> str:
    """A…Z, then A1, B1…"""
    return chr(ord("A") + index % 26) + (str(index // 26) if index >= 26 else "")


def kinds_of(labels: Sequence[str], density: Sequence[float]) -> list[SectionKind]:
    """What each block is for, by its label and how loud it is."""
    counts = Counter(labels)
    mean = float(np.mean(density))
    loud = {label: float(np.mean([d for d, x in zip(density, labels, strict=True) if x == label])) for label in counts}
    kinds = [SectionKind.VERSE] * len(labels)
    if len(labels) < 3:
        return kinds
    repeated = [label for label, n in counts.items() if n > 1]
    chorus = max(repeated, key=lambda x: (counts[x] * loud[x], x)) if len(counts) > 1 and repeated else None
    for index, label in enumerate(labels):
        if label == chorus:
            kinds[index] = SectionKind.CHORUS
        elif counts[label] == 1 and 0 < index < len(labels) - 1 and repeated and index >= len(labels) // 3:
            kinds[index] = SectionKind.BRIDGE
    if density[0] < 0.7 * mean and counts[labels[0]] == 1:
        kinds[0] = SectionKind.INTRO
    if density[-1] < 0.8 * mean and counts[labels[-1]] == 1:
        kinds[-1] = SectionKind.OUTRO
    return kinds
