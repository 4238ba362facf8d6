"""In which key: "D minor", "f#m", "E dorian" → a key; "in a minor key" → a mode without a tonic.

In: a `Page`. Out: a `KeyWish`. Conventions: a lone letter is a key only after "in" or "key of", a letter with a sign
also between two commas. With "moll" and "dur" letters are German ones (H is B, B is Bb). Caveat: "a minor" in small
letters is the key only where the sentence leaves no room for the article.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.compose.words.page import Page
from engine.errors import BadRequest
from engine.music.harmony import Key, Mode

_SIGN = r"(?:\s?[#♯♭]|b(?=\b|m\b|maj|min|[\s-])|[\s-]?sharp|[\s-]?flat)"
_MODES = "major|minor|maj|min|moll|dur|ionian|dorian|phrygian|lydian|mixolydian|aeolian|locrian"
NAMED = re.compile(
    rf"(?<![\w'#])(?P<letter>[a-z])(?P<sign>{_SIGN})?[\s-]*(?P<color>(?:natural|harmonic|"
    rf"melodic)\s)?(?P<mode>{_MODES})\b(?!\s?\d)"
)
SYMBOL = re.compile(r"(?<![\w'#])(?P<letter>[A-G])(?P<sign>[#♯♭b])?(?P<mode>m|maj|min)(?![\w'#])")
LONE = re.compile(
    r"(?P<lead>\b(?:in(?: the)? key(?: of)?|key(?:\s(?:of|is)|\s?[:=])?|in)\s+)"
    rf"(?P<letter>[A-Ga-g])(?P<sign>{_SIGN})?(?P<mode>m)?(?![\w'#♯♭])"
)
LONE_AFTER = re.compile(r"\s*(?:$|[,.;:!?)&\x00-]|at\b|with\b|for\b|and\b|please\b|\d)")
MODE_ONLY = re.compile(
    r"\b(?P<mode>dorian|phrygian|lydian|mixolydian|aeolian|locrian|ionian)\b(?:\s(?:mode|scale|key))?"
)
MAJOR_MINOR = re.compile(
    r"\b(?:(?:in|an?|the)\s+)*(?P<mode>major|minor)(?:[\s-](?:key|mode|scale|tonality|sounding)\b|(?=\s*(?:$|"
    r"[,.;!)\x00])))"
    r"|\bin (?P<mode2>major|minor)(?=\s+(?:please|and|but|with|at|for|\d)\b)"
    r"|(?:^|,\s*)(?P<mode3>major|minor)(?=\s+(?:but|yet|though)\b)"
)
CHORD_BEFORE = re.compile(r"(?:^|[\s|,-])[A-G][#b]?(?:m|maj|min|dim|sus|\d)*\s*[,|-]?\s*$")
CHORD_AFTER = re.compile(r"\s*[,|-]?\s*[A-G][#b]?(?:m|maj|min|dim|sus|\d)*(?:[\s|,-]|$)")

NOT_KEY_AFTER = re.compile(
    r"[\s-]+(?:problem|issue|detail|change|annoyance|inconvenience|setback|incident|accident|injury|offen[cs]e|crime|"
    r"role|part|"
    r"character|event|city|road|league|figure|difference|setting|work|hit|success|breakthrough|deal|thing|third|"
    r"second|sixth|"
    r"seventh|chord|arcana|key|earthquake|victory|disaster|crisis|crush|label|artist|company|project|update|headache|"
    r"miracle)s?\b"
)
KEY_LEAD = re.compile(r"(?:\bin(?: the)?(?: key)?(?: of)?|\bkey(?:\s(?:of|is)|\s?[:=])?|\bscale(?: of)?)\s*$")
A_ALONE_AFTER = re.compile(
    r"\s*(?:$|[,.;:!?)\]&+\x00-]|\d|at\b|with\b|for\b|and\b|in\b|about\b|please\b|scale|tonality)"
)

_SPELLED = {
    "maj": "major",
    "min": "minor",
    "m": "minor",
    "moll": "minor",
    "dur": "major",
    "ionian": "major",
    "aeolian": "minor",
}
GERMAN = re.compile(r"(?<![\w'#])(?P<tonic>cis|des|dis|es|fis|ges|gis|as|ais|ces|[a-h])[\s-]?(?P<mode>moll|dur)\b")
_GERMAN_NAMES = {"es": "Eb", "as": "Ab", "h": "B", "b": "Bb"}
NO_NOTE = re.compile(r"\b(?:in the key of|key of|in the key|key\s?[:=])\s?(?P<letter>[h-z])(?![\w'#])")
SIGNED = re.compile(r"(?:^|[,;|(])\s*(?P<letter>[A-G])(?P<sign>[#♯♭b])(?=\s*(?:$|[,;|)]))")
PROGRAMMING = re.compile(r"\b(?:cod(?:e|ing|ed)|programm?(?:ing|ed)?|scripts?|developing|bug|app|game) $")
DIRECT_MESSAGE = re.compile(r"\s+(?:me|us|him|her|them|I)\b")
OPPOSITE = {Mode.MAJOR: Mode.MINOR, Mode.MINOR: Mode.MAJOR}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyWish:
    """The key, or only its mode, and keys that are not wanted."""

    key: Key | None = None
    mode: Mode | None = None
    unwanted: tuple[Key, ...] = ()


def read_key(page: Page) -> KeyWish:
    """Take the key, or only its mode; "not in a minor key" means a major one.

    Raises `BadRequest` for a letter that is no note ("H major").
    """
    unwanted: list[Key] = []
    key = (
        _read_german(page) or _read_named(page, unwanted) or _read_symbol(page, unwanted) or _read_lone(page, unwanted)
    )
    for match in page.matches(NO_NOTE):
        if key is None:
            raise no_key(page.text[match.start("letter") : match.end()], match["letter"], "major")
    return KeyWish(key=key, mode=None if key is not None else _read_mode(page), unwanted=tuple(unwanted))


def no_key(said: str, letter: str, mode: str) -> BadRequest:
    """What is said of a key that is none: the nearest one."""
    if letter.lower() == "h":
        return BadRequest(f"The key {said!r} is not known; 'B {mode}', which German calls H, would work.")
    return BadRequest(f"The key {said!r} is not known; 'G {mode}', the nearest from A to G, would work.")


def _read_german(page: Page) -> Key | None:
    """Take a key in German names: "cis-moll", "Es-Dur", "h moll"."""
    for match in page.matches(GERMAN):
        name = match["tonic"]
        tonic = _GERMAN_NAMES.get(name) or name[0].upper() + name[1:].replace("is", "#").replace("es", "b")
        lead = KEY_LEAD.search(page.before(match.start()))
        if page.negation_start(match.start(), match.end()) is None:
            page.note("key", match.start(), match.end())
            page.blank(lead.start() if lead else match.start(), match.end())
            return Key.parse(f"{tonic} {_spell(match['mode']).value}")
    return None


def _read_named(page: Page, unwanted: list[Key]) -> Key | None:
    """Take a letter with a mode: "D minor", "e-flat major". Raises `BadRequest` for "H major"."""
    found: Key | None = None
    for match in page.matches(NAMED):
        start, end = match.start(), match.end()
        written = page.text[start : start + 1]
        if NOT_KEY_AFTER.match(page.after(end)) and not (written.isupper() and re.match(r"\s+key\b", page.after(end))):
            continue
        if match["letter"] not in "abcdefg":
            if found is None and _is_wrong_letter(page, match):
                mode = _spell(match["mode"]).value
                raise no_key(page.text[start:end], match["letter"], mode)
            continue
        if match["letter"] == "a" and not match["sign"] and not _is_note_a(page, match):
            continue
        key_word = re.match(r"\s+(?:key|scale|mode)\b", page.after(end))
        if found is None or page.negation_start(start, end) is not None:
            found = _take_key(page, match, end + (key_word.end() if key_word else 0), unwanted) or found
    return found


def _read_symbol(page: Page, unwanted: list[Key]) -> Key | None:
    """Take a chord symbol that stands alone: "Dm", "F#m"."""
    for match in SYMBOL.finditer(page.text):
        free = page.low[match.start() : match.end()] == match[0].lower()
        chords = CHORD_BEFORE.search(page.text[: match.start()]) or CHORD_AFTER.match(page.text[match.end() :])
        if free and not chords and not DIRECT_MESSAGE.match(page.text, match.end()):
            key = _take_key(page, match, match.end(), unwanted)
            if key is not None:
                return key
    return None


def _read_lone(page: Page, unwanted: list[Key]) -> Key | None:
    """Take a letter after "in" or "key of" ("in D": major, "in dm": minor), or one with a sign on its own (", Bb,")."""
    for match in page.matches(LONE):
        if _is_lone_note(page, match):
            key = (
                None
                if PROGRAMMING.search(page.before(match.start()))
                else _take_key(page, match, match.end(), unwanted)
            )
            if key is not None:
                return key
    for match in SIGNED.finditer(page.cased):
        return _take_key(page, match, match.end(), unwanted)
    return None


def _read_mode(page: Page) -> Mode | None:
    """Take a mode that stands without a tonic."""
    for pattern in (MODE_ONLY, MAJOR_MINOR):
        for match in page.matches(pattern):
            word = next(filter(None, match.groups()))
            before = page.before(match.start())
            if re.search(r"\bmy (?:\w+ )?$|\b(?:history|music|math|english|art|college) $", before):
                continue
            mode, negated = _spell(word), page.negation_start(match.start(), match.end())
            if negated is None or mode in OPPOSITE:
                page.take("mode", match.start() if negated is None else negated, match.end())
                return mode if negated is None else OPPOSITE[mode]
    article = re.compile(
        r"\ba (?P<mode>minor|major) "
        r"(?=\x00|lofi|lo-fi|folk|rock|rag|tune|song|melody|waltz|ballad|piece|beat|vibe|mood|feel)"
    )
    for match in page.matches(article):
        page.take("mode", match.start("mode"), match.end("mode"))
        return Mode(match["mode"])
    return None


def _spell(word: str) -> Mode:
    """A mode by any of its names."""
    return Mode(_SPELLED.get(word, word))


def _take_key(page: Page, match: re.Match[str], end: int, unwanted: list[Key]) -> Key | None:
    """Take the words of a key up to `end`, with the "in the key of" before them; None if it is not wanted."""
    start = match.start("letter")
    mode = _spell(match.groupdict().get("mode") or "major")
    lead = KEY_LEAD.search(page.before(start))
    begin = lead.start() if lead else start
    written = (match["sign"] or "").strip(" -").replace("sharp", "#").replace("flat", "b")
    key = Key.parse(f"{match['letter'].upper()}{written} {mode.value}")
    negated = page.negation_start(begin, end)
    if negated is not None:
        unwanted.append(key)
        page.take("not key", negated, end)
        return None
    page.note("key", start, end)
    page.blank(begin, end)
    return key


def _is_wrong_letter(page: Page, match: re.Match[str]) -> bool:
    """Whether a letter outside A–G before "major" is meant as a key."""
    led = KEY_LEAD.search(page.before(match.start()))
    upper = page.text[match.start()].isupper() and match["letter"] not in "iux"
    return match["mode"] in ("major", "minor", "maj", "min", "moll", "dur") and bool(
        led or upper or match["letter"] == "h"
    )


def _is_note_a(page: Page, match: re.Match[str]) -> bool:
    """Whether "a minor" is the key and not the article."""
    if match["mode"] not in ("major", "minor"):
        return (
            match["mode"] in ("maj", "min", "moll", "dur")
            or page.text[match.start()].isupper()
            or bool(KEY_LEAD.search(page.before(match.start())))
        )
    after, upper = page.after(match.end()), page.text[match.start()] == "A"
    if re.match(r"\s+(?:key|mode|scale|tonality)\b", after):
        return upper and match.start() > 0
    return upper or bool(A_ALONE_AFTER.match(after))


def _is_lone_note(page: Page, match: re.Match[str]) -> bool:
    """Whether a letter without a mode is a key: in upper case after "in", in any case after "key" or at the end."""
    upper = page.text[match.start("letter")].isupper()
    end = LONE_AFTER.match(page.after(match.end()))
    if match["mode"]:
        return bool(end)
    if "key" in match["lead"]:
        return upper or bool(end)
    return (upper and bool(match["sign"])) or (bool(end) and (upper or match["letter"] in "bcdefg"))
