"""A song's title from its prompt, mood, style and key."""

from engine.compose.title.make import MAX_CHARS, Character, make_title

__all__ = ["MAX_CHARS", "Character", "make_title"]
