"""How work runs: in threads, in processes, or on a cluster; one contract. A leaf: knows no flow."""

from engine.jobs.inline import InlineExecutor
from engine.jobs.job import Done, Executor, Failed, JobEvent, Lane, LaneState, Resident, Told
from engine.jobs.local import LocalExecutor

__all__ = [
    "Done",
    "Executor",
    "Failed",
    "InlineExecutor",
    "JobEvent",
    "Lane",
    "LaneState",
    "LocalExecutor",
    "Resident",
    "Told",
]
