"""Names for songs and their files.

In: the clock, a prompt. Out: ids that sort by time, and file names that any system takes. Conventions: an id is 14
characters of Crockford's base 32 in lower case: nine of milliseconds since 1970, five of chance. Caveat: two songs of
the same millisecond sort by chance.
"""

from __future__ import annotations

import re
import secrets
import time
import unicodedata

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
TIME_CHARS = 9
CHANCE_CHARS = 5
MAX_SLUG_CHARS = 40
SEED_BITS = 53


def new_song_id() -> str:
    """A fresh id, such as `"1k8z3m0q7x4abc"`; later ids sort after earlier ones."""
    number = (time.time_ns() // 1_000_000) << (5 * CHANCE_CHARS) | secrets.randbits(5 * CHANCE_CHARS)
    length = TIME_CHARS + CHANCE_CHARS
    return "".join(ALPHABET[number >> 5 * (length - 1 - i) & 31] for i in range(length))


def new_seed() -> int:
    """A seed that nobody asked for: 0…2**53−1 from the system's own randomness, which Discord takes back as it is."""
    return secrets.randbits(SEED_BITS)


def prompt_to_slug(prompt: str) -> str:
    """`"Chill lo-fi, 60s!"` → `"chill-lo-fi-60s"`; what has no Latin letter or digit at all becomes `"song"`."""
    plain = unicodedata.normalize("NFKD", prompt).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(slug) > MAX_SLUG_CHARS:
        slug = slug[: MAX_SLUG_CHARS + 1].rpartition("-")[0] or slug[:MAX_SLUG_CHARS]
    return slug or "song"


def file_stem(prompt: str, song_id: str) -> str:
    """The name that a song's files share, without folder and ending."""
    return f"{prompt_to_slug(prompt)}-{song_id}"
