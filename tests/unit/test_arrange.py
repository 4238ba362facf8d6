"""What returns, varies and grooves in a plan: copies, riffs, fresh roles and patterns of drums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from engine.compose.arrange import Ensemble, arrange
from engine.compose.harmonise import Bar
from engine.compose.plan import BarPlan
from engine.music.harmony import Chord
from engine.music.notes import Role, Section, SectionKind

SEEDS = range(30)
FORM = (
    (SectionKind.INTRO, "I", 4),
    (SectionKind.VERSE, "A", 8),
    (SectionKind.CHORUS, "B", 8),
    (SectionKind.VERSE, "A", 8),
    (SectionKind.BRIDGE, "C", 8),
    (SectionKind.CHORUS, "B", 8),
    (SectionKind.OUTRO, "O", 5),
)
LOOP = tuple(Chord.parse(name) for name in ("C", "Am", "F", "G"))
PRESENCE = {Role.MELODY: 0.9, Role.HARMONY: 1.0, Role.BASS: 0.8, Role.DRUMS: 0.7, Role.COUNTER: 0.3}
USUAL = Ensemble(presence=PRESENCE, energy=0.5)


def form(*rows: tuple[SectionKind, str, int]) -> tuple[Section, ...]:
    starts = np.cumsum([0, *(bars for *_, bars in rows)])
    return tuple(
        Section(kind=kind, label=label, start_bar=int(start), bars=bars)
        for (kind, label, bars), start in zip(rows, starts, strict=False)
    )


SONG = form(*FORM)
VERSE = form((SectionKind.VERSE, "A", 16))


def looped(sections: tuple[Section, ...]) -> tuple[Bar, ...]:
    """Two bars a chord."""
    return tuple((LOOP[bar // 2 % 4],) * 2 for bar in range(sections[-1].end_bar))


def varied(sections: tuple[Section, ...], seed: int) -> tuple[Bar, ...]:
    """Each label's own chords by chance."""
    rows: dict[str, list[Bar]] = {}
    for section in sections:
        rng = np.random.default_rng([seed, *section.label.encode()])
        rows[section.label] = [(LOOP[rng.integers(4)],) * 2 for _ in range(16)]
    return tuple(rows[section.label][place] for section in sections for place in range(section.bars))


def arranged(
    ensemble: Ensemble = USUAL, sections: tuple[Section, ...] = SONG, chords: tuple[Bar, ...] = ()
) -> Iterator[tuple[BarPlan, ...]]:
    for seed in SEEDS:
        yield arrange(sections, chords or looped(sections), ensemble, np.random.default_rng(seed))


def share(bars: tuple[BarPlan, ...]) -> float:
    return sum(bar.copy_of is not None for bar in bars) / len(bars)


@pytest.mark.parametrize("riffs", [False, True])
@pytest.mark.parametrize("phrase", [4, 8])
def test_a_bar_repeats_only_an_earlier_new_bar_of_the_same_chords_whose_roles_it_has(riffs, phrase):
    copied = 0
    for seed in SEEDS:
        for chords in (looped(SONG), varied(SONG, seed)):
            ensemble = replace(USUAL, riffs=riffs, phrase=phrase, returning=0.8 if riffs else 1.0)
            bars = arrange(SONG, chords, ensemble, np.random.default_rng(seed))
            for index, bar in enumerate(bars):
                if bar.copy_of is None:
                    continue
                copied += 1
                source = bars[bar.copy_of]
                assert bar.copy_of < index
                assert source.copy_of is None
                assert source.chords == bar.chords
                assert bar.roles <= source.roles
                assert not bar.final
    assert copied > 500


@pytest.mark.parametrize("most", [0.0, 0.2, 0.5, 0.8])
@pytest.mark.parametrize("riffs", [False, True])
def test_no_more_returns_than_wanted(most, riffs):
    for bars in arranged(replace(USUAL, returning=most, riffs=riffs)):
        assert share(bars) <= most


def test_what_may_return_does_where_enough_is_wanted():
    free = [share(bars) for bars in arranged()]
    few = [share(bars) for bars in arranged(replace(USUAL, returning=0.2))]
    assert np.mean(free) > 0.3
    assert 0.05 < np.mean(few) <= 0.2


