"""General MIDI: what programs and drum keys are called, and what each instrument can really play.

In: program numbers 0–127 and percussion keys. Out: names and ranges. Conventions: a range is (low, high) in MIDI
pitches as they sound, both inclusive, and covers what a player of the instrument is usually asked for rather than a
virtuoso's extremes. Caveat: effects and percussive programs have no range of their own; theirs is where a soundfont
still sounds sane.
"""

from __future__ import annotations

_TABLE: tuple[tuple[str, int, int], ...] = (
    ("Grand Piano", 21, 108), ("Bright Piano", 21, 108), ("Electric Grand", 28, 103), ("Honky-tonk Piano", 21, 108),
    ("Electric Piano", 28, 103), ("FM Electric Piano", 28, 103), ("Harpsichord", 29, 89), ("Clavinet", 36, 96),
    ("Celesta", 60, 108), ("Glockenspiel", 79, 108), ("Music Box", 60, 96), ("Vibraphone", 53, 89),
    ("Marimba", 45, 96), ("Xylophone", 65, 108), ("Tubular Bells", 60, 77), ("Dulcimer", 48, 84),
    ("Drawbar Organ", 36, 96), ("Percussive Organ", 36, 96), ("Rock Organ", 36, 96), ("Church Organ", 36, 96),
    ("Reed Organ", 36, 96), ("Accordion", 53, 89), ("Harmonica", 60, 84), ("Bandoneon", 48, 89),
    ("Nylon Guitar", 40, 84), ("Steel Guitar", 40, 84), ("Jazz Guitar", 40, 86), ("Clean Guitar", 40, 86),
    ("Muted Guitar", 40, 80), ("Overdriven Guitar", 40, 86), ("Distortion Guitar", 40, 86),
    ("Guitar Harmonics", 52, 84),
    ("Acoustic Bass", 28, 60), ("Finger Bass", 28, 60), ("Picked Bass", 28, 60), ("Fretless Bass", 28, 60),
    ("Slap Bass", 28, 60), ("Pop Bass", 28, 60), ("Synth Bass", 24, 60), ("Rubber Bass", 24, 60),
    ("Violin", 55, 100), ("Viola", 48, 88), ("Cello", 36, 76), ("Contrabass", 28, 57),
    ("Tremolo Strings", 28, 96), ("Pizzicato Strings", 28, 96), ("Harp", 24, 103), ("Timpani", 38, 57),
    ("String Ensemble", 28, 96), ("Slow Strings", 28, 96), ("Synth Strings", 36, 96), ("Warm Synth Strings", 36, 96),
    ("Choir", 41, 79), ("Voice", 41, 79), ("Synth Voice", 41, 84), ("Orchestra Hit", 48, 72),
    ("Trumpet", 55, 82), ("Trombone", 40, 72), ("Tuba", 28, 58), ("Muted Trumpet", 55, 82),
    ("French Horn", 41, 77), ("Brass Section", 36, 84), ("Synth Brass", 36, 96), ("Soft Synth Brass", 36, 96),
    ("Soprano Sax", 56, 87), ("Alto Sax", 49, 80), ("Tenor Sax", 44, 75), ("Baritone Sax", 36, 69),
    ("Oboe", 58, 91), ("English Horn", 52, 81), ("Bassoon", 34, 72), ("Clarinet", 50, 91),
    ("Piccolo", 74, 108), ("Flute", 60, 96), ("Recorder", 60, 96), ("Pan Flute", 60, 96),
    ("Bottle", 60, 96), ("Shakuhachi", 55, 84), ("Whistle", 60, 96), ("Ocarina", 60, 84),
    ("Square Lead", 36, 96), ("Saw Lead", 36, 96), ("Calliope Lead", 36, 96), ("Chiff Lead", 36, 96),
    ("Charang Lead", 36, 96), ("Voice Lead", 36, 96), ("Fifths Lead", 36, 84), ("Bass and Lead", 24, 84),
    ("New Age Pad", 36, 96), ("Warm Pad", 36, 96), ("Polysynth Pad", 36, 96), ("Choir Pad", 36, 84),
    ("Bowed Pad", 36, 96), ("Metal Pad", 36, 96), ("Halo Pad", 36, 96), ("Sweep Pad", 36, 96),
    ("Ice Rain", 36, 96), ("Soundtrack", 36, 96), ("Crystal", 48, 108), ("Atmosphere", 36, 96),
    ("Brightness", 36, 96), ("Goblins", 36, 96), ("Echo Drops", 36, 96), ("Star Theme", 36, 96),
    ("Sitar", 48, 77), ("Banjo", 48, 86), ("Shamisen", 50, 79), ("Koto", 43, 84),
    ("Kalimba", 48, 84), ("Bagpipe", 55, 79), ("Fiddle", 55, 96), ("Shanai", 48, 79),
    ("Tinkle Bell", 72, 96), ("Agogo", 60, 84), ("Steel Drums", 52, 86), ("Woodblock", 60, 84),
    ("Taiko", 36, 60), ("Melodic Tom", 36, 60), ("Synth Drum", 36, 60), ("Reverse Cymbal", 48, 72),
    ("Fret Noise", 40, 84), ("Breath Noise", 48, 84), ("Seashore", 48, 72), ("Bird Tweet", 60, 84),
    ("Telephone", 60, 84), ("Helicopter", 48, 72), ("Applause", 48, 72), ("Gunshot", 48, 72),
)  # fmt: skip

