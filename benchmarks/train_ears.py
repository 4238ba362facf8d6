"""Train the small networks that transcription listens with, and write `engine/learn/transcribe/ears.npz`.

Run: `python -m benchmarks.train_ears CORPUS CACHE [--only notes,drums_close,drums,key,felt,beats,bars]`. CORPUS is a
dataset folder, CACHE a folder for recordings (about 2 GB). The recordings are the training part of `transcription_set`,
the sheets those of `transcription_notes`: no held-out work is among them. What is not trained anew is kept as it is;
each network hears with those before it. The same seed and machine give the same weights; rendering aside about 40
minutes on one core.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import mir_eval
import numpy as np
import numpy.typing as npt
import torch

from benchmarks import train_listeners as listeners
from benchmarks.transcription_notes import sheets
from benchmarks.transcription_set import Example, examples
from benchmarks.transcription_truth import decoded, sounding_notes
from engine.learn.transcribe import beats, drums, notes
from engine.learn.transcribe.bars import bar_features, possible_bars
from engine.learn.transcribe.ear import FRAMES_A_SECOND, Ear, ear_of
from engine.learn.transcribe.felt import felt
from engine.learn.transcribe.nets import WEIGHTS, load_nets
from engine.learn.transcribe.novelty import ALL, curves_of
from engine.learn.transcribe.pitches import LOWEST_PITCH, Pitches, listen

Array = npt.NDArray[Any]

HIDDEN: dict[str, tuple[int, ...]] = {"notes": (64, 32), "drums_close": (96, 48)}
EPOCHS, BATCH, RATE, DECAY, DROP = 8, 2048, 2e-3, 1e-4, 0.1
CHOOSERS = {"beats": (0, 40, 1.0, 0.6), "bars": (32, 80, 0.1, 0.3)}
"""Units of the hidden layer, epochs, decay, noise. No hidden layer for beats, where 32 units fitted the training
recordings better and others worse.
"""
SEED = 1
MOST_WEIGHT = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """Rows to learn from: features, targets (nan: says nothing) and weights; `moved`: the target of a second output,
    nan where there is none.
    """

    x: Array
    y: Array
    weight: Array
    moved: Array | None = None


def note_lesson(ear: Ear, truth: dict[str, Any], rng: np.random.Generator) -> Lesson:
    """Candidates that are notes, and a share of the others: more of those that look like notes."""
    places = notes.candidates(ear)
    times_s = places[:, 0] / FRAMES_A_SECOND - notes.LATE_S
    strength = ear.pitches.onset[places[:, 0], places[:, 1]]
    y, moved = np.zeros(len(places), np.float32), np.full(len(places), np.nan, np.float32)
    by_key = {key: np.flatnonzero(places[:, 1] == key) for key in set(places[:, 1].tolist())}
    for onset_s, _, pitch, _ in sounding_notes(truth):
        mine = by_key.get(int(pitch) - LOWEST_PITCH, np.zeros(0, np.int64))
        late_s = times_s[mine] - onset_s
        near = mine[np.abs(late_s) < 0.05] if (np.abs(late_s) < 0.05).any() else mine[(late_s > -0.05) & (late_s < 0.1)]
        if len(near):
            best = near[(strength[near] - 4 * np.abs(times_s[near] - onset_s)).argmax()]
            y[near[y[near] == 0]] = np.nan
            y[best], moved[best] = 1.0, (onset_s - times_s[best]) / notes.MOVED_UNIT_S
    share = np.where(y == 1, 1.0, np.clip((strength - 0.15) * 0.8, 0.06, 1.0))
    kept = ~np.isnan(y) & (rng.random(len(places)) < share)
    x = np.concatenate([rows.astype(np.float16) for rows in notes.features(ear, places[kept])])
    return Lesson(x=x, y=y[kept, None], weight=(1 / share[kept]).astype(np.float32), moved=moved[kept])


def drum_lesson(ear: Ear, truth: dict[str, Any], rng: np.random.Generator) -> Lesson:
    """Frames with strokes, and a share of those without."""
    y = listeners.stroke_rows(truth, ear.frames)
    struck = (np.nan_to_num(y, nan=1.0) > 0).any(axis=1)
    rises = np.diff(ear.bands.mean(axis=1), prepend=0.0)
    share = np.where(struck, 1.0, np.where(rises > np.quantile(rises, 0.8), 0.5, 0.1))
    share *= 1.0 if "drums" in truth["notes"] else 0.3
    kept = rng.random(ear.frames) < share
    x = np.concatenate(drums.close_features(ear))[kept].astype(np.float16)
    return Lesson(x=x, y=y[kept], weight=(1 / share[kept]).astype(np.float32))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Things to choose among, `[n, d]`, and how good each would be, 0…1."""

    x: Array
    worth: Array


