"""A grammar and a generator go in, a whole `Song` comes out.

The form is chosen first, then for each section label its chords, rhythms, groove and tune (its `Material`); a
returning label plays the same material with varied tails, fills and sometimes an added voice. Conventions: all
randomness comes from the generator; the same state gives the same song. Caveat: only a grammar with `forms` composes;
the others follow plans (`score`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.grammar.band import SPARSE, PlayedBars, Words, draw_words, motifs_for, play_passage, tidy
from engine.grammar.chance import between, pick
from engine.grammar.grammar import Grammar, Passage
from engine.grammar.motif import make_motifs
from engine.grammar.progression import ending_chords, section_chords, turned
from engine.music.harmony import Chord, Key
from engine.music.notes import Note, Role, Section, SectionKind, Song, Track

LONG_FORM = 24
"""Half bars from which a main section's chords are a form of their own: what borrows a part of it takes its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What every return of a label shares in a song whose form the grammar chose itself."""

    chords: tuple[Chord, ...]
    words: Words
    roles: frozenset[Role]
    energy: float


def compose(grammar: Grammar, rng: np.random.Generator, *, drum_bars: PlayedBars = None) -> Song:
    """One song of the grammar's style. `drum_bars`: played bars that may serve as grooves beside the written ones."""
    if grammar.variants:
        grammar = pick(rng, grammar.variants)
    key = Key(tonic=int(rng.integers(12)), mode=pick(rng, grammar.modes))
    tempo_bpm = round(between(rng, *grammar.tempo_bpm), 1)
    swing = round(between(rng, *grammar.swing), 3)
    programs = {role: pick(rng, casting.programs) for role, casting in grammar.parts.items()}
    sections = _sections(pick(rng, grammar.forms))
    materials = _materials(grammar, key, sections, rng, drum_bars)
    passages = _passages(grammar, key, sections, materials, rng)
    notes: dict[Role, list[Note]] = {role: [] for role in grammar.parts}
    for passage in passages:
        played = play_passage(grammar, passage, materials[passage.section.label].words, grammar.parts, rng)
        for role, part in played.items():
            start = passage.section.start_bar * grammar.meter.bar_ticks
            notes[role] += [replace(note, onset=note.onset + start) for note in part]
    return Song(
        style=grammar.name,
        tempo_bpm=tempo_bpm,
        key=key,
        meter=grammar.meter,
        swing=swing,
        sections=sections,
        chords=tuple(chord for passage in passages for chord in passage.chords),
        tracks=tuple(
            Track(role=role, program=programs[role], notes=tidy(part)) for role, part in notes.items() if part
        ),
        meta={"origin": "composed"},
    )


def _sections(form: str) -> tuple[Section, ...]:
    """`"intro:I:4 verse:A:8"` to sections."""
    out: list[Section] = []
    for word in form.split():
        kind, label, bars = word.split(":")
        start = out[-1].end_bar if out else 0
        out.append(Section(kind=SectionKind(kind), label=label, start_bar=start, bars=int(bars)))
    return tuple(out)


def _materials(
    grammar: Grammar, key: Key, sections: tuple[Section, ...], rng: np.random.Generator, drum_bars: PlayedBars
) -> dict[str, Material]:
    """Material for each label; frame sections (intro, break, outro) borrow the main section's chords and motifs, and a
    label such as `A2` plays over the chords of `A` (a solo).
    """
    main = next(section for section in sections if section.kind not in SPARSE)
    main_motifs = make_motifs(grammar.melody_of(main.kind), rng)
    materials: dict[str, Material] = {}
    for section in sorted(sections, key=lambda s: s.label != main.label):
        if section.label in materials:
            continue
        motifs = motifs_for(section, main, main_motifs, grammar, rng)
        borrowed = section.kind in SPARSE and rng.random() < grammar.borrow_share
        chords = section_chords(grammar, key, section.bars, rng, section.kind)
        if borrowed:
            shared = materials[main.label].chords
            turnaround = len(shared) >= LONG_FORM and len(shared) > 2 * section.bars
            chords = shared[-2 * section.bars :] if turnaround else (shared * 2)[: 2 * section.bars]
        elif grammar.same_chords_share and section.label != main.label and section.bars == main.bars:
            chords = materials[main.label].chords if rng.random() < grammar.same_chords_share else chords
        if section.label[1:] and section.label[0] in materials:
            chords = materials[section.label[0]].chords
        names, energy = pick(rng, grammar.casts[section.kind])
        words_of_section = draw_words(grammar, section, motifs, rng, drum_bars)
        roles = frozenset(Role(name) for name in names.split())
        materials[section.label] = Material(chords=chords, words=words_of_section, roles=roles, energy=energy)
    return materials


def _passages(
    grammar: Grammar, key: Key, sections: tuple[Section, ...], materials: dict[str, Material], rng: np.random.Generator
) -> list[Passage]:
    out: list[Passage] = []
    seen: dict[str, int] = {}
    for index, section in enumerate(sections):
        material = materials[section.label]
        final = index == len(sections) - 1
        following = material.chords[-1] if final else materials[sections[index + 1].label].chords[0]
        chords = ending_chords(grammar, key, material.chords, rng) if final else material.chords
        if grammar.turnaround_share and not final:
            chords = turned(grammar, chords, following, rng)
        returns = seen.get(section.label, 0)
        seen[section.label] = returns + 1
        added = {Role.COUNTER} if returns and rng.random() < 0.4 else set()
        energy = min(1.0, material.energy + 0.05 * returns + 0.04 * float(rng.standard_normal()))
        out.append(
            Passage(
                key=key,
                section=section,
                chords=chords,
                following=chords[-1] if final else following,
                roles=material.roles | added,
                energy=energy,
                returns=returns,
                final=final,
                meter=grammar.meter,
            )
        )
    return out
