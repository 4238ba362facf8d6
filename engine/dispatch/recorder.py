"""The recording process: what its lane's worker opens. Here recording meets the learning of tastes, which is short.

In: the engine's settings as JSON; jobs of kind `record` and `preview` (see `engine/compose/recorder.py`), and `taste`
(see `learner.py`). Out: what these return. Caveat: whoever learns records nothing meanwhile, for seconds.
"""

from __future__ import annotations

from engine.compose.recorder import open_recorder as open_booth
from engine.dispatch.learner import with_learning
from engine.jobs.job import Handler, Json


def open_recorder(config: Json) -> Handler:
    """`config` is `Settings` as JSON. Raises `SetupError`, `CheckpointError`."""
    return with_learning(open_booth(config))
