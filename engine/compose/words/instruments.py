"""Which instruments are wanted, and which are not: "with flute", "no drums", "solo piano".

In: a `Page`. Out: names of `INSTRUMENTS`, roles to leave out, and whether the named ones shall be alone. Conventions:
wanted instruments stay on the page (they tell the style), unwanted ones are taken. Caveat: "bass" asks for the role,
since every style has its own bass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.compose.words.false_friends import NO_INSTRUMENT
from engine.compose.words.page import Page
from engine.music.notes import Role

MELODY, COUNTER, HARMONY, BASS, DRUMS = Role.MELODY, Role.COUNTER, Role.HARMONY, Role.BASS, Role.DRUMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """What a word for an instrument means: General MIDI programs (none: the style's own) and roles, best first.

    `said`: a regular expression of its spellings; empty: the name, with or without a plural s.
    """

    programs: tuple[int, ...]
    roles: tuple[Role, ...]
    said: str


def _is(roles: tuple[Role, ...], *programs: int, said: str = "") -> Instrument:
    return Instrument(programs=programs, roles=roles, said=said)


_KEYS = (HARMONY, MELODY, BASS, COUNTER)
_PLUCKED = (HARMONY, MELODY, COUNTER)
_REEDS = (MELODY, COUNTER, HARMONY)
_LEAD = (MELODY, HARMONY, COUNTER)
_VOICE = (MELODY, COUNTER)
_LOW = (BASS, COUNTER)

INSTRUMENTS: dict[str, Instrument] = {
    "honky-tonk piano": _is(_KEYS, 3, said=r"honky[\s-]?tonk(?: piano)?|tack piano"),
    "electric piano": _is(_KEYS, 4, 5, said=r"electric pianos?|e-?piano|electric keys"),
    "rhodes": _is(_KEYS, 4, said=r"(?:fender )?rhodes(?: piano)?"),
    "wurlitzer": _is(_KEYS, 4, said=r"wurlitzer|wurli"),
    "piano": _is(
        _KEYS, 0, said=r"(?:grand |upright |felt |solo )?pianos?|pianoforte|pianolas?|klavier|paino|piono|pianno"
    ),
    "harpsichord": _is(_KEYS, 6, said=r"harpsichords?|clavichords?"),
    "clavinet": _is(_KEYS, 7),
    "celesta": _is(_VOICE, 8),
    "glockenspiel": _is(_VOICE, 9),
    "music box": _is(_VOICE, 10, said=r"music[\s-]?box(?:es)?"),
    "vibraphone": _is(_VOICE, 11, said=r"vibraphones?|\bvibes (?=solo|and|melody)"),
    "marimba": _is(_VOICE, 12),
    "xylophone": _is(_VOICE, 13),
    "bells": _is((COUNTER, MELODY), 14, said=r"(?:tubular |church |hand ?)?bells|bell sounds?|chimes|carillons?"),
    "zither": _is(_PLUCKED, 15, said=r"zithers?|auto-?harps?|psalter(?:y|ies)|cimbaloms?|santo?urs?|santoors?"),
    "dulcimer": _is(_PLUCKED, 15),
    "church organ": _is(_KEYS, 19, said=r"(?:church|pipe|cathedral) organ"),
    "rock organ": _is(_KEYS, 18, said=r"rock organ|hammond(?: b-?3)?(?: organ)?"),
    "harmonium": _is(_KEYS, 20, said=r"harmoniums?|(?:reed|pump) organs?"),
    "harmonica": _is(_VOICE, 22, said=r"harmonicas?|mouth[\s-]?(?:organ|harp)s?|blues harps?|melodicas?"),
    "organ": _is(_KEYS, 16),
    "accordion": _is(
        _REEDS, 21, said=r"(?:piano )?accordi[oa]ns?|concertinas?|squeeze[\s-]?box(?:es)?|melod[ei]ons?|button box"
    ),
    "bandoneon": _is(_REEDS, 23, said=r"bandone[oó]n"),
    "classical guitar": _is(_PLUCKED, 24, said=r"(?:classical|nylon(?:[\s-]string)?|spanish|flamenco) guitars?"),
    "acoustic guitar": _is(
        _PLUCKED,
        25,
        said=r"(?:acoustic|steel[\s-]string|(?:12|twelve)[\s-]string|folk|strummed|fingerpicked|fingerstyle) guitars?",
    ),
    "jazz guitar": _is(_PLUCKED, 26, said=r"jazz guitars?"),
    "clean guitar": _is(_PLUCKED, 27, said=r"clean (?:electric )?guitars?"),
    "muted guitar": _is(_PLUCKED, 28, said=r"(?:muted|palm[\s-]muted) guitars?"),
    "distorted guitar": _is(
        _PLUCKED, 30, said=r"(?:distort(?:ed|ion)|heavy|crunchy|fuzz(?:y|ed)?|metal) (?:electric )?guitars?"
    ),
    "electric guitar": _is(
        _LEAD,
        29,
        27,
        said=r"(?:(?:electric|overdriven|overdrive|lead|slide|steel) |e-)guitars?|(?:pedal|lap) steel(?: guitars?)?",
    ),
    "guitar solo": _is(_VOICE, 29, said=r"guitar solos?"),
    "bass guitar": _is((BASS,), 33, said=r"(?:electric bass|bass guitars?|finger(?:ed)? bass)"),
    "double bass": _is((BASS,), 32, said=r"(?:double|upright|acoustic|stand-?up) bass"),
    "fretless bass": _is((BASS,), 35),
    "slap bass": _is((BASS,), 36),
    "synth bass": _is((BASS,), 38, said=r"synth(?:esi[sz]er)? bass"),
    "guitar": _is(_PLUCKED, 25, 24, said=r"guitars?|gutiars?|guitarrs?|giutars?|gitars?"),
    "lute": _is(_PLUCKED, 24, said=r"lutes?|ouds?|theorbo(?:e?s)?|vihuelas?|charangos?|cavaquinhos?"),
    "ukulele": _is(_PLUCKED, 24, said=r"uk[ue]?leles?|uke"),
    "mandolin": _is(_VOICE, 25, said=r"mandolins?|mandolas?|bouzoukis?|balalaikas?|citterns?"),
    "hurdy-gurdy": _is(_VOICE, 110, said=r"hurdy[\s-]?gurd(?:y|ies)"),
    "fiddle": _is(_VOICE, 110, said=r"fiddles?|nyckelharpas?|erhus?"),
    "violin": _is(_VOICE, 40, said=r"violins?|violens?|voilins?"),
    "viola": _is((COUNTER, MELODY), 41, said=r"violas?"),
    "cello": _is((MELODY, COUNTER, BASS), 42, said=r"cell(?:o|os|i)|violoncello"),
    "contrabass": _is((BASS,), 43, said=r"contrabass"),
    "pizzicato": _is((COUNTER, HARMONY), 45),
    "strings": _is(
        (HARMONY, COUNTER),
        48,
        said=r"(?:lush |orchestral |warm )?strings(?! guitar)|string (?:section|ensemble|pad|orchestra)s?",
    ),
    "harp": _is((HARMONY, COUNTER, MELODY), 46, said=r"harps?|lyres?|koras?"),
    "timpani": _is(_LOW, 47, said=r"timpani|tympani|timpanis|kettle[\s-]?drums?"),
    "choir": _is((COUNTER, HARMONY), 52, said=r"choirs?|choral voices|(?:a ?cap+el+a)"),
    "muted trumpet": _is(_VOICE, 59),
    "trumpet": _is(_VOICE, 56, said=r"trumpets?|trumpts?|cornets?|fl[uü]e?gelhorns?|bugles?"),
    "trombone": _is(_VOICE, 57, said=r"trombones?"),
    "tuba": _is(_LOW, 58, said=r"tubas?|sousaphones?|euphoniums?"),
    "french horn": _is((COUNTER, MELODY), 60, said=r"french horns?|horns?(?! sections?)"),
    "brass": _is((COUNTER, HARMONY), 61, said=r"brass(?: section| stabs)?|horn sections?"),
    "soprano sax": _is(_VOICE, 64, said=r"soprano sax(?:ophone)?"),
    "alto sax": _is(_VOICE, 65, said=r"alto sax(?:ophone)?"),
    "baritone sax": _is(_VOICE, 67, said=r"bari(?:tone)? sax(?:ophone)?"),
    "saxophone": _is(_VOICE, 66, 65, said=r"(?:tenor )?sax(?:es|[oa]phone?s?)?"),
    "oboe": _is(_VOICE, 68, said=r"oboes?|shawms?|duduks?"),
    "english horn": _is(_VOICE, 69, said=r"english horn|cor anglais"),
    "bassoon": _is((COUNTER, BASS, MELODY), 70, said=r"bassoons?"),
    "clarinet": _is(_VOICE, 71, said=r"(?:bass )?clarinets?"),
    "piccolo": _is(_VOICE, 72, said=r"piccolos?|fifes?"),
    "pan flute": _is(_VOICE, 75, said=r"pan[\s-]?(?:flutes?|pipes?)|zampoñas?|siku"),
    "flute": _is(_VOICE, 73, said=r"flutes?"),
    "recorder": _is(_VOICE, 74, said=r"recorders?(?= |$|,|\.)"),
    "shakuhachi": _is(_VOICE, 77),
    "whistle": _is(_VOICE, 78, said=r"(?:tin ?|penny ?|irish |low )?whistles?"),
    "ocarina": _is(_VOICE, 79),
    "theremin": _is(_VOICE, 78, said=r"theremins?|ondes martenot"),
    "synth lead": _is(
        _VOICE, 81, 80, said=r"(?:synth|lead|saw(?:tooth)?|square|pulse)(?:[\s-]wave)? leads?|lead synth"
    ),
    "pad": _is((COUNTER, HARMONY), 89, 88, said=r"(?:synth |warm |ambient )?pads?"),
    "synth": _is(_LEAD, 81, 80, said=r"synths?(?![\s-]?(?:wave|pop)\b)|synthesi[sz]ers?|moogs?|keytars?"),
    "calliope": _is(_VOICE, 82),
    "sitar": _is(_VOICE, 104, said=r"sitars?|sarods?"),
    "banjo": _is((HARMONY, COUNTER, MELODY), 105, said=r"banjos?"),
    "shamisen": _is(_VOICE, 106),
    "koto": _is((MELODY, HARMONY), 107, said=r"kotos?|gu ?zhengs?|pipas?"),
    "kalimba": _is(_VOICE, 108, said=r"kalimbas?|mbiras?|thumb pianos?"),
    "bagpipes": _is(_VOICE, 109, said=r"bag\s?pipes?|uillean?n pipes?"),
    "steel drums": _is(_VOICE, 114, said=r"steel (?:drums?|pans?)|steelpans?"),
    "brushes": _is((DRUMS,), 40, said=r"brush(?:ed|es)? (?:drums|kit)|brushes"),
    "hand percussion": _is(
        (DRUMS,),
        said=r"hand (?:percussion|drums?)|bongos?|congas?|tambourines?|djembes?|tablas?|cajons?|caj[oó]n|bodhr[aá]ns?|"
        r"taikos?|pandeiros?|surdos?|maracas|shakers?|castanets|washboards?",
    ),
    "drums": _is(
        (DRUMS,),
        said=r"(?:a |the )?(?:drums|drum(?: ?kit| set|mer| machine| loop| beat)?(?!\s*(?:and|&|n)\s*bass))|percussion",
    ),
    "bass": _is((BASS,), said=r"(?<!drum and )(?<!drum & )(?<!drum n )bass(?: ?lines?)?(?! drum| clef)"),
}
"""Longer names stand before the shorter ones that they contain, because the first that matches is taken."""

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"woodwinds?(?: (?:section|quartet|quintet|trio|ensemble))?s?", ("flute", "clarinet", "bassoon")),
    (r"string (?:quartet|quintet|trio|orchestra)s?", ("violin", "viola", "cello")),
    (r"piano (?:trio|quartet|quintet)s?", ("violin", "cello", "piano")),
    (r"brass (?:bands?|quintets?|quartets?|ensembles?)|marching bands?", ("trumpet", "french horn", "brass", "tuba")),
    (r"orchestras?|orchestral|symphony|symphonic", ("violin", "french horn", "strings", "contrabass")),
)
"""Words for several players, who take one role after the other; what they leave open stays the style's."""

ROLE_WORDS: tuple[tuple[str, Role], ...] = (
    (r"beats?|rhythm section", DRUMS),
    (r"melod(?:y|ies)|lead(?: line)?", MELODY),
    (r"chords?|harmon(?:y|ies)|accompaniment", HARMONY),
    (r"counter[\s-]?melod(?:y|ies)", COUNTER),
)
_GROUP_PATTERNS = tuple((re.compile(rf"\b(?:{said})\b"), names) for said, names in GROUPS)
_ROLE_PATTERNS = tuple((re.compile(rf"\b(?:{said})\b"), role) for said, role in ROLE_WORDS)
_FEW = re.compile(r"\b(?:less|fewer|little|not much|barely any|hardly any|not so much|not too many)\s+$")
_WITH_SOLO = re.compile(
    r"\b(?:with|and|plus|featuring|feat\.?|ft\.?|has|have|having|include|includes|including|then|add|into|after|"
    r"before|between)\s+"
    r"(?:[\w-]+\s+){0,3}$|[,;]\s*(?:an?\s)?(?:[\w-]+\s+){0,1}$"
)
_AFTERWARDS = re.compile(
    r"\s*(?:off\b|out\b(?= *(?:$|[,.!?;]|please))|(?:are |is )?(?:not (?:wanted|needed|allowed)|forbidden|free\b))|"
    r"-free\b"
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
    groups = _find_groups(page)
    for start, end, names in groups:
        wanted.update({name: start for name in names if name not in wanted})
        page.note("instruments", start, end)
    for start, word_end, name in _find(page):
        if any(first <= start < last for first, last, _ in groups):
            continue
        off_word = _AFTERWARDS.match(page.after(word_end))
        end = word_end + (off_word.end() if off_word else 0)
        negated = start if off_word else page.negation_start(start, end)
        if negated is None and _FEW.search(page.before(start)):
            continue
        if negated is None:
            before, after = page.before(start), page.after(end)
            alone = alone or bool(
                _ONLY.search(before) or _is_alone(before, after) or page.low[start:end].startswith("solo ")
            )
            wanted.setdefault(name, start)
            page.note("instruments", start, end)
        elif INSTRUMENTS[name].roles == (DRUMS,) or name == "bass":
            off.add(INSTRUMENTS[name].roles[0])
            page.take("without", negated, end)
        else:
            unwanted.setdefault(name, start)
            page.take("without", negated, end)
    for words, role in _ROLE_PATTERNS:
        for match in page.matches(words):
            negated = page.negation_start(match.start(), match.end())
            if negated is not None:
                off.add(role)
                page.take("without", negated, match.end())
    kept = tuple(name for name in wanted if name not in unwanted)
    return Players(wanted=kept, unwanted=tuple(unwanted), roles_off=frozenset(off), alone=alone and bool(kept))


def _is_alone(before: str, after: str) -> bool:
    """Whether the words after an instrument have it alone: "piano only", "violin solo", but not "with a sax solo"."""
    match = _ALONE.match(after)
    return match is not None and not (match[0].endswith("solo") and _WITH_SOLO.search(before))


def instrument_called(text: str) -> str | None:
    """The instrument whose name is all of `text`, or None."""
    match = _ANY.fullmatch(text)
    return _NAMES[str(match.lastgroup)] if match else None


def _read_less(page: Page) -> set[Role]:
    """Take words such as "drumless"."""
    off = set()
    for match in page.matches(_LESS):
        off.add(BASS if match["role"] == "bass" else DRUMS)
        page.take("without", match.start(), match.end())
    return off


def _find_groups(page: Page) -> list[tuple[int, int, tuple[str, ...]]]:
    """Places of wanted groups, and whom each stands for."""
    found = [(m, names) for said, names in _GROUP_PATTERNS for m in page.matches(said)]
    return [(m.start(), m.end(), names) for m, names in found if page.negation_start(m.start(), m.end()) is None]


def _find(page: Page) -> list[tuple[int, int, str]]:
    """Places of instrument words, none inside another, in the order of the text."""
    hidden = [(m.start(), m.end()) for m in page.matches(NO_INSTRUMENT)]
    found = [(m.start(), m.end(), _NAMES[str(m.lastgroup)]) for m in page.matches(_ANY)]
    return [hit for hit in found if not any(a < hit[1] and hit[0] < b for a, b in hidden)]


def _compile() -> tuple[re.Pattern[str], dict[str, str]]:
    """One pattern with a group an instrument, in the table's order (longer names stand before their parts)."""
    names = {f"i{index}": name for index, name in enumerate(INSTRUMENTS)}
    groups = (f"(?P<{group}>{INSTRUMENTS[name].said or re.escape(name) + 's?'})" for group, name in names.items())
    behind = r"(?!\w|-(?!driven|led|based|heavy|only|centric|forward|laden|focused|free|ish|like|and-)\w)"
    return re.compile(rf"(?<!\w)(?<!\w')(?:{'|'.join(groups)}){behind}"), names


_ANY, _NAMES = _compile()