def test_bars_are_released_in_stretches_by_lot():
    left = [
        tuple(index for index, bar in enumerate(bars) if bar.copy_of is not None)
        for bars in arranged(replace(USUAL, returning=0.2))
    ]
    assert len(set(left)) > len(SEEDS) / 2
    pairs = [sum(bar + 1 in row for bar in row) for row in left if row]
    assert np.mean(pairs) > 1, "what still returns is stretches, not single bars"


def test_riffs_make_up_what_should_return():
    without, with_ = (
        [share(bars) for bars in arranged(replace(USUAL, returning=0.7, riffs=riffs), sections=VERSE)]
        for riffs in (False, True)
    )
    assert np.mean(without) < 0.4
    assert np.mean(with_) > np.mean(without) + 0.1
    wished = [share(bars) for bars in arranged(replace(USUAL, returning=0.3, riffs=True), sections=VERSE)]
    assert np.mean(wished) < np.mean(with_)


def test_riffs_leave_the_last_bar_of_a_phrase_unless_the_music_is_insistent():
    one = tuple((LOOP[0],) * 2 for _ in range(16))
    tails = {}
    for returning in (0.6, 0.8):
        made = list(arranged(replace(USUAL, returning=returning, riffs=True), sections=VERSE, chords=one))
        assert all(bars[0].copy_of is None for bars in made)
        assert np.mean([share(bars) for bars in made]) > returning - 0.15
        tails[returning] = sum(bar.copy_of is not None for bars in made for bar in bars if bar.phrase_end)
    assert tails[0.6] == 0
    assert tails[0.8] > 0


@pytest.mark.parametrize("wanted", [0.0, 0.3, 0.85])
def test_as_many_returning_bars_vary_as_wanted_each_by_one_role(wanted):
    fresh = copies = 0
    chosen = set()
    for bars in arranged(replace(USUAL, varied=wanted)):
        for bar in bars:
            assert len(bar.fresh) <= 1
            assert bar.fresh <= bar.roles
            if bar.copy_of is None:
                assert not bar.fresh, "only what returns can vary"
            elif len(bar.roles) > 2:
                copies += 1
                fresh += bool(bar.fresh)
                chosen |= bar.fresh
    assert copies > 200
    assert fresh / copies == pytest.approx(wanted, abs=0.09)
    assert len(chosen) >= 4 * bool(wanted)


def test_a_pair_repeats_exactly():
    duo = replace(USUAL, presence={Role.MELODY: 1.0, Role.HARMONY: 1.0}, varied=1.0)
    bars = [bar for made in arranged(duo) for bar in made]
    assert any(bar.copy_of is not None for bar in bars)
    assert not any(bar.fresh for bar in bars)


@pytest.mark.parametrize("period", [1, 2, 4])
def test_drums_come_again_after_so_many_bars_but_not_where_a_phrase_ends(period):
    grooves = 0
    ensemble = replace(USUAL, groove_bars=period, returning=0.0)
    for bars in arranged(ensemble):
        first = {}
        for section in SONG:
            first.setdefault(section.label, section.start_bar)
        for index, bar in enumerate(bars):
            if bar.groove_of is None:
                continue
            grooves += 1
            section = SONG[bar.section]
            assert bar.groove_of == first[section.label] + (index - section.start_bar) % period
            assert bar.groove_of < index
            assert Role.DRUMS in bar.roles & bars[bar.groove_of].roles
            assert not bar.final
            assert index != section.end_bar - 1, "there is a fill"
            assert period == 1 or not bar.phrase_end
    assert grooves > 100


def test_a_bar_that_repeats_another_has_its_drums_already():
    bars = [bar for made in arranged(replace(USUAL, groove_bars=2)) for bar in made]
    assert any(bar.copy_of is not None for bar in bars)
    assert any(bar.groove_of is not None for bar in bars)
    assert not any(bar.copy_of is not None and bar.groove_of is not None for bar in bars)


def test_drums_play_at_will_where_no_period_is_wanted_or_nobody_drums():
    assert not any(bar.groove_of is not None for made in arranged() for bar in made)
    quiet = replace(
        USUAL, presence={role: at for role, at in PRESENCE.items() if role is not Role.DRUMS}, groove_bars=1
    )
    assert not any(bar.groove_of is not None for made in arranged(quiet) for bar in made)


def test_the_same_chance_arranges_the_same_bars():
    ensemble = replace(USUAL, returning=0.5, riffs=True, varied=0.5, groove_bars=2)
    assert list(arranged(ensemble)) == list(arranged(ensemble))
    assert len(set(arranged(ensemble))) > len(SEEDS) / 2
