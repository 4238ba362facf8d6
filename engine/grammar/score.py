"""A grammar plays what somebody else planned: form, chords, roles and ranges are given, the notes are the grammar's.

In: a `Grammar`, an `Outline`, a generator. Out: a track a role. Conventions: a note starts only in bars in which its
role plays, and ends by the bar line where its role leaves; a bar that repeats another has its notes; the last bar is a
held close. Caveat: melody and counter may rest for a bar where somebody else plays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from engine.grammar.band import SPARSE, Words, draw_words, motifs_for, play_passage, tidy
from engine.grammar.chance import pick
from engine.grammar.drums import KICK
from engine.grammar.grammar import Casting, Grammar, MelodyVocabulary, Passage
from engine.grammar.meters import in_meter
from engine.grammar.motif import make_motifs
from engine.music.harmony import Chord, Key
from engine.music.notes import Note, Role, Section, Track
from engine.music.timing import Meter

LEAST_SPAN = {Role.HARMONY: 18, Role.MELODY: 14, Role.COUNTER: 18, Role.BASS: 12, Role.DRUMS: 0}
"""Semitones in which the players can play any chord; narrower parts are played there and then folded into place."""
ABOVE_CENTRE, BELOW_CENTRE = 9, 7
"""Room in semitones that a tune wants above and below its centre."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineBar:
    """One bar: its two half-bar chords, who plays, how loud (0…1), and the earlier bar that it repeats, if any."""

    chords: tuple[Chord, Chord]
    roles: frozenset[Role]
    energy: float
    copy_of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A song without notes. `sections` cover `bars` exactly; `parts`: program (the first one) and range a role."""

    key: Key
    meter: Meter
    sections: tuple[Section, ...]
    bars: tuple[OutlineBar, ...]
    parts: Mapping[Role, Casting]


def play(grammar: Grammar, outline: Outline, rng: np.random.Generator) -> tuple[Track, ...]:
    """The notes of a planned song, in the order of `outline.parts`."""
    style = _feel(grammar, outline, rng)
    parts = {role: _roomy(style, role, part) for role, part in outline.parts.items()}
    words = _words(style, outline, rng)
    notes: dict[Role, list[Note]] = {role: [] for role in parts}
    for passage in _passages(outline):
        played = play_passage(style, passage, _trimmed(words[passage.section.label], passage.bars), parts, rng)
        for role, part in played.items():
            start = passage.section.start_bar * outline.meter.bar_ticks
            notes[role] += [replace(note, onset=note.onset + start) for note in part]
    tracks = {
        role: _in_place(outline, role, _with_returns(outline, role, _folded(part, outline.parts[role], role)))
        for role, part in notes.items()
    }
    _fill_silence(outline, tracks)
    return tuple(
        Track(role=role, program=outline.parts[role].programs[0][0], notes=tidy(part))
        for role, part in tracks.items()
        if part
    )


def _feel(grammar: Grammar, outline: Outline, rng: np.random.Generator) -> Grammar:
    """One of the style's feels, in the outline's meter, its tunes centred in the melody's range."""
    feel = pick(rng, grammar.variants) if grammar.variants else grammar
    style = in_meter(feel, outline.meter)
    part = outline.parts.get(Role.MELODY)
    if part is None:
        return style
    melodies = {kind: _centred(words, part) for kind, words in style.melodies.items()}
    return replace(style, melody=_centred(style.melody, part), melodies=melodies)


def _centred(words: MelodyVocabulary, part: Casting) -> MelodyVocabulary:
    low, high = part.low + BELOW_CENTRE, part.high - ABOVE_CENTRE
    centre = (low + high) // 2 if low > high else min(max(words.centre, low), high)
    return replace(words, centre=centre)


def _roomy(grammar: Grammar, role: Role, part: Casting) -> Casting:
    """The part where the style plays it, as far as it can; widened upwards where it is too narrow for its players."""
    least, own = LEAST_SPAN[role], grammar.parts.get(role)
    if own is not None:
        low, high = max(part.low, own.low), min(part.high, own.high)
        low, high = (low, high) if high - low >= least else (part.low, part.high)
        part = replace(part, low=low, high=high, rootless=own.rootless, plain=own.plain)
    return replace(part, high=max(part.high, part.low + least))


def _words(grammar: Grammar, outline: Outline, rng: np.random.Generator) -> dict[str, Words]:
    """The words of each label, the main section's first."""
    main = next((section for section in outline.sections if section.kind not in SPARSE), outline.sections[0])
    motifs = make_motifs(grammar.melody_of(main.kind), rng)
    words: dict[str, Words] = {}
    for section in sorted(_longest(outline.sections), key=lambda s: s.label != main.label):
        words[section.label] = draw_words(grammar, section, motifs_for(section, main, motifs, grammar, rng), rng)
    return words


