"""Music as JSON and back: songs, and any other frozen dataclass made of numbers, words, enums, tuples and mappings.

In: a value; out: plain JSON values, and from them, told the type, an equal value. Conventions: a dataclass becomes an
object of its fields, but notes, chords, keys and meters, of which a song has many, become lists of their fields in
order; enums become their values, times their ISO 8601 text; sets become sorted lists. What is missing takes the field's
default. Caveat: a field of a type that is not listed here is a `TypeError` when the value is read, so that nobody keeps
what cannot come back.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, ClassVar, Self, TypeVar, get_args, get_origin, get_type_hints

from engine.errors import EngineError
from engine.music.harmony import QUALITIES, Chord, Key
from engine.music.notes import Note, Song
from engine.music.timing import Meter

T = TypeVar("T")
ROWS: tuple[type, ...] = (Note, Chord, Key, Meter)
"""Written as lists: their fields never change."""


class Plain:
    """A dataclass that travels as JSON; `called`: what errors call it."""

    __slots__ = ()
    _called: ClassVar[str] = "It"

    def __init_subclass__(cls, *, called: str = "", **others: Any) -> None:
        """A dataclass with slots is made twice, the second time without `called`."""
        super().__init_subclass__(**others)
        if called:
            cls._called = called

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object."""
        plain: dict[str, Any] = to_plain(self)
        return plain

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Inverse of `to_json`. Raises `EngineError` for what is no such object."""
        try:
            return from_plain(cls, data)
        except (TypeError, ValueError) as error:
            raise EngineError(f"{cls._called} cannot be read ({error}).") from error


def song_to_json(song: Song) -> dict[str, Any]:
    """A song as a plain JSON object."""
    plain: dict[str, Any] = to_plain(song)
    return plain


def song_from_json(data: Mapping[str, Any]) -> Song:
    """Inverse of `song_to_json`. Raises `ValueError` for data that are no song."""
    return from_plain(Song, data)


def to_plain(value: Any) -> Any:
    """`value` as plain JSON values."""
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return list(parts.values()) if isinstance(value, ROWS) else parts
    if isinstance(value, Mapping):
        return {to_plain(key): to_plain(part) for key, part in value.items()}
    if isinstance(value, frozenset | set | tuple | list):
        inner = [to_plain(part) for part in value]
        return sorted(inner) if isinstance(value, frozenset | set) else inner
    return value.isoformat() if isinstance(value, datetime) else value


def from_plain(kind: type[T], plain: Any) -> T:
    """The value of type `kind` that `plain` stands for. Raises `ValueError` naming what does not fit."""
    value: T = _read(kind, plain)
    return value


def _read(kind: Any, plain: Any) -> Any:
    """Read by type: a simple one, a dataclass, or one made of others."""
    if kind is Any or kind is object:
        return plain
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _read_dataclass(kind, plain)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(plain)
    if isinstance(kind, type) and not get_args(kind):
        return _read_simple(kind, plain)
    return _read_many(kind, plain)


def _read_simple(kind: type, plain: Any) -> Any:
    """A number, a word or nothing; whole numbers are floats too, but truth values are no numbers."""
    if kind is type(None) and plain is None:
        return None
    if kind is datetime and isinstance(plain, str):
        return datetime.fromisoformat(plain)
    if kind is float and isinstance(plain, int | float) and not isinstance(plain, bool):
        return float(plain)
    if kind not in (int, str, bool, float, type(None)):
        raise TypeError(f"{kind!r} cannot be read back")
    if type(plain) is not kind:
        raise ValueError(f"{str(plain)[:40]!r} is no {kind.__name__}")
    return plain


def _read_many(kind: Any, plain: Any) -> Any:
    """A union, a tuple, a set or a mapping."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is types.UnionType:
        if plain is None and type(None) in inner:
            return None
        return _read(next(part for part in inner if part is not type(None)), plain)
    if origin in (tuple, frozenset):
        if not isinstance(plain, list | tuple):
            raise ValueError(f"{str(plain)[:40]!r} is no list")
        fixed = origin is tuple and inner[-1] is not Ellipsis
        if fixed and len(plain) != len(inner):
            raise ValueError(f"{str(plain)[:40]!r} has not {len(inner)} parts")
        kinds = inner if fixed else [inner[0]] * len(plain)
        return origin(_read(part_kind, part) for part_kind, part in zip(kinds, plain, strict=True))
    if origin in (dict, Mapping):
        if not isinstance(plain, Mapping):
            raise ValueError(f"{str(plain)[:40]!r} is no object")
        return {_read(inner[0], key): _read(inner[1], part) for key, part in plain.items()}
    raise TypeError(f"{kind!r} cannot be read back")


def _read_dataclass(kind: Any, plain: Any) -> Any:
    hints = _hints(kind)
    if issubclass(kind, ROWS):
        plain = dict(zip(hints, plain, strict=True)) if isinstance(plain, Sequence) else plain
    if not isinstance(plain, Mapping):
        raise ValueError(f"{str(plain)[:40]!r} is no {kind.__name__}")
    if unknown := set(plain) - set(hints):
        raise ValueError(f"{kind.__name__} has no {sorted(unknown)[0]!r}")
    parts = {name: _read(hints[name], part) for name, part in plain.items()}
    try:
        value = kind(**parts)
    except TypeError as error:
        raise ValueError(f"{kind.__name__}: {error}") from error
    if isinstance(value, Chord) and value.quality not in QUALITIES:
        raise ValueError(f"{value.quality!r} is no chord quality")
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    """A dataclass's fields and their types, in order."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}
