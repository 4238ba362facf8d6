"""A grammar and a generator go in, a whole `Song` comes out.

The form is chosen first, then for each section label its chords, rhythms, groove and tune (its `Material`); a
returning label plays the same material with varied tails, fills and sometimes an added voice. Conventions: all
randomness comes from the generator; the same state gives the same song. Caveat: forms, figures and grids are written
for 4/4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.grammar.bass import play_bass
from engine.grammar.chance import between, pick
from engine.grammar.comping import play_comping
from engine.grammar.counter import play_counter
from engine.grammar.drums import Groove, choose_groove, play_drums
from engine.grammar.ending import ended
from engine.grammar.grammar import Grammar, Passage
from engine.grammar.melody import play_melody
from engine.grammar.motif import Motifs, Tune, contrasting_motifs, make_motifs, make_tune, varied
from engine.grammar.progression import ending_chords, section_chords
from engine.music.harmony import Chord, Key
from engine.music.notes import Note, Role, Section, SectionKind, Song, Track

PlayedBars = Sequence[tuple[Note, ...]] | None
SPARSE = (SectionKind.INTRO, SectionKind.BREAK, SectionKind.OUTRO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What every return of a label shares."""

    chords: tuple[Chord, ...]
    comping: tuple[str, ...]
    bass: tuple[str, ...]
    groove: Groove
    tune: Tune
    counter: str
    roles: frozenset[Role]
    energy: float


def compose(grammar: Grammar, rng: np.random.Generator, *, drum_bars: PlayedBars = None) -> Song:
    """One song of the grammar's style. `drum_bars`: played bars that may serve as grooves beside the written ones."""
    key = Key(tonic=int(rng.integers(12)), mode=pick(rng, grammar.modes))
    tempo_bpm = round(between(rng, *grammar.tempo_bpm), 1)
    swing = round(between(rng, *grammar.swing), 3)
    programs = {role: pick(rng, casting.programs) for role, casting in grammar.parts.items()}
    sections = _sections(pick(rng, grammar.forms))
    materials = _materials(grammar, key, sections, rng, drum_bars)
    passages = _passages(grammar, key, sections, materials, rng)
    notes: dict[Role, list[Note]] = {role: [] for role in grammar.parts}
    for passage in passages:
        played = _play(grammar, passage, materials[passage.section.label], rng)
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
    """Material for each label; frame sections (intro, break, outro) borrow the main section's chords and motifs."""
    words = grammar.melody
    main = next(section for section in sections if section.kind not in SPARSE)
    main_motifs = make_motifs(words, rng)
    materials: dict[str, Material] = {}
    for section in sorted(sections, key=lambda s: s.label != main.label):
        if section.label in materials:
            continue
        motifs = _motifs_for(section, main, main_motifs, grammar, rng)
        borrowed = section.kind in SPARSE and rng.random() < 0.75
        chords = section_chords(grammar, key, section.bars, rng)
        if borrowed:
            shared = materials[main.label].chords
            chords = (shared * 2)[: 2 * section.bars]
        names, energy = pick(rng, grammar.casts[section.kind])
        materials[section.label] = Material(
            chords=chords,
            comping=pick(rng, grammar.comping),
            bass=pick(rng, grammar.bass),
            groove=choose_groove(grammar.drums, section.kind, rng, drum_bars),
            tune=make_tune(motifs, words, section, rng, sparse=section.kind in SPARSE),
            counter=pick(rng, grammar.counters),
            roles=frozenset(Role(name) for name in names.split()),
            energy=energy,
        )
    return materials


def _motifs_for(section: Section, main: Section, motifs: Motifs, grammar: Grammar, rng: np.random.Generator) -> Motifs:
    if section.label == main.label or section.kind in SPARSE:
        return motifs
    return contrasting_motifs(motifs, grammar.melody, rng)


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


def _play(grammar: Grammar, passage: Passage, material: Material, rng: np.random.Generator) -> dict[Role, list[Note]]:
    """Every role of the passage; the song's last bar is replaced by an ending."""
    parts = grammar.parts
    out: dict[Role, list[Note]] = {}
    if Role.HARMONY in passage.roles:
        out[Role.HARMONY] = play_comping(passage, material.comping, parts[Role.HARMONY], rng)
    if Role.BASS in passage.roles:
        out[Role.BASS] = play_bass(passage, material.bass, parts[Role.BASS], rng)
    if Role.DRUMS in passage.roles:
        out[Role.DRUMS] = play_drums(passage, material.groove, grammar.drums, rng)
    if Role.MELODY in passage.roles:
        tune = varied(material.tune, rng) if passage.returns else material.tune
        out[Role.MELODY] = play_melody(passage, tune, grammar.melody, parts[Role.MELODY], rng)
    if Role.COUNTER in passage.roles:
        melody = out.get(Role.MELODY, [])
        out[Role.COUNTER] = play_counter(passage, material.counter, melody, parts[Role.COUNTER], rng)
    if not passage.final:
        return out
    return {role: ended(passage, role, part, parts[role], rng) for role, part in out.items()}


def tidy(notes: list[Note]) -> tuple[Note, ...]:
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
