"""What is read from real-looking prompts: one row a phrase, naming only the fields that are not empty."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from engine.compose.prompt import Wishes, read_prompt
from engine.errors import BadRequest

LENGTHS: dict[str, float | None] = {
    "60s": 60,
    "chill lofi 60s": 60,
    "45 seconds of folk": 45,
    "45 sec": 45,
    "30secs please": 30,
    "30-second rock": 30,
    "a 30 second intro jingle": 30,
    "a 20s outro for my stream": 20,
    "90 s": 90,
    "1:15": 75,
    "lofi 0:45": 45,
    "2:00 of ragtime": 120,
    "1m30s": 90,
    "1m 30s": 90,
    "1m30": 90,
    "2m": 120,
    "1min30sec": 90,
    "2:30 min": 150,
    "two-and-a-half-minute rag": 150,
    "60 second timer music": 60,
    "1'30": 90,
    "2 min": 120,
    "2mins": 120,
    "1.5 minutes": 90,
    "1,5 minutes": 90,
    "1½ minutes": 90,
    "½ minute": 30,
    "a minute": 60,
    "one minute": 60,
    "a minute and a half": 90,
    "one and a half minutes": 90,
    "two and a half minutes": 150,
    "a minute and 20 seconds": 80,
    "1 minute, 20 seconds": 80,
    "1 minute 20": 80,
    "two minutes thirty": 150,
    "half a minute": 30,
    "half-minute loop": 30,
    "a quarter of a minute": 15,
    "three quarters of a minute": 45,
    "3/4 of a minute": 45,
    "forty-five seconds": 45,
    "forty five seconds": 45,
    "ninety seconds": 90,
    "one hundred and twenty seconds": 120,
    "a three-minute song": 180,
    "minute-long lofi": 60,
    "a minute long": 60,
    "about 40 seconds": 40,
    "~40s": 40,
    "(60s)": 60,
    "30-40 seconds": 35,
    "1-2 minutes": 90,
    "5 min": 300,
    "make it last 20 seconds": 20,
    "length 45": 45,
    "duration: 50s": 50,
    "60s, rock": 60,
    "90bpm/60s/lofi": 60,
    "60s lofi": 60,
    "80s synth, 45s": 45,
    "80s synth": None,
    "the 60s": None,
    "60s rock": None,
    "70s disco funk": None,
    "early 90s hip hop": None,
    "1980s pop": None,
    "'80s ballad": None,
    "90's grunge": None,
    "808 bass": None,
    "Route 66": None,
    "8-bit dungeon": None,
    "24/7 radio": None,
    "2am thoughts": None,
    "it is 7:30 am": None,
    "wake me at 7:30": None,
    "5 minutes ago it rained": None,
    "wait a minute": None,
    "a second chance": None,
    "second movement": None,
    "99 red balloons": None,
    "three blind mice": None,
    "catch 22": None,
    "8 bars": None,
    "opus 60": None,
    "studio 54": None,
    "a 10s intro": None,
    "with a 10s outro": None,
    "mp3 please": None,
}

TEMPOS: dict[str, float | tuple[float, float] | None] = {
    "82 bpm": 82,
    "at 120BPM": 120,
    "120 b.p.m.": 120,
    "92.5 bpm": 92.5,
    "bpm 140": 140,
    "bpm: 140": 140,
    "tempo 95": 95,
    "tempo of 95": 95,
    "tempo: 95": 95,
    "100 beats per minute": 100,
    "100 beats a minute": 100,
    "ninety bpm": 90,
    "lofi at 85": 85,
    "rock at 140, loud": 140,
    "lofi @ 75": 75,
    "120-130 bpm": (120, 130),
    "between 70 and 80 bpm": (70, 80),
    "60s at 72 bpm": 72,
    "808 drums": None,
    "at 12 o'clock": None,
    "track 120": None,
}

KEYS: dict[str, str | None] = {
    "in D minor": "D minor",
    "d minor": "D minor",
    "c# minor": "C# minor",
    "C# Minor waltz": "C# minor",
    "F# major": "F# major",
    "F♯ major": "F# major",
    "F sharp major": "F# major",
    "E dorian": "E dorian",
    "in g mixolydian": "G mixolydian",
    "Bb minor": "Bb minor",
    "B♭ minor": "Bb minor",
    "b flat minor": "Bb minor",
    "E-flat major": "Eb major",
    "b minor": "B minor",
    "Am lofi": "A minor",
    "lofi - 90 bpm - C minor - no bass": "C minor",
    "Key: F#m | Length: 50s": "F# minor",
    "A major lofi": "A major",
    "in Am": "A minor",
    "in F#m": "F# minor",
    "Ebmaj": "Eb major",
    "A minor, 60s": "A minor",
    "in a minor": "A minor",
    "in A minor with flute": "A minor",
    "in A": "A major",
    "in the key of G": "G major",
    "key of bb": "Bb major",
    "key: Dm": "D minor",
    "in C": "C major",
    "D moll": "D minor",
    "G dur": "G major",
    "E harmonic minor": "E minor",
    "A aeolian": "A minor",
    "a minor problem": None,
    "A minor inconvenience": None,
    "a major breakthrough": None,
    "a minor key": None,
    "C major 7 chords": None,
    "Am I dreaming": None,
    "I am sad": None,
    "Am F C G": None,
    "plan b": None,
    "in a cafe": None,
    "vitamin C": None,
    "I major in physics": None,
}

MODES = {
    "in a minor key": "minor",
    "minor key": "minor",
    "in minor": "minor",
    "major mode": "major",
    "something dorian": "dorian",
    "phrygian mode": "phrygian",
    "a minor lofi beat": "minor",
    "a minor problem": None,
    "my music major": None,
    "a minor detail": None,
}

METERS = {
    "3/4": "3/4",
    "in 3/4 time": "3/4",
    "6 / 8": "6/8",
    "6/8 folk": "6/8",
    "4/4 rock": "4/4",
    "a waltz": "3/4",
    "six-eight": "6/8",
    "irish jig": "6/8",
    "common time": "4/4",
    "24/7": None,
    "9/11": None,
    "1/2 asleep": None,
    "not a waltz": None,
}

STYLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "lofi": (("lofi",), ()),
    "lo-fi": (("lofi",), ()),
    "LoFi beats": (("lofi",), ()),
    "lo fi hip hop": (("lofi",), ()),
    "lofi hiphop": (("lofi",), ()),
    "low-fi": (("lofi",), ()),
    "chillhop": (("lofi",), ()),
    "clasical": (("classical",), ()),
    "classcial music": (("classical",), ()),
    "baroque": (("classical",), ()),
    "string quartet": (("classical",), ()),
    "rag time": (("ragtime",), ()),
    "ragtme": (("ragtime",), ()),
    "folk song": (("folk",), ()),
    "celtic": (("folk",), ()),
    "rock'n'roll": (("rock",), ()),
    "rock and roll": (("rock",), ()),
    "heavy metal": (("rock",), ()),
    "punk": (("rock",), ()),
    "folk rock": (("rock", "folk"), ()),
    "lofi, then folk": (("lofi", "folk"), ()),
    "not jazz": ((), ("jazz",)),
    "lofi with jazz guitar": (("lofi",), ()),
    "lofi with jazz chords": (("lofi",), ()),
    "bossa nova": (("bossa",), ()),
    "bebop": (("jazz",), ()),
    "folk, not rock": (("folk",), ("rock",)),
    "anything but lofi": ((), ("lofi",)),
    "no rock or ragtime": ((), ("rock", "ragtime")),
    "neither rock nor folk": ((), ("rock", "folk")),
    "rock but not metal": (("rock",), ()),
    "rock me to sleep": ((), ()),
    "on the rocks": ((), ()),
    "a rocking chair": ((), ()),
    "folks at home": ((), ()),
    "classic car": ((), ()),
    "countryside": ((), ()),
    "rocket launch": ((), ()),
}

PLAYERS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "a string quartet": (("violin", "viola", "cello"), (), ()),
    "a piano trio": (("violin", "cello", "piano"), (), ()),
    "brass band with drums": (("trumpet", "french horn", "brass", "tuba", "drums"), (), ()),
    "orchestral with flute": (("violin", "french horn", "strings", "contrabass", "flute"), (), ()),
    "no piano trio": ((), ("piano",), ()),
    "no brass band": ((), ("brass",), ()),
    "with flute": (("flute",), (), ()),
    "piano and violin": (("piano", "violin"), (), ()),
    "electric piano": (("electric piano",), (), ()),
    "rhodes and sax": (("rhodes", "saxophone"), (), ()),
    "upright bass": (("double bass",), (), ()),
    "classical guitar": (("classical guitar",), (), ()),
    "distorted guitars": (("distorted guitar",), (), ()),
    "honky tonk piano": (("honky-tonk piano",), (), ()),
    "steel drums": (("steel drums",), (), ()),
    "no drums": ((), (), ("drums",)),
    "lofi -drums": ((), (), ("drums",)),
    "lofi - drums": (("drums",), (), ()),
    "without drums or bass": ((), (), ("bass", "drums")),
    "no drums and no bass": ((), (), ("bass", "drums")),
    "drumless": ((), (), ("drums",)),
    "drums off": ((), (), ("drums",)),
    "just drums and bass": (("drums", "bass"), (), ()),
    "drum and bass": ((), (), ()),
    "without a beat": ((), (), ("drums",)),
    "no percussion": ((), (), ("drums",)),
    "don't use any drums": ((), (), ("drums",)),
    "no guitar": ((), ("guitar",), ()),
    "without piano, with harp": (("harp",), ("piano",), ()),
    "no drums, soft piano": (("piano",), (), ("drums",)),
    "drums": (("drums",), (), ()),
    "no melody": ((), (), ("melody",)),
    "good vibes": ((), (), ()),
    "a guitarist friend": ((), (), ()),
    "sharpshooter": ((), (), ()),
    "bassist": ((), (), ()),
}

ERRORS = {
    "": "says nothing",
    "   ": "says nothing",
    "<@12345>": "says nothing",
    "0s": "'0s'",
    "0 seconds": "'0 seconds'",
    "2s": "'2s'",
    "600s lofi": "'600s'",
    "10 minutes": "'10 minutes'",
    "an hour of lofi": "'an hour'",
    "301s": "'301s'",
    "-20s": "'-20s'",
    "900 bpm": "'900 bpm'",
    "rock at 39 bpm": "'39 bpm'",
    "0 bpm": "'0 bpm'",
    "200-400 bpm": "'200-400 bpm'",
    "in H major": "'H major'",
    "h minor": "'h minor'",
    "J major": "'J major'",
    "5/4": "'5/4'",
    "7/8 time": "'7/8'",
    "seed 99999999999999999999": "99999999999999999999",
    "seed -1": "-1",
    "x" * 501: "501",
}


@pytest.mark.parametrize(("text", "seconds"), LENGTHS.items())
def test_a_length_is_read_where_one_is_meant(text: str, seconds: float | None) -> None:
    assert read_prompt(text).seconds == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(("text", "tempo"), TEMPOS.items())
def test_a_tempo_is_read_where_one_is_meant(text: str, tempo: float | tuple[float, float] | None) -> None:
    wishes = read_prompt(text)
    assert (wishes.bpm_range if isinstance(tempo, tuple) else wishes.bpm) == tempo


PACES: dict[str, float | None] = {
    "slow": -0.7,
    "very slow waltz": -1.0,
    "downtempo": -0.7,
    "fast": 0.7,
    "really fast!": 1.0,
    "moderately fast": 0.35,
    "mid-tempo": 0.0,
    "not too slow": 0.35,
    "upbeat": 0.7,
    "fast food": None,
    "slow motion": None,
    "breakfast": None,
}


@pytest.mark.parametrize(("text", "pace"), PACES.items())
def test_a_pace_is_read_from_tempo_words(text: str, pace: float | None) -> None:
    assert read_prompt(text).pace == pace


@pytest.mark.parametrize(("text", "key"), KEYS.items())
def test_a_key_is_read_where_one_is_meant(text: str, key: str | None) -> None:
    found = read_prompt(text).key
    assert (str(found) if found else None) == key


@pytest.mark.parametrize(("text", "mode"), MODES.items())
def test_a_mode_without_a_tonic_is_read(text: str, mode: str | None) -> None:
    found = read_prompt(text).mode
    assert (found.value if found else None) == mode


@pytest.mark.parametrize(("text", "meter"), METERS.items())
def test_a_meter_is_read_where_one_is_meant(text: str, meter: str | None) -> None:
    found = read_prompt(text).meter
    assert (str(found) if found else None) == meter


@pytest.mark.parametrize(("text", "styles"), STYLES.items())
def test_styles_are_read_with_what_is_unwanted(text: str, styles: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
    wishes = read_prompt(text)
    assert (wishes.styles, wishes.unwanted_styles) == styles


@pytest.mark.parametrize(("text", "players"), PLAYERS.items())
def test_instruments_are_read_with_what_is_unwanted(text: str, players: tuple[tuple[str, ...], ...]) -> None:
    wishes = read_prompt(text)
    roles = tuple(sorted(role.value for role in wishes.roles_off))
    assert (wishes.instruments, wishes.unwanted_instruments, roles) == players


@pytest.mark.parametrize(("text", "named"), ERRORS.items())
def test_an_impossible_wish_is_refused_in_one_sentence_that_names_it(text: str, named: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_prompt(text)
    message = str(caught.value)
    assert named in message
    assert message.endswith("would work.")
    assert "\n" not in message


WHOLE: dict[str, dict[str, Any]] = {
    "chill lofi 60s in D minor at 82 bpm, no drums": {
        "seconds": 60, "bpm": 82, "key": "D minor", "styles": ("lofi",), "roles_off": ["drums"], "rest": "chill",
    },
    "a slow, sad waltz for solo piano in c# minor, a minute and a half": {
        "seconds": 90, "key": "C# minor", "meter": "3/4", "pace": -0.7, "instruments": ("piano",), "alone": True,
        "rest": "a slow, sad waltz for solo piano",
    },
    "fast irish jig with fiddle, 1:15, seed 42": {
        "seconds": 75, "seed": 42, "meter": "6/8", "pace": 0.7, "styles": ("folk",), "instruments": ("fiddle",),
        "rest": "fast with fiddle",
    },
    "<@99> play https://example.org/a?b=60s some ragtime @everyone": {"styles": ("ragtime",)},
    "a rainy night, not too dark": {"rest": "a rainy night"},
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), WHOLE.items())
def test_a_whole_prompt_is_taken_apart(text: str, expected: dict[str, Any]) -> None:
    wishes = read_prompt(text)
    found: dict[str, Any] = {}
    for field in fields(Wishes):
        value = getattr(wishes, field.name)
        if field.name in ("text", "read") or value in (None, (), frozenset(), False, ""):
            continue
        plain = value if isinstance(value, int | float | str | tuple) else str(value)
        found[field.name] = [role.value for role in value] if isinstance(value, frozenset) else plain
    assert found == expected
