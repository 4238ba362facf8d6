"""The studio's small workers, which speak when they open, and stay dead as long as a file says so."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.errors import SetupError
from engine.jobs import Lane
from engine.jobs.job import Handler
from tests.studio.small_composer import SmallComposer, open_small_composer, open_small_recorder, small_lanes

NO_MORE = "no-more"
HOME = "tests.operations.mortal"

log = logging.getLogger(__name__)


def mortal_lanes() -> tuple[Lane, ...]:
    """One composing and one recording worker."""
    compose, record = small_lanes(renderers=1)
    return replace(compose, opener=f"{HOME}:open_mortal"), replace(record, opener=f"{HOME}:open_talkative")


def open_mortal(config: Mapping[str, Any]) -> SmallComposer:
    if (Path(config["data_dir"]) / NO_MORE).exists():
        raise SetupError("The composing worker cannot be opened any more.")
    log.warning("the composing worker has opened")
    return open_small_composer(config)


def open_talkative(config: Mapping[str, Any]) -> Handler:
    handler = open_small_recorder(config)

    def handle(kind: str, payload: Mapping[str, Any], emit: Any) -> Mapping[str, Any]:
        log.warning("recording")
        return handler(kind, payload, emit)

    return handle
