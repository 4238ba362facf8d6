"""How work runs: in a thread, or in a resident worker process; one contract. A leaf: knows no flow."""

from engine.jobs.inline import InlineExecutor
from engine.jobs.job import Executor, JobEvent
from engine.jobs.local import LocalExecutor

__all__ = ["Executor", "InlineExecutor", "JobEvent", "LocalExecutor"]
