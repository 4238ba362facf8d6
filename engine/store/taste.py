"""What people like: votes to learn from, duels, favourites, tastes, switches; the whole of it as `store.taste`.

In: presses, answers, what was learnt. Out: records (`taste_records.py`). Conventions: see the parts: `taste_charts.py`
(songs, favourites), `taste_duels.py`, `taste_ballots.py` (all that was said), `taste_looks.py`, `taste_freshness.py`
(whether that was learnt), `taste_homes.py` (what was learnt and may be moved), `taste_trials.py`; a vote itself is
`Store.press`. Caveat: none of it is looked into here; `engine.taste` learns.
"""

from __future__ import annotations

from engine.store.taste_ballots import Ballots
from engine.store.taste_charts import Charts
from engine.store.taste_duels import Duels
from engine.store.taste_freshness import Freshness
from engine.store.taste_homes import Homes
from engine.store.taste_looks import Looks
from engine.store.taste_trials import Trials


class Taste(Charts, Duels, Ballots, Looks, Freshness, Homes, Trials):
    """What the store keeps of votes, beside the votes."""
