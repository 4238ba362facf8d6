"""Which styles are wanted and which are not: names, aliases, common typos, negation, and how much of each.

In: a `Page`, and the names of the styles. Out: style names, the chief one first. Conventions: a style's aliases stand
in its `style.toml`; the longest alias wins. Caveat: other genres (reggae, techno…) are read as names only to be able
to say no to them, or to tell that there is no such style yet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.compose.words.false_friends import FALSE_FRIEND, OTHER_GENRE
from engine.compose.words.page import BLANK, Page
from engine.compose.words.shares import Place, share_out
from engine.compose.words.spelling import SPACED, WORD, Lexicon, plain

ADJECTIVES = {
    "jazzy": "jazz",
    "jazz like": "jazz",
    "bluesy": "blues",
    "folky": "folk",
    "folksy": "folk",
    "folkish": "folk",
    "rockish": "rock",
    "raggy": "ragtime",
    "ambienty": "ambient",
}
"""Words that colour another style, and name one only where no other is named."""
HINTS = {"swing": "jazz", "vaporwave": "synthwave", "vapourwave": "synthwave"}
"""Words that name a style where no other is named, and else only a manner ("lofi with swing")."""
_NOUN = re.compile(
    r"[\s-]*(?:music|songs?|tracks?|tunes?|pieces?|beats?|styles?|styled|vibes?|type|kind|genre|instrumentals?|jams?)\b"
)
_NEXT_TO = re.compile(r"[\s-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Genres:
    """Styles wanted (the chief one first: of "folk rock" it is rock), how much of each (empty: nothing said of it),
    unwanted ones, and genres that are no style here.
    """

    wanted: tuple[str, ...]
    shares: tuple[float, ...]
    unwanted: tuple[str, ...]
    others: tuple[str, ...]


def lexicon_of(aliases: Mapping[str, Sequence[str]]) -> Lexicon:
    """All words for the styles; a style that is called as a colour or a hint of others has that word for itself."""
    hints = {word: style for word, style in (ADJECTIVES | HINTS).items() if word not in aliases}
    return Lexicon.of(aliases, hints)


def read_genres(page: Page, lexicon: Lexicon) -> Genres:
    """Take the styles from the page; unwanted genres are taken too, wanted unknown ones stay for the encoder."""
    text = page.text.lower()
    wanted: dict[str, Place] = {}
    unwanted: dict[str, int] = {}
    colours: set[str] = set()
    hits = sorted(_find(page, lexicon))
    only_hints = all(plain(page.low[start:end]) in HINTS for start, end, _ in hits)
    for start, end, style in hits:
        said = plain(page.low[start:end])
        negated = page.negation_start(start, end)
        if said in HINTS and negated is None and not only_hints:
            continue
        kind_of_it = negated is not None and style in wanted and said != style
        if negated is not None and not kind_of_it:  # "rock but not metal" still wants rock
            unwanted.setdefault(style, start)
        elif negated is None:
            wanted.setdefault(style, Place(style=style, start=start, end=end))
            (colours.add if said in ADJECTIVES else colours.discard)(style)
        page.take("style" if negated is None else "not style", start if negated is None else negated, end)
        _take_noun(page, end)
    others = _read_others(page, unwanted)
    places = [place for style, place in wanted.items() if style not in unwanted]
    shares = share_out(page, text, places)
    if shares:
        places = sorted(places, key=lambda place: -shares[place.style])
    else:
        if len(places) > 1 and _NEXT_TO.fullmatch(page.text[places[0].end : places[1].start]):
            places[:2] = places[1::-1]
        places.sort(key=lambda place: place.style in colours)
    return Genres(
        wanted=tuple(place.style for place in places),
        shares=tuple(shares[place.style] for place in places) if shares else (),
        unwanted=tuple(unwanted),
        others=tuple(dict.fromkeys(others)),
    )


def _find(page: Page, lexicon: Lexicon) -> list[tuple[int, int, str]]:
    """Places where a style is named, well spelt or not, none of them a false friend."""
    hidden = [(m.start(), m.end()) for m in page.matches(FALSE_FRIEND)]
    hits = [(m.start(), m.end(), lexicon.names[plain(m[0])]) for m in page.matches(lexicon.pattern)]
    for match in page.matches(SPACED):
        style = lexicon.names.get(re.sub(r"[ .-]", "", match[0]))
        if style is not None and not any(a < match.end() and match.start() < b for a, b, _ in hits):
            hits.append((match.start(), match.end(), style))
    for match in page.matches(WORD):
        if any(a < match.end() and match.start() < b for a, b, _ in hits):
            continue
        style = lexicon.style_of(match[0])
        if style is not None:
            hits.append((match.start(), match.end(), style))
    return [hit for hit in hits if not any(a < hit[1] and hit[0] < b for a, b in hidden)]


def _read_others(page: Page, unwanted: dict[str, int]) -> list[str]:
    """Genres that are no style here; unwanted ones are taken."""
    others = []
    hidden = [(m.start(), m.end()) for m in page.matches(FALSE_FRIEND)]
    for match in page.matches(OTHER_GENRE):
        if any(a < match.end() and match.start() < b for a, b in hidden):
            continue
        negated = page.negation_start(match.start(), match.end())
        if negated is None:
            others.append(match[0])
        else:
            unwanted.setdefault(match[0], match.start())
            page.take("not style", negated, match.end())
    return [other for other in others if other not in HINTS]


def _take_noun(page: Page, end: int) -> None:
    """Blank an empty noun after a style ("lofi music", "rock song"), which would only blur the rest."""
    noun = _NOUN.match(page.after(end))
    if noun and BLANK not in noun[0]:
        page.blank(end, end + noun.end())
