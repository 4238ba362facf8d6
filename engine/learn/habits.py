"""Training pieces → a style's habits: profiles of stretches of them, and chord successions counted.

In: training songs of a style. Out: `Habits`. Conventions: a stretch counts if at least three roles play in it, a
melody among them, because that is what is composed; chords are counted half bar by half bar, a missing one as the one
before. Caveat: chord contexts that were seen fewer than `LEAST_SEEN` times are counted with one chord of memory only,
so rare turns of a single piece are not kept.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path

import numpy as np

from engine.metrics.vector import metric_vector
from engine.music.excerpt import windows
from engine.music.frames import fill_gaps
from engine.music.habits import FILE, ChordHabits, Habits, Profile, RoleProfile, chord_token, light_of
from engine.music.notes import Role, Song, Track

MOST_PROFILES = 160
WINDOWS_A_PIECE = 3
LEAST_NOTES = 60
BAND_ROLES = 3
LEAST_SEEN = 4
MOST_CONTEXTS = 260


def habits_of(songs: Iterable[Song], *, seed: int, chords: bool) -> Habits:
    """Measure a style. `chords`: whether its chord successions are counted too (a style with good written ones needs
    none).
    """
    rng = np.random.default_rng(seed)
    pieces = list(songs)
    rng.shuffle(pieces)
    stretches: list[Song] = []
    for piece in pieces:
        stretches += [window for window in windows(piece, rng) if _is_band(window)][:WINDOWS_A_PIECE]
        if len(stretches) >= MOST_PROFILES:
            break
    profiles = [profile_of(song) for song in stretches[:MOST_PROFILES]]
    counted = {light: _chord_habits(pieces, light) for light in ("bright", "dark")} if chords else {}
    return Habits(
        profiles=_ranked(profiles),
        chords={light: c for light, c in counted.items() if c.starts},
        deviations=_deviations(profiles),
    )


def write_habits(habits: Habits, folder: Path) -> Path:
    """Write a style's habits into its folder, all or nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{FILE}.part"
    partial.write_text(habits.dumps(), encoding="utf-8")
    return partial.replace(folder / FILE)


def _is_band(song: Song) -> bool:
    notes = sum(len(track.notes) for track in song.tracks)
    return len(song.tracks) >= BAND_ROLES and song.track(Role.MELODY) is not None and notes >= LEAST_NOTES


def profile_of(song: Song) -> Profile:
    """The proportions of one song; its energy is 0.5 until it is ranked among others."""
    changes = sum(one != two for one, two in itertools.pairwise(_tokens(song)))
    return Profile(
        meter=str(song.meter),
        mode=song.key.mode,
        tempo_bpm=round(song.tempo_bpm, 1),
        swing=round(song.swing, 3),
        energy=0.5,
        chords_per_bar=round(changes / max(1, song.bars - 1), 3),
        roles={track.role: _role_profile(song, track) for track in song.tracks},
        measures={name: float(f"{value:.4g}") for name, value in metric_vector(song).items() if isfinite(value)},
    )


def _role_profile(song: Song, track: Track) -> RoleProfile:
    bar_ticks = song.meter.bar_ticks
    struck = {note.onset // bar_ticks for note in track.notes}
    plays = sum(fill_gaps([bar in struck for bar in range(song.bars)], longest=2))
    pitches = [note.pitch for note in track.notes]
    velocities = [note.velocity for note in track.notes]
    low, high = np.percentile(pitches, [2, 98])
    return RoleProfile(
        density=round(len(track.notes) / plays, 2),
        presence=round(plays / song.bars, 3),
        low=int(low),
        high=int(np.ceil(high)),
        velocity=round(float(np.mean(velocities)), 1),
        spread=round(float(np.std(velocities)), 1),
    )


def _ranked(profiles: Sequence[Profile]) -> tuple[Profile, ...]:
    """Give every profile its energy: the mean rank of its notes a second, loudness and number of roles."""

    def ranks(values: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        order = np.argsort(np.argsort(values, kind="stable"), kind="stable")
        return order / max(1, len(values) - 1)

    if not profiles:
        return ()
    pace = ranks([profile.measures["notes_per_second"] for profile in profiles])
    loud = ranks([float(np.mean([role.velocity for role in profile.roles.values()])) for profile in profiles])
    full = ranks([sum(role.presence for role in profile.roles.values()) for profile in profiles])
    energy = ranks(list(0.6 * pace + 0.25 * loud + 0.15 * full))
    return tuple(replace(p, energy=round(float(e), 3)) for p, e in zip(profiles, energy, strict=True))


def _deviations(profiles: Sequence[Profile]) -> dict[str, float]:
    names = sorted({name for profile in profiles for name in profile.measures})
    values = {name: [p.measures[name] for p in profiles if name in p.measures] for name in names}
    return {name: round(float(np.std(row)), 4) for name, row in values.items()}


def _chord_habits(songs: Sequence[Song], light: str) -> ChordHabits:
    starts: Counter[str] = Counter()
    one: defaultdict[str, Counter[str]] = defaultdict(Counter)
    two: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for song in songs:
        if light_of(song.key.mode) != light:
            continue
        tokens = _tokens(song)
        if not tokens:
            continue
        starts.update(tokens[2 * section.start_bar] for section in song.sections)
        for at in range(2, len(tokens)):
            place = "|" if at % 2 == 0 else "."
            one[f"{place}{tokens[at - 1]}"][tokens[at]] += 1
            two[f"{place}{tokens[at - 2]} {tokens[at - 1]}"][tokens[at]] += 1
    return ChordHabits(starts=_usual(starts), follows=_usual_contexts(one) | _usual_contexts(two))


def _tokens(song: Song) -> list[str]:
    """One token a half bar; a half bar without chord goes on with the chord before; empty if there are no chords."""
    first = next((chord for chord in song.chords if chord is not None), None)
    if first is None:
        return []
    tokens, last = [], first
    for chord in song.chords:
        last = chord or last
        tokens.append(chord_token(last, song.key))
    return tokens


def _usual(counts: Counter[str]) -> Mapping[str, int]:
    return {token: count for token, count in counts.most_common(24) if count >= 2}


def _usual_contexts(contexts: Mapping[str, Counter[str]]) -> dict[str, dict[str, int]]:
    seen = sorted(contexts.items(), key=lambda item: -item[1].total())[:MOST_CONTEXTS]
    kept = {}
    for context, counts in seen:
        usual = {token: count for token, count in counts.most_common(8) if count >= 2}
        if counts.total() >= LEAST_SEEN and usual:
            kept[context] = usual
    return kept
