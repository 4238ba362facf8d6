"""What everybody of the school works with.

In: parts. Out: the same, under one name. Caveat: stays within this folder.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.dispatch.bulletin import Bulletin
from engine.dispatch.desk import Desk
from engine.dispatch.errands import Errands
from engine.dispatch.rows import Rows
from engine.jobs import Executor
from engine.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """See the modules that these come from."""

    store: Store
    executor: Executor
    rows: Rows
    desk: Desk
    bulletin: Bulletin
    errands: Errands
