"""Containers opened and sound decoded, by PyAV; runs in the guarded child alone. PyAV's home for reading.

In: a `Splice` that holds no tags, and which container it is. Out: `Heard` (what the container says it holds), then
blocks of sound `[C, n] float32` as the decoder gave them, unscaled, about a second each. Conventions: container,
codec and input are forced; a decoder that asks for another file or address is refused by its own lists of what it may
open, by `io_open`, and by the child's limit of open files. Damaged packets are counted and passed over while they are
few. Caveat: what a container says of its length is only passed on; `Heard.claimed_s` may be any number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition

from engine.learn.uploads.faults import AUDIO_HELP, Fault, Faulty
from engine.learn.uploads.limits import Form, Limits
from engine.learn.uploads.plain import check_shape
from engine.learn.uploads.sniff import Container
from engine.learn.uploads.splice import Splice

Block = npt.NDArray[np.float32]

FORMATS = {
    Container.MP3: "mp3",
    Container.AAC: "aac",
    Container.OGG: "ogg",
    Container.WAV: "wav",
    Container.FLAC: "flac",
    Container.M4A: "mov",
}
DECODERS = {
    Container.MP3: "mp3,mp3float,mp2,mp2float,mp1,mp1float",
    Container.AAC: "aac",
    Container.OGG: "vorbis,opus,flac",
    Container.FLAC: "flac",
    Container.M4A: "aac,alac,mp3,mp3float",
}
PICTURES = "png,mjpeg,bmp,gif,webp"
WAV_DECODERS = ("pcm_u8,pcm_s16le,pcm_s24le,pcm_s32le,pcm_f32le,pcm_f64le,pcm_alaw,pcm_mulaw,adpcm_ms,"
                "adpcm_ima_wav")  # fmt: skip
FEW_BAD_PACKETS, BAD_SHARE = 8, 0.05
MOST_STREAMS = 16
HALF_POWER = 0.7071
USUAL_LAYOUTS = {3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
"""What so many channels are where a file does not say it."""
SCALES = {"u1": 128.0, "i2": 32768.0, "i4": 2147483648.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a container says: its sound's codec, rate and channels, and its length if it says one."""

    codec: str
    rate_hz: int
    channels: int
    claimed_s: float | None
    streams: int


def opened(file: Splice, container: Container) -> InputContainer:
    """The container. Raises `Faulty` where it cannot be read as what it is."""
    decoders = DECODERS.get(container, WAV_DECODERS)
    options = {
        "protocol_whitelist": "none",
        "format_whitelist": FORMATS[container],
        "codec_whitelist": f"{decoders},{PICTURES}",
        "max_streams": str(MOST_STREAMS),
    }
    try:
        return av.open(
            file,
            "r",
            format=FORMATS[container],
            container_options=options,
            io_open=_refuse_file,
            metadata_errors="ignore",
        )
    except av.error.FFmpegError as error:
        raise _open_fault(error) from None


def listen(source: InputContainer, container: Container, limits: Limits) -> tuple[AudioStream, Heard]:
    """The stream to decode. Raises `Faulty` for containers with no sound, with a film, or outside the limits."""
    film = [s for s in source.streams.video if not s.disposition & Disposition.attached_pic]
    if film:
        raise Faulty(Fault.VIDEO, f"is a video; {AUDIO_HELP}")
    if not source.streams.audio:
        raise Faulty(Fault.NO_AUDIO, f"holds no sound at all; {AUDIO_HELP}")
    stream = source.streams.audio[0]
    context = stream.codec_context
    if context.codec.name not in DECODERS.get(container, WAV_DECODERS).split(","):
        raise Faulty(Fault.UNSUPPORTED, f"holds sound of the kind {context.codec.name!r}, not read here; {AUDIO_HELP}")
    if stream.duration is not None and stream.time_base:
        claimed: float | None = float(stream.duration * stream.time_base)
    else:
        claimed = source.duration / av.time_base if source.duration else None
    heard = Heard(
        codec=context.name.removesuffix("float"), rate_hz=context.sample_rate or 0, channels=context.channels or 0,
        claimed_s=claimed, streams=len(source.streams),
    )  # fmt: skip
    check_shape(heard.rate_hz, heard.channels, limits)
    return stream, heard


