"""What is the case just now: the queue, the workers, the batch, the models, the processes. Read when somebody asks.

In: a `Sight` of the parts. Out: families of samples for the registry. Conventions: as in `metrics.py`; several workers'
numbers are added up, but for shares and times, of which the mean is told. Caveat: what workers tell of
themselves (`facts`) is about a second old.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from engine.jobs.job import LaneState
from engine.operations.health import Sight
from engine.operations.processes import usage

Family = type[GaugeMetricFamily] | type[CounterMetricFamily]

# What is told of a lane: name, meaning, value.
LANE_NUMBERS: tuple[tuple[str, str, Callable[[LaneState], int]], ...] = (
    ("tunesmith_workers_wanted", "Workers that a lane should have.", lambda lane: lane.wanted),
    ("tunesmith_workers_alive", "Workers that have loaded and live.", lambda lane: lane.alive),
    ("tunesmith_lane_running", "Jobs that a lane's workers have inside.", lambda lane: lane.running),
    ("tunesmith_lane_waiting", "Jobs that wait for a lane's workers.", lambda lane: lane.waiting),
)
# What a composing worker tells of itself: its name there, the metric, its meaning, the family. Workers' are added up.
FACTS: tuple[tuple[str, str, str, Family], ...] = (
    ("rows", "tunesmith_batch_rows", "Rows of the batch that compose just now.", GaugeMetricFamily),
    ("slots", "tunesmith_batch_slots", "Rows that the batch may have.", GaugeMetricFamily),
    ("waiting", "tunesmith_batch_waiting", "Candidates that wait for a row.", GaugeMetricFamily),
    ("steps", "tunesmith_network_steps", "Steps of the networks.", CounterMetricFamily),
    ("checkpoint_failures", "tunesmith_checkpoint_failures", "Damaged checkpoints passed over.", CounterMetricFamily),
)
# The same, where the workers' mean is told; times the last number.
MEANS: tuple[tuple[str, str, str, float], ...] = (
    ("occupancy", "tunesmith_batch_occupancy", "Share of the batch's rows that composed, of late.", 1.0),
    ("step_ms", "tunesmith_network_step_seconds", "A step of the networks, of late.", 1e-3),
)


class Gauges(Collector):
    """Collects anew at every scrape. `look`: what is seen just now, without waiting for anything."""

    def __init__(self, look: Callable[[], Sight], *, version: str) -> None:
        self._look = look
        self._build = {"version": version, "python": platform.python_version()}
        self._begun = time.time()

    def describe(self) -> Iterable[Metric]:
        """Nothing: names are not looked up by collecting while the registry is made."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All families."""
        sight = self._look()
        yield InfoMetricFamily("tunesmith_build", "What runs.", value=self._build)
        yield GaugeMetricFamily("tunesmith_start_time_seconds", "When it began, since 1970.", value=self._begun)
        yield _labelled(GaugeMetricFamily, "tunesmith_jobs", "Requests by state.", "state", sight.counts)
        yield from _lanes(sight.lanes)
        yield from _facts([facts for lane in sight.lanes for facts in lane.facts])
        yield from _processes(sight.lanes)
        yield from _parts(sight)
        meaning = "The event loop's worst lateness of the last minute."
        yield GaugeMetricFamily("tunesmith_loop_worst_late_seconds", meaning, value=sight.late_s)


def _lanes(lanes: tuple[LaneState, ...]) -> Iterator[Metric]:
    for name, meaning, value in LANE_NUMBERS:
        yield _labelled(GaugeMetricFamily, name, meaning, "lane", {lane.name: value(lane) for lane in lanes})
    restarts = {lane.name: lane.restarts for lane in lanes}
    yield _labelled(CounterMetricFamily, "tunesmith_worker_restarts", "Workers begun anew.", "lane", restarts)


def _facts(told: list[Mapping[str, Any]]) -> Iterator[Metric]:
    """What resident workers told of themselves."""
    for key, name, meaning, family in FACTS:
        values = [float(facts[key]) for facts in told if key in facts]
        if values:
            yield family(name, meaning, value=sum(values))
    for key, name, meaning, unit in MEANS:
        values = [float(facts[key]) for facts in told if facts.get(key) is not None]
        if values:
            yield GaugeMetricFamily(name, meaning, value=sum(values) / len(values) * unit)
    models = InfoMetricFamily("tunesmith_model", "Checkpoints in use.", labels=["style", "version"])
    for style, version in sorted({pair for facts in told for pair in facts.get("models", {}).items()}):
        models.add_metric([style, version], {})
    yield models


def _processes(lanes: tuple[LaneState, ...]) -> Iterator[Metric]:
    """Memory and processor time of this process and of each lane's workers."""
    pids = {"bot": (os.getpid(),)} | {lane.name: lane.pids for lane in lanes}
    taken = {name: [found for pid in own if (found := usage(pid)) is not None] for name, own in pids.items()}
    memory = {name: sum(one.resident_bytes for one in each) for name, each in taken.items() if each}
    cpu_s = {name: sum(one.cpu_s for one in each) for name, each in taken.items() if each}
    meaning = "Memory of the bot, and of each lane's workers together."
    yield _labelled(GaugeMetricFamily, "tunesmith_process_resident_bytes", meaning, "process", memory)
    meaning = "Processor time of the same processes."
    yield _labelled(CounterMetricFamily, "tunesmith_process_cpu_seconds", meaning, "process", cpu_s)


def _parts(sight: Sight) -> Iterator[Metric]:
    """Whether what lies outside answers."""
    answers = {name: int(answer.ok) for name, answer in (("store", sight.store), ("files", sight.files)) if answer}
    yield _labelled(GaugeMetricFamily, "tunesmith_up", "Whether a part answers (1) or not (0).", "part", answers)
    if sight.gateway is not None:
        shards = {"wanted": sight.gateway.shards, "connected": sight.gateway.connected}
        yield _labelled(GaugeMetricFamily, "tunesmith_gateway_shards", "Connections to Discord.", "shards", shards)
        if sight.gateway.latency_s is not None:
            meaning = "The slowest connection's answer to a heartbeat."
            yield GaugeMetricFamily("tunesmith_gateway_latency_seconds", meaning, value=sight.gateway.latency_s)


def _labelled(family: Family, name: str, meaning: str, label: str, values: Mapping[str, float]) -> Metric:
    """One sample for each value, told apart by one label."""
    made = family(name, meaning, labels=[label])
    for key, value in values.items():
        made.add_metric([key], float(value))
    return made
