"""What mixing and mastering do to each song: a table of levels and balance, and spectrograms before and after.

Run: `python -m benchmarks.look_sound FOLDER [--pictures FOLDER]` with a folder of songs that `tunesmith compose` wrote
(their `.song.json`). "Before" is the plain sum of the roles at the sound check's levels, brought to the same loudness;
"after" is the record. Columns: loudness; true peak; crest (peak over RMS), before and after; range (of loudness in 3 s,
10th to 95th percentile); slope of the spectrum from 100 Hz to 10 kHz in dB an octave, per Hz (pink noise has −3),
before and after; share of power below 60 Hz and above 5 kHz in dB; width (side over middle, dB).
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy.signal import spectrogram, welch

from engine.compose.mixing.chains import find_chain
from engine.compose.mixing.chip import ChipVoices
from engine.compose.mixing.levels import BUS_LUFS
from engine.compose.mixing.master import master
from engine.compose.mixing.meter import loudness_lufs
from engine.compose.mixing.mix import Mixed, MixOrder, mix
from engine.compose.mixing.stage import samples_of, scaled
from engine.compose.mixing.voices import SoundfontVoices, Voices
from engine.compose.perform import perform
from engine.compose.render import SAMPLE_RATE_HZ, Audio, Synth, find_soundfont
from engine.compose.songbook import Entry
from engine.metrics.loudness import true_peak_dbtp
from engine.music.notes import Song
from engine.music.styles import load_style

RING_OUT_S = 2.0
HEAD = "             LUFS   dBTP  crest  crest  range  slope  slope    <60    >5k  width"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A song before and after."""

    style: str
    before: Audio
    after: Audio


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=Path)
    order = parser.parse_args()
    soundfont = SoundfontVoices(Synth(find_soundfont(None)))
    print(HEAD)
    for path in sorted(order.folder.glob("*.song.json")):
        heard = hear(song_of(path), soundfont)
        print(row(heard))
        if order.pictures is not None:
            order.pictures.mkdir(parents=True, exist_ok=True)
            draw(heard, order.pictures / f"{path.name.removesuffix('.song.json')}.png")


def song_of(path: Path) -> Song:
    """The song in a `.song.json`."""
    return Entry.loads(path.read_text(encoding="utf-8", errors="surrogateescape")).score


def mixed(song: Song, soundfont: Voices, *, stems: bool = False) -> Mixed:
    """The song played as its style plays, and mixed."""
    style = load_style(song.style)
    performed = perform(song, seed=1, touch=style.touch, room_s=RING_OUT_S)
    voices = ChipVoices() if style.voices == "chip" else soundfont
    samples = samples_of(song.duration_s + RING_OUT_S)
    order = MixOrder(chain=find_chain(style.master), seed=1, samples=samples, stems=stems)
    return mix(performed, style.parts, voices, order)


def hear(song: Song, soundfont: Voices) -> Heard:
    """Render, mix and master the song."""
    desk = mixed(song, soundfont, stems=True)
    before: Audio = np.sum(list(desk.stems.values()), axis=0, dtype=np.float32)
    return Heard(style=song.style, before=scaled(before, BUS_LUFS - loudness_lufs(before)), after=master(desk))


def row(heard: Heard) -> str:
    """One line of the table."""
    before, after = heard.before, heard.after
    middle, side = (after[0] + after[1]) / 2, (after[0] - after[1]) / 2
    figures = (
        loudness_lufs(after),
        true_peak_dbtp(after, SAMPLE_RATE_HZ),
        crest_db(before),
        crest_db(after),
        loudness_range(after),
        slope(before),
        slope(after),
        share_db(after, 20.0, 60.0),
        share_db(after, 5000.0, 20_000.0),
        20 * float(np.log10(side.std() / middle.std() + 1e-6)),
    )
    return f"{heard.style:10s}" + "".join(f" {figure:6.1f}" for figure in figures)


def crest_db(audio: Audio) -> float:
    """Peak over RMS."""
    return float(20 * np.log10(np.abs(audio).max() / audio.std()))


def spectrum(audio: Audio) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Hz and mean power density of both channels."""
    hz, power = welch(audio, SAMPLE_RATE_HZ, nperseg=8192, axis=1)
    return hz, power.mean(axis=0)


def slope(audio: Audio) -> float:
    """dB an octave of the power density, fitted over third octaves from 100 Hz to 10 kHz."""
    hz, power = spectrum(audio)
    edges = 100.0 * 2 ** (np.arange(21) / 3)
    levels = [power[(hz >= one) & (hz < two)].mean() for one, two in pairwise(edges)]
    return float(np.polyfit(np.arange(20) / 3, 10 * np.log10(np.array(levels) + 1e-15), 1)[0])


def share_db(audio: Audio, low_hz: float, high_hz: float) -> float:
    """Power within a band over all power."""
    hz, power = spectrum(audio)
    return float(10 * np.log10(power[(hz >= low_hz) & (hz < high_hz)].sum() / power.sum() + 1e-12))


def loudness_range(audio: Audio) -> float:
    """10th to 95th percentile of the loudness of 3 s stretches, those below −50 LUFS left out."""
    length, hop = 3 * SAMPLE_RATE_HZ, SAMPLE_RATE_HZ
    levels = [loudness_lufs(audio[:, at : at + length]) for at in range(0, audio.shape[1] - length, hop)]
    heard = [level for level in levels if level > -50]
    return float(np.percentile(heard, 95) - np.percentile(heard, 10)) if heard else 0.0


def draw(heard: Heard, path: Path) -> None:
    """Spectrograms and waveforms before and after, and both mean spectra."""
    figure = Figure(figsize=(13, 7), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplot_mosaic([["before", "after", "spectra"], ["wave before", "wave after", "spectra"]])
    for name, audio in (("before", heard.before), ("after", heard.after)):
        hz, times_s, power = spectrogram(audio.mean(axis=0), SAMPLE_RATE_HZ, nperseg=2048, noverlap=1024)
        axes[name].pcolormesh(times_s, hz, 10 * np.log10(power + 1e-15), vmin=-140, vmax=-40, rasterized=True)
        axes[name].set(title=f"{heard.style}, {name}", ylim=(0, 16_000))
        axes[f"wave {name}"].plot(np.arange(audio.shape[1])[::50] / SAMPLE_RATE_HZ, audio[0, ::50], linewidth=0.3)
        axes[f"wave {name}"].set(ylim=(-1, 1))
        hz, power = spectrum(audio)
        axes["spectra"].semilogx(hz[1:], 10 * np.log10(power[1:] + 1e-15), label=name, linewidth=0.8)
    axes["spectra"].set(xlim=(20, 20_000), ylim=(-120, -20), title="mean power density, dB")
    axes["spectra"].grid(alpha=0.3)
    axes["spectra"].legend()
    figure.savefig(path, dpi=70)


if __name__ == "__main__":
    main()
