"""Chords → bar plans: who plays in which section, how loud, and which bars return.

In: sections, chords, the cast, a generator. Out: one `BarPlan` a bar. Conventions: `copy_of` points to an earlier bar
that is no copy itself, has the same chords, and in which every role plays that plays here; so a copy can always be
made. A returning section repeats its first statement, but for varied tails; inside a section phrases of four bars are
parallel. Caveat: roles are added only where music is new (a chorus, a bridge), because a bar with an added role could
not be a copy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.compose.harmonise import Bar
from engine.compose.plan import BarPlan
from engine.music.notes import Role, Section, SectionKind

KIND_ENERGY = {
    SectionKind.INTRO: 0.72,
    SectionKind.VERSE: 0.92,
    SectionKind.CHORUS: 1.15,
    SectionKind.BRIDGE: 0.98,
    SectionKind.BREAK: 0.62,
    SectionKind.OUTRO: 0.74,
}
LEAST_PRESENCE = {SectionKind.VERSE: 0.55, SectionKind.CHORUS: 0.15, SectionKind.BRIDGE: 0.4, SectionKind.OUTRO: 0.55}
"""A role plays in a section of the kind if its presence is at least this."""

INTROS: tuple[tuple[frozenset[Role], float], ...] = (
    (frozenset({Role.HARMONY, Role.BASS}), 3.0),
    (frozenset({Role.HARMONY, Role.COUNTER}), 2.0),
    (frozenset({Role.HARMONY, Role.DRUMS}), 2.0),
    (frozenset({Role.MELODY, Role.HARMONY}), 2.0),
    (frozenset({Role.HARMONY, Role.BASS, Role.DRUMS}), 2.0),
    (frozenset({Role.HARMONY, Role.COUNTER, Role.BASS}), 1.5),
)
BREAKS: tuple[tuple[frozenset[Role], float], ...] = (
    (frozenset({Role.MELODY, Role.HARMONY}), 2.0),
    (frozenset({Role.COUNTER, Role.HARMONY, Role.BASS}), 1.5),
    (frozenset({Role.MELODY, Role.COUNTER}), 1.0),
    (frozenset({Role.HARMONY, Role.BASS}), 1.0),
)
PARALLEL_SHARE = 0.75
THIN_SHARE = 0.4
LEAST_TO_VARY = 3
INSISTENT = 0.65
MOST_RUNNING = 3
VARIED_TAIL_SHARE = 0.4
"""How often the last bar of a returning phrase is composed anew although it could be copied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ensemble:
    """Who is there: presence a role (share of bars 0…1), the song's energy 0…1, the bars of a phrase, the greatest
    share of bars that may repeat earlier ones, after how many bars the drums' pattern comes again (0: at will),
    whether riffs shall make up what is short of that share,
    and the share of repeating bars in which one role plays something new.
    """

    presence: Mapping[Role, float]
    energy: float
    phrase: int = 4
    returning: float = 1.0
    groove_bars: int = 0
    riffs: bool = False
    varied: float = 0.0


def arrange(
    sections: Sequence[Section], chords: Sequence[Bar], ensemble: Ensemble, rng: np.random.Generator
) -> tuple[BarPlan, ...]:
    """Bar plans for all sections; `chords` has one entry a bar."""
    roles = _roles(sections, ensemble, rng)
    energies = _energies(sections, ensemble)
    copies = _copies(sections, chords, roles, ensemble.phrase, rng)
    copies = _rooted(_riffed(copies, sections, chords, roles, ensemble))
    copies = _released(copies, ensemble.returning, rng)
    grooves = _grooves(sections, roles, ensemble)
    last = len(chords) - 1
    bars = []
    for index, section in enumerate(sections):
        for bar in range(section.start_bar, section.end_bar):
            place = bar - section.start_bar
            bars.append(
                BarPlan(
                    section=index,
                    chords=chords[bar],
                    roles=roles[bar],
                    energy=energies[bar],
                    copy_of=copies[bar],
                    fresh=frozenset() if copies[bar] is None else _fresh(roles[bar], ensemble, rng),
                    groove_of=None if copies[bar] is not None or bar == last else grooves[bar],
                    phrase_end=place % ensemble.phrase == ensemble.phrase - 1 or bar == section.end_bar - 1,
                    final=bar == last and last > 0,
                )
            )
    return tuple(bars)


