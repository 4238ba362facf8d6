"""Audio files: formats, exact lengths, tags, covers, limits."""

import io
import re
from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image

from engine.compose.files.cover import MOST_BYTES, draw_cover
from engine.compose.files.encode import MEBIBYTE, MP3_KBIT_S, encoded, steps_from
from engine.compose.files.lossless import to_int16
from engine.compose.files.mp3 import LAME_SCALES, _crc16, count_frames, encode_mp3, size_of_mp3
from engine.compose.files.tags import id3
from engine.compose.render import SAMPLE_RATE_HZ
from engine.errors import BadRequest
from engine.music.harmony import Key
from tests.sound.files import TAGS, by_libav, by_libsndfile, cover_of, noise, tags_of, tone
from tests.sound.songs import band

FORMATS = ("mp3", "ogg", "wav", "flac")


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("samples", [5 * SAMPLE_RATE_HZ, 300_001, 12 * SAMPLE_RATE_HZ + 577])
def test_two_decoders_return_the_very_length_and_the_music_in_its_place(format_, samples):
    data = encoded(tone(samples), format=format_, tags=TAGS).data
    for decode in (by_libav, by_libsndfile):
        audio, rate = decode(data)
        assert rate == (48_000 if format_ == "ogg" else SAMPLE_RATE_HZ)
        assert audio.shape[1] == -(-samples * rate // SAMPLE_RATE_HZ)
        onset = np.argmax(np.abs(audio[0]) > 0.3) / rate
        assert onset == pytest.approx(samples // 4 / SAMPLE_RATE_HZ, abs=0.002)
        expected = np.sqrt(0.5) * 0.4
        assert audio[:, -rate : -rate // 2].std(axis=1) == pytest.approx([expected, expected], rel=0.04)


@pytest.mark.parametrize("kbit_s", LAME_SCALES)
def test_an_mp3_is_as_loud_as_what_was_encoded(kbit_s):
    audio = tone(5 * SAMPLE_RATE_HZ)
    for decode in (by_libav, by_libsndfile):
        decoded, _ = decode(encode_mp3(audio, kbit_s))
        louder_db = 10 * np.log10(np.square(decoded).sum(axis=1) / np.square(audio).sum(axis=1))
        assert louder_db == pytest.approx([0, 0], abs=0.05)


def test_every_bit_rate_that_is_tried_has_its_scale():
    assert set(MP3_KBIT_S) <= set(LAME_SCALES)


@pytest.mark.parametrize("format_", ["wav", "flac"])
def test_what_is_lossless_returns_the_samples_that_went_in(format_):
    audio = tone(50_001)
    decoded, _ = by_libsndfile(encoded(audio, format=format_, tags=TAGS).data)
    assert np.abs(decoded - audio).max() < 2.1 / 32767


@pytest.mark.parametrize("format_", FORMATS)
def test_tags_can_be_read_by_others(format_):
    found = tags_of(encoded(tone(60_000), format=format_, tags=TAGS).data)
    assert (found["title"], found["artist"], found["genre"]) == ("Größe ♪", "Tunesmith", "Lofi")
    assert found["comment"] == "lofi · seed 7"
    assert found["date"] == "2031"
    if format_ == "mp3":
        assert (found["tbpm"], found["tkey"]) == ("82", "F#m")
    elif format_ != "wav":
        assert (found["bpm"], found["key"]) == ("82.4", "F# dorian")


def test_without_a_year_no_date_is_told():
    for format_ in FORMATS:
        assert "date" not in tags_of(encoded(tone(60_000), format=format_, tags=replace(TAGS, year=None)).data)


@pytest.mark.parametrize("format_", ["mp3", "ogg", "flac"])
def test_the_cover_comes_back_as_it_went_in_and_costs_no_music(format_):
    cover = draw_cover(band(), "Lofi")
    data = encoded(tone(60_000), format=format_, tags=replace(TAGS, cover=cover)).data
    assert cover_of(data) == cover.data
    assert by_libsndfile(data)[0].shape[1] in (60_000, -(-60_000 * 480 // 441))


@pytest.mark.parametrize("style", ["lofi", "rock", "folk"])
def test_a_cover_is_a_small_square_that_shows_the_song(style):
    cover = draw_cover(replace(band(), style=style, title="A" * 200), style)
    assert len(cover.data) <= MOST_BYTES
    with Image.open(io.BytesIO(cover.data)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (cover.side_px, cover.side_px))
        assert len(picture.getcolors(1 << 20) or ()) > 200
    bare = draw_cover(replace(band(), tracks=(), style=style), style)
    assert bare.data != cover.data


def test_a_mode_with_a_minor_third_is_minor_where_a_tag_knows_only_two_modes():
    keys = ("C major", "E minor", "Bb mixolydian", "F# dorian", "B locrian")
    assert [replace(TAGS, key=Key.parse(key)).initial_key for key in keys] == ["C", "Em", "Bb", "F#m", "Bm"]


@pytest.mark.parametrize("format_", ["mp3", "wav", "flac"])
def test_equal_audio_gives_equal_files(format_):
    one, other = (encoded(tone(200_000), format=format_, tags=TAGS).data for _ in range(2))
    assert one == other


def test_an_unknown_format_is_refused_by_name():
    with pytest.raises(BadRequest, match=r"'mp4'.*mp3, ogg, wav or flac"):
        encoded(tone(50_000), format="mp4", tags=TAGS)


def rate_of(data):
    with av.open(io.BytesIO(data)) as container:
        return container.streams.audio[0].codec_context.bit_rate


@pytest.mark.parametrize("kbit_s", [192, 160, 128, 96, 64])
def test_an_mp3_steps_down_to_the_best_rate_that_fits(kbit_s):
    audio = noise(8 * SAMPLE_RATE_HZ)
    limit = len(id3(TAGS)) + size_of_mp3(audio.shape[1], kbit_s)
    made = encoded(audio, format="mp3", tags=TAGS, limit_bytes=limit)
    assert made.format == "mp3"
    assert len(made.data) <= limit
    assert rate_of(made.data) == kbit_s * 1000
    for decode in (by_libav, by_libsndfile):
        assert decode(made.data)[0].shape == audio.shape
    if kbit_s == 192:
        assert made.notice is None
    else:
        assert f"made at {kbit_s} kbit/s so that it fits into the " in made.notice


def test_what_is_too_long_for_mp3_becomes_opus_and_the_person_is_told():
    audio = noise(8 * SAMPLE_RATE_HZ)
    made = encoded(audio, format="mp3", tags=TAGS, limit_bytes=55_000)
    assert made.format == "ogg"
    assert len(made.data) <= 55_000
    assert by_libsndfile(made.data)[0].shape[1] == 8 * 48_000
    assert "became Ogg Opus at 48 kbit/s" in made.notice


def test_opus_steps_down_too():
    audio = noise(8 * SAMPLE_RATE_HZ)
    whole = encoded(audio, format="ogg", tags=TAGS)
    tight = encoded(audio, format="ogg", tags=TAGS, limit_bytes=len(whole.data) // 2)
    assert whole.notice is None
    assert len(tight.data) <= len(whole.data) // 2
    assert tight.format == "ogg"
    assert "kbit/s so that it fits" in tight.notice


@pytest.mark.parametrize("format_", ["wav", "flac"])
def test_what_is_lossless_and_too_large_becomes_the_best_mp3_that_fits(format_):
    audio = noise(8 * SAMPLE_RATE_HZ)
    made = encoded(audio, format=format_, tags=TAGS, limit_bytes=250_000)
    assert made.format == "mp3"
    assert len(made.data) <= 250_000
    assert f"became an mp3 at 192 kbit/s because as {format_} it would not fit into the 250 kB" in made.notice


def test_what_fits_stays_as_it_was_asked_for():
    audio = tone(SAMPLE_RATE_HZ)
    for format_ in FORMATS:
        made = encoded(audio, format=format_, tags=TAGS, limit_bytes=10 * MEBIBYTE)
        assert (made.format, made.notice) == (format_, None)


def test_what_cannot_fit_at_all_is_told():
    made = encoded(noise(8 * SAMPLE_RATE_HZ), format="mp3", tags=TAGS, limit_bytes=1000)
    assert (made.format, steps_from("mp3")[-1].kbit_s) == ("ogg", 16)
    assert re.fullmatch(r"The audio is larger than the 1 kB .*, even as Ogg Opus at 16 kbit/s; a .*", made.notice)


def test_sixteen_bits_are_dithered_and_clipped():
    quiet = np.full((2, 10_000), 0.3 / 32767, np.float32)
    values = to_int16(quiet)
    assert set(np.unique(values)) >= {0, 1}
    assert values.mean() == pytest.approx(0.3, abs=0.05)
    loud = to_int16(np.array([[2.0, -2.0]] * 2, np.float32))
    assert loud.tolist() == [[32767, 32767], [-32768, -32768]]


def test_the_id3_tag_says_its_own_length():
    tag = id3(replace(TAGS, title="x" * 300))
    size = tag[6] << 21 | tag[7] << 14 | tag[8] << 7 | tag[9]
    assert len(tag) == 10 + size


def test_the_checksum_is_the_common_one():
    assert _crc16(b"123456789") == 0xBB3D


@pytest.mark.parametrize("kbit_s", [192, 96])
def test_frames_are_counted_by_walking(kbit_s):
    data = encode_mp3(tone(10 * SAMPLE_RATE_HZ), kbit_s)
    with av.open(io.BytesIO(data)) as container:
        packets = sum(packet.size > 0 for packet in container.demux(audio=0))
    assert count_frames(data) - 1 == packets
    assert abs(size_of_mp3(10 * SAMPLE_RATE_HZ, kbit_s) / len(data) - 1) < 0.02
