"""A song's title from its prompt, mood, style and key.

In: the prompt's words, the song's character, a generator. Out: at most `MAX_CHARS` characters of plain words.
Conventions: titles are put together from the lists of `words` only; the prompt chooses among them and none of its own
words is ever used, so that no title carries what somebody typed. Caveat: two songs may get the same title; it is no
identity.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from engine.compose.title.words import (
    ADJECTIVES,
    CLASHES,
    FORMS,
    GLAD_WORDS,
    MOOD_WORDS,
    NOUNS,
    OPENINGS,
    SAD_WORDS,
    THEMES,
)
from engine.music.harmony import Key

MAX_CHARS = 60
WILD_FROM = 0.55
PLAIN_WITHIN = 0.12
MOST_TRIES = 40
ALONE = "!"
"""Behind a thing that takes neither article nor adjective."""
NEGATIONS = frozenset({"no", "not", "without", "never", "isn't", "don't", "nor", "minus", "except"})
SMALL_WORDS = frozenset({"a", "the", "of", "in", "on", "at", "by", "to", "and", "for", "from", "over", "under", "with"})

Tone = Literal["dark", "plain", "bright"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """What a title may tell: the style and its written name, the key, energy 0…1, valence −1…1."""

    style: str
    style_title: str
    key: Key
    energy: float
    valence: float

    @property
    def pace(self) -> str:
        """`"wild"` or `"calm"`."""
        return "wild" if self.energy > WILD_FROM else "calm"

    @property
    def tone(self) -> Tone:
        """How glad the song is."""
        if abs(self.valence) <= PLAIN_WITHIN:
            return "plain"
        return "bright" if self.valence > 0 else "dark"


def make_title(prompt: str, character: Character, rng: np.random.Generator) -> str:
    """A title after what the prompt is about, if any list knows it, else after style and mood."""
    words = _words(prompt)
    tone = _tone(words, character.tone)
    lists = _Lists.of(_themes(words), character.style, character.pace, tone)
    name = f"{lists.mood_word} {character.style_title} in {character.key}"[:MAX_CHARS]
    return next((title for _ in range(MOST_TRIES) if is_sound(title := _draw(lists, name, rng))), name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lists:
    """What a title may be drawn from; a theme is its things and its places."""

    adjectives: tuple[str, ...]
    themes: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    forms: tuple[str, ...]
    openings: tuple[str, ...]
    mood_word: str

    @classmethod
    def of(cls, themes: Sequence[str], style: str, pace: str, tone: Tone) -> _Lists:
        """The lists for what a prompt is about. Where nothing is known, the style's own nouns are the things."""
        if tone == "bright" and any(THEMES[theme].sombre for theme in themes):
            tone = "plain"
        nouns = _suiting(NOUNS.get(style, NOUNS[""]), tone)
        return cls(
            adjectives=_suiting(ADJECTIVES[f"{pace} {tone}"], tone),
            themes=tuple((_suiting(THEMES[name].things, tone), _suiting(THEMES[name].places, tone)) for name in themes)
            or ((nouns, ()),),
            forms=_suiting(FORMS.get(style, FORMS[""]), tone),
            openings=_suiting(OPENINGS, tone),
            mood_word=MOOD_WORDS[f"{pace} {tone}"],
        )


def _draw(lists: _Lists, name: str, rng: np.random.Generator) -> str:
    """One title by chance: of what the prompt is about where that is known, else seldom `name`."""
    pick = _picker(rng)
    things, places = lists.themes[int(rng.random() * len(lists.themes))]
    thing, other = pick(things), pick(things).rstrip(ALONE)
    if rng.random() < (0.48 if places else 0.08):
        return f"{thing.rstrip(ALONE)} {pick(places)}" if places else name
    if thing.endswith(ALONE):
        return thing.rstrip(ALONE)
    kind = rng.random()
    if kind < 0.55:
        return f"{pick(lists.adjectives)} {thing}"
    if kind < 0.70 and not thing.endswith("s"):
        return f"{thing} {pick(lists.forms)}"
    if kind < 0.82:
        return f"{thing} and {other}"
    return f"{pick(lists.openings)} {thing}"


def is_sound(title: str) -> bool:
    """Whether no word comes twice, in whatever form, and no two words clash."""
    words = re.findall(r"[A-Za-z]+", title)
    stems = [word.lower()[:4] for word in words if word.lower() not in SMALL_WORDS]
    if len(set(stems)) < len(stems):
        return False
    said = set(words)
    return not any(set(one.split()) & said and set(other.split()) & said for one, other in CLASHES)


def _words(prompt: str) -> list[str]:
    """The prompt's words in small letters, owners as such (`"cat's"` is `"cat"`), without those that are negated."""
    words = [word.removesuffix("'s") for word in re.findall(r"[a-z0-9']+", prompt.lower().replace("’", "'"))]
    return [word for at, word in enumerate(words) if not NEGATIONS & set(words[max(at - 2, 0) : at])]


def _tone(words: Sequence[str], tone: Tone) -> Tone:
    """The song's tone, but never glad where the prompt is sad, nor sad where it is glad."""
    sad, glad = (bool(set(words) & set(known.split())) for known in (SAD_WORDS, GLAD_WORDS))
    if sad == glad:
        return tone
    if sad:
        return "dark"
    return "plain" if tone == "dark" else tone


def _themes(words: Sequence[str]) -> tuple[str, ...]:
    """What the prompt is about: at most two themes, in the order of its words."""
    heard = _heard()
    found = dict.fromkeys(theme for word in words for theme in heard.get(word, ()))
    return tuple(found)[:2]


@cache
def _heard() -> dict[str, tuple[str, ...]]:
    """Word → the themes that it tells."""
    table: dict[str, tuple[str, ...]] = {}
    for name, theme in THEMES.items():
        for word in theme.heard.split():
            table[word] = (*table.get(word, ()), name)
    return table


@cache
def _suiting(text: str, tone: Tone) -> tuple[str, ...]:
    """The items of a list that suit a tone, without the marks of tones."""
    items = (item.strip() for item in text.split(","))
    other = {"dark": "+", "bright": "-", "plain": "+-"}[tone]
    return tuple(item.rstrip("+-") for item in items if item[-1] not in other)


def _picker(rng: np.random.Generator) -> Callable[[Sequence[str]], str]:
    return lambda items: items[int(rng.random() * len(items))]
