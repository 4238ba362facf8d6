"""One prompt or many: run a job for each, answer each, go on after failures.

In: a prompt or `-`, options, and the work for one request. Out: answers on standard output in the order of the prompts,
sentences on standard error, an exit code. Conventions: with JSON each answer is one object; a failure is
`{"prompt": …, "error": …}`, on a line of its own when there are several prompts. A single prompt fails with its error's
own exit code, several with 1. Caveat: what breaks on our side ends a batch no more than a bad prompt does, as long as
it is an error that the engine raises on purpose.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from engine.cli.faults import exit_code, sentence
from engine.cli.wish import FROM_STDIN, Options, prompts_of
from engine.compose.request import ComposeRequest
from engine.errors import TunesmithError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering(Generic[T]):
    """What a command does for a request, and its two ways to print what came out: as JSON, and for people."""

    work: Callable[[ComposeRequest], T]
    to_json: Callable[[T], Mapping[str, Any]]
    show: Callable[[T], None]


def answer_all(prompt: str, options: Options, answering: Answering[T], *, as_json: bool) -> int:
    """Work on each prompt and answer it; the exit code."""
    several = prompt == FROM_STDIN
    code = 0
    for text in prompts_of(prompt):
        try:
            answer = answering.work(options.request(text))
        except TunesmithError as error:
            code = 1 if several else exit_code(error)
            words = sentence(error)
            sys.stderr.write(f"{words}\n")
            if as_json:
                print_json({"prompt": text, "error": words}, on_one_line=several)
            continue
        if as_json:
            print_json(answering.to_json(answer), on_one_line=several)
        else:
            answering.show(answer)
    return code


def print_json(value: Mapping[str, Any], *, on_one_line: bool) -> None:
    """One JSON object on standard output, flushed."""
    indent = None if on_one_line else 2
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # the stream would lose characters; JSON's escapes say the same in ASCII
        text = json.dumps(value, indent=indent)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
