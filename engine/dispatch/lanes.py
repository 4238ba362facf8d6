"""Which workers the settings ask for, and what they are opened with.

In: settings. Out: lanes, their executor, how many songs they have inside. Conventions: one lane composes, of one
process with many songs inside, or one a machine with a GPU on a cluster; another records, of as many processes as there
are cores. Caveat: workers are told the keys of the file store, so this configuration is not for a log.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any

from engine.dispatch.pace import Hands
from engine.jobs import Executor, Lane, LaneState, LocalExecutor
from engine.settings import Settings

COMPOSER = "engine.compose.resident:open_composer_lane"
RECORDER = "engine.compose.recorder:open_recorder"
COMPOSE, RECORD = "compose", "record"
WAITING_WITHIN = 2
"""Songs that a composing worker has beyond those that fit into its slots, so that none of them is ever empty."""
OF_NO_USE = frozenset({"database_url", "operations_host", "operations_port"})
"""Settings that no worker needs."""


def lanes_of(settings: Settings) -> tuple[Lane, ...]:
    """The lanes of a studio."""
    return (
        Lane(
            name=COMPOSE,
            kinds=(COMPOSE,),
            opener=COMPOSER,
            shape="resident",
            at_once=math.ceil(settings.slots / settings.candidates) + WAITING_WITHIN,
            timeout_s=settings.job_timeout_s,
        ),
        Lane(
            name=RECORD,
            kinds=(RECORD,),
            opener=RECORDER,
            shape="pool",
            workers=settings.renderers or os.cpu_count() or 1,
            timeout_s=settings.job_timeout_s,
        ),
    )


def executor_of(settings: Settings) -> Executor:
    """Workers of this machine, or of the cluster that is named."""
    if settings.cluster is not None:
        from engine.jobs.cluster import RayExecutor  # noqa: PLC0415 (ray is loaded where there is a cluster)

        executor: Executor = RayExecutor(settings.cluster, lanes_of(settings), config_of(settings))
        return executor
    return LocalExecutor(lanes_of(settings), config_of(settings))


def config_of(settings: Settings) -> dict[str, Any]:
    """What workers are opened with: the settings as JSON."""
    config = settings.model_dump(mode="json", exclude=set(OF_NO_USE))
    for name in ("files_key", "files_secret"):
        secret = getattr(settings, name)
        config[name] = None if secret is None else secret.get_secret_value()
    return config


def hands_of(settings: Settings, states: Sequence[LaneState]) -> Hands:
    """How many songs are worked on at once: as many workers as there should be, by the lanes of `states`."""
    compose, record = lanes_of(settings)
    wanted = {state.name: max(1, state.wanted) for state in states}
    return Hands(
        composers=wanted.get(COMPOSE, compose.workers),
        at_once=compose.at_once,
        renderers=wanted.get(RECORD, record.workers),
    )
