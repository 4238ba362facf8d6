"""docs/operations.md names what is served: every metric with its labels, every page, every field of a log."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families as parse

from engine.dispatch.events import StudioEvent
from engine.operations import Gateway, Operations
from engine.operations.health import PATIENCE_S
from engine.operations.logs import ALWAYS, SHOWN
from engine.operations.operations import (
    FILES_KEPT_S,
    FILES_TIMEOUT_S,
    STORE_KEPT_S,
    STORE_TIMEOUT_S,
)
from engine.settings import Settings
from tests.operations.watched import SaidStudio, small_receipt

PAGE = (Path(__file__).parents[2] / "docs/operations.md").read_text(encoding="utf-8")
METRIC = re.compile(r"^\| `(tunesmith_\w+)` \| (counter|gauge|histogram|info) \|([^|]*)\| [^|]{10,} \|$", re.MULTILINE)


async def exported() -> dict[str, tuple[str, frozenset[str]]]:
    """Of a studio to which everything has happened: metric → its kind, its labels."""
    operations, studio = Operations(gateway=lambda: Gateway(shards=1, connected=1, latency_s=0.1)), SaidStudio()
    operations.watch(studio)
    port = await operations.start("127.0.0.1", 0)
    studio.tell(
        StudioEvent(kind="accepted"),
        StudioEvent(kind="refused", error="BadRequest"),
        StudioEvent(kind="started", job_id="a", seconds=1.0),
        StudioEvent(kind="retried", job_id="a", error="WorkerLost"),
        StudioEvent(kind="done", job_id="a", seconds=1.0, receipt=small_receipt()),
        StudioEvent(kind="delivered", job_id="a"),
        StudioEvent(kind="failed", job_id="b", error="RenderError"),
    )
    async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{port}/metrics") as answer:
        text = await answer.text()
    await operations.stop()
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for family in parse(text):
        kind = "info" if family.name.endswith("_info") else family.type
        name = f"{family.name}_total" if kind == "counter" else family.name
        labels = frozenset(label for sample in family.samples for label in sample.labels) - {"le"}
        found[name] = (kind, labels)
    return found


async def test_the_page_names_every_metric_with_its_kind_and_labels_and_no_other() -> None:
    told = {name: (kind, frozenset(re.findall(r"`(\w+)`", labels))) for name, kind, labels in METRIC.findall(PAGE)}
    assert told == await exported()


def test_the_alarms_are_about_metrics_that_exist() -> None:
    told = {name for name, _, _ in METRIC.findall(PAGE)}
    named = {re.sub(r"_bucket$", "", name) for name in re.findall(r"\btunesmith_\w+", PAGE)}
    assert named <= told


def test_the_page_names_every_field_of_a_log() -> None:
    fields = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| [^|]+ \|$", PAGE.partition("## Logs")[2], re.MULTILINE)
    assert {name for names in fields for name in re.findall(r"`(\w+)`", names)} == {*ALWAYS, *SHOWN}


def test_the_page_says_how_patient_the_health_is() -> None:
    for sentence in (
        f"for less than {PATIENCE_S:g} seconds",
        f"for {PATIENCE_S:g} seconds.",
        f"most every {STORE_KEPT_S:g} seconds, and has {STORE_TIMEOUT_S:g} seconds to answer",
        f"most every {FILES_KEPT_S:g} seconds, and has {FILES_TIMEOUT_S:g}.",
        f"`TUNESMITH_STOP_S` seconds ({Settings.model_fields['stop_s'].default:g})",
    ):
        assert sentence in PAGE.replace("\n", " ").replace("  ", " "), sentence


def test_every_setting_of_operations_is_explained() -> None:
    for name in Settings.model_fields:
        if name.startswith(("operations", "log", "stop")):
            assert f"`TUNESMITH_{name.upper()}`" in PAGE
