"""How the running studio does, told to whoever keeps it running: health, metrics, logs. Stands above the studio, which
knows nothing of it; loads nothing heavy.
"""

from engine.operations.health import Gateway
from engine.operations.logs import configure_logging
from engine.operations.operations import Operations, serve

__all__ = ["Gateway", "Operations", "configure_logging", "serve"]
