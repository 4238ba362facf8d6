"""Which of the onsets that Basic Pitch suspects are notes.

In: an `Ear`. Out: `HeardNote`s without roles, sorted by onset. Method: every peak of the onset matrix above `SUSPECTED`
is a candidate; a small network looks at what stands around it (struck and sounding keys in time, at the octaves and
other partials, semitones of the spectrum, rises of bands) and says how likely a note begins there, and how much earlier
or later. The likeliest win; a note lasts until its key has been quiet for `SILENT_FRAMES`. Convention: onsets are moved
by `LATE_S`, by which the matrix is late on average. Caveat: soft chords behind a band are missed more than anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from engine.learn.transcribe.ear import FRAMES_A_SECOND, Ear, levels_of
from engine.learn.transcribe.nets import ROWS, Features, load_nets, logits, sure
from engine.learn.transcribe.pitches import LOWEST_PITCH, PITCHES, Matrix
from engine.learn.transcribe.values import HeardNote

SUSPECTED = 0.2
LATE_S = 0.0055
MOST_MOVED_S = 0.06
MOVED_UNIT_S = 0.02
"""The network's second output counts in these."""
APART_FRAMES = 4
SOUNDING, SILENT_FRAMES, LOOK_FRAMES, LEAST_FRAMES = 0.3, 11, 256, 4
PIANO_LEAST, BAND_LEAST = 0.42, 0.4
"""How likely a note must be, without and with drums."""
ONSET_FRAMES = np.array([-6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 10])
ONSET_KEYS = np.array([-24, -19, -12, -7, -5, -2, -1, 0, 1, 2, 5, 7, 12, 19, 24])
SOUND_FRAMES = np.array([-16, -10, -6, -3, -1, 0, 2, 4, 7, 11, 16, 24, 36])
SOUND_KEYS = np.array([-24, -19, -12, -7, -4, -3, -1, 0, 1, 3, 4, 7, 12, 16, 19, 24, 28, 31])
TONE_STEPS = np.array([-3, -1, 0, 1, 4, 8])
TONE_KEYS = np.array([-12, -1, 0, 1, 7, 12, 19, 24, 28, 31, 36])
RISE_FRAMES = np.array([-3, -1, 0, 1, 2, 4])
PARTS = 16
PLACES = np.linspace(0, 1, 8)
EDGE = 40
"""Frames and keys put around the matrices, so that everything has surroundings."""


def notes_of(ear: Ear, *, band: bool) -> list[HeardNote]:
    """All notes. `band`: drums play along, so that less is heard of each note."""
    places = candidates(ear)
    if not len(places):
        return []
    layers = load_nets()["notes"]
    answers = np.concatenate([logits(layers, rows) for rows in features(ear, places)])
    likely = sure(answers[:, 0])
    moved_s = np.clip(answers[:, 1] * np.float32(MOVED_UNIT_S), -MOST_MOVED_S, MOST_MOVED_S).astype(np.float32)
    chosen = _strongest(places, likely, BAND_LEAST if band else PIANO_LEAST)
    return _with_ends(ear.pitches.sound, places[chosen], likely[chosen], moved_s[chosen])


def candidates(ear: Ear) -> npt.NDArray[np.int64]:
    """`[n, 2]`: frame and key of each peak in time of the onset matrix, in order of time."""
    onset = ear.pitches.onset
    middle = onset[1:-1]
    peaks = (middle >= SUSPECTED) & (middle > onset[:-2]) & (middle >= onset[2:])
    found: npt.NDArray[np.int64] = np.argwhere(peaks) + np.array([1, 0])
    return found


