"""What a step of the batch costs, against the time that reading the weights takes, and what batching gains.

    python -m benchmarks.bench_batch [--requests 32] [--seconds 60] [--threads N] [--only steps,products,songs,latency]

Prints tables: ms a step by rows and styles beside the floor (bytes of the weights that the step reads ÷ the bandwidth
of copying a large buffer, both read and write counted, measured in the same run); three ways of multiplying for
several styles at once; songs/s and occupancy by slots; latency of one request. Conventions: CPU time is the process's
own over all its threads, so it means something on a busy machine too; wall is what a person waits. Nothing is rendered.
Caveat: plans are made without the text encoder, from a style's name.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter, process_time

import numpy as np
import torch

from engine.compose.generate import SongWriter, Writing
from engine.compose.plan import Plan
from engine.compose.planner import Planner
from engine.compose.request import ComposeRequest
from engine.model.device import prefer_large_pages
from engine.model.network import Network
from engine.model.sampling import Packed, Stepper
from engine.music.context import N_DETAILS, N_FEATURES

STYLES = ("lofi", "jazz", "rock", "classical")
BUFFER_BYTES = 256 * 2**20


def best_ms(work: Callable[[], object], repeats: int = 50) -> float:
    """The quarter-way quickest of several runs, in ms: what the work takes when nobody else is there."""
    times = []
    for _ in range(repeats):
        began = perf_counter()
        work()
        times.append(perf_counter() - began)
    return 1000 * sorted(times)[len(times) // 4]


def bandwidth_bytes_s() -> float:
    """Bytes read and written a second while a large buffer is copied."""
    source = torch.ones(BUFFER_BYTES // 4)
    target = torch.empty_like(source)
    target.copy_(source)
    return 2 * BUFFER_BYTES / (best_ms(lambda: target.copy_(source), 9) / 1000)


def weight_bytes(network: Network) -> int:
    """Bytes of the weights that a step multiplies; of the embedding tables it reads only rows."""
    tables = ("table", "details", "onset_to_role", "pitch_to_rest", "duration_to_velocity")
    named = network.named_parameters()
    return sum(p.numel() * p.element_size() for name, p in named if not name.startswith(tables))


def plans_of(styles: Sequence[str], count: int, seconds: float) -> list[Plan]:
    """`count` plans, the styles in turn, a seed each."""
    planner = Planner(None, max_seconds=300.0, default_seconds=60.0, default_style="lofi")
    wishes = [
        ComposeRequest(prompt=styles[k % len(styles)], style=styles[k % len(styles)], seconds=seconds, seed=k)
        for k in range(count)
    ]
    return [planner.plan(wish) for wish in wishes]


def network_ms(networks: Sequence[Packed], each: int) -> float:
    """Networks alone: every head of a step over `each` rows of each."""
    stepper, rows = Stepper([(packed, each) for packed in networks]), each * len(networks)
    features, details = np.zeros((rows, N_FEATURES), np.int64), np.zeros((rows, N_DETAILS), np.int64)
    zeros = np.zeros(rows, np.int64)

    def step() -> None:
        stepper.advance(features)
        stepper.onset_logits()
        stepper.role_logits(zeros)
        stepper.open_details(details)
        stepper.pitch_logits(zeros, zeros)
        stepper.drum_logits()
        stepper.duration_logits(zeros)
        stepper.velocity_logits(zeros)

    return best_ms(step, 100)


def steps(styles: Sequence[str], rows: int, seconds: float) -> dict[str, float]:
    """ms a step with `rows` candidates of the styles in equal parts, while all rows are in use."""
    writer = SongWriter(device="cpu", slots=max(64, 8 * len(styles)))
    each = rows // len(styles)
    plans = plans_of(styles, len(styles), seconds)
    for plan in plans:
        left = each
        while left > 0:
            writer.begin(plan, candidates=min(8, left))
            left -= 8
    wall, cpu = [], []
    while True:
        began, began_cpu = perf_counter(), process_time()
        writer.batcher.step()
        cpu.append(process_time() - began_cpu)
        wall.append(perf_counter() - began)
        if writer.batcher.occupancy.rows < rows:
            break
    return {"wall": 1000 * sorted(wall[10:])[len(wall[10:]) // 2], "cpu": 1000 * sum(cpu[10:]) / len(cpu[10:])}


def table_of_steps(seconds: float) -> None:
    """Steps against the floor."""
    speed = bandwidth_bytes_s()
    writer = SongWriter(device="cpu")
    networks = {style: writer.checkpoint(style).network for style in STYLES}
    packed = {style: Packed(network) for style, network in networks.items()}
    print(f"Copying moves {speed / 1e9:.1f} GB/s; a network multiplies {weight_bytes(networks['lofi']) / 1e6:.1f} MB; ")
    print(f"rows may be multiplied at once: {packed['lofi'].wide}\n")
    print("| styles | rows | floor ms | network alone ms | step ms, wall | step ms, CPU | wall ÷ floor |")
    print("|---|---|---|---|---|---|---|")
    for styles, rows in ((1, 1), (1, 8), (1, 32), (1, 64), (4, 32), (4, 64)):
        names = STYLES[:styles]
        floor = 1000 * sum(weight_bytes(networks[name]) for name in names) / speed
        alone = network_ms([packed[name] for name in names], max(8, rows // styles))
        took = steps(names, rows, seconds)
        cells = (f"{floor:.2f}", f"{alone:.2f}", f"{took['wall']:.2f}", f"{took['cpu']:.2f}")
        print(f"| {styles} | {rows} | " + " | ".join(cells) + f" | {took['wall'] / floor:.1f} |", flush=True)


def table_of_products() -> None:
    """Three ways to multiply the rows of several styles, for the second layer's gates: [rows, 768] by [1536, 768]."""
    print("\n| styles | rows each | a product a style, laid out ms | stacked, bmm ms | gathered a row ms |")
    print("|---|---|---|---|---|")
    writer = SongWriter(device="cpu")
    packed = [Packed(writer.checkpoint(style).network) for style in STYLES]
    weights = [writer.checkpoint(style).network.state_dict() for style in STYLES]
    gates = [torch.cat((named["lstm.weight_ih_l1"], named["lstm.weight_hh_l1"]), dim=1) for named in weights]
    stacked = torch.stack([weight.T for weight in gates])
    with torch.inference_mode():
        for rows in (1, 8, 16):
            x = torch.randn(len(STYLES), rows, stacked.shape[1])
            style_of = torch.arange(len(STYLES)).repeat_interleave(rows)
            flat = x.reshape(-1, 1, stacked.shape[1])
            apart = best_ms(lambda x=x: [packed[s].cells[1](x[s]) for s in range(len(STYLES))])  # type: ignore[misc]
            together = best_ms(lambda x=x: torch.bmm(x, stacked))  # type: ignore[misc]
            gathered = best_ms(lambda f=flat, s=style_of: torch.bmm(f, stacked[s]), 8)  # type: ignore[misc]
            print(f"| {len(STYLES)} | {rows} | {apart:.2f} | {together:.2f} | {gathered:.2f} |", flush=True)


