"""How long understanding takes: `python -m benchmarks.bench_plan`.

Measured: loading the text encoder and the head in a fresh process; a whole plan (words read, meaning, form, chords,
cast), without and with the words that decided, for prompts as people type them, warm, one at a time on one core; the
same prompts in batches of 32; the reading of explicit wishes alone. Conventions: milliseconds, median and 95th
percentile. Caveat: a busy machine measures the others' work.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

import numpy as np

from engine.compose.pipeline import Composer
from engine.compose.prompt import read_prompt
from engine.compose.request import ComposeRequest
from engine.learn.prompts import held_out_prompts
from engine.settings import Settings

T = TypeVar("T")
BATCH = 32
LOADING = (
    "from time import perf_counter; began = perf_counter()\n"
    "from engine.compose.pipeline import Composer; from engine.settings import Settings\n"
    "Composer(Settings.read()).reader.read(['rain']); print(perf_counter() - began)"
)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prompts", type=int, default=200, help="how many prompts to plan")
    prompts = [row.text for row in held_out_prompts()][: parser.parse_args().prompts]
    import torch  # noqa: PLC0415 (after the arguments are read)

    torch.set_num_threads(1)
    composer = Composer(Settings.read())
    composer.plan(ComposeRequest(prompt="warm up the styles"))
    requests = [ComposeRequest(prompt=text) for text in prompts]
    starts = range(0, len(prompts) - BATCH + 1, BATCH)
    rows = {
        "words read": [_ms(read_prompt, text) for text in prompts],
        "meaning": [_ms(composer.reader.read, [text]) for text in prompts],
        "plan": [_ms(composer.plan_all, [request]) for request in requests],
        "plan, explained": [_ms(composer.plan, request) for request in requests],
        f"{BATCH} meanings": [_ms(composer.reader.read, prompts[at : at + BATCH]) for at in starts],
        f"{BATCH} plans": [_ms(composer.plan_all, requests[at : at + BATCH]) for at in starts],
    }
    print(f"{'':18}{'median ms':>12}{'95th ms':>12}")
    for name, times in rows.items():
        print(f"{name:18}{np.median(times):12.1f}{np.percentile(times, 95):12.1f}")
    command = [sys.executable, "-c", LOADING]
    loads = [float(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(2)]
    print(f"{'loading, s':18}{min(loads):12.2f}{max(loads):12.2f}")


def _ms(work: Callable[[T], object], given: T) -> float:
    began = perf_counter()
    work(given)
    return 1000 * (perf_counter() - began)


if __name__ == "__main__":
    main()
