"""A song's title from its prompt, mood, style and key.

In: the prompt's words, the mood, a generator. Out: at most 60 characters of plain words. Conventions: titles are put together
from lists in this module only; of the prompt just those words are used that a list knows, so that no title carries what somebody
typed. Caveat: two songs may get the same title; it is no identity.
"""

from __future__ import annotations

import re

import numpy as np

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
THEME_WORDS = {
    "rainy": "rain", "raining": "rain", "storm": "rain", "midnight": "night", "nighttime": "night", "evening": "night",
    "studying": "study", "homework": "study", "reading": "study", "coding": "study", "focus": "study", "cafe": "coffee",
    "tea": "coffee", "sleepy": "sleep", "lullaby": "sleep", "dreamy": "sleep", "dream": "sleep", "ocean": "sea", "sailor": "sea",
    "sailors": "sea", "beach": "sea", "waves": "sea", "ship": "sea", "snow": "winter", "christmas": "winter", "sunny": "summer",
    "sun": "summer", "fall": "autumn", "flowers": "spring", "town": "city", "street": "city", "woods": "forest", "trees": "forest",
    "hills": "mountain", "mountains": "mountain", "romantic": "love", "wedding": "love", "dawn": "morning", "sunrise": "morning",
    "stars": "space", "galaxy": "space", "campfire": "fire", "waltz": "dance", "dancing": "dance", "jig": "dance", "reel": "dance",
    "driving": "road", "highway": "road", "travel": "road", "cats": "cat", "kitten": "cat",
}  # fmt: skip

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


def make_title(
    prompt: str, *, style: str, style_title: str, key: str, energy: float, valence: float, rng: np.random.Generator
) -> str:
    """A title. `energy` 0…1, `valence` −1…1; `key` such as `"D minor"`."""
    mood = f"{'wild' if energy > 0.55 else 'calm'} {'bright' if valence >= 0 else 'dark'}"
    draws = rng.random(4)
    theme = _theme(prompt)
    if theme and draws[0] < 0.8:
        title = _pick(THEMES[theme], draws[1])
    elif draws[0] < 0.7:
        second = SECOND.get(style, SECOND[""]).split()
        title = f"{_pick(FIRST[mood].split(), draws[1])} {_pick(second, draws[2])}"
    else:
        title = f"{ADJECTIVES[mood]} {style_title} in {key}"
    return title[:MAX_CHARS]


def _theme(prompt: str) -> str | None:
    """The first theme that the prompt mentions."""
    for word in re.findall(r"[a-z]+", prompt.lower()):
        theme = THEME_WORDS.get(word, word)
        if theme in THEMES:
            return theme
    return None


def _pick(words: tuple[str, ...] | list[str], draw: float) -> str:
    """One of the words by a number 0…1."""
    return words[min(int(draw * len(words)), len(words) - 1)]
