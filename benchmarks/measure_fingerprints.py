"""How well uploads' fingerprints tell recordings apart: `python -m benchmarks.measure_fingerprints --cache FOLDER`.

In: how many songs a style, a cache folder. Out: a table: for each thing that was done to a recording the least, the
median and the greatest likeness to its original; the same for different songs, of one style and of two; how many were
recognised and how many were mistaken at the threshold. Conventions: songs are composed by the styles' grammars, played,
mixed and mastered as everybody's songs are, 45 s of each; every version goes through `receive`, as an upload does.
Caveat: one soundfont plays everything, which makes different songs more alike than recordings by people are.
"""

from __future__ import annotations

import argparse
import io
import itertools
import statistics
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import lameenc
import numpy as np
import soundfile
from rich.console import Console
from rich.table import Table

from engine.compose.files.lossless import to_int16
from engine.compose.files.opus import encode_opus
from engine.compose.files.tags import Tags
from engine.compose.mixing.chains import find_chain
from engine.compose.mixing.chip import ChipVoices
from engine.compose.mixing.master import master
from engine.compose.mixing.mix import MixOrder, mix
from engine.compose.mixing.voices import SoundfontVoices, Voices
from engine.compose.perform import perform
from engine.compose.render import SAMPLE_RATE_HZ, Audio, Synth, find_soundfont
from engine.grammar.corpus import composed_songs
from engine.learn.uploads import Fingerprint, likeness, receive
from engine.learn.uploads.fingerprint import ALIKE
from engine.music.harmony import Key
from engine.music.styles import load_style

STYLES = ("lofi", "jazz", "blues", "bossa", "ambient", "pop", "synthwave")
SECONDS = 45.0
SEED = 9157
TAGS = Tags(title="", style="", bpm=90, key=Key.parse("C major"), comment="")


def mp3(audio: Audio, kbit_s: int) -> bytes:
    """As anybody's encoder would write it."""
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(kbit_s)
    encoder.set_in_sample_rate(SAMPLE_RATE_HZ)
    encoder.set_channels(2)
    encoder.set_quality(7)
    encoder.silence()
    return bytes(encoder.encode(to_int16(audio).tobytes())) + bytes(encoder.flush())


def wav(audio: Audio) -> bytes:
    """16 bits."""
    buffer = io.BytesIO()
    soundfile.write(buffer, audio.T, SAMPLE_RATE_HZ, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def trimmed(audio: Audio, seconds: float) -> Audio:
    """Without its beginning."""
    return audio[:, round(seconds * SAMPLE_RATE_HZ) :]


def sped(audio: Audio, factor: float) -> Audio:
    """Faster and higher by a factor, as a turntable does it."""
    resampler = av.AudioResampler(format="fltp", layout="stereo", rate=SAMPLE_RATE_HZ)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(audio), format="fltp", layout="stereo")
    frame.sample_rate = round(SAMPLE_RATE_HZ * factor)
    parts = [out.to_ndarray() for given in (frame, None) for out in resampler.resample(given)]
    return np.concatenate(parts, axis=1).astype(np.float32)


CHANGES: dict[str, Callable[[Audio], bytes]] = {
    "mp3, 64 kbit/s": lambda a: mp3(a, 64),
    "mp3, 128 kbit/s": lambda a: mp3(a, 128),
    "Ogg Opus, 48 kbit/s": lambda a: encode_opus(a, 48, TAGS),
    "12 dB softer": lambda a: wav(a * np.float32(0.25)),
    "first 3.7 s cut": lambda a: wav(trimmed(a, 3.7)),
    "first 20 s cut": lambda a: wav(trimmed(a, 20.0)),
    "1 % faster": lambda a: wav(sped(a, 1.01)),
    "1 % slower": lambda a: wav(sped(a, 0.99)),
    "mp3 at 64, 3.7 s cut, 1 % faster, 6 dB softer": lambda a: mp3(sped(trimmed(a, 3.7), 1.01) * np.float32(0.5), 64),
}


def recordings(count: int, cache: Path) -> Iterator[tuple[str, Audio]]:
    """(style, recording) of each song; made once."""
    synth = Synth(find_soundfont(None))
    voices: dict[str, Voices] = {"soundfont": SoundfontVoices(synth), "chip": ChipVoices()}
    for name in STYLES:
        style = load_style(name)
        for index, song in enumerate(composed_songs(name, count, SEED)):
            path = cache / f"{name}-{index}.npy"
            if not path.exists():
                samples = round(min(SECONDS, song.duration_s) * SAMPLE_RATE_HZ)
                played = perform(song, seed=index, touch=style.touch)
                order = MixOrder(chain=find_chain(style.master), seed=index, samples=samples)
                np.save(path, master(mix(played, style.parts, voices[style.voices], order, lambda share: None)))
            yield name, np.load(path)


def fingerprint(data: bytes) -> Fingerprint:
    """Of a file, as uploads get it."""
    with receive(data, "song") as upload:
        return upload.fingerprint


def row(name: str, values: list[float]) -> tuple[str, ...]:
    """Name, count, least, median, greatest, share at or over the threshold."""
    over = sum(value >= ALIKE["sound"] for value in values)
    figures = (min(values), statistics.median(values), max(values))
    return (name, str(len(values)), *(f"{value:.3f}" for value in figures), f"{over} ({over / len(values):.1%})")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=int, default=6, help="songs a style")
    parser.add_argument("--cache", type=Path, required=True, help="where recordings are kept")
    arguments = parser.parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    made = list(recordings(arguments.songs, arguments.cache))
    table = Table("what was done", "pairs", "least", "median", "greatest", f"alike (≥ {ALIKE['sound']})")
    with ThreadPoolExecutor(2) as pool:
        prints = list(pool.map(lambda pair: fingerprint(wav(pair[1])), made))
        for name, change in CHANGES.items():
            changed = list(pool.map(lambda pair: fingerprint(change(pair[1])), made))  # noqa: B023 - used at once
            table.add_row(*row(name, [likeness(a, b) for a, b in zip(prints, changed, strict=True)]))
    pairs = list(itertools.combinations(range(len(made)), 2))
    for name, same in (("other songs of the style", True), ("songs of other styles", False)):
        chosen = [(a, b) for a, b in pairs if (made[a][0] == made[b][0]) is same]
        table.add_row(*row(name, [likeness(prints[a], prints[b]) for a, b in chosen]))
    Console().print(table)


if __name__ == "__main__":
    main()