def features(ear: Ear, places: npt.NDArray[np.int64]) -> Iterator[Features]:
    """What the network sees of candidates, `ROWS` a time."""
    around = ((EDGE, EDGE), (EDGE, EDGE))
    onset, sound = np.pad(ear.pitches.onset, around), np.pad(ear.pitches.sound, around)
    tones = np.pad(ear.tones, ((EDGE, EDGE), (EDGE, EDGE)))
    levels = levels_of(ear.bands, PARTS)
    rises = np.zeros_like(levels)
    rises[1:-1] = 2 * (levels[2:] - levels[:-2])
    rises = np.pad(rises, ((EDGE, EDGE), (0, 0)))
    whole = _whole(ear, rises)
    for start in range(0, len(places), ROWS):
        frame, key = places[start : start + ROWS].T
        place = key[:, None] / (PITCHES - 1)
        step = np.minimum(frame // 2, len(ear.tones) - 1)
        parts = (
            _patch(onset, frame, key, ONSET_FRAMES, ONSET_KEYS),
            _patch(sound, frame, key, SOUND_FRAMES, SOUND_KEYS),
            _patch(tones, step, key, TONE_STEPS, TONE_KEYS),
            rises[frame[:, None] + RISE_FRAMES + EDGE].reshape(len(frame), -1),
            np.exp(-0.5 * np.square((place - PLACES) / 0.12)),
            np.repeat(whole[None], len(frame), axis=0),
        )
        yield np.concatenate(parts, axis=1).astype(np.float32)


def _patch(
    matrix: Matrix,
    frame: npt.NDArray[np.int64],
    key: npt.NDArray[np.int64],
    frames: npt.NDArray[np.int64],
    keys: npt.NDArray[np.int64],
) -> Matrix:
    rows, columns = (frame[:, None] + frames + EDGE)[:, :, None], (key[:, None] + keys + EDGE)[:, None, :]
    return np.asarray(matrix[rows, columns].reshape(len(frame), -1), dtype=np.float32)


def _whole(ear: Ear, rises: Matrix) -> Features:
    """Five numbers of the whole recording: how full it is, how much begins at the top and the bottom."""
    onset = ear.pitches.onset
    clear = float((onset > 0.5).mean())
    return np.array(
        [
            20 * float(ear.pitches.sound.mean()),
            10 * float(np.maximum(rises[:, 12:], 0).mean()),
            10 * float(np.maximum(rises[:, :3], 0).mean()),
            100 * clear,
            0.2 * float((onset > 0.3).mean()) / (clear + 1e-4),
        ],
        np.float32,
    )


def _strongest(places: npt.NDArray[np.int64], likely: Features, least: float) -> npt.NDArray[np.int64]:
    """Indices of the candidates that win: likely enough, and none likelier beside them on the same key."""
    taken: dict[int, list[int]] = defaultdict(list)
    chosen = []
    for index in np.argsort(-likely, kind="stable").tolist():
        if likely[index] < least:
            break
        frame, key = places[index].tolist()
        if all(abs(frame - other) >= APART_FRAMES for other in taken[key]):
            taken[key].append(frame)
            chosen.append(index)
    return np.sort(np.array(chosen, dtype=np.int64))


def _with_ends(sound: Matrix, places: npt.NDArray[np.int64], likely: Features, moved_s: Features) -> list[HeardNote]:
    notes = []
    following: dict[int, int] = {}
    for (frame, key), strength, moved in reversed(
        list(zip(places.tolist(), likely.tolist(), moved_s.tolist(), strict=True))
    ):
        end = min(_end(sound[:, key], frame + 1), following.get(key, len(sound)))
        following[key] = frame
        onset_s = max(frame / FRAMES_A_SECOND - LATE_S + moved, 0.0)
        end_s = max(end, frame + LEAST_FRAMES) / FRAMES_A_SECOND
        notes.append(
            HeardNote(onset_s=onset_s, end_s=max(end_s, onset_s + 0.03), pitch=LOWEST_PITCH + key, strength=strength)
        )
    return sorted(notes, key=lambda note: (note.onset_s, note.pitch))


def _end(sound: Matrix, start: int) -> int:
    """The first frame from `start` on with `SILENT_FRAMES` of silence from there."""
    at = start
    while at < len(sound):
        quiet = np.less(sound[at : at + LOOK_FRAMES + SILENT_FRAMES], SOUNDING)
        if quiet.size < SILENT_FRAMES:
            return len(sound) if not quiet.all() else at
        runs = np.lib.stride_tricks.sliding_window_view(quiet, SILENT_FRAMES).all(axis=1)
        if runs.any():
            return at + int(runs.argmax())
        at += runs.size
    return len(sound)