def table_of_songs(requests: int, seconds: float) -> None:
    """Many requests at once, by slots; one after the other for comparison."""
    print(f"\n{requests} requests of {seconds:g} s over {len(STYLES)} styles, eight candidates each\n")
    print("| slots | steps | wall s | CPU s | songs/s, wall | songs/s, CPU | occupancy | judging them all, CPU s |")
    print("|---|---|---|---|---|---|---|---|")
    plans = plans_of(STYLES, requests, seconds)
    for slots, in_turn in ((8, True), (32, False), (64, False), (128, False)):
        writer = SongWriter(device="cpu", slots=slots)
        for plan in plans[: len(STYLES)]:
            writer.prepare(plan)
        writer.write(plans_of(STYLES, 1, 10.0)[0])
        before = writer.batcher.occupancy
        began, began_cpu = perf_counter(), process_time()
        done: list[Writing] = []
        for plan in plans:
            done.append(writer.begin(plan))
            while in_turn and not writer.batcher.idle:
                writer.batcher.step()
        while not writer.batcher.idle:
            writer.batcher.step()
        wall, cpu = perf_counter() - began, process_time() - began_cpu
        after = writer.batcher.occupancy
        count = after.steps - before.steps
        share = (after.rows_served - before.rows_served) / (count * slots)
        began_cpu = process_time()
        for writing in done:
            writer.finish(writing)
        judged = process_time() - began_cpu
        name = f"{slots}, one song after the other" if in_turn else str(slots)
        print(
            f"| {name} | {count} | {wall:.1f} | {cpu:.1f} | {requests / wall:.2f} | {requests / cpu:.2f} | {share:.0%} "
            f"| {judged:.1f} |",
            flush=True,
        )


def table_of_latency(seconds: float) -> None:
    """One request by itself, judged and all."""
    print(f"\n| style | one request of {seconds:g} s: wall s (median, quickest) | CPU s (quickest) |\n|---|---|---|")
    writer = SongWriter(device="cpu")
    for style in STYLES:
        plan = plans_of([style], 1, seconds)[0]
        writer.prepare(plan)
        writer.write(plan)
        walls, cpus = [], []
        for _ in range(5):
            began, began_cpu = perf_counter(), process_time()
            writer.write(plan)
            walls.append(perf_counter() - began)
            cpus.append(process_time() - began_cpu)
        print(f"| {style} | {median(walls):.2f}, {min(walls):.2f} | {min(cpus):.2f} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--only", default="steps,products,songs,latency")
    wish = parser.parse_args()
    prefer_large_pages()
    torch.set_num_threads(wish.threads)
    tables: dict[str, Callable[[], None]] = {
        "steps": lambda: table_of_steps(wish.seconds),
        "products": table_of_products,
        "songs": lambda: table_of_songs(wish.requests, wish.seconds),
        "latency": lambda: table_of_latency(wish.seconds),
    }
    for name in wish.only.split(","):
        tables[name]()


if __name__ == "__main__":
    main()