def beat_choice(ear: Ear, truth: dict[str, Any]) -> Choice:
    """Possible beats and their F-measures."""
    curves = _curves(ear, truth)
    pulses = beats.possible_pulses(curves[:, ALL])
    if not pulses:
        return Choice(x=np.zeros((0, 1), np.float32), worth=np.zeros(0))
    worth = [mir_eval.beat.f_measure(np.array(truth["beats"]), pulse.times_s) for pulse in pulses]
    return Choice(x=beats.features(curves, pulses), worth=np.array(worth))


def _curves(ear: Ear, truth: dict[str, Any]) -> Array:
    active = drums.activations(ear)
    heard = notes.notes_of(ear, band="drums" in truth["notes"])
    return curves_of(ear, active, felt(heard, drums.hits_of(active, ear.bands), ear.frames))


def bar_choice(ear: Ear, truth: dict[str, Any]) -> Choice:
    """Possible bars on the true beats, and whether they are the true ones."""
    curves = _curves(ear, truth)
    times_s = np.array(truth["beats"])
    beats_a_bar = max(2, round((len(truth["beats"]) - 1) / max(len(truth["downbeats"]) - 1, 1)))
    bars = possible_bars(len(times_s))
    right = [
        bar.beats % beats_a_bar == 0 and bar.first % beats_a_bar == 0 and bar.beats < 2 * beats_a_bar for bar in bars
    ]
    return Choice(x=bar_features(curves, times_s, bars), worth=np.array(right, dtype=np.float64))


CHOICES: dict[str, Callable[[Ear, dict[str, Any]], Choice]] = {
    "beats": beat_choice,
    "bars": bar_choice,
}
LISTENERS = ("drums", "key", "felt")
LESSONS: dict[str, Callable[[Ear, dict[str, Any], np.random.Generator], Lesson]] = {
    "notes": note_lesson,
    "drums_close": drum_lesson,
}


def collect(learners: list[Example], names: list[str]) -> dict[str, Lesson]:
    """Listen to every recording once."""
    rng = np.random.default_rng(SEED)
    found: dict[str, list[Lesson]] = {name: [] for name in names}
    for at, example in enumerate(learners if names else ()):
        ear = _heard(example)
        for name in names:
            found[name].append(LESSONS[name](ear, example.truth, rng))
        if at % 50 == 49:
            print(f"heard {at + 1} of {len(learners)}", flush=True)
    return {name: _together(lessons) for name, lessons in found.items()}


def _heard(example: Example) -> Ear:
    """The recording's ear; what takes longest is kept beside the recording."""
    samples, kept = decoded(example.mp3), example.mp3.with_suffix(".npz")
    if not kept.exists():
        pitches = listen(samples)
        np.savez(kept, onset=pitches.onset.astype(np.float16), sound=pitches.sound.astype(np.float16))
    with np.load(kept) as file:
        pitches = Pitches(onset=file["onset"].astype(np.float32), sound=file["sound"].astype(np.float32))
    return ear_of(samples, pitches, float(np.sqrt(np.square(samples, dtype=np.float64).mean())))


def learn_to_choose(choices: list[Choice], sizes: tuple[int, int, float, float]) -> list[tuple[Array, Array]]:
    """Layers of a network whose highest answer is the best of each choice: cross-entropy against a softmax of worth."""
    hidden, epochs, decay, noise = sizes
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    every = np.concatenate([choice.x for choice in choices])
    mean, spread = every.mean(axis=0), every.std(axis=0) + 0.05
    net = torch.nn.Sequential(torch.nn.Linear(every.shape[1], 1))
    if hidden:
        wide, narrow = torch.nn.Linear(every.shape[1], hidden), torch.nn.Linear(hidden, 1)
        net = torch.nn.Sequential(wide, torch.nn.ReLU(), torch.nn.Dropout(0.4), narrow)
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    rows = [torch.from_numpy((choice.x - mean) / spread).float() for choice in choices]
    goals = [torch.softmax(torch.from_numpy(12.0 * choice.worth).float(), 0) for choice in choices]
    for _ in range(epochs):
        for group in np.array_split(rng.permutation(len(rows)), max(len(rows) // 8, 1)):
            loss = torch.zeros(())
            for index in group.tolist():
                noisy = rows[index] + noise * torch.randn_like(rows[index])
                loss = loss - (goals[index] * torch.log_softmax(net(noisy)[:, 0], 0)).sum() / len(group)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        schedule.step()
    return _layers(net, mean, spread)


def _together(lessons: list[Lesson]) -> Lesson:
    moved = [lesson.moved for lesson in lessons if lesson.moved is not None]
    return Lesson(
        x=np.concatenate([lesson.x for lesson in lessons]),
        y=np.concatenate([lesson.y for lesson in lessons]),
        weight=np.minimum(np.concatenate([lesson.weight for lesson in lessons]), MOST_WEIGHT),
        moved=np.concatenate(moved) if moved else None,
    )


def train(lesson: Lesson, hidden: tuple[int, ...]) -> list[tuple[Array, Array]]:
    """Layers of a network: cross-entropy for what is likely, squares for what is moved."""
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    sample = lesson.x[rng.permutation(len(lesson.x))[:50_000]].astype(np.float32)
    mean, spread = sample.mean(axis=0), sample.std(axis=0) + 0.05
    outputs = lesson.y.shape[1] + (lesson.moved is not None)
    net = _network((lesson.x.shape[1], *hidden), outputs)
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    batches = len(lesson.x) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=EPOCHS * batches + 1, pct_start=0.1)
    for epoch in range(EPOCHS):
        order, total = rng.permutation(len(lesson.x)), 0.0
        for batch in range(batches):
            rows = np.sort(order[batch * BATCH : (batch + 1) * BATCH])
            loss = _loss(net(torch.from_numpy((lesson.x[rows].astype(np.float32) - mean) / spread)), lesson, rows)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}: {total / max(batches, 1):.4f}", flush=True)
    return _layers(net, mean, spread)