def _trimmed(words: Words, bars: int) -> Words:
    """The words of a label for a shorter return: its tune keeps its beginning and its close."""
    tune = words.tune
    if len(tune.bars) <= bars:
        return words
    return replace(words, tune=replace(tune, bars=(*tune.bars[: bars - 1], tune.bars[-1])))


def _longest(sections: tuple[Section, ...]) -> list[Section]:
    """For each label, in the order of first sounding, its longest section."""
    by_label: dict[str, Section] = {}
    for section in sections:
        if section.label not in by_label or section.bars > by_label[section.label].bars:
            by_label[section.label] = section
    return list(by_label.values())


def _passages(outline: Outline) -> list[Passage]:
    """The sections as passages: whoever plays in one of its bars plays in all, and is silenced later."""
    passages: list[Passage] = []
    seen: dict[str, int] = {}
    last = len(outline.bars) - 1
    for section in outline.sections:
        bars = outline.bars[section.start_bar : section.end_bar]
        passages.append(
            Passage(
                key=outline.key,
                section=section,
                chords=tuple(chord for bar in bars for chord in bar.chords),
                following=outline.bars[min(section.end_bar, last)].chords[0],
                roles=frozenset(role for bar in bars for role in bar.roles if role in outline.parts),
                energy=sum(bar.energy for bar in bars) / len(bars),
                returns=seen.get(section.label, 0),
                final=section.end_bar == len(outline.bars),
                meter=outline.meter,
            )
        )
        seen[section.label] = seen.get(section.label, 0) + 1
    return passages


def _folded(part: list[Note], casting: Casting, role: Role) -> list[Note]:
    """Every note within the part's range, by octaves where that is possible; drums outside it are left out."""
    if role is Role.DRUMS:
        return [note for note in part if casting.low <= note.pitch <= casting.high]
    return [replace(note, pitch=_fold(note.pitch, casting.low, casting.high)) for note in part]


def _fold(pitch: int, low: int, high: int) -> int:
    while pitch > high:
        pitch -= 12
    while pitch < low:
        pitch += 12
    return min(pitch, high)


def _with_returns(outline: Outline, role: Role, part: list[Note]) -> list[Note]:
    """Bars that repeat an earlier one get its notes."""
    length = outline.meter.bar_ticks
    by_bar: list[list[Note]] = [[] for _ in outline.bars]
    for note in part:
        by_bar[note.onset // length].append(note)
    for index, bar in enumerate(outline.bars):
        if bar.copy_of is not None and role in bar.roles:
            shift = (index - bar.copy_of) * length
            by_bar[index] = [replace(note, onset=note.onset + shift) for note in by_bar[bar.copy_of]]
    return [note for notes in by_bar for note in notes]


def _in_place(outline: Outline, role: Role, part: list[Note]) -> list[Note]:
    """Only what starts in a bar in which the role plays, cut where it stops playing."""
    length = outline.meter.bar_ticks
    plays = [role in bar.roles for bar in outline.bars]
    kept = []
    for note in part:
        bar = note.onset // length
        if not plays[bar]:
            continue
        end = next((b for b in range(bar + 1, len(plays)) if not plays[b]), len(plays)) * length
        kept.append(replace(note, duration=min(note.duration, end - note.onset)))
    return kept


def _fill_silence(outline: Outline, tracks: dict[Role, list[Note]]) -> None:
    """A bar in which everybody rests gets one held note from whoever may play there, in place."""
    length = outline.meter.bar_ticks
    sounding = np.zeros(len(outline.bars), dtype=bool)
    for part in tracks.values():
        for note in part:
            sounding[note.onset // length : -(-note.end // length)] = True
    for index in np.flatnonzero(~sounding):
        bar, start = outline.bars[index], int(index) * length
        players = [role for role in tracks if role in bar.roles]
        if players:
            role = next((role for role in players if role is not Role.DRUMS), Role.DRUMS)
            tracks[role].append(_held(outline, role, tracks[role], start))


def _held(outline: Outline, role: Role, part: list[Note], start: int) -> Note:
    """A chord tone for a whole bar, near the part's note before but not the same; for drums a kick."""
    casting, length = outline.parts[role], outline.meter.bar_ticks
    before = max((note for note in part if note.onset < start), default=None)
    velocity = before.velocity if before else 64
    if role is Role.DRUMS:
        return Note(onset=start, pitch=max(KICK, casting.low), duration=length, velocity=velocity)
    near = before.pitch if before else (casting.low + casting.high) // 2
    classes = outline.bars[start // length].chords[0].pitch_classes
    tones = [p for p in range(casting.low, casting.high + 1) if p % 12 in classes and p != near]
    pitch = min(tones, key=lambda p: abs(p - near), default=near)
    return Note(onset=start, pitch=pitch, duration=length, velocity=velocity)
