"""Whether two uploads are the same music: by pairs of peaks in the spectrum, or of notes in a score.

In: sound `[N] float32` at `RATE_HZ`, or a `MidiFile`. Out: a `Fingerprint`, and `likeness` of two, 0…1. Conventions:
a landmark is two peaks: the first one's pitch, the interval between them, and the time between them. Two recordings
are alike when many landmarks of one stand in the other with times that one line joins: the line's slope is the
difference in speed, tried from −2 to +2 %, its offset what was cut from the start. Source: A. Wang, "An
Industrial-Strength Audio Search Algorithm", ISMIR 2003 (constellation, offsets); pitches on a logarithmic axis and
tolerance in speed after J. Six and M. Leman, "Panako", ISMIR 2014. Caveat: it recognises the recording; the same
piece played by others is not alike.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import BinaryIO, Literal

import numpy as np
import numpy.typing as npt

from engine.errors import BadRequest
from engine.music.midi.file import MidiFile

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

RATE_HZ = 11_025
WINDOW, HOP = 2048, 256
FRAMES_A_SECOND = RATE_HZ / HOP
LOWEST_HZ, OCTAVES, BINS_AN_OCTAVE = 200.0, 4, 36
BLOCK_FRAMES = 512
PEAK_FRAMES, PEAK_BINS = 10, 3
PEAKS_A_SECOND = 10.0
FLOOR_DB = 60.0
NEAREST, FARTHEST = 6, 110
"""Frames between the peaks of a pair."""
WIDEST_BINS = 60
FAN = 6
TICKS_A_FRAME = 2
"""Scores: a quarter note (24 ticks) has twelve frames."""
SPEEDS = tuple(1 + 0.0025 * step for step in range(-8, 9))
OFFSET_FRAMES = 12
LEAST_LANDMARKS = 60
LEAST_OVERLAP = 0.25
VERSION = 1
ALIKE = {"sound": 0.08, "notes": 0.4}
"""From this likeness on, two uploads count as the same music (see docs/teaching.md for the figures)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """Landmarks in order of time. `keys [K] int32`: first pitch, interval and distance packed (`_packed`);
    `times [K] int32`: frames. `kind`: of what; only like kinds compare."""

    kind: Literal["sound", "notes"]
    keys: Ints
    times: Ints

    def write(self, file: BinaryIO) -> None:
        """As an `.npz`, five to ten bytes a landmark."""
        np.savez_compressed(
            file, version=np.int32(VERSION), kind=np.frombuffer(self.kind.encode(), np.uint8),
            keys=self.keys, steps=np.diff(self.times, prepend=np.int32(0)),
        )  # fmt: skip

    def to_bytes(self) -> bytes:
        """The same in memory."""
        buffer = io.BytesIO()
        self.write(buffer)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Fingerprint:
        """What `to_bytes` wrote. Raises `BadRequest` for one of another version."""
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            if int(file["version"]) != VERSION:
                raise BadRequest(f"The fingerprint has version {int(file['version'])}; make it anew for {VERSION}.")
            kind = file["kind"].tobytes().decode()
            times = np.cumsum(file["steps"], dtype=np.int32)
            return cls(kind="notes" if kind == "notes" else "sound", keys=file["keys"], times=times)


def fingerprint_of_sound(sound: Floats) -> Fingerprint:
    """The landmarks of `[N] float32` at `RATE_HZ`."""
    energies = log_spectrum(sound)
    times, pitches = peaks(energies)
    return _landmarks("sound", times, pitches)