def _layers(net: torch.nn.Sequential, mean: Array, spread: Array) -> list[tuple[Array, Array]]:
    """The network's layers; the first one takes features as they come."""
    net.eval()
    layers = [
        (layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy().copy())
        for layer in net
        if isinstance(layer, torch.nn.Linear)
    ]
    weight, bias = layers[0]
    layers[0] = (weight / spread[:, None], bias - (mean / spread) @ weight)
    return layers


def _network(widths: tuple[int, ...], outputs: int) -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for wide, narrow in pairwise(widths):
        layers += [torch.nn.Linear(wide, narrow), torch.nn.ReLU(), torch.nn.Dropout(DROP)]
    return torch.nn.Sequential(*layers, torch.nn.Linear(widths[-1], outputs))


def _loss(answer: torch.Tensor, lesson: Lesson, rows: Array) -> torch.Tensor:
    y, weight = torch.from_numpy(lesson.y[rows]), torch.from_numpy(lesson.weight[rows])[:, None]
    known = ~torch.isnan(y)
    each = torch.nn.functional.binary_cross_entropy_with_logits(
        answer[:, : y.shape[1]], torch.nan_to_num(y), reduction="none"
    )
    loss = (each * weight * known).sum() / (weight * known).sum()
    if lesson.moved is not None:
        moved = torch.from_numpy(lesson.moved[rows])
        there = ~torch.isnan(moved)
        off = torch.square(answer[:, -1] - torch.nan_to_num(moved)) * there
        loss = loss + 0.3 * off.sum() / there.sum().clamp(min=1)
    return loss


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--only", default=",".join((*LESSONS, *LISTENERS, *CHOICES)))
    order = parser.parse_args()
    torch.set_num_threads(1)
    names = order.only.split(",")
    learners = examples(order.corpus, "training", order.cache)
    for name, lesson in collect(learners, [name for name in LESSONS if name in names]).items():
        print(f"{name}: {len(lesson.x)} rows of {lesson.x.shape[1]}", flush=True)
        _write(name, train(lesson, HIDDEN[name]))
    _train_listeners(order.corpus, order.cache, learners, names)
    chosen: dict[str, list[Choice]] = {name: [] for name in CHOICES if name in names}
    for example in learners if chosen else ():
        ear = _heard(example)
        for name, choices in chosen.items():
            choices.append(CHOICES[name](ear, example.truth))
    for name, choices in chosen.items():
        _write(name, learn_to_choose([choice for choice in choices if len(choice.x)], CHOOSERS[name]))


def _train_listeners(corpus: Path, cache: Path, learners: list[Example], names: list[str]) -> None:
    """Drums from recordings, keys from sheets, what is felt from both."""
    found: dict[str, Any] = {}
    if "drums" in names:
        found |= listeners.learn_drums((example, _heard(example)) for example in learners)
    if {"key", "felt"} & set(names):
        others = frozenset(example.name for example in examples(corpus, "development", cache))
        pieces = list(sheets(corpus, others))
        if "key" in names:
            found |= listeners.learn_keys(pieces)
        if "felt" in names:
            recordings = [listeners.recording_stretch(_heard(example), example.truth) for example in learners]
            found |= listeners.learn_to_feel(pieces, recordings, [example.name.split("/")[0] for example in learners])
    for name, layers in found.items():
        _write(name, layers)


def _write(name: str, layers: list[tuple[Array, Array]]) -> None:
    """Put a network into the file, beside the others."""
    arrays: dict[str, Array] = {}
    if WEIGHTS.exists():
        with np.load(WEIGHTS) as file:
            arrays = {key: file[key] for key in file.files if not key.startswith(f"{name}.")}
    for index, (weight, bias) in enumerate(layers):
        arrays[f"{name}.{index}.weight"] = weight.astype(np.float16)
        arrays[f"{name}.{index}.bias"] = bias.astype(np.float16)
    np.savez_compressed(WEIGHTS, **arrays)  # type: ignore[arg-type]
    load_nets.cache_clear()


if __name__ == "__main__":
    main()
