"""How well recordings are written down: pieces whose truth is known, as 128 kbit/s mp3s, against their transcriptions.

Run: `python -m benchmarks.bench_transcribe CORPUS [--cache FOLDER] [--half test] [--speed]`. CORPUS is a dataset folder
(`python -m engine.learn.corpus`). Prints one line a piece and the means beside the figures to reach; `--speed` also
times a recording of three minutes in a process of its own. The measures are mir_eval's: note onsets within 50 ms
and a quarter tone, beats within 70 ms (the first five seconds are left out, as is usual there), drum strokes within
50 ms. What counts as right stands in `transcription_truth`.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import mir_eval
import numpy as np
import numpy.typing as npt

from benchmarks.transcription_set import Example, examples
from benchmarks.transcription_truth import Rows, decoded, sounding_notes, strokes
from engine.learn.transcribe import Transcription, transcribe
from engine.learn.transcribe.grid import ticks_at
from engine.music.harmony import Key, Mode
from engine.music.notes import Role

GOALS: dict[str, tuple[str, float]] = {
    "notes": ("note onset F1", 0.0),
    "beat": ("beat F", 0.90),
    "tempo": ("tempo within 1 %, up to the octave", 0.95),
    "sixteenth": ("matched notes in the right sixteenth", 0.96),
    "key": ("key right", 0.85),
    "kick": ("kick F1", 0.85),
    "snare": ("snare F1", 0.75),
    "hat": ("hat F1", 0.90),
    "bass": ("bass F1", 0.75),
}
NOTE_GOALS = {"piano": 0.85, "band": 0.70}
EXTRA = {
    "downbeat": "downbeat F",
    "level": "beat F at the nearest level",
    "meter": "meter right",
    "melody": "melody F1",
}
DARK = (Mode.MINOR, Mode.DORIAN, Mode.PHRYGIAN, Mode.LOCRIAN)
LEAST_STROKES = 4
SPEED_S = 180.0
CHILD = """
import json, resource, sys, time
from pathlib import Path
from benchmarks.transcription_truth import decoded
from engine.learn.transcribe import transcribe
start = time.perf_counter()
result = transcribe(decoded(Path(sys.argv[1])), 22050, threads=2)
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([time.perf_counter() - start, memory, result.seconds]))
"""

Scores = dict[str, float]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "tunesmith-transcription")
    parser.add_argument("--half", choices=("development", "test"), default="test")
    parser.add_argument("--speed", action="store_true")
    order = parser.parse_args()
    pieces = examples(order.corpus, order.half, order.cache)
    rows = []
    for example in pieces:
        scores = measure(example, transcribe(decoded(example.mp3), 22_050))
        rows.append((example, scores))
        print(_line(example, scores), flush=True)
    print(table(rows))
    if order.speed:
        print(speed(pieces, order.cache))


def measure(example: Example, heard: Transcription) -> Scores:
    """All scores of one piece; what does not apply is left out."""
    truth = example.truth
    reference = sounding_notes(truth)
    estimate = np.array([[n.onset_s, n.end_s, n.pitch] for n in heard.notes]).reshape(-1, 3)
    scores = {"notes": note_f1(reference, estimate), "refused": float(bool(heard.refusal))}
    scores |= _beat_scores(truth, heard)
    scores["sixteenth"] = in_right_sixteenth(truth, reference, estimate, heard)
    scores["key"] = float(
        heard.key is not None and _same_key(heard.key, Key(tonic=truth["key"][0], mode=Mode(truth["key"][1])))
    )
    for kind, name in enumerate(("kick", "snare", "hat")):
        loud, soft = strokes(truth, kind)
        if len(loud) >= LEAST_STROKES:
            times = np.array([hit.onset_s for hit in heard.hits if hit.pitch == (36, 38, 42)[kind]])
            scores[name] = stroke_f1(loud, soft, times)
            scores[f"{name}, soft ones too"] = stroke_f1(np.sort(np.concatenate([loud, soft])), soft[:0], times)
    for role in (Role.BASS, Role.MELODY):
        if role.value in truth["notes"] and (role is not Role.BASS or example.kind == "band"):
            mine = np.array([[n.onset_s, n.end_s, n.pitch] for n in heard.notes if n.role is role]).reshape(-1, 3)
            scores[role.value] = note_f1(sounding_notes(truth, (role.value,)), mine)
    return scores


def note_f1(reference: Rows, estimate: Rows) -> float:
    """Onsets within 50 ms, pitches within a quarter tone; ends do not count."""
    if not len(reference) or not len(estimate):
        return 0.0
    return 2 * len(_matched(reference, estimate)) / (len(reference) + len(estimate))


def stroke_f1(loud: Rows, soft: Rows, times: Rows) -> float:
    """F1 of strokes within 50 ms; what hits a soft one and no loud one is left out."""
    matched = {j for _, j in mir_eval.util.match_events(loud, times, 0.05)} if len(times) else set()
    rest = np.array([time for at, time in enumerate(times) if at not in matched])
    excused = len(mir_eval.util.match_events(soft, rest, 0.05)) if len(soft) and len(rest) else 0
    wrong = len(rest) - excused
    return 2 * len(matched) / (len(loud) + len(matched) + wrong) if len(loud) + wrong else 1.0


def _beat_scores(truth: dict[str, Any], heard: Transcription) -> Scores:
    reference = np.array(truth["beats"])
    if heard.beats is None:
        return dict.fromkeys(("beat", "level", "tempo", "downbeat", "meter"), 0.0)
    times = np.array(heard.beats.times_s)
    bar = heard.beats.meter.bar_ticks // heard.beats.meter.beat_ticks
    levels = [times, times[::2], times[1::2], times[::3], times[1::3], times[2::3], _split(times, 2), _split(times, 3)]
    return {
        "beat": float(mir_eval.beat.f_measure(reference, times)),
        "level": max(float(mir_eval.beat.f_measure(reference, level)) for level in levels),
        "tempo": float(min(abs(heard.beats.bpm / truth["bpm"] * m - 1) for m in (0.5, 1, 2)) <= 0.01),
        "downbeat": float(mir_eval.beat.f_measure(np.array(truth["downbeats"]), times[heard.beats.first_bar :: bar])),
        "meter": float(str(heard.beats.meter) == truth["meter"]),
    }


def _split(times: Rows, parts: int) -> Rows:
    places = np.arange(0, len(times) - 1 + 1e-9, 1 / parts)
    return np.asarray(np.interp(places, np.arange(len(times)), times))


def in_right_sixteenth(truth: dict[str, Any], reference: Rows, estimate: Rows, heard: Transcription) -> float:
    """Share of matched notes that lie in their sixteenth once counted alike: in the same unit of beat (halves, doubles
    and thirds of it stand for the same grid), from the same first beat.
    """
    if heard.beats is None or not len(estimate):
        return 0.0
    matched = _matched(reference, estimate)
    if not matched:
        return math.nan
    written = np.array([reference[i, 3] for i, _ in matched])
    beat = 36 if truth["meter"] == "6/8" else 24
    ratio = truth["bpm"] / heard.beats.bpm
    level = min((1 / 3, 1 / 2, 2 / 3, 1.0, 3 / 2, 2.0, 3.0), key=lambda m: abs(math.log(ratio / m)))
    ticks = ticks_at([estimate[j, 0] for _, j in matched], heard.beats) / heard.beats.meter.beat_ticks * level * beat
    best = 0.0
    for shift in np.unique(np.round((written - ticks) / 6) * 6):
        best = max(best, float((np.abs(ticks + shift - written) <= 3).mean()))
    return best


def _spans(rows: Rows) -> Rows:
    return np.stack([rows[:, 0], np.maximum(rows[:, 1], rows[:, 0] + 0.01)], axis=1)


def _matched(reference: Rows, estimate: Rows) -> list[tuple[int, int]]:
    hertz = [440.0 * 2.0 ** ((rows[:, 2] - 69) / 12) for rows in (reference, estimate)]
    found: list[tuple[int, int]] = mir_eval.transcription.match_notes(
        _spans(reference), hertz[0], _spans(estimate), hertz[1], offset_ratio=None
    )
    return found


def _same_key(heard: Key, told: Key) -> bool:
    """The same tonic, and as bright or dark: only major and minor are heard."""
    return heard.tonic == told.tonic and (heard.mode in DARK) == (told.mode in DARK)


def table(rows: list[tuple[Example, Scores]]) -> str:
    """Means as Markdown."""
    lines = ["", "| figure | to reach | measured | pieces |", "|---|---|---|---|"]
    for kind, goal in NOTE_GOALS.items():
        lines.append(_row(f"note onset F1, {kind}", goal, [s["notes"] for e, s in rows if e.kind == kind]))
    for name, (words, goal) in list(GOALS.items())[1:]:
        lines.append(_row(words, goal, [s[name] for _, s in rows if name in s]))
    for name, words in EXTRA.items():
        lines.append(_row(words, None, [s[name] for _, s in rows if name in s]))
    soft = {name: f"{name}, soft ones too" for name in ("kick", "snare", "hat")}
    lines += [_row(f"{name} F1, soft strokes too", None, [s[k] for _, s in rows if k in s]) for name, k in soft.items()]
    lines.append(_row("refused", None, [s["refused"] for _, s in rows]))
    return "\n".join(lines)


def _row(words: str, goal: float | None, values: list[float]) -> str:
    known = [value for value in values if not math.isnan(value)]
    return (
        f"| {words} | {'' if goal is None else f'{goal:.2f}'} | {np.mean(known):.3f} | {len(known)} |" if known else ""
    )


def _line(example: Example, scores: Scores) -> str:
    shown = (
        "notes",
        "beat",
        "level",
        "tempo",
        "downbeat",
        "sixteenth",
        "key",
        "kick",
        "snare",
        "hat",
        "bass",
        "melody",
        "refused",
    )
    numbers = " ".join(f"{name} {scores[name]:.2f}" for name in shown if name in scores)
    return f"{example.kind:5} {example.name[-28:]:28} {example.truth['meter']} {example.truth['bpm']:5.1f} | {numbers}"


def speed(pieces: list[Example], folder: Path) -> str:
    """Seconds and peak memory for three minutes of band music, decoding included, in a fresh process."""
    from engine.compose.files.mp3 import encode_mp3  # noqa: PLC0415 - only here

    bands = [decoded(example.mp3, 44_100) for example in pieces if example.kind == "band"][:6]
    audio: npt.NDArray[np.float32] = np.concatenate(bands)[: int(SPEED_S * 44_100)]
    path = folder / "three-minutes.mp3"
    path.write_bytes(encode_mp3(np.stack([audio, audio]), 128))
    done = subprocess.run([sys.executable, "-c", CHILD, str(path)], capture_output=True, check=True, text=True)
    seconds, mib, length = json.loads(done.stdout)
    return f"\n| {length:.0f} s of mp3 | ≤ 12 s | {seconds:.1f} s | |\n| its peak memory | ≤ 600 MB | {mib:.0f} MB | |"


if __name__ == "__main__":
    main()
