"""A band's work on one passage: words drawn from a grammar, and every role's notes.

In: a grammar, a section, a generator; then a `Passage`. Out: `Words`, which all returns of a label share, and notes a
role counted from the passage's start. Conventions: composing (`composer`) and following a plan (`score`) both play
through here, so that a style has one set of players. Caveat: a role draws its chance in the order in which the roles
play, so leaving one out changes the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.grammar.bass import play_bass
from engine.grammar.chance import pick
from engine.grammar.comping import play_comping
from engine.grammar.counter import play_counter
from engine.grammar.drums import Groove, choose_groove, play_drums
from engine.grammar.ending import ended
from engine.grammar.grammar import Casting, Grammar, Passage
from engine.grammar.melody import play_melody
from engine.grammar.motif import Motifs, Tune, contrasting_motifs, make_tune, varied
from engine.music.notes import Note, Role, Section, SectionKind

PlayedBars = Sequence[tuple[Note, ...]] | None
LEAST_LEVEL, LEAST_VELOCITY = 0.68, 34
"""Share of its loudness at which a fading style begins and ends; the softest velocity that softening may reach."""
SPARSE = (SectionKind.INTRO, SectionKind.BREAK, SectionKind.OUTRO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is drawn from a grammar's vocabularies once a label: every return plays the same."""

    comping: tuple[str, ...]
    bass: tuple[str, ...]
    groove: Groove
    tune: Tune
    counter: str


def draw_words(
    grammar: Grammar, section: Section, motifs: Motifs, rng: np.random.Generator, drum_bars: PlayedBars = None
) -> Words:
    """The words of a label. `drum_bars`: played bars that may serve as grooves beside the written ones."""
    return Words(
        comping=pick(rng, grammar.comping),
        bass=pick(rng, grammar.bass),
        groove=choose_groove(grammar.drums, section.kind, rng, drum_bars),
        tune=make_tune(motifs, grammar.melody_of(section.kind), section, rng, sparse=section.kind in SPARSE),
        counter=pick(rng, grammar.counters),
    )


def motifs_for(section: Section, main: Section, motifs: Motifs, grammar: Grammar, rng: np.random.Generator) -> Motifs:
    """The main section's motifs for its own label and for frames (intro, break, outro), contrasting ones elsewhere."""
    if section.label == main.label or section.kind in SPARSE:
        return motifs
    return contrasting_motifs(motifs, grammar.melody_of(section.kind), rng)


def play_passage(
    grammar: Grammar, passage: Passage, words: Words, parts: Mapping[Role, Casting], rng: np.random.Generator
) -> dict[Role, list[Note]]:
    """Every role of the passage; the song's last bar is replaced by an ending."""
    out: dict[Role, list[Note]] = {}
    if Role.HARMONY in passage.roles:
        out[Role.HARMONY] = play_comping(passage, words.comping, parts[Role.HARMONY], rng)
    if Role.BASS in passage.roles:
        out[Role.BASS] = play_bass(passage, words.bass, parts[Role.BASS], rng)
    if Role.DRUMS in passage.roles:
        out[Role.DRUMS] = play_drums(passage, words.groove, grammar.drums, rng)
    if Role.MELODY in passage.roles:
        words_of_tune = grammar.melody_of(passage.section.kind)
        tune = varied(words.tune, rng) if passage.returns else words.tune
        out[Role.MELODY] = play_melody(passage, tune, words_of_tune, parts[Role.MELODY], rng)
    if Role.COUNTER in passage.roles:
        melody = out.get(Role.MELODY, [])
        out[Role.COUNTER] = play_counter(passage, words.counter, melody, parts[Role.COUNTER], rng)
    if passage.final:
        out = {role: ended(passage, role, part, parts[role], rng) for role, part in out.items()}
    return {role: _at_level(grammar, passage, part) for role, part in out.items()}


def _at_level(grammar: Grammar, passage: Passage, part: list[Note]) -> list[Note]:
    """The part as soft as the style is; where the style fades, intros swell and outros die away."""
    if not grammar.softer and not grammar.fades:
        return part
    kind, length = passage.section.kind, passage.bars * passage.bar_ticks
    out = []
    for note in part:
        way = note.onset / length
        way = way if kind is SectionKind.INTRO else 1 - way if kind is SectionKind.OUTRO else 1.0
        level = LEAST_LEVEL + (1 - LEAST_LEVEL) * way if grammar.fades else 1.0
        out.append(replace(note, velocity=max(LEAST_VELOCITY, round((note.velocity - grammar.softer) * level))))
    return out


def tidy(notes: Sequence[Note]) -> tuple[Note, ...]:
    """Sorted, one note an onset and pitch (the louder), and no note sounding into the next of its pitch."""
    best: dict[tuple[int, int], Note] = {}
    for note in notes:
        place = (note.onset, note.pitch)
        if place not in best or best[place].velocity < note.velocity:
            best[place] = note
    following: dict[int, int] = {}
    out = []
    for note in sorted(best.values(), reverse=True):
        limit = following.get(note.pitch, note.end)
        out.append(replace(note, duration=min(note.duration, limit - note.onset)) if limit < note.end else note)
        following[note.pitch] = note.onset
    return tuple(reversed(out))
