"""Which instruments are wanted, and which are not: "with flute", "no drums", "solo piano".

In: a `Page`. Out: names of `INSTRUMENTS`, roles to leave out, and whether the named ones shall be alone. Conventions: wanted
instruments stay on the page (they tell the style), unwanted ones are taken. Caveat: "bass" asks for the role, since every
style has its own bass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.compose.words.page import Page
from engine.music.notes import Role

MELODY, COUNTER, HARMONY, BASS, DRUMS = Role.MELODY, Role.COUNTER, Role.HARMONY, Role.BASS, Role.DRUMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """What a word for an instrument means: General MIDI programs (none: the style's own) and roles, best first."""

    programs: tuple[int, ...]
    roles: tuple[Role, ...]


def _is(roles: tuple[Role, ...], *programs: int) -> Instrument:
    return Instrument(programs=programs, roles=roles)


_KEYS = (HARMONY, MELODY, BASS, COUNTER)
_PLUCKED = (HARMONY, MELODY, COUNTER)
_VOICE = (MELODY, COUNTER)
_LOW = (BASS, COUNTER)

INSTRUMENTS: dict[str, Instrument] = {
    "honky-tonk piano": _is(_KEYS, 3), "electric piano": _is(_KEYS, 4, 5), "rhodes": _is(_KEYS, 4), "wurlitzer": _is(_KEYS, 4),
    "piano": _is(_KEYS, 0), "harpsichord": _is(_KEYS, 6), "clavinet": _is(_KEYS, 7), "celesta": _is(_VOICE, 8),
    "glockenspiel": _is(_VOICE, 9), "music box": _is(_VOICE, 10), "vibraphone": _is(_VOICE, 11), "marimba": _is(_VOICE, 12),
    "xylophone": _is(_VOICE, 13), "bells": _is((COUNTER, MELODY), 14), "dulcimer": _is(_PLUCKED, 15),
    "church organ": _is(_KEYS, 19), "rock organ": _is(_KEYS, 18), "organ": _is(_KEYS, 16), "accordion": _is((MELODY, COUNTER, HARMONY), 21),
    "harmonica": _is(_VOICE, 22), "bandoneon": _is((MELODY, COUNTER, HARMONY), 23), "classical guitar": _is(_PLUCKED, 24),
    "acoustic guitar": _is(_PLUCKED, 25), "jazz guitar": _is(_PLUCKED, 26), "clean guitar": _is(_PLUCKED, 27),
    "muted guitar": _is(_PLUCKED, 28), "distorted guitar": _is(_PLUCKED, 30), "electric guitar": _is((MELODY, HARMONY, COUNTER), 29, 27),
    "guitar solo": _is(_VOICE, 29), "bass guitar": _is((BASS,), 33), "double bass": _is((BASS,), 32), "fretless bass": _is((BASS,), 35),
    "slap bass": _is((BASS,), 36), "synth bass": _is((BASS,), 38), "guitar": _is(_PLUCKED, 25, 24), "ukulele": _is(_PLUCKED, 24),
    "mandolin": _is((MELODY, COUNTER), 25), "fiddle": _is(_VOICE, 110), "violin": _is(_VOICE, 40), "viola": _is((COUNTER, MELODY), 41),
    "cello": _is((MELODY, COUNTER, BASS), 42), "contrabass": _is((BASS,), 43), "pizzicato": _is((COUNTER, HARMONY), 45),
    "strings": _is((HARMONY, COUNTER), 48), "harp": _is((HARMONY, COUNTER, MELODY), 46), "choir": _is((COUNTER, HARMONY), 52),
    "muted trumpet": _is(_VOICE, 59), "trumpet": _is(_VOICE, 56), "trombone": _is(_VOICE, 57), "tuba": _is(_LOW, 58),
    "french horn": _is((COUNTER, MELODY), 60), "brass": _is((COUNTER, HARMONY), 61), "soprano sax": _is(_VOICE, 64),
    "alto sax": _is(_VOICE, 65), "baritone sax": _is((MELODY, COUNTER), 67), "saxophone": _is(_VOICE, 66, 65), "oboe": _is(_VOICE, 68),
    "english horn": _is(_VOICE, 69), "bassoon": _is((COUNTER, BASS, MELODY), 70), "clarinet": _is(_VOICE, 71), "piccolo": _is(_VOICE, 72),
    "pan flute": _is(_VOICE, 75), "flute": _is(_VOICE, 73), "recorder": _is(_VOICE, 74), "shakuhachi": _is(_VOICE, 77),
    "whistle": _is(_VOICE, 78), "ocarina": _is(_VOICE, 79), "synth lead": _is(_VOICE, 81, 80), "pad": _is((COUNTER, HARMONY), 89, 88),
    "synth": _is((MELODY, HARMONY, COUNTER), 81, 80), "sitar": _is(_VOICE, 104), "banjo": _is((HARMONY, COUNTER, MELODY), 105),
    "shamisen": _is(_VOICE, 106), "koto": _is((MELODY, HARMONY), 107), "kalimba": _is(_VOICE, 108), "bagpipes": _is(_VOICE, 109),
    "steel drums": _is(_VOICE, 114), "brushes": _is((DRUMS,), 40), "drums": _is((DRUMS,)), "bass": _is((BASS,)),
}  # fmt: skip

SPELLINGS: dict[str, str] = {
    "honky-tonk piano": r"honky[\s-]?tonk(?: piano)?|tack piano", "electric piano": r"electric pianos?|e-?piano|electric keys",
    "rhodes": r"(?:fender )?rhodes(?: piano)?", "wurlitzer": r"wurlitzer|wurli", "piano": r"(?:grand |upright |felt |solo )?pianos?|pianoforte|klavier",
    "music box": r"music[\s-]?box(?:es)?", "vibraphone": r"vibraphones?|\bvibes (?=solo|and|melody)", "bells": r"(?:tubular |church )?bells|chimes",
    "church organ": r"(?:church|pipe|cathedral) organ", "rock organ": r"rock organ|hammond(?: organ)?", "bandoneon": r"bandone[oó]n",
    "classical guitar": r"(?:classical|nylon(?:[\s-]string)?|spanish|flamenco) guitars?",
    "acoustic guitar": r"(?:acoustic|steel[\s-]string|folk|strummed|fingerpicked|fingerstyle) guitars?", "jazz guitar": r"jazz guitars?",
    "clean guitar": r"clean (?:electric )?guitars?", "muted guitar": r"(?:muted|palm[\s-]muted) guitars?",
    "distorted guitar": r"(?:distort(?:ed|ion)|heavy|crunchy|fuzz(?:y|ed)?|metal) (?:electric )?guitars?",
    "electric guitar": r"(?:electric|overdriven|overdrive|lead) guitars?", "guitar solo": r"guitar solos?", "bass guitar": r"(?:electric bass|bass guitars?|finger(?:ed)? bass)",
    "double bass": r"(?:double|upright|acoustic|stand-?up) bass", "guitar": r"guitars?", "ukulele": r"uku?leles?|uke", "mandolin": r"mandolins?",
    "fiddle": r"fiddles?", "violin": r"violins?", "viola": r"violas?", "cello": r"cell(?:o|os|i)|violoncello", "contrabass": r"contrabass",
    "strings": r"(?:lush |orchestral |warm )?strings(?! guitar)|string (?:section|ensemble|pad)", "harp": r"harps?", "choir": r"choirs?|choral voices",
    "trumpet": r"trumpets?", "trombone": r"trombones?", "tuba": r"tubas?", "french horn": r"french horns?|horns?", "brass": r"brass(?: section)?",
    "soprano sax": r"soprano sax(?:ophone)?", "alto sax": r"alto sax(?:ophone)?", "baritone sax": r"bari(?:tone)? sax(?:ophone)?",
    "saxophone": r"(?:tenor )?sax(?:es|ophones?)?", "oboe": r"oboes?", "english horn": r"english horn|cor anglais", "bassoon": r"bassoons?",
    "clarinet": r"(?:bass )?clarinets?", "pan flute": r"pan[\s-]?(?:flutes?|pipes)", "flute": r"flutes?", "recorder": r"recorders?(?= |$|,|\.)",
    "whistle": r"(?:tin |penny |irish )?whistles?", "synth lead": r"(?:synth|lead|saw|square) leads?|lead synth", "synth bass": r"synth(?:esi[sz]er)? bass",
    "synth": r"synths?|synthesi[sz]ers?", "pad": r"(?:synth |warm |ambient )?pads?", "banjo": r"banjos?", "kalimba": r"kalimbas?|thumb piano",
    "bagpipes": r"bag\s?pipes?", "steel drums": r"steel (?:drums?|pans?)", "brushes": r"brush(?:ed|es)? (?:drums|kit)|brushes",
    "drums": r"(?:a |the )?drum(?:s|kit| kit| set|mer| machine| loop| beat)?(?!\s*(?:and|&|n|'?n'?)\s*bass)|percussions?", "bass": r"bass(?: ?lines?)?(?! drum| clef)",
}  # fmt: skip

ROLE_WORDS: tuple[tuple[str, Role], ...] = (
    (r"beats?|rhythm section", DRUMS),
    (r"melod(?:y|ies)|lead(?: line)?", MELODY),
    (r"chords?|harmon(?:y|ies)|accompaniment", HARMONY),
    (r"counter[\s-]?melod(?:y|ies)", COUNTER),
)
_LESS = re.compile(r"\b(?P<role>drum|beat|percussion|bass)[\s-]?less\b")
_ONLY = re.compile(r"\b(?:solo|only|just|nothing but|unaccompanied|purely)\s+(?:an?\s|the\s)?$")
_ALONE = re.compile(r"\s*(?:only|alone|solo\b(?! by)|by itself|and nothing else)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Players:
    """Instruments wanted (in order) and unwanted, roles to leave out, and whether the wanted ones play alone."""

    wanted: tuple[str, ...]
    unwanted: tuple[str, ...]
    roles_off: frozenset[Role]
    alone: bool


def read_players(page: Page) -> Players:
    """Read the instruments from the page; take the unwanted ones."""
    wanted: dict[str, int] = {}
    unwanted: dict[str, int] = {}
    off = _read_less(page)
    alone = False
    for start, end, name in _find(page):
        negated = page.negation_start(start, end)
        if negated is None:
            before, after = page.before(start), page.after(end)
            alone = alone or bool(
                _ONLY.search(before) or _ALONE.match(after) or page.low[start:end].startswith("solo ")
            )
            wanted.setdefault(name, start)
            page.note("instruments", start, end)
        elif INSTRUMENTS[name].roles == (DRUMS,) or name == "bass":
            off.add(INSTRUMENTS[name].roles[0])
            page.take("without", negated, end)
        else:
            unwanted.setdefault(name, start)
            page.take("without", negated, end)
    for words, role in ROLE_WORDS:
        for match in page.matches(re.compile(rf"\b(?:{words})\b")):
            negated = page.negation_start(match.start(), match.end())
            if negated is not None:
                off.add(role)
                page.take("without", negated, match.end())
    kept = tuple(name for name in wanted if name not in unwanted)
    return Players(wanted=kept, unwanted=tuple(unwanted), roles_off=frozenset(off), alone=alone and bool(kept))


def _read_less(page: Page) -> set[Role]:
    """Take words such as "drumless"."""
    off = set()
    for match in page.matches(_LESS):
        off.add(BASS if match["role"] == "bass" else DRUMS)
        page.take("without", match.start(), match.end())
    return off


def _find(page: Page) -> list[tuple[int, int, str]]:
    """Places of instrument words, none inside another, in the order of the text."""
    return [(m.start(), m.end(), _NAMES[str(m.lastgroup)]) for m in page.matches(_ANY)]


def _compile() -> tuple[re.Pattern[str], dict[str, str]]:
    """One pattern with a group an instrument, in the table's order (longer names stand before their parts)."""
    names = {f"i{index}": name for index, name in enumerate(INSTRUMENTS)}
    groups = (f"(?P<{group}>{SPELLINGS.get(name, re.escape(name) + 's?')})" for group, name in names.items())
    return re.compile(rf"(?<![\w'])(?:{'|'.join(groups)})(?![\w-]*\w)"), names


_ANY, _NAMES = _compile()
