"""Which styles are wanted and which are not: names, aliases, common typos, negation.

In: a `Page`, and the aliases of each style. Out: style names in the order of the text. Conventions: a style's aliases
stand in its `style.toml`; the longest alias wins; words of six letters and more may have one slip of the pen. Caveat:
other genres (reggae, techno…) are read as names only to be able to say no to them, or to tell that there is no such
style yet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.compose.words.page import BLANK, Page

OTHER_GENRES = "|".join(
    (
        r"acid jazz|afrobeat|ambient|big band|blues|bluesy|bossa nova|bossa|chiptune|dance|disco|drum and bass",
        r"drum & bass|drum'?n'?bass|dnb|drill|dub|dubstep|edm|electro|electronic|electronica|eurodance|flamenco|funk",
        r"funky|gospel|hardstyle|hip[\s-]?hop|house|idm|industrial|jazz|jazzy|k-?pop|j-?pop|latin|mariachi|new age",
        r"phonk|pop|psytrance|rap|reggae|reggaeton|r&b|rnb|salsa|samba|ska|soul|swing|synthwave|synth-?pop|tango",
        r"techno|trance|trap|trip[\s-]?hop|vaporwave|world music",
    )
)
ADJECTIVES = {"jazzy": "jazz", "bluesy": "blues", "folky": "folk", "folksy": "folk"}
"""Words that colour another style, and name one only where no other is named."""
_OTHER = re.compile(rf"(?<![\w-])(?:{OTHER_GENRES})(?![\w'])")

FALSE_FRIENDS = re.compile(
    "|".join(
        (
            r"\brock(?:ing|in')?\s+(?:me|you|us|the (?:baby|boat)|bottom|to sleep|climbing|pool|chair|solid)\b",
            r"\brock\s+(?:candy|paper|garden|formation)\b|\b(?:on the|moon|a|big|the) rocks\b",
            r"\brock[\s-]?a[\s-]?bye\w*",
            r"\b(?:red|black|wet|old) rag\b|\brag (?:doll|trade)\b|\bprelude to\b",
            r"\bcountry(?:side| road| roads| house| of\b)|\b(?:my|a|the|our) country\b",
            r"\bfilm reel\b|\bnews ?reel\b|\breel (?:me|in)\b|\bfolks?['\s]+(?:at|who|like|and i)\b",
            r"\bclassical (?:guitar|conditioning|mechanics)\b",
            r"\bjazz (?:guitars?|kit|chords?|harmon(?:y|ies))\b",
            r"\b(?:heavy )?metal (?:door|gate|box|pipe|bowl|detector|scrap)s?\b",
        )
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Genres:
    """Styles wanted (the chief one first: of "folk rock" it is rock), unwanted ones, and genres that are no style
    here.
    """

    wanted: tuple[str, ...]
    unwanted: tuple[str, ...]
    others: tuple[str, ...]


def read_genres(page: Page, aliases: Mapping[str, Sequence[str]]) -> Genres:
    """Take the styles from the page; unwanted genres are taken too, wanted unknown ones stay for the encoder."""
    hidden = [(m.start(), m.end()) for m in page.matches(FALSE_FRIENDS)]
    names = {alias.lower(): style for style, listed in aliases.items() for alias in (style, *listed)}
    names |= {word: style for word, style in ADJECTIVES.items() if style in aliases}
    wanted: dict[str, int] = {}
    unwanted: dict[str, int] = {}
    ends: dict[str, int] = {}
    colours: set[str] = set()
    hits = [(s, e, names[_plain(page.low[s:e])]) for s, e in _find_aliases(page, names)] + _find_slips(page, names)
    for start, end, style in sorted(hits):
        if any(a < end and start < b for a, b in hidden):
            continue
        negated = page.negation_start(start, end)
        kind_of_it = negated is not None and style in wanted and page.low[start:end] != style
        if not kind_of_it:  # "rock but not metal" still wants rock
            (wanted if negated is None else unwanted).setdefault(style, start)
        ends.setdefault(style, end)
        (colours.add if _plain(page.low[start:end]) in ADJECTIVES else colours.discard)(style)
        page.take("style" if negated is None else "not style", start if negated is None else negated, end)
        _take_noun(page, end)
    others = []
    for match in page.matches(_OTHER):
        negated = page.negation_start(match.start(), match.end())
        if negated is None:
            others.append(match[0])
        else:
            unwanted.setdefault(match[0], match.start())
            page.take("not style", negated, match.end())
    kept = [style for style in wanted if style not in unwanted]
    if len(kept) > 1 and re.fullmatch(r"[\s-]*", page.text[ends[kept[0]] : wanted[kept[1]]]):
        kept[:2] = kept[1::-1]
    kept.sort(key=lambda style: style in colours)
    return Genres(wanted=tuple(kept), unwanted=tuple(unwanted), others=tuple(dict.fromkeys(others)))


def _plain(text: str) -> str:
    """An alias's key: lower case, single spaces."""
    return re.sub(r"\s+", " ", text.lower())


def _find_aliases(page: Page, names: Mapping[str, str]) -> list[tuple[int, int]]:
    """Places where an alias stands, longest first, none inside another."""
    pattern = "|".join(re.escape(alias).replace(r"\ ", r"\s+") for alias in sorted(names, key=len, reverse=True))
    return [(m.start(), m.end()) for m in page.matches(re.compile(rf"(?<![\w'])(?:{pattern})(?![\w'])"))]


def _find_slips(page: Page, names: Mapping[str, str]) -> list[tuple[int, int, str]]:
    """Words of six letters and more that are one slip away from an alias."""
    long = [alias for alias in names if len(alias) >= 6 and alias.isalpha()]
    hits = []
    for match in page.matches(re.compile(r"(?<![\w'])[a-z]{6,}(?![\w'])")):
        word = match[0]
        if word in names or word in ("classic", "classics", "country", "rocking", "prelude"):
            continue
        near = next((alias for alias in long if word[0] == alias[0] and _is_slip(word, alias)), None)
        if near is not None and abs(len(word) - len(near)) <= 1:
            hits.append((match.start(), match.end(), names[near]))
    return hits


def _is_slip(word: str, alias: str) -> bool:
    """Whether one letter added, missing, changed, or two neighbours swapped turn `word` into `alias`."""
    if abs(len(word) - len(alias)) > 1 or word in (alias + "s", alias + "e"):
        return False
    i = 0
    while i < min(len(word), len(alias)) and word[i] == alias[i]:
        i += 1
    if len(word) == len(alias):
        swapped = word[i + 1 : i + 2] + word[i : i + 1] + word[i + 2 :]
        return word[i + 1 :] == alias[i + 1 :] or swapped == alias[i:]
    short, long = sorted((word, alias), key=len)
    return short[i:] == long[i + 1 :]


def _take_noun(page: Page, end: int) -> None:
    """Blank an empty noun after a style ("lofi music", "rock song"), which would only blur the rest."""
    noun = re.match(r"[\s-]*(?:music|songs?|tracks?|tunes?|pieces?|beats?|styles?|vibes?|type|kind)\b", page.after(end))
    if noun and BLANK not in noun[0]:
        page.blank(end, end + noun.end())
