"""Motifs, their development, and the pitches that they get over chords."""

from itertools import pairwise

import numpy as np

from engine.grammar.grammar import Passage
from engine.grammar.lofi import LOFI
from engine.grammar.melody import play_melody
from engine.grammar.motif import Cue, Tune, make_motifs, make_tune, varied, word_bar
from engine.music.harmony import Chord, Key
from engine.music.notes import Role, Section, SectionKind

WORDS = LOFI.melody
CASTING = LOFI.parts[Role.MELODY]


def passage(chords: str, key: str = "A minor") -> Passage:
    """A passage of one chord a bar."""
    read = [Chord.parse(name) for name in chords.split()]
    return Passage(
        key=Key.parse(key),
        section=Section(kind=SectionKind.VERSE, label="A", start_bar=0, bars=len(read)),
        chords=tuple(chord for chord in read for _ in range(2)),
        following=read[0],
        roles=frozenset({Role.MELODY}),
        energy=0.6,
        returns=0,
        final=False,
    )


def section(bars: int, kind: SectionKind = SectionKind.VERSE) -> Section:
    return Section(kind=kind, label="A", start_bar=0, bars=bars)


def even_tune(*steps: int, bars: int = 4) -> Tune:
    bar = tuple(Cue(onset=24 * i, duration=24, step=step) for i, step in enumerate(steps))
    return Tune(bars=(bar,) * bars, centre=72)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_motifs_have_as_many_notes_as_the_style_asks_and_stay_within_a_ninth():
    for seed in range(200):
        motifs = make_motifs(WORDS, rng(seed))
        assert WORDS.least + 1 <= len(motifs.a) <= WORDS.most
        assert WORDS.least <= len(motifs.b) <= WORDS.most - 1
        for bar in (motifs.a, motifs.b):
            assert max(cue.step for cue in bar) - min(cue.step for cue in bar) <= 8
            assert len({cue.duration for cue in bar}) > 1


def test_an_upside_down_bar_mirrors_the_motif_and_keeps_its_rhythm():
    motifs = make_motifs(WORDS, rng(4))
    mirrored = word_bar("i", motifs, WORDS, rng())
    assert [(c.onset, c.duration) for c in mirrored] == [(c.onset, c.duration) for c in motifs.a]
    start = motifs.a[0].step
    assert [c.step - start for c in mirrored] == [start - c.step for c in motifs.a]


def test_a_tune_states_its_motif_more_than_once():
    for seed in range(100):
        generator = rng(seed)
        motifs = make_motifs(WORDS, generator)
        tune = make_tune(motifs, WORDS, section(8), generator)
        rhythms = [tuple((cue.onset, cue.duration) for cue in bar) for bar in tune.bars if bar]
        assert len(set(rhythms)) < len(rhythms)


def test_a_chorus_lies_higher_than_a_verse():
    motifs = make_motifs(WORDS, rng(1))
    verse = [make_tune(motifs, WORDS, section(8), rng(seed)).centre for seed in range(60)]
    chorus = [make_tune(motifs, WORDS, section(8, SectionKind.CHORUS), rng(seed)).centre for seed in range(60)]
    assert np.mean(chorus) - np.mean(verse) == WORDS.chorus_lift


def test_a_varied_tune_keeps_its_first_bar_and_most_others():
    changed = 0
    for seed in range(100):
        generator = rng(seed)
        tune = make_tune(make_motifs(WORDS, generator), WORDS, section(8), generator)
        again = varied(tune, generator)
        assert again.bars[0] == tune.bars[0]
        different = sum(a != b for a, b in zip(tune.bars, again.bars, strict=True))
        assert different <= 3
        changed += different > 0
    assert changed > 70


def test_a_motif_on_one_note_is_not_hammered():
    notes = play_melody(passage("Am9 Am9 Am9 Am9"), even_tune(0, 0, 0, 0), WORDS, CASTING, rng())
    longest = run = 1
    for before, after in pairwise(notes):
        run = run + 1 if before.pitch == after.pitch else 1
        longest = max(longest, run)
    assert longest <= 3


def test_strong_beats_get_chord_tones_and_all_notes_the_scale_or_the_chord():
    chords = passage("Am9 Dm9 E7b9 Am9")
    for seed in range(50):
        generator = rng(seed)
        tune = make_tune(make_motifs(WORDS, generator), WORDS, section(4), generator)
        for note in play_melody(chords, tune, WORDS, CASTING, generator):
            chord = chords.chord_at(note.onset)
            assert note.pitch % 12 in chord.pitch_classes or note.pitch % 12 in chords.key.scale
            clash = (note.pitch - 1) % 12 in chord.pitch_classes and note.pitch % 12 not in chord.pitch_classes
            assert not (clash and note.onset % 48 == 0)


def test_a_rising_motif_rises():
    notes = play_melody(passage("Am9 Am9"), even_tune(-2, 0, 2, 4, bars=2), WORDS, CASTING, rng())
    assert notes[0].pitch < notes[1].pitch < notes[2].pitch < notes[3].pitch


def test_a_motif_over_another_chord_keeps_its_direction_or_stays_but_fits():
    notes = play_melody(passage("Am9 Fmaj9"), even_tune(0, 2, 1, -1, bars=2), WORDS, CASTING, rng())
    first, second = ([n.pitch for n in notes[i : i + 4]] for i in (0, 4))
    for bar in (first, second):
        assert bar[0] <= bar[1] >= bar[2] >= bar[3]


def test_a_full_close_ends_on_the_tonic_when_the_chord_has_it():
    bar = (Cue(onset=0, duration=24, step=2), Cue(onset=24, duration=48, step=1, close="full"))
    tune = Tune(bars=(bar,), centre=70)
    notes = play_melody(passage("Am9"), tune, WORDS, CASTING, rng())
    assert notes[-1].pitch % 12 == 9
