"""Do the same work for many, so that whoever fails fails alone.

In: a function and the things to call it with. Out: the results of those that went well, and the errors of the others.
Convention: only errors are caught; what ends the program goes through. Caveat: work that fails may be half done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
Failures = list[tuple[T, Exception]]


def each_apart(work: Callable[[T], R], items: Sequence[T]) -> tuple[list[tuple[T, R]], Failures[T]]:
    """`work` for each of the items, in order: (item, result) of those that went well, (item, error) of the others."""
    done: list[tuple[T, R]] = []
    failed: Failures[T] = []
    for item in items:
        try:
            done.append((item, work(item)))
        except Exception as error:
            failed.append((item, error))
    return done, failed