def _roles(sections: Sequence[Section], ensemble: Ensemble, rng: np.random.Generator) -> list[frozenset[Role]]:
    """Who plays in each bar; never nobody."""
    cast = frozenset(ensemble.presence)
    by_label: dict[str, frozenset[Role]] = {}
    rows: list[frozenset[Role]] = []
    for section in sections:
        if section.label not in by_label:
            by_label[section.label] = _section_roles(section.kind, ensemble, rng)
        playing = by_label[section.label]
        if len(sections) <= 2 and section.kind is SectionKind.VERSE:
            playing = _at_least(ensemble, 0.4)
        rows.extend([playing or cast] * section.bars)
        if section.kind is SectionKind.INTRO and section.bars >= 4 and Role.DRUMS in cast and rng.random() < 0.5:
            half = section.bars // 2
            rows[-half:] = [row | {Role.DRUMS} for row in rows[-half:]]
    if sections[-1].kind is SectionKind.OUTRO and sections[-1].bars >= 4:
        half = sections[-1].bars // 2
        rows[-half:] = [(row - {Role.DRUMS}) or row for row in rows[-half:]]
    rows[-1] = rows[-1] | (_at_least(ensemble, 0.55) - {Role.DRUMS})
    return rows


def _at_least(ensemble: Ensemble, presence: float) -> frozenset[Role]:
    """Roles whose presence, lifted or lowered by the song's energy, reaches a threshold."""
    lift = 0.1 * (ensemble.energy - 0.5)
    return frozenset(role for role, share in ensemble.presence.items() if share >= 1 or share + lift >= presence)


def _section_roles(kind: SectionKind, ensemble: Ensemble, rng: np.random.Generator) -> frozenset[Role]:
    """Who plays in a section of this kind."""
    cast = frozenset(ensemble.presence)
    if kind in LEAST_PRESENCE:
        playing = _at_least(ensemble, LEAST_PRESENCE[kind])
        thins = Role.DRUMS not in cast and kind in (SectionKind.CHORUS, SectionKind.BRIDGE)
        if thins and len(playing) > 3 and rng.random() < THIN_SHARE:
            return playing - {Role.COUNTER}  # chamber music contrasts by thinning out
        return playing
    if Role.DRUMS not in cast and len(cast) <= 4:
        return cast if kind is SectionKind.INTRO else _at_least(ensemble, 0.55)
    options = INTROS if kind is SectionKind.INTRO else BREAKS
    usable = [(roles, weight) for roles, weight in options if roles <= cast]
    if not usable:
        return cast - {Role.DRUMS} or cast
    weights = np.array([weight for _, weight in usable])
    return usable[int(rng.choice(len(usable), p=weights / weights.sum()))][0]


def _energies(sections: Sequence[Section], ensemble: Ensemble) -> list[float]:
    """How loud each bar is, 0.05…1: by section, rising in phrases and with every return, falling in the outro."""
    seen: dict[str, int] = {}
    rows: list[float] = []
    for section in sections:
        level = ensemble.energy * KIND_ENERGY[section.kind] + 0.04 * seen.get(section.label, 0)
        seen[section.label] = seen.get(section.label, 0) + 1
        for place in range(section.bars):
            progress = place / max(1, section.bars - 1)
            slope = -0.15 * progress if section.kind is SectionKind.OUTRO else 0.06 * progress
            wave = 0.03 * (place % ensemble.phrase) / (ensemble.phrase - 1)
            rows.append(round(min(1.0, max(0.05, level + slope + wave)), 3))
    return rows


def _copies(
    sections: Sequence[Section],
    chords: Sequence[Bar],
    roles: Sequence[frozenset[Role]],
    phrase: int,
    rng: np.random.Generator,
) -> list[int | None]:
    """For each bar the earlier bar that it repeats, if any."""
    copies: list[int | None] = [None] * len(chords)
    first: dict[str, Section] = {}
    for section in sections:
        parallel = phrase if rng.random() < PARALLEL_SHARE else 0
        model = first.get("A" if section.label == "O" else section.label)
        first.setdefault(section.label, section)
        for bar in range(section.start_bar, section.end_bar):
            source = _source(section, bar, model, parallel)
            at_tail = (bar - section.start_bar) % phrase == phrase - 1
            varied = rng.random() < VARIED_TAIL_SHARE and at_tail
            if source is None or varied or bar == len(chords) - 1:
                continue
            root = copies[source] if copies[source] is not None else source
            assert root is not None
            if chords[root] == chords[bar] and roles[bar] <= roles[root]:
                copies[bar] = root
    return copies