def decoded(source: InputContainer, stream: AudioStream, limits: Limits) -> Iterator[tuple[int, Block]]:
    """The rate, which decoders know better than headers, and blocks `[C, n] float32`; never a second over the limit.

    Raises `Faulty` past the longest length, for too many damaged packets, and for a stream that changes its rate.
    """
    context = stream.codec_context
    context.thread_type, context.thread_count = "NONE", 1
    rate_hz, channels = context.sample_rate, context.channels
    waiting: list[Block] = []
    held = total = 0
    for frame in _frames(source, stream):
        if frame.sample_rate != rate_hz or frame.layout.nb_channels != channels:
            if total + held:
                raise Faulty(Fault.CHANGES, "changes its sample rate or channels in the middle; one kind would work")
            rate_hz, channels = frame.sample_rate, frame.layout.nb_channels
            check_shape(rate_hz, channels, limits)
        waiting.append(_samples(frame))
        held += frame.samples
        if held >= rate_hz:
            yield rate_hz, np.concatenate(waiting, axis=1)
            total, held, waiting = total + held, 0, []
        if total + held > limits.max_seconds * rate_hz:
            raise Faulty(
                Fault.TOO_LONG, f"lasts longer than {limits.max_seconds / 60:g} min; a shorter recording would work"
            )
    if waiting:
        yield rate_hz, np.concatenate(waiting, axis=1)


def mixing(layout: str, channels: int) -> npt.NDArray[np.float32]:
    """`[2, C] float32` that makes stereo of a decoder's channels: left, right, the rest to both, no effects bass."""
    if channels == 1:
        return np.ones((2, 1), np.float32)
    if channels == 2:
        return np.eye(2, dtype=np.float32)
    names = [c.name for c in av.AudioLayout(layout).channels]
    if len(names) != channels or not any(name in ("FL", "FC") for name in names):
        names = [c.name for c in av.AudioLayout(USUAL_LAYOUTS[channels]).channels]
    weights = np.zeros((2, channels), np.float32)
    for index, name in enumerate(names):
        if name in ("FL", "FR"):
            weights[int(name == "FR"), index] = 1.0
        elif name.startswith("LFE"):
            continue
        elif name.endswith("L") or name.endswith("R"):
            weights[int(name.endswith("R")), index] = HALF_POWER
        else:
            weights[:, index] = HALF_POWER
    sums = weights.sum(axis=1, keepdims=True)
    return (weights / np.where(sums > 0, sums, 1.0)).astype(np.float32)


class Resampler:
    """Sound of one rate to `form`, block by block; `[C, n]` in and out, C as the form has."""

    def __init__(self, form: Form, rate_hz: int) -> None:
        self._layout = "stereo" if form.channels == 2 else "mono"
        self._rate_hz = rate_hz
        self._resampler = (
            None
            if rate_hz == form.rate_hz
            else av.AudioResampler(format="fltp", layout=self._layout, rate=form.rate_hz)
        )

    def feed(self, block: Block | None) -> Iterator[Block]:
        """What comes out for a block; None asks for the rest."""
        if self._resampler is None:
            if block is not None:
                yield block
            return
        frame = None
        if block is not None:
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout=self._layout)
            frame.sample_rate = self._rate_hz
        for out in self._resampler.resample(frame):
            yield out.to_ndarray().astype(np.float32, copy=False)


def _frames(source: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """All frames; damaged packets are passed over while they are few."""
    good = bad = 0
    packets = source.demux(stream)
    while True:
        try:
            packet = next(packets)
            frames = packet.decode()
        except StopIteration:
            break
        except (av.error.InvalidDataError, av.error.EOFError):
            bad += 1
            frames = []
        except av.error.FFmpegError as error:
            raise _open_fault(error) from None
        if bad > FEW_BAD_PACKETS and bad > BAD_SHARE * (good + bad):
            raise Faulty(Fault.DAMAGED, "is damaged: most of it cannot be decoded; export it once more")
        for frame in frames:
            good += 1
            if frame.samples:
                yield frame
    if not good:
        raise Faulty(Fault.DAMAGED, "is damaged: nothing in it can be decoded; export it once more")


def _samples(frame: AudioFrame) -> Block:
    """A frame as `[C, n] float32`; whole numbers become −1…1."""
    array = frame.to_ndarray()
    channels = frame.layout.nb_channels
    if not frame.format.is_planar:
        array = array.reshape(-1, channels).T
    scale = SCALES.get(array.dtype.str[1:])
    if scale is None:
        with np.errstate(over="ignore"):
            return array.astype(np.float32)
    offset = scale if array.dtype.kind == "u" else 0.0
    return ((array.astype(np.float32) - np.float32(offset)) / np.float32(scale)).astype(np.float32)


def _refuse_file(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    """Nothing else is opened, whatever a file names."""
    raise PermissionError(f"an upload asked for {url!r}")


def _open_fault(error: av.error.FFmpegError) -> Faulty:
    match error:
        case av.error.MemoryError():
            return Faulty(Fault.TOO_MUCH, f"would need more memory than an upload may have; {AUDIO_HELP}")
        case av.error.DecoderNotFoundError():
            return Faulty(Fault.UNSUPPORTED, f"holds sound of a kind that is not read here; {AUDIO_HELP}")
        case av.error.EOFError():
            return Faulty(Fault.TRUNCATED, "ends before any sound; upload it once more, complete")
        case _:
            return Faulty(Fault.DAMAGED, "is damaged and cannot be read; export it once more")
