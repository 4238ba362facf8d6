"""Rooms, springs and gates: reverberation by convolution with a synthetic response, block by block.

In: what is sent to the room, `[2, n]` (its middle is heard there). Out: the wet part alone, `[2, n]`, different in
each ear. Conventions: `decay_s` is the time to −60 dB; a response has unit energy, so `wet_db` compares with what is
sent. A room is noise that decays exponentially, faster above (Moorer, "About This Reverberation Business", CMJ 1979;
Jot and Chaigne, AES 1991). A spring is a train of echoes whose low frequencies arrive first (Välimäki, Parker, Abel,
"Parametric Spring Reverberation Effect", JAES 2010). A gate is noise that does not decay and ends at once.
Convolution is partitioned and overlap-added in the frequency domain (Stockham 1966). Caveat: early reflections are
no more than a denser start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, rfft

from engine.compose.mixing.stage import BLOCK, Process, Session, samples_of
from engine.compose.mixing.tone import Band, Tone
from engine.compose.render import SAMPLE_RATE_HZ, Audio

Kind = Literal["room", "spring", "gate"]
SPRING_TOP_HZ = 4200.0
SPRING_BOUNCES = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """A space with its colour: nothing below `dark_hz`, softened above `bright_hz`."""

    decay_s: float
    wet_db: float
    bright_hz: float = 5000.0
    dark_hz: float = 200.0
    pre_delay_s: float = 0.012
    kind: Kind = "room"

    def start(self, session: Session) -> Process:
        """Build the space and begin in silence."""
        response = self.response(session) * np.float32(10 ** (self.wet_db / 20))
        convolve = Convolver(response)

        def process(block: Audio) -> Audio:
            return convolve((block[0] + block[1]) * np.float32(0.5))

        return process

    def response(self, session: Session) -> Audio:
        """What a click becomes: `[2, L] float32` of unit energy in each ear."""
        rng = session.rng(self.kind)
        made = {"room": self._room, "spring": self._spring, "gate": self._gate}[self.kind](rng)
        colour = Tone(
            bands=(
                Band(kind="low_cut", frequency_hz=self.dark_hz, q=0.6),
                Band(kind="high_cut", frequency_hz=self.bright_hz, q=0.5),
            )
        )
        made = colour.start(session)(made)
        made /= np.sqrt(np.square(made).sum(axis=1, keepdims=True))
        return np.pad(made, ((0, 0), (samples_of(self.pre_delay_s), 0)))

    def _room(self, rng: np.random.Generator) -> Audio:
        """Two layers of decaying noise: the bright one dies in half the time."""
        length = samples_of(self.decay_s)
        fall = -3 * np.arange(length) / length
        noise = rng.standard_normal((2, length), dtype=np.float32)
        bright = np.diff(noise, axis=1, prepend=np.float32(0)) * np.float32(0.5)
        slow, fast = (10**fall).astype(np.float32), (10 ** (2 * fall)).astype(np.float32)
        return (noise - bright) * slow + bright * fast

    def _gate(self, rng: np.random.Generator) -> Audio:
        length = samples_of(self.decay_s)
        shape = np.ones(length, np.float32)
        close = samples_of(0.02)
        shape[-close:] *= np.linspace(1, 0, close, dtype=np.float32)
        return rng.standard_normal((2, length), dtype=np.float32) * shape

    def _spring(self, rng: np.random.Generator) -> Audio:
        """Two springs of unequal length, one more to the left, one more to the right."""
        length = samples_of(self.decay_s)
        hz = np.fft.rfftfreq(2 * length, 1 / SAMPLE_RATE_HZ)
        inside = hz < SPRING_TOP_HZ
        late = np.zeros(hz.size)
        late[inside] = 1 / np.sqrt(1.02 - np.square(hz[inside] / SPRING_TOP_HZ))
        springs = []
        for trip_s in rng.uniform(0.95, 1.05, 2) * (0.033, 0.041):
            phase = 2 * np.pi * np.cumsum(late) * (hz[1] - hz[0]) * trip_s
            spectrum = np.zeros(hz.size, np.complex128)
            for bounce in range(SPRING_BOUNCES):
                size = (-1) ** bounce * 10 ** (-3 * 2 * bounce * trip_s / self.decay_s)
                jitter = np.exp(1j * rng.normal(0, 0.25 * bounce, hz.size))
                spectrum += size * np.exp(-1j * phase * (2 * bounce + 1)) * jitter
            springs.append(np.fft.irfft(spectrum * inside, 2 * length)[:length])
        fall = 10 ** (-3 * np.arange(length) / length)
        one, two = springs[0] * fall, springs[1] * fall
        return np.stack([one + 0.4 * two, two + 0.4 * one]).astype(np.float32)


class Convolver:
    """Convolution of a mono stream with a stereo response; every block but the last has `BLOCK` samples."""

    def __init__(self, response: Audio) -> None:
        parts = -(-response.shape[1] // BLOCK)
        padded = np.pad(response, ((0, 0), (0, parts * BLOCK - response.shape[1]))).reshape(2, parts, BLOCK)
        self._response: npt.NDArray[np.complex64] = rfft(padded, 2 * BLOCK, axis=2)
        self._past: list[npt.NDArray[np.complex64]] = []
        self._tail = np.zeros((2, BLOCK), np.float32)

    def __call__(self, sent: npt.NDArray[np.float32]) -> Audio:
        """The wet sound of one block, `[2, n]`."""
        self._past.insert(0, rfft(sent, 2 * BLOCK))
        del self._past[self._response.shape[1] :]
        spectrum = np.zeros((2, BLOCK + 1), np.complex64)
        for at, past in enumerate(self._past):
            spectrum += past * self._response[:, at]
        wet = irfft(spectrum, 2 * BLOCK, axis=1)
        result = wet[:, :BLOCK] + self._tail
        self._tail = wet[:, BLOCK:]
        return np.asarray(result[:, : sent.size], np.float32)
