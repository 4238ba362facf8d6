import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
import symusic
from PIL import Image

from engine.compose import sound
from engine.compose.files.delivery import Delivery
from engine.compose.sound import SoundMaker
from engine.errors import RenderError, SetupError
from tests.sound.songs import band, style


def make(synth, folder, song=None, *, heard=None, **changes):
    delivery = Delivery(format=changes.pop("format", "mp3"))
    order = {"seconds": 13.0, "seed": 7, "folder": folder, "name": "song", "delivery": delivery, **changes}
    report = (lambda stage, share: heard.append((stage, share))) if heard is not None else (lambda stage, share: None)
    return SoundMaker(synth).make(song or band(bars=4), style(), progress=report, **order)


@pytest.mark.parametrize("format_", ["mp3", "ogg", "wav", "flac"])
def test_a_song_becomes_three_files_that_can_be_opened(synth, tmp_path, format_):
    files = make(synth, tmp_path, format=format_)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([f"song.{format_}", "song.mid", "song.png"])
    with av.open(str(files.audio)) as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
        assert samples / container.streams.audio[0].rate == pytest.approx(13.0, abs=0.01)
    assert len(symusic.Score(files.midi).tracks) == 5
    with Image.open(files.picture) as picture:
        assert min(picture.size) >= 400
    assert files.midi_sha256 == hashlib.sha256(files.midi.read_bytes()).hexdigest()
    assert set(files.timings_s) == {"render", "master", "encode", "picture"}
    assert all(0 < seconds < 60 for seconds in files.timings_s.values())


def test_the_same_order_gives_the_same_midi_and_audio_and_another_seed_does_not(synth, tmp_path):
    first, again = make(synth, tmp_path, name="a"), make(synth, tmp_path, name="b")
    other = make(synth, tmp_path, name="c", seed=8)
    assert first.midi_sha256 == again.midi_sha256 != other.midi_sha256
    assert first.audio.read_bytes() == again.audio.read_bytes()


def test_the_midi_does_not_depend_on_length_or_format(synth, tmp_path):
    one, two = make(synth, tmp_path, name="a"), make(synth, tmp_path, name="b", seconds=15.5, format="wav")
    assert one.midi_sha256 == two.midi_sha256


def test_progress_goes_through_the_stages_in_order(synth, tmp_path):
    heard = []
    make(synth, tmp_path, heard=heard)
    stages = [stage for stage, _ in heard]
    assert list(dict.fromkeys(stages)) == ["render", "master", "encode", "picture"]
    assert heard[-1] == ("picture", 1.0)


@pytest.mark.parametrize("part", ["draw_song", "master", "hand_over", "write_all"])
def test_a_failure_anywhere_leaves_no_file(synth, tmp_path, monkeypatch, part):
    def broken(*args, **kwargs):
        raise RenderError("broken")

    monkeypatch.setattr(sound, part, broken)
    with pytest.raises(RenderError, match="broken"):
        make(synth, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_keeps_the_files_of_an_earlier_song(synth, tmp_path, monkeypatch):
    make(synth, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def broken(*args, **kwargs):
        raise RenderError("broken")

    monkeypatch.setattr(sound, "hand_over", broken)
    with pytest.raises(RenderError, match="broken"):
        make(synth, tmp_path, seed=99)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_silence_is_an_error(synth, tmp_path):
    song = band(bars=4)
    with pytest.raises(RenderError, match="silence"):
        make(synth, tmp_path, replace(song, tracks=tuple(replace(track, notes=()) for track in song.tracks)))
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named(synth, tmp_path):
    with pytest.raises(SetupError, match="nowhere"):
        make(synth, tmp_path / "nowhere")


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder that not even root can write to")
def test_a_folder_that_cannot_be_written_is_named(synth):
    with pytest.raises(SetupError, match="/proc/self"):
        make(synth, Path("/proc/self"))


def test_two_songs_at_once_are_the_same_as_one_after_the_other(synth, tmp_path):
    songs = [band(bars=4, seed=seed) for seed in (1, 2)]
    alone = [make(synth, tmp_path, song, name=f"alone{i}", format="wav") for i, song in enumerate(songs)]
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda at: make(synth, tmp_path, songs[at], name=f"both{at}", format="wav"), range(2)))
    for one, other in zip(alone, both, strict=True):
        assert one.audio.read_bytes() == other.audio.read_bytes()


def test_what_is_heard_is_loud_enough_and_not_clipped(synth, tmp_path):
    audio, _ = soundfile.read(make(synth, tmp_path).audio, dtype="float32")
    assert np.abs(audio).max() <= 0.94
    assert audio.std() > 0.03
