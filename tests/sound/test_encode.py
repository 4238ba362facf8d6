import errno

import av
import numpy as np
import pytest
import soundfile

from engine.compose import encode as encode_module
from engine.compose.encode import encode, to_int16
from engine.compose.mp3 import _crc16, count_frames, id3
from engine.compose.render import SAMPLE_RATE_HZ
from engine.errors import BadRequest, SetupError


def tone(samples):
    time = np.arange(samples) / SAMPLE_RATE_HZ
    wave = np.stack([np.sin(2 * np.pi * 330 * time), np.sin(2 * np.pi * 440 * time)]).astype(np.float32) * 0.4
    wave[:, : samples // 4] = 0
    wave[:, samples // 4] = 0.8
    return wave


def decode(path):
    with av.open(str(path)) as container:
        rate = container.streams.audio[0].rate
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=rate)
        frames = [ready for frame in container.decode(audio=0) for ready in resampler.resample(frame)]
        tags = {**container.metadata, **container.streams.audio[0].metadata}
        return np.concatenate([frame.to_ndarray() for frame in frames], axis=1), rate, tags


@pytest.mark.parametrize("format_", ["mp3", "ogg", "wav"])
@pytest.mark.parametrize("samples", [5 * SAMPLE_RATE_HZ, 300_001, 12 * SAMPLE_RATE_HZ + 577])
def test_what_is_decoded_has_the_length_the_onset_and_the_tags_that_went_in(tmp_path, format_, samples):
    path = tmp_path / f"song.{format_}"
    encode(tone(samples), path, format=format_, title="Größe ♪", comment="lofi, 80 bpm")
    audio, rate, tags = decode(path)
    assert audio.shape[1] / rate == pytest.approx(samples / SAMPLE_RATE_HZ, abs=0.001)
    onset = np.argmax(np.abs(audio[0]) > 0.3) / rate
    assert onset == pytest.approx(samples // 4 / SAMPLE_RATE_HZ, abs=0.002)
    assert (tags["title"], tags["artist"], tags["comment"]) == ("Größe ♪", "Tunesmith", "lofi, 80 bpm")
    tail = audio[:, -rate : -rate // 2]
    expected = np.sqrt(0.5) * 0.4
    assert tail.std(axis=1) == pytest.approx([expected, expected], rel=0.04)
    assert list(tmp_path.iterdir()) == [path]


def test_another_decoder_agrees_on_the_mp3s_length(tmp_path):
    samples = 7 * SAMPLE_RATE_HZ + 123
    encode(tone(samples), tmp_path / "song.mp3", format="mp3", title="t", comment="c")
    audio, rate = soundfile.read(tmp_path / "song.mp3")
    assert (len(audio), rate) == (samples, SAMPLE_RATE_HZ)


@pytest.mark.parametrize("format_", ["mp3", "wav"])
def test_equal_audio_gives_equal_files(tmp_path, format_):
    for name in ("a", "b"):
        encode(tone(200_000), tmp_path / name, format=format_, title="t", comment="c")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_an_unknown_format_is_refused_by_name(tmp_path):
    with pytest.raises(BadRequest, match=r"'flac'.*mp3, ogg or wav"):
        encode(tone(50_000), tmp_path / "song.flac", format="flac", title="t", comment="c")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SetupError, match=r"nowhere.*No such file"):
        encode(tone(50_000), tmp_path / "nowhere" / "song.wav", format="wav", title="t", comment="c")


def test_a_full_disk_leaves_nothing_and_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "song.wav"
    path.write_bytes(b"old")

    def full(source, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(encode_module.os, "replace", full)
    with pytest.raises(SetupError, match=r"song\.wav.*No space left on device"):
        encode(tone(50_000), path, format="wav", title="t", comment="c")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"old"


def test_sixteen_bits_are_dithered_and_clipped():
    quiet = np.full((2, 10_000), 0.3 / 32767, np.float32)
    values = to_int16(quiet)
    assert set(np.unique(values)) >= {0, 1}
    assert values.mean() == pytest.approx(0.3, abs=0.05)
    loud = to_int16(np.array([[2.0, -2.0]] * 2, np.float32))
    assert loud.tolist() == [[32767, 32767], [-32768, -32768]]


def test_the_id3_tag_says_its_own_length():
    tag = id3({"TIT2": "x" * 300})
    size = tag[6] << 21 | tag[7] << 14 | tag[8] << 7 | tag[9]
    assert len(tag) == 10 + size


def test_the_checksum_is_the_common_one():
    assert _crc16(b"123456789") == 0xBB3D


def test_frames_are_counted_by_walking(tmp_path):
    encode(tone(10 * SAMPLE_RATE_HZ), tmp_path / "song.mp3", format="mp3", title="t", comment="c")
    data = (tmp_path / "song.mp3").read_bytes()
    stream = data[data.index(b"\xff\xfb") :]
    with av.open(str(tmp_path / "song.mp3")) as container:
        packets = sum(packet.size > 0 for packet in container.demux(audio=0))
    assert count_frames(stream) - 1 == packets
