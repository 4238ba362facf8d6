"""A song's title from its prompt, mood, style and key.

In: the prompt's words, the mood, a generator. Out: at most 60 characters of plain words. Conventions: titles are put
together from lists in this module only; of the prompt just those words are used that a list knows, so that no title
carries what somebody typed. Caveat: two songs may get the same title; it is no identity.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from engine.music.harmony import Key

MAX_CHARS = 60

THEMES: dict[str, tuple[str, ...]] = {
    "rain": ("Rainy Window", "Rain on the Roof", "After the Rain"),
    "night": ("Night Walk", "Midnight Lamp", "Late Lights"),
    "study": ("Open Notebook", "Page by Page", "Quiet Desk"),
    "coffee": ("Second Cup", "Corner Cafe", "Slow Coffee"),
    "sleep": ("Half Asleep", "Soft Pillow", "Drifting Off"),
    "sea": ("Salt Wind", "Harbour Lights", "Low Tide"),
    "winter": ("First Snow", "Frosted Glass", "Winter Coat"),
    "summer": ("Long Summer", "Warm Pavement", "August Light"),
    "autumn": ("Falling Leaves", "October Park", "Amber Leaves"),
    "spring": ("First Blossom", "April Morning", "Green Again"),
    "city": ("City Lights", "Side Streets", "Last Tram"),
    "forest": ("Under the Pines", "Moss and Fern", "Forest Path"),
    "mountain": ("Above the Clouds", "Mountain Pass", "High Meadow"),
    "love": ("Two Umbrellas", "Letters to You", "Hand in Hand"),
    "morning": ("Early Light", "Morning Bread", "Dew"),
    "space": ("Distant Orbit", "Starfield", "Quiet Satellite"),
    "fire": ("Campfire Sparks", "Embers", "By the Hearth"),
    "dance": ("Dance Floor", "Turning Round", "Lively Step"),
    "road": ("Open Road", "Miles Ahead", "Next Exit"),
    "cat": ("Cat on the Sill", "Nine Naps", "Soft Paws"),
}
_SYNONYMS = {
    "rain": "rainy raining storm",
    "night": "midnight nighttime evening",
    "study": "studying homework reading coding focus",
    "coffee": "cafe tea",
    "sleep": "sleepy lullaby dreamy dream",
    "sea": "ocean sailor sailors beach waves ship",
    "winter": "snow christmas",
    "summer": "sunny sun",
    "autumn": "fall",
    "spring": "flowers",
    "city": "town street",
    "forest": "woods trees",
    "mountain": "hills mountains",
    "love": "romantic wedding",
    "morning": "dawn sunrise",
    "space": "stars galaxy",
    "fire": "campfire",
    "dance": "waltz dancing jig reel",
    "road": "driving highway travel",
    "cat": "cats kitten",
}
THEME_WORDS = {word: theme for theme in THEMES for word in (theme, *_SYNONYMS.get(theme, "").split())}

FIRST = {
    "calm dark": "Faded Grey Hollow Distant Quiet Blue Lost Dim Silent Fading",
    "calm bright": "Gentle Golden Warm Soft Slow Honey Mellow Hazy Tender Drowsy",
    "wild dark": "Iron Burning Broken Black Electric Restless Thunder Rusted Shadow Wild",
    "wild bright": "Bright Running Silver Crimson Merry Leaping Shining Racing Lucky Flying",
}
SECOND = {
    "lofi": "Lanterns Window Cassette Balcony Raindrops Polaroid Rooftop Sweater Subway Notebook",
    "classical": "Arabesque Minuet Romance Pavane Fountain Gallery Elegy Promenade Garden Miniature",
    "ragtime": "Shuffle Parade Promenade Clover Magnolia Pepper Strut Ramble Pinwheel Carousel",
    "folk": "Meadow River Harvest Hearth Heather Crossroads Hillside Miller Orchard Wayfarer",
    "rock": "Engine Highway Voltage Horizon Tower Signal Gravity Avalanche Machine Comet",
    "": "Echo Mosaic Journey Window Pattern Harbour Season Mirror Lantern Passage",
}
ADJECTIVES = {
    "calm dark": "Wistful",
    "calm bright": "Gentle",
    "wild dark": "Restless",
    "wild bright": "Lively",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """What a title may tell: the style and its written name, the key, energy 0…1, valence −1…1."""

    style: str
    style_title: str
    key: Key
    energy: float
    valence: float

    @property
    def mood(self) -> str:
        """Key of `FIRST`."""
        return f"{'wild' if self.energy > 0.55 else 'calm'} {'bright' if self.valence >= 0 else 'dark'}"


def make_title(prompt: str, character: Character, rng: np.random.Generator) -> str:
    """A title: the prompt's theme, or two words that suit mood and style, or mood, style and key."""
    draws = rng.random(4)
    theme = _theme(prompt)
    if theme and draws[0] < 0.8:
        title = _pick(THEMES[theme], draws[1])
    elif draws[0] < 0.7:
        second = SECOND.get(character.style, SECOND[""]).split()
        title = f"{_pick(FIRST[character.mood].split(), draws[1])} {_pick(second, draws[2])}"
    else:
        title = f"{ADJECTIVES[character.mood]} {character.style_title} in {character.key}"
    return title[:MAX_CHARS]


def _theme(prompt: str) -> str | None:
    """The first theme that the prompt mentions."""
    words: list[str] = re.findall(r"[a-z]+", prompt.lower())
    return next((THEME_WORDS[word] for word in words if word in THEME_WORDS), None)


def _pick(words: tuple[str, ...] | list[str], draw: float) -> str:
    """One of the words by a number 0…1."""
    return words[min(int(draw * len(words)), len(words) - 1)]