_KITS = {
    0: "Standard Kit", 8: "Room Kit", 16: "Power Kit", 24: "Electronic Kit", 25: "Analogue Kit", 32: "Jazz Kit",
    40: "Brush Kit", 48: "Orchestra Kit",
}  # fmt: skip

_DRUMS = {
    27: "High Q", 28: "Slap", 29: "Scratch Push", 30: "Scratch Pull", 31: "Sticks", 32: "Square Click", 33: "Click",
    34: "Bell", 35: "Acoustic Kick", 36: "Kick", 37: "Rim", 38: "Snare", 39: "Clap", 40: "Electric Snare",
    41: "Low Floor Tom", 42: "Closed Hat", 43: "High Floor Tom", 44: "Pedal Hat", 45: "Low Tom", 46: "Open Hat",
    47: "Low-Mid Tom", 48: "High-Mid Tom", 49: "Crash", 50: "High Tom", 51: "Ride", 52: "China", 53: "Ride Bell",
    54: "Tambourine", 55: "Splash", 56: "Cowbell", 57: "Crash 2", 58: "Vibraslap", 59: "Ride 2", 60: "High Bongo",
    61: "Low Bongo", 62: "Mute Conga", 63: "Open Conga", 64: "Low Conga", 65: "High Timbale", 66: "Low Timbale",
    67: "High Agogo", 68: "Low Agogo", 69: "Cabasa", 70: "Maracas", 71: "Short Whistle", 72: "Long Whistle",
    73: "Short Guiro", 74: "Long Guiro", 75: "Claves", 76: "High Woodblock", 77: "Low Woodblock", 78: "Mute Cuica",
    79: "Open Cuica", 80: "Mute Triangle", 81: "Open Triangle", 82: "Shaker", 83: "Jingle Bell", 84: "Belltree",
    85: "Castanets", 86: "Mute Surdo", 87: "Open Surdo",
}  # fmt: skip

KICKS = frozenset({35, 36})
SNARES = frozenset({37, 38, 39, 40})
HATS = frozenset({42, 44, 46})


def program_name(program: int) -> str:
    """Name of a General MIDI program 0–127; raises `ValueError` outside."""
    return _row(program)[0]


def program_range(program: int) -> tuple[int, int]:
    """Lowest and highest sounding pitch that the instrument plays, inclusive; raises `ValueError` outside 0–127."""
    _, low, high = _row(program)
    return low, high


def kit_name(program: int) -> str:
    """Name of a drum kit (the program on the percussion channel): the nearest General MIDI 2 kit at or below it."""
    _row(program)
    return _KITS[max(number for number in _KITS if number <= program)]


def drum_name(pitch: int) -> str:
    """Name of a General MIDI percussion key; keys outside the map (27–87) are called `"Drum <key>"`."""
    if not 0 <= pitch <= 127:
        raise ValueError(f"{pitch} is no MIDI pitch; 0 to 127 would work")
    return _DRUMS.get(pitch, f"Drum {pitch}")


def _row(program: int) -> tuple[str, int, int]:
    if not 0 <= program <= 127:
        raise ValueError(f"{program} is no General MIDI program; 0 to 127 would work")
    return _TABLE[program]
