"""In which key, and where the asked chords go.

In: a draft and its style; for chords the sections. Out: a `Key`; two chords a bar. Conventions: the asked key wins,
then the one in the prompt's words, then the asked chords' own, then that of the file to go on from; else it is drawn,
with few signs. Asked chords are the chords of the main sections (verse, chorus, and the intro and outro that go with
them), from each section's first bar on; bridges and breaks have others. Caveat: the last bar is the tonic chord, unless
the song is no longer than the asked chords.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.compose.draft import Draft
from engine.compose.words.chords import Bar, Progression, key_of_chords
from engine.music.harmony import Key, Mode
from engine.music.notes import Section
from engine.music.styles import Style

BRIGHT_MODES = (Mode.MAJOR, Mode.MIXOLYDIAN, Mode.LYDIAN)
LEAST_BRIGHT = 0.1
"""Bright and dark modes are usual at least so often, before words move it: no style is glad or sad only."""
VALENCE_NATS = 5.0
MAIN_LABELS = frozenset("IABO")
LEAST_INSIDE = 0.75
"""Share of the chords' tones that must lie in a key that the prompt names, for both to be believed."""


def choose_key(draft: Draft, style: Style) -> Key:
    """The asked key, or one whose mode suits style and mood and whose signature has few signs."""
    rng = draft.rng("key")
    told = draft.wishes.key
    if draft.request.key is not None:
        key = Key.parse(draft.request.key)
        draft.asked("key", str(key), said=draft.overruled("key", same=told == key))
        return key
    if told is not None and (draft.progression is None or _inside(told, draft.progression.bars) >= LEAST_INSIDE):
        draft.told("key", str(told))
        return told
    if draft.progression is not None:
        return _key_of_progression(draft, draft.progression)
    if draft.before is not None and draft.wishes.mode in (None, draft.before.key.mode):
        draft.sources["key"] = "file"
        return draft.before.key
    mode, tonics = _choose_mode(draft, style, rng), rng.random()
    draft.sources["key"] = "seed"
    keys = [key for tonic in range(12) if (key := Key(tonic=tonic, mode=mode)) not in draft.wishes.unwanted_keys]
    weights = np.cumsum([1 / (1 + 0.25 * key.fifths**2) for key in keys])
    return keys[int(np.searchsorted(weights, tonics * weights[-1], side="right"))]


def _key_of_progression(draft: Draft, progression: Progression) -> Key:
    """The key of the asked chords, in the told mode if there is one."""
    mode = draft.wishes.mode
    key = key_of_chords(progression.bars, modes=[mode] if mode is not None else None)
    draft.sources["key"] = "chords"
    if said := draft.wishes.read.get("key"):
        draft.notices.append(f"The prompt says {said!r}, the chords are in {key}: the chords were followed.")
    return key


def _choose_mode(draft: Draft, style: Style, rng: np.random.Generator) -> Mode:
    """The told mode, or a bright or dark one by the style's habit and the words' mood."""
    draw, pick = rng.random(2)
    if draft.wishes.mode is not None:
        draft.told("mode", draft.wishes.mode.value)
        return draft.wishes.mode
    valence = draft.mood.valence
    draft.sources["mode"] = "encoder" if valence else "style"
    bright = draw < bright_share(style.major_share, valence)
    modes = [m for m in style.progressions if (m in BRIGHT_MODES) == bright] or list(style.progressions)
    weights = np.cumsum([len(style.progressions[mode]) for mode in modes])
    return modes[int(np.searchsorted(weights, pick * weights[-1], side="right"))]


def bright_share(usual: float, valence: float) -> float:
    """How often the mode is bright: the `usual` share of a style, moved by the words' valence in log odds."""
    usual = min(max(usual, LEAST_BRIGHT), 1 - LEAST_BRIGHT)
    return 1 / (1 + (1 / usual - 1) * math.exp(-VALENCE_NATS * valence))


def _inside(key: Key, bars: Sequence[Bar]) -> float:
    """Share of the chords' tones that lie in the key's scale."""
    tones = [pc in key.scale for bar in bars for chord in bar for pc in chord.pitch_classes]
    return sum(tones) / len(tones)


def lay_chords(
    chords: Sequence[Bar], sections: Sequence[Section], progression: Progression, key: Key
) -> tuple[Bar, ...]:
    """`chords` (two a bar) with the asked ones in the main sections."""
    asked, bars = progression.bars, list(chords)
    for section in sections:
        if section.label in MAIN_LABELS:
            bars[section.start_bar : section.end_bar] = [asked[place % len(asked)] for place in range(section.bars)]
    if len(bars) > len(asked):
        tonic = next((chord for bar in asked for chord in bar if chord.root == key.tonic), chords[-1][-1])
        bars[-1] = (tonic, tonic)
    return tuple(bars)
