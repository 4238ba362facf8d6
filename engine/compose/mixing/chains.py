"""The chain of each style. Everything here is data; what the numbers do stands in the stages' modules.

Conventions: a style.toml names its chain as `master`. On the bus the music lies near −14 LUFS, in an insert near −26.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.compose.mixing.chain import Beside, Chain, Insert
from engine.compose.mixing.colour import Chorus, Saturate, Tape, Vinyl
from engine.compose.mixing.dynamics import Compress, Duck, Width
from engine.compose.mixing.echo import Echo
from engine.compose.mixing.gate import SnareGate
from engine.compose.mixing.space import Space
from engine.compose.mixing.tone import Band, Sweep, Tone, cabinet
from engine.music.notes import Role

GUITARS = frozenset(range(26, 32))
AMPED = GUITARS | {16, 17, 18, 22}
"""Guitars, drawbar organs and the harmonica: what is played through an amplifier in rock and blues."""
BASSES = frozenset(range(33, 40))


def _pumping(depth_db: float, bass_db: float, **shape: float) -> dict[Role, tuple[Insert, ...]]:
    """Everything but the drums dips at each kick."""
    held = (Insert(stages=(Duck(depth_db=depth_db, **shape),)),)
    tune = (Insert(stages=(Duck(depth_db=depth_db / 2, **shape),)),)
    bass = (Insert(stages=(Duck(depth_db=bass_db, **shape),)),)
    return {Role.HARMONY: held, Role.COUNTER: held, Role.MELODY: tune, Role.BASS: bass}


PLAIN = Chain(why="nothing but levels", space=Space(decay_s=1.0, wet_db=-2.0))

LOFI = Chain(
    why="a worn tape of a dusty record: dark, warm, narrow, breathing with the kick",
    inserts={
        **_pumping(3.0, 2.0),
        Role.DRUMS: (
            Insert(stages=(Saturate(drive=4.0, bias=0.1), Tone(bands=(Band(kind="high_cut", frequency_hz=7500.0),)))),
        ),
    },
    space=Space(decay_s=0.7, wet_db=-3.0, bright_hz=3200.0),
    bus=(
        Tone(
            bands=(
                Band(kind="low_cut", frequency_hz=34.0),
                Band(kind="low_shelf", frequency_hz=160.0, gain_db=1.0),
            )
        ),
        Saturate(drive=1.3, bias=0.12),
        Tape(wow_cents=5.0, flutter_cents=1.2),
        Tone(bands=(Band(kind="high_cut", frequency_hz=5200.0),)),
        Width(share=0.85),
        Vinyl(clicks_a_s=9.0, click_db=-27.0, hiss_db=-62.0),
    ),
)

AMBIENT = Chain(
    why="a space without walls: a very long tail, a tune that echoes in time, pads whose filters move, no compression",
    levels_db={Role.MELODY: 1.5},
    inserts={
        Role.MELODY: (Insert(stages=(Beside(stage=Echo(quarters=0.5, feedback=0.55), wet_db=-4.0),)),),
        Role.HARMONY: (Insert(stages=(Sweep(closed_hz=700.0, period_s=23.0, most=0.85),)),),
        Role.COUNTER: (Insert(stages=(Sweep(closed_hz=1200.0, period_s=31.0, most=0.7),)),),
    },
    space=Space(decay_s=5.0, wet_db=1.0, bright_hz=4200.0, pre_delay_s=0.04, dark_hz=160.0),
    chorus=Chorus(cents=7.0, rate_hz=0.25),
    bus=(
        Tone(
            bands=(
                Band(kind="low_cut", frequency_hz=30.0),
                Band(kind="high_shelf", frequency_hz=7000.0, gain_db=-1.5),
            )
        ),
        Width(share=1.15),
    ),
)

_ROCK_GUITAR = Insert(
    stages=(
        Tone(bands=(Band(kind="low_cut", frequency_hz=90.0),)),
        Saturate(drive=5.0, bias=0.1),
        cabinet(85.0, 5200.0),
    ),
    programs=AMPED,
)  # fmt: skip
ROCK = Chain(
    why="amplifiers and cabinets for guitars and bass, drums squeezed beside themselves, all glued together",
    inserts={
        Role.MELODY: (_ROCK_GUITAR,),
        Role.COUNTER: (_ROCK_GUITAR,),
        Role.HARMONY: (_ROCK_GUITAR,),
        Role.BASS: (Insert(stages=(Saturate(drive=4.0, bias=0.15), cabinet(45.0, 3800.0)), programs=BASSES),),
        Role.DRUMS: (
            Insert(stages=(
                Compress(threshold_db=-34.0, ratio=4.0, attack_s=0.008, release_s=0.09, blend=0.5),
                Tone(bands=(
                    Band(kind="bell", frequency_hz=380.0, gain_db=-3.0, q=0.9),
                    Band(kind="high_shelf", frequency_hz=6000.0, gain_db=1.5),
                )),
            )),
        ),
    },
    space=Space(decay_s=0.6, wet_db=-1.0, bright_hz=5500.0, pre_delay_s=0.008),
    bus=(
        Saturate(drive=1.25),
        Compress(threshold_db=-18.0, ratio=2.5, attack_s=0.015, release_s=0.12),
        Tone(bands=(
            Band(kind="low_cut", frequency_hz=34.0),
            Band(kind="low_shelf", frequency_hz=95.0, gain_db=1.0),
            Band(kind="high_shelf", frequency_hz=4500.0, gain_db=1.0),
        )),
    ),
)  # fmt: skip

JAZZ = Chain(
    why="a club room around the band, gentle tape, its dynamics left alone",
    ride_db=8.0,
    levels_db={Role.BASS: -2.0},
    space=Space(decay_s=0.95, wet_db=1.0, bright_hz=5000.0, pre_delay_s=0.015, dark_hz=150.0),
    bus=(
        Saturate(drive=0.9, bias=0.08),
        Tape(wow_cents=0.6, flutter_cents=0.3),
        Tone(bands=(
            Band(kind="low_cut", frequency_hz=34.0),
            Band(kind="bell", frequency_hz=50.0, gain_db=-2.0, q=0.9),
            Band(kind="high_shelf", frequency_hz=9000.0, gain_db=-1.5),
        )),
    ),
)  # fmt: skip

BOSSA = Chain(
    why="close microphones in a small carpeted room: warm, soft above, a little held together",
    space=Space(decay_s=0.55, wet_db=-1.0, bright_hz=4200.0, dark_hz=180.0),
    bus=(
        Compress(threshold_db=-18.0, ratio=1.6, attack_s=0.03, release_s=0.25),
        Tone(bands=(
            Band(kind="low_cut", frequency_hz=36.0),
            Band(kind="low_shelf", frequency_hz=220.0, gain_db=1.0),
            Band(kind="bell", frequency_hz=3200.0, gain_db=-1.0, q=0.8),
            Band(kind="high_cut", frequency_hz=12500.0),
        )),
        Width(share=0.9),
    ),
)  # fmt: skip

_BLUES_AMP = Insert(stages=(Saturate(drive=4.0, bias=0.3), cabinet(80.0, 5600.0)), programs=AMPED)
BLUES = Chain(
    why="valve amplifiers with spring tanks: even harmonics, a cabinet's band, a splashing tail",
    inserts={role: (_BLUES_AMP,) for role in (Role.MELODY, Role.COUNTER, Role.HARMONY)},
    space=Space(decay_s=1.7, wet_db=-1.0, kind="spring", bright_hz=4200.0, dark_hz=160.0, pre_delay_s=0.0),
    bus=(
        Saturate(drive=1.2, bias=0.2),
        Compress(threshold_db=-17.0, ratio=1.8, attack_s=0.02, release_s=0.2),
        Tone(bands=(
            Band(kind="low_cut", frequency_hz=36.0),
            Band(kind="high_shelf", frequency_hz=10000.0, gain_db=-1.5),
        )),
        Width(share=1.35),
    ),
)  # fmt: skip

POP = Chain(
    why="bright and tight: two quick compressors, mud taken out, a plate, a light dip at the kick",
    inserts={
        **_pumping(1.5, 1.5, release_beats=0.4),
        Role.DRUMS: (
            Insert(stages=(Compress(threshold_db=-34.0, ratio=3.0, attack_s=0.01, release_s=0.08, blend=0.4),)),
        ),
    },
    space=Space(decay_s=1.2, wet_db=-1.5, bright_hz=8000.0, pre_delay_s=0.025, dark_hz=260.0),
    bus=(
        Compress(threshold_db=-19.0, ratio=2.0, attack_s=0.01, release_s=0.1),
        Compress(threshold_db=-14.0, ratio=3.0, attack_s=0.003, release_s=0.06, blend=0.7),
        Tone(bands=(
            Band(kind="low_cut", frequency_hz=32.0),
            Band(kind="low_shelf", frequency_hz=90.0, gain_db=1.0),
            Band(kind="bell", frequency_hz=350.0, gain_db=-1.8, q=0.8),
            Band(kind="high_shelf", frequency_hz=7500.0, gain_db=2.5),
        )),
        Width(share=1.1),
    ),
)  # fmt: skip

SYNTHWAVE = Chain(
    why="1985: a gated snare, wide chorused pads that pump with the kick, long plates, a tape at the end",
    inserts={
        **_pumping(5.0, 3.5, release_beats=0.6, longest_s=0.4),
        Role.DRUMS: (
            Insert(stages=(
                SnareGate(space=Space(decay_s=0.28, wet_db=-4.0, kind="gate", bright_hz=6500.0, pre_delay_s=0.01)),
            )),
        ),
    },
    space=Space(decay_s=2.4, wet_db=-1.0, bright_hz=6000.0, pre_delay_s=0.03, dark_hz=240.0),
    chorus=Chorus(cents=12.0, rate_hz=0.5),
    bus=(
        Saturate(drive=1.2),
        Compress(threshold_db=-17.0, ratio=2.0, attack_s=0.012, release_s=0.14),
        Tape(wow_cents=1.5, flutter_cents=0.5),
        Tone(bands=(
            Band(kind="low_cut", frequency_hz=32.0),
            Band(kind="low_shelf", frequency_hz=85.0, gain_db=1.2),
            Band(kind="high_shelf", frequency_hz=7000.0, gain_db=2.0),
        )),
        Width(share=1.2),
    ),
)  # fmt: skip

CLASSICAL = Chain(
    why="a hall, and nothing that presses: all of the dynamics stay",
    ride_db=9.0,
    space=Space(decay_s=2.2, wet_db=0.5, bright_hz=4800.0, pre_delay_s=0.028, dark_hz=140.0),
    chorus=None,
    bus=(Tone(bands=(Band(kind="low_cut", frequency_hz=28.0),)),),
)

RAGTIME = Chain(
    why="an old upright in a parlour: little bass, a woody middle, strings a few cents apart, a small hard room",
    space=Space(decay_s=0.45, wet_db=2.0, bright_hz=4200.0, dark_hz=220.0, pre_delay_s=0.006),
    chorus=None,
    bus=(
        Beside(stage=Chorus(cents=6.0, rate_hz=0.9, late_ms=5.0), wet_db=-7.0),
        Saturate(drive=0.9, bias=0.1),
        Tone(bands=(
            Band(kind="low_cut", frequency_hz=75.0),
            Band(kind="low_shelf", frequency_hz=160.0, gain_db=-2.0),
            Band(kind="bell", frequency_hz=900.0, gain_db=1.5, q=0.8),
            Band(kind="bell", frequency_hz=2600.0, gain_db=2.0, q=0.8),
            Band(kind="high_cut", frequency_hz=8000.0),
        )),
        Width(share=0.7),
    ),
)  # fmt: skip

FOLK = Chain(
    why="players in a wooden room: its body around 250 Hz, air above, nothing pressed",
    space=Space(decay_s=0.8, wet_db=0.0, bright_hz=6000.0, dark_hz=110.0, pre_delay_s=0.009),
    bus=(
        Tone(bands=(
            Band(kind="low_cut", frequency_hz=38.0),
            Band(kind="bell", frequency_hz=250.0, gain_db=1.0, q=0.8),
            Band(kind="high_shelf", frequency_hz=2800.0, gain_db=3.0),
        )),
    ),
)  # fmt: skip

CHIPTUNE = Chain(
    why="a console's own output: dry, its highest edges softened, evened out",
    space=None,
    chorus=None,
    bus=(
        Compress(threshold_db=-17.0, ratio=2.0, attack_s=0.005, release_s=0.08),
        Tone(bands=(
            Band(kind="low_cut", frequency_hz=34.0),
            Band(kind="high_shelf", frequency_hz=9000.0, gain_db=-2.0),
        )),
        Width(share=1.4),
    ),
)  # fmt: skip

CHAINS: Mapping[str, Chain] = MappingProxyType(
    {
        "plain": PLAIN,
        "lofi": LOFI,
        "ambient": AMBIENT,
        "rock": ROCK,
        "jazz": JAZZ,
        "bossa": BOSSA,
        "blues": BLUES,
        "pop": POP,
        "synthwave": SYNTHWAVE,
        "classical": CLASSICAL,
        "ragtime": RAGTIME,
        "folk": FOLK,
        "chiptune": CHIPTUNE,
    }
)
"""Name, as `master` in a style.toml has it, to chain."""


def find_chain(name: str) -> Chain:
    """The chain of that name. Raises `ValueError`, naming the known ones."""
    if name not in CHAINS:
        raise ValueError(f"the mastering chain {name!r} is not known; {', '.join(sorted(CHAINS))} would work")
    return CHAINS[name]
