"""What a hostile file is in these tests: its bytes, the name that it comes with, and the answer that it must get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.learn.uploads import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`fault` None: the file is odd but good, and is taken. `words`: what the sentence (or a notice) must say."""

    title: str
    name: str
    make: Callable[[], bytes]
    fault: Fault | None
    words: str = ""


def case(title: str, name: str, make: Callable[[], bytes] | bytes, fault: Fault | None, words: str = "") -> Case:
    """A case; bytes may be given as they are."""
    return Case(
        title=title, name=name, make=(lambda: make) if isinstance(make, bytes) else make, fault=fault, words=words
    )
