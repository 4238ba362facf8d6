"""Which workers the settings ask for, and what they are opened with.

In: settings. Out: lanes, their executor, how many songs they have inside. Conventions: one lane composes, of one
process with many songs inside, or one a machine with a GPU on a cluster; another records, of as many processes as there
are cores, and learns tastes in between, which takes it seconds. Uploads are understood in a lane of one process, and
models are trained in another, so that nobody waits ten minutes to hear of a file; both step back behind all others.
Caveat: workers are told the keys of the file store, so this configuration is not for a log.
"""

from __future__ import annotations

import math
import os
from typing import Any

from engine.dispatch.lesson import TEACH, TRAIN
from engine.dispatch.pace import Hands
from engine.jobs import Executor, Lane
from engine.jobs.cluster import open_executor
from engine.settings import Settings

COMPOSER = "engine.compose.resident:open_composer"
RECORDER = "engine.dispatch.recorder:open_recorder"
TEACHER = "engine.learn.worker:open_teacher"
TRAINER = "engine.dispatch.trainer:open_trainer"
COMPOSE, RECORD = "compose", "record"
PREVIEW = "preview"
TASTE = "taste"
BEHIND_SONGS = 5
BEHIND_ALL = 15
TRAIN_TIMEOUT_S = 6 * 3600.0
"""Of these, all but ten minutes or so it waits for songs."""
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
            kinds=(RECORD, PREVIEW, TASTE),
            opener=RECORDER,
            shape="pool",
            workers=settings.renderers or os.cpu_count() or 1,
            timeout_s=settings.job_timeout_s,
        ),
        Lane(
            name=TEACH,
            kinds=(TEACH,),
            opener=TEACHER,
            shape="pool",
            nice=BEHIND_SONGS,
            timeout_s=settings.job_timeout_s,
        ),
        Lane(name=TRAIN, kinds=(TRAIN,), opener=TRAINER, shape="pool", nice=BEHIND_ALL, timeout_s=TRAIN_TIMEOUT_S),
    )


def executor_of(settings: Settings) -> Executor:
    """Workers of this machine, or of the cluster that is named."""
    return open_executor(settings.cluster, lanes_of(settings), config_of(settings))


def config_of(settings: Settings) -> dict[str, Any]:
    """What workers are opened with: the settings as JSON."""
    config = settings.model_dump(mode="json", exclude=set(OF_NO_USE))
    for name in ("files_key", "files_secret"):
        secret = getattr(settings, name)
        config[name] = None if secret is None else secret.get_secret_value()
    return config


class Team:
    """The workers as the executor has them now."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    @property
    def hands(self) -> Hands:
        """How many songs are worked on at once, when all workers are well."""
        states = {state.name: state for state in self._executor.state()}
        compose, record = states[COMPOSE], states[RECORD]
        return Hands(composers=max(1, compose.wanted), at_once=max(1, compose.at_once), renderers=max(1, record.wanted))

    def workers(self, lane: str) -> int:
        """How many a lane should have; 0 where there is no such lane."""
        return next((max(1, state.wanted) for state in self._executor.state() if state.name == lane), 0)

    @property
    def has_loaded(self) -> bool:
        """Whether a worker of each lane can work."""
        states = {state.name: state for state in self._executor.state()}
        return states[COMPOSE].alive > 0 and states[RECORD].alive > 0
