"""Stems: one file a role, aligned, and together the dry mix."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from engine.compose.files.delivery import Delivery
from engine.compose.files.encode import MEBIBYTE
from engine.compose.files.stems import faded, pack_stems, shared_gain
from engine.compose.mixing.chains import find_chain
from engine.compose.mixing.mix import MixOrder, ending, mix
from engine.compose.mixing.stage import Session, run
from engine.compose.mixing.voices import SoundfontVoices
from engine.compose.perform import perform
from engine.compose.render import SAMPLE_RATE_HZ
from engine.compose.sound import SoundMaker
from engine.music.notes import Role
from tests.sound.files import TAGS, noise, tags_of
from tests.sound.songs import band, style

SAMPLES = 12 * SAMPLE_RATE_HZ + 77


def files_in(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def level_db(audio, reference):
    return 20 * np.log10(np.sqrt(np.square(audio).mean()) / np.sqrt(np.square(reference).mean()))


@pytest.mark.parametrize("chain", ["lofi", "rock"])
def test_stems_sum_to_the_dry_mix_within_60_db(synth, chain):
    performed, parts = perform(band(bars=4), seed=3), style(chain=chain).parts
    voices, whole = SoundfontVoices(synth), find_chain(chain)
    order = MixOrder(chain=whole, seed=3, samples=SAMPLES, stems=True)
    stems = faded(mix(performed, parts, voices, order).stems)
    bare = replace(whole, space=None, chorus=None, bus=())
    dry = mix(performed, parts, voices, replace(order, chain=bare, stems=False)).audio
    gain = shared_gain(stems)
    files = files_in(pack_stems(stems, name="song", tags=TAGS).data)
    decoded = [soundfile.read(io.BytesIO(data), dtype="float32")[0].T for data in files.values()]
    total = sum(decoded) / gain
    low_cut = run(total, ending(SAMPLES)[:1], Session(samples=SAMPLES))
    away = slice(SAMPLE_RATE_HZ, None)
    assert level_db(low_cut[:, away] - dry[:, away], dry) < -60
    assert level_db(total - sum(stems.values()), total) < -100


def test_a_song_with_stems_has_one_file_a_role_as_long_as_the_song(synth, tmp_path):
    made = SoundMaker(synth).make(
        band(bars=4),
        style(),
        seconds=13.0,
        seed=7,
        folder=tmp_path,
        name="song",
        progress=lambda stage, share: None,
        delivery=Delivery(stems=True),
    )
    assert made.more == {"stems": tmp_path / "song.stems.zip"}
    files = files_in(made.more["stems"].read_bytes())
    assert set(files) == {f"song-{role.value}.flac" for role in Role}
    for name, data in files.items():
        info = soundfile.info(io.BytesIO(data))
        assert (info.frames, info.samplerate, info.channels) == (13 * SAMPLE_RATE_HZ, SAMPLE_RATE_HZ, 2)
        assert info.subtype == "PCM_24"
        assert tags_of(data)["title"] == f"A Test in D minor ({name.removesuffix('.flac').removeprefix('song-')})"
        assert "dry stem at" in tags_of(data)["comment"]


def test_stems_share_one_gain_and_never_clip():
    stems = {Role.MELODY: noise(50_000, level=0.5), Role.BASS: noise(50_000, seed=1, level=0.5) * 1.9}
    gain = shared_gain(stems)
    assert gain < 1
    files = files_in(pack_stems(stems, name="x", tags=TAGS).data)
    decoded = {name: soundfile.read(io.BytesIO(data), dtype="float32")[0].T for name, data in files.items()}
    for name, audio in decoded.items():
        role = Role(name.removeprefix("x-").removesuffix(".flac"))
        assert np.abs(audio - stems[role] * gain).max() < 1e-6
        assert np.abs(audio).max() < 0.98
    assert np.abs(sum(decoded.values())).max() < 0.98
    quiet = {role: audio * 0.01 for role, audio in stems.items()}
    assert shared_gain(quiet) == 1.0


def test_stems_of_a_wav_are_wavs():
    files = files_in(pack_stems({Role.BASS: noise(5000)}, name="x", tags=TAGS, wav=True).data)
    assert list(files) == ["x-bass.wav"]
    assert soundfile.info(io.BytesIO(files["x-bass.wav"])).format == "WAV"


@pytest.mark.parametrize(
    ("limit", "ending_", "told"),
    [(50 * MEBIBYTE, "flac", None), (1_500_000, "flac", "flac of 16 bits"), (300_000, "ogg", "Ogg Opus at")],
)
def test_stems_become_smaller_until_they_fit(limit, ending_, told):
    stems = {role: noise(4 * SAMPLE_RATE_HZ, seed=at) for at, role in enumerate((Role.MELODY, Role.BASS))}
    made = pack_stems(stems, name="x", tags=TAGS, limit_bytes=limit)
    assert len(made.data) <= limit
    files = files_in(made.data)
    assert {name.rpartition(".")[2] for name in files} == {ending_}
    for data in files.values():
        info = soundfile.info(io.BytesIO(data))
        assert info.frames == 4 * info.samplerate
    assert (made.notice is None) if told is None else (told in made.notice)


def test_stems_that_cannot_fit_are_told():
    made = pack_stems({Role.BASS: noise(4 * SAMPLE_RATE_HZ)}, name="x", tags=TAGS, limit_bytes=2000)
    assert "larger than the 2 kB that are allowed here" in made.notice


def test_equal_stems_give_an_equal_zip():
    one, other = (pack_stems({Role.BASS: noise(5000)}, name="x", tags=TAGS).data for _ in range(2))
    assert one == other
