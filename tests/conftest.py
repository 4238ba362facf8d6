"""What all tests stand on: SIGINT works, also in programs that tests start.

A shell's background jobs are born with SIGINT ignored, and whatever they start inherits that; tests that interrupt a
program would then wait for its end.
"""

from __future__ import annotations

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
