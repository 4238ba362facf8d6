"""Sound as it comes from a decoder made fit to learn from: no NaN, within ±1, neither silent nor clipped to bits.

In: blocks `[C, n] float32` and their rate. Out: cleaned blocks, and at the end `Level` with notices. Raises `Faulty`
for recordings that hold no music. Conventions: loudness is measured without the mean (a constant offset makes no
sound); a second can be heard when it is above −60 dB. Caveat: peaks over full scale are found only at the end, so
whoever writes the blocks turns them down afterwards (`Level.gain`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.learn.uploads.faults import Fault, Faulty, length_text
from engine.learn.uploads.limits import Limits

Block = npt.NDArray[np.float32]

HIGHEST = 16.0
"""Samples beyond it are no sound: 24 dB over full scale."""
BAD_SHARE = 0.001
FULL_SCALE, BEYOND = 0.999, 1.2
"""Where clipped samples stand; codecs let them ring a little. Floats far beyond it were never clipped."""
CLIPPED_SHARE = 0.25
AUDIBLE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """`seconds` in all; `peak` (1 is full scale) and `rms` over what can be heard; `gain` that brings the peak to 1."""

    seconds: float
    peak: float
    rms: float
    gain: float
    notices: tuple[str, ...]


class Sieve:
    """Cleans blocks and keeps account of them."""

    def __init__(self, rate_hz: int, limits: Limits) -> None:
        self._rate_hz, self._limits = rate_hz, limits
        self._samples = self._values = self._bad = self._full = 0
        self._peak = self._power = self._audible_s = 0.0

    @property
    def seconds(self) -> float:
        """What has come so far."""
        return self._samples / self._rate_hz

    def pass_through(self, block: Block) -> Block:
        """The block without what is no number."""
        bad = ~(np.abs(block) <= HIGHEST)
        count = int(np.count_nonzero(bad))
        if count:
            block = np.where(bad, np.float32(0), block)
        size = np.abs(block)
        self._samples += block.shape[1]
        self._values += block.size
        self._bad += count
        self._full += int(np.count_nonzero((size >= FULL_SCALE) & (size < BEYOND)))
        self._peak = max(self._peak, float(size.max(initial=0.0)))
        deviation = float(block.std(axis=1, dtype=np.float64).max(initial=0.0))
        if deviation >= AUDIBLE:
            seconds = block.shape[1] / self._rate_hz
            self._audible_s += seconds
            self._power += deviation * deviation * seconds
        return block

    def level(self) -> Level:
        """The account. Raises `Faulty` for sound that nothing can be learnt from."""
        if not self._samples:
            raise Faulty(Fault.NO_AUDIO, "holds no sound at all; export it once more")
        if self._bad > BAD_SHARE * self._values:
            share = self._bad / self._values
            raise Faulty(
                Fault.NOT_NUMBERS,
                f"holds samples that are no sound ({share:.0%} of them are not a number, or absurdly large);"
                " export it once more",
            )
        self._check_audible()
        share = self._full / self._values
        if share > CLIPPED_SHARE:
            raise Faulty(
                Fault.CLIPPED,
                f"is clipped beyond repair ({share:.0%} of its samples are at the limit); a quieter one would work",
            )
        notices = []
        if self._bad:
            notices.append(f"{self._bad} samples that were no numbers became silence.")
        if self._peak > 1.0:
            notices.append(f"It was turned down by {20 * np.log10(self._peak):.1f} dB because it exceeded full scale.")
        elif share > 0.01:
            notices.append(f"It is clipped: {share:.0%} of its samples are at the limit.")
        rms = float(np.sqrt(self._power / self._audible_s))
        return Level(
            seconds=self.seconds, peak=self._peak, rms=rms, gain=min(1.0, 1.0 / self._peak), notices=tuple(notices)
        )

    def _check_audible(self) -> None:
        least = self._limits.min_seconds
        if self._audible_s == 0:
            raise Faulty(Fault.SILENT, "is silent from beginning to end; a recording that can be heard would work")
        if self.seconds < least:
            raise Faulty(
                Fault.TOO_SHORT,
                f"lasts {length_text(self.seconds)}, too short to learn from; at least {least:g} s would work",
            )
        if self._audible_s < least:
            raise Faulty(
                Fault.SILENT,
                f"is silent but for {length_text(self._audible_s)}; at least {least:g} s that can be heard would work",
            )
