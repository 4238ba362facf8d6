"""Instruments at equal levels: what a soundfont plays too loud or too soft is evened out before the style's mix
applies.

In: a performed song and the style's parts. Out: the parts with other gains, for the synthesiser alone; the MIDI file
keeps the style's. Why: at one velocity the programs of FluidR3 lie up to 24 LU apart (saw lead −11 LUFS, warm pad
−35), so a style's gains would mean something else with every instrument. Conventions: each role's instrument plays a
few notes about where the track lies, alone, and its loudness is compared with a reference; what was measured is
remembered. Caveat: one level stands for six semitones and for all velocities.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from statistics import median_low

from engine.compose.render import SAMPLE_RATE_HZ, Synth
from engine.metrics.loudness import integrated_loudness_lufs
from engine.music.instruments import program_range
from engine.music.midi.write import write_midi
from engine.music.notes import Note, Role, Section, SectionKind
from engine.music.performance import PERFORMED_TICKS_PER_QUARTER, PerformedSong, PerformedTrack
from engine.music.styles import Part

REFERENCE_LUFS = {
    Role.MELODY: -26.0,
    Role.COUNTER: -26.0,
    Role.HARMONY: -26.0,
    Role.BASS: -25.0,
    Role.DRUMS: -24.0,
}
"""What each role's instrument is brought to; sparse strokes of a drum kit measure low for how loud they seem."""
SHARE = 0.85
"""How much of a difference is evened out: an instrument keeps a little of its character."""
MOST_DB = 14.0
HEADROOM_DB = 8.0
"""Everything is turned down so much first, because a MIDI volume cannot go far up."""
SILENT_LUFS = -60.0
PROBE_S = 2.0
SPACING_S = 2.6
PROBE_BPM = 120.0

_Voice = tuple[Role, int, int]
"""Drums or not (as a role), program, pitch to the nearest six semitones (0 for drums)."""


class Balance:
    """Measures and remembers the levels of one synthesiser's instruments."""

    def __init__(self, synth: Synth) -> None:
        self._synth = synth
        self._levels: dict[_Voice, float] = {}

    def balanced(self, performed: PerformedSong, parts: Mapping[Role, Part]) -> dict[Role, Part]:
        """`parts` of the roles that play, with gains that even out their instruments below the style's own."""
        voices = {track.role: _voice(track) for track in performed.tracks if track.notes}
        self._measure(performed, voices)
        result = {}
        for role, voice in voices.items():
            part = parts.get(role) or Part(programs=(), low=0, high=127, density=0)
            result[role] = replace(part, gain_db=part.gain_db + self._correction_db(role, voice) - HEADROOM_DB)
        return result

    def _correction_db(self, role: Role, voice: _Voice) -> float:
        level = self._levels[voice]
        if level < SILENT_LUFS:
            return 0.0
        return min(max(SHARE * (REFERENCE_LUFS[role] - level), -MOST_DB), MOST_DB)

    def _measure(self, performed: PerformedSong, voices: Mapping[Role, _Voice]) -> None:
        """Let the instruments that are not known yet play one after the other, each on its own channel."""
        unknown = {role: voice for role, voice in voices.items() if voice not in self._levels}
        if not unknown:
            return
        tracks = [
            PerformedTrack(role=role, program=voice[1], notes=_probe(voice, _ticks(SPACING_S * at)))
            for at, (role, voice) in enumerate(unknown.items())
        ]
        bar = Section(kind=SectionKind.VERSE, label="", start_bar=0, bars=1)
        song = replace(performed.song, tempo_bpm=PROBE_BPM, sections=(bar,), chords=(None, None), tracks=())
        audio = self._synth.render(
            write_midi(PerformedSong(song=song, tracks=tuple(tracks)), {}), SPACING_S * len(tracks)
        )
        for at, voice in enumerate(unknown.values()):
            start = int(SPACING_S * at * SAMPLE_RATE_HZ)
            part = audio[:, start : start + int(PROBE_S * SAMPLE_RATE_HZ)]
            self._levels[voice] = integrated_loudness_lufs(part, SAMPLE_RATE_HZ)


def _voice(track: PerformedTrack) -> _Voice:
    if track.role is Role.DRUMS:
        return Role.DRUMS, track.program, 0
    low, high = program_range(track.program)
    middle = round(median_low(note.pitch for note in track.notes) / 6) * 6
    return Role.MELODY, track.program, min(max(middle, low), high)


def _probe(voice: _Voice, start: int) -> tuple[Note, ...]:
    """Two seconds of notes: half notes' worth of one pitch, or a plain beat."""
    role, _, pitch = voice
    if role is not Role.DRUMS:
        times = [start + _ticks(0.5 * at) for at in range(4)]
        return tuple(Note(onset=time, pitch=pitch, duration=_ticks(0.45), velocity=90) for time in times)
    beat = (36, 42), (42,), (38, 42), (42,)
    return tuple(
        Note(onset=start + _ticks(0.25 * at), pitch=key, duration=_ticks(0.1), velocity=90)
        for at in range(8)
        for key in beat[at % 4]
    )


def _ticks(seconds_s: float) -> int:
    return round(seconds_s * PROBE_BPM / 60 * PERFORMED_TICKS_PER_QUARTER)