def fingerprint_of_notes(file: MidiFile) -> Fingerprint:
    """The landmarks of a score's pitched notes; a tempo changes nothing, for time is counted in beats."""
    pairs = sorted({(n.onset // TICKS_A_FRAME, n.pitch) for t in file.tracks if not t.is_drum for n in t.notes})
    if not pairs:
        pairs = sorted({(n.onset // TICKS_A_FRAME, n.pitch) for t in file.tracks for n in t.notes})
    times = np.array([at for at, _ in pairs], np.int32)
    return _landmarks("notes", times, np.array([pitch for _, pitch in pairs], np.int32))


def same_music(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether two uploads are the same recording, or the same notes."""
    return likeness(one, other) >= ALIKE[one.kind]


def likeness(one: Fingerprint, other: Fingerprint) -> float:
    """The share of landmarks that both have on one line, 0 (nothing) to 1 (all); 0 for unlike kinds."""
    if one.kind != other.kind or min(len(one.keys), len(other.keys)) < LEAST_LANDMARKS:
        return 0.0
    short, long = sorted((one, other), key=lambda p: len(p.keys))
    mine, theirs = _meetings(short.keys, long.keys, slack=1 if one.kind == "sound" else 0)
    if not len(mine):
        return 0.0
    at, there = short.times[mine].astype(np.float64), long.times[theirs].astype(np.float64)
    best = 0.0
    for speed in SPEEDS if one.kind == "sound" else (1.0,):
        best = max(best, _on_one_line(short, long, mine, there - speed * at, speed))
    return best


def log_spectrum(sound: Floats) -> Floats:
    """`[T, B] float32`: decibels over the loudest point, in `BINS_AN_OCTAVE` bins from `LOWEST_HZ`."""
    if len(sound) < WINDOW:
        sound = np.pad(sound, (0, WINDOW - len(sound)))
    window = np.hanning(WINDOW).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP]
    edges = LOWEST_HZ * 2 ** (np.arange(OCTAVES * BINS_AN_OCTAVE) / BINS_AN_OCTAVE) * WINDOW / RATE_HZ
    below = np.floor(edges).astype(np.int64)
    share = (edges - below).astype(np.float32)
    out = np.empty((len(frames), len(edges)), np.float32)
    for start in range(0, len(frames), BLOCK_FRAMES):
        part = np.abs(np.fft.rfft(frames[start : start + BLOCK_FRAMES] * window, axis=1)).astype(np.float32)
        part = np.log(part + np.float32(1e-6))
        out[start : start + BLOCK_FRAMES] = part[:, below] * (1 - share) + part[:, below + 1] * share
    out *= np.float32(20 / np.log(10))
    out -= out.max()
    return out


def peaks(energies: Floats) -> tuple[Ints, Ints]:
    """The frames and bins of points that nothing near exceeds, the loudest of each stretch, in order of time."""
    high = _widest(_widest(energies, PEAK_FRAMES, 0), PEAK_BINS, 1)
    times, bins = np.nonzero((energies >= high) & (energies > -FLOOR_DB))
    loud = energies[times, bins]
    stretch = (times / (2 * FRAMES_A_SECOND)).astype(np.int64)
    order = np.lexsort((-loud, stretch))
    ranks = np.arange(len(order)) - np.searchsorted(stretch[order], stretch[order])
    chosen = np.sort(order[ranks < 2 * PEAKS_A_SECOND])
    return times[chosen].astype(np.int32), bins[chosen].astype(np.int32)


def _widest(values: Floats, reach: int, axis: int) -> Floats:
    """The running maximum over ±`reach` along an axis."""
    pad = [(0, 0), (0, 0)]
    pad[axis] = (reach, reach)
    padded = np.pad(values, pad, constant_values=-np.inf)
    width, done = 2 * reach + 1, 1
    while done < width:
        step = min(done, width - done)
        size = padded.shape[axis] - step
        padded = np.maximum(np.take(padded, range(size), axis), np.take(padded, range(step, size + step), axis))
        done += step
    return padded


def _landmarks(kind: Literal["sound", "notes"], times: Ints, pitches: Ints) -> Fingerprint:
    """Pair each peak with the next `FAN` that are neither too near nor too far."""
    keys: list[Ints] = []
    starts: list[Ints] = []
    count = np.zeros(len(times), np.int32)
    for step in range(1, len(times)):
        span = times[step:] - times[:-step]
        interval = pitches[step:] - pitches[:-step]
        fits = (span >= NEAREST) & (span <= FARTHEST) & (np.abs(interval) <= WIDEST_BINS) & (count[:-step] < FAN)
        count[:-step] += fits
        keys.append(_packed(pitches[:-step][fits], interval[fits], span[fits]))
        starts.append(times[:-step][fits])
        if not len(span) or span.min() > FARTHEST:
            break
    if not keys:
        return Fingerprint(kind=kind, keys=np.zeros(0, np.int32), times=np.zeros(0, np.int32))
    key, start = np.concatenate(keys), np.concatenate(starts)
    order = np.lexsort((key, start))
    return Fingerprint(kind=kind, keys=key[order], times=start[order])


def _packed(pitch: Ints, interval: Ints, span: Ints) -> Ints:
    """Pitch (8 bits), interval (8), frames between (8) in one number, so that a neighbour is an addition away."""
    return (pitch << 16 | (interval + 128) << 8 | span).astype(np.int32)


def _meetings(short: Ints, long: Ints, *, slack: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Which landmarks of two lists agree, but for `slack` bins in pitch and interval and a frame in distance."""
    order = np.argsort(long, kind="stable")
    ranked = long[order]
    mine: list[npt.NDArray[np.int64]] = []
    theirs: list[npt.NDArray[np.int64]] = []
    for pitch in range(-slack, slack + 1):
        for interval in range(-slack, slack + 1):
            moved = short + (pitch << 16) + (interval << 8)
            first, last = np.searchsorted(ranked, moved - 1), np.searchsorted(ranked, moved + 1, side="right")
            counts = last - first
            index = np.repeat(np.arange(len(short)), counts)
            inside = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
            mine.append(index)
            theirs.append(order[first[index] + inside])
    return np.concatenate(mine), np.concatenate(theirs)


def _on_one_line(
    short: Fingerprint, long: Fingerprint, mine: npt.NDArray[np.int64], offsets: npt.NDArray[np.float64], speed: float
) -> float:
    """The share of the overlap's landmarks that meet at the commonest offset."""
    cells = np.floor(offsets / OFFSET_FRAMES).astype(np.int64)
    low = int(cells.min())
    counts = np.bincount(cells - low, minlength=2)
    cell = int(np.argmax(counts[:-1] + counts[1:])) + low
    met = len(np.unique(mine[(cells == cell) | (cells == cell + 1)]))
    offset = (cell + 1) * OFFSET_FRAMES
    begin = max(0.0, -offset / speed)
    end = min(float(short.times[-1]), (float(long.times[-1]) - offset) / speed)
    overlap = int(np.count_nonzero((short.times >= begin) & (short.times <= end)))
    if overlap < max(LEAST_LANDMARKS, LEAST_OVERLAP * len(short.times)):
        return 0.0
    return min(1.0, met / overlap)