def _riffed(
    copies: list[int | None],
    sections: Sequence[Section],
    chords: Sequence[Bar],
    roles: Sequence[frozenset[Role]],
    ensemble: Ensemble,
) -> list[int | None]:
    """Riffs, where the copies fall short of what should return: bars repeat those a phrase before, then those two bars
    before, then the bar before, in one section and under the same chords; phrases keep their last bar
    unless the music is insistent.
    """
    wanted = int(ensemble.returning * len(copies)) if ensemble.riffs else 0
    breathes = ensemble.returning < INSISTENT
    for period in (ensemble.phrase, 2, 1):
        for section in sections:
            for bar in range(section.start_bar + period, section.end_bar - 1):
                if sum(source is not None for source in copies) >= wanted:
                    return copies
                source = bar - period
                root = source if copies[source] is None else copies[source]
                at_tail = (bar - section.start_bar) % ensemble.phrase == ensemble.phrase - 1
                if (
                    copies[bar] is None
                    and root is not None
                    and chords[root] == chords[bar]
                    and not (at_tail and breathes)
                ):
                    copies[bar] = root if roles[bar] <= roles[root] else None
    return copies


def _rooted(copies: Sequence[int | None]) -> list[int | None]:
    """A bar that would repeat a repeating one repeats what that one does; none stands more than `MOST_RUNNING` times
    running.
    """
    origins: list[int] = []
    rooted: list[int | None] = []
    for bar, source in enumerate(copies):
        origin = bar if source is None else origins[source]
        if origins[-MOST_RUNNING:] == [origin] * MOST_RUNNING:
            origin = bar
        origins.append(origin)
        rooted.append(None if origin == bar else origin)
    return rooted


def _fresh(roles: frozenset[Role], ensemble: Ensemble, rng: np.random.Generator) -> frozenset[Role]:
    """The role that varies in a repeating bar, if one does; where one plays alone it repeats exactly."""
    varies, choice = rng.random(2)
    playing = sorted(roles)
    if varies >= ensemble.varied or len(playing) < LEAST_TO_VARY:
        return frozenset()
    return frozenset({playing[int(choice * len(playing))]})


def _grooves(sections: Sequence[Section], roles: Sequence[frozenset[Role]], ensemble: Ensemble) -> list[int | None]:
    """For each bar the bar whose drums it repeats: one period earlier or more, but not where a phrase ends (a fill)."""
    grooves: list[int | None] = [None] * len(roles)
    first: dict[str, int] = {}
    for section in sections:
        first.setdefault(section.label, section.start_bar)
        start = first[section.label]
        for bar in range(section.start_bar, section.end_bar):
            place = bar - section.start_bar
            source = start + place % max(1, ensemble.groove_bars)
            at_tail = place % ensemble.phrase == ensemble.phrase - 1 and ensemble.groove_bars > 1
            fills = at_tail or bar == section.end_bar - 1
            if ensemble.groove_bars and not fills and source < bar and Role.DRUMS in roles[bar] & roles[source]:
                grooves[bar] = source
    return grooves


def _released(copies: list[int | None], most: float, rng: np.random.Generator) -> list[int | None]:
    """Stretches of repeated bars composed anew, drawn by lot, until at most the share `most` of all bars repeats."""
    starts = [
        bar for bar, source in enumerate(copies) if source is not None and (bar % 4 == 0 or copies[bar - 1] is None)
    ]
    for start in rng.permutation(starts):
        if sum(source is not None for source in copies) <= most * len(copies):
            break
        for bar in range(int(start), len(copies)):
            if copies[bar] is None or (bar > start and bar in starts):
                break
            copies[bar] = None
    return copies


def _source(section: Section, bar: int, model: Section | None, phrase: int) -> int | None:
    """The bar that `bar` would like to repeat: of the first statement, else of the section's own first phrase.

    `phrase`: bars of a phrase; 0 if phrases shall not be parallel.
    """
    place = bar - section.start_bar
    tail = 1 if section.bars < 8 else 2
    if place >= section.bars - tail:
        return None
    if model is not None and place < model.bars:
        return model.start_bar + place
    number, step = divmod(place, phrase) if phrase else (0, 0)
    if number % 4 in (1, 3) and step < phrase - phrase // 2:
        return section.start_bar + (number - number % 4) * phrase + step
    return None
