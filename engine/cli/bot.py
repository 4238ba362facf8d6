"""`tunesmith bot`: become the Discord bot."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def bot() -> NoReturn:
    """Start the Discord bot; needs DISCORD_TOKEN (docs/discord.md)."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "bot"])  # noqa: S606 (there is no shell to want)
