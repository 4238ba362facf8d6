import re
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import symusic

from engine.compose import render
from engine.compose.perform import perform
from engine.compose.render import SAMPLE_RATE_HZ, Synth, find_soundfont, lengthen_midi
from engine.errors import RenderError, SetupError
from engine.music.midi.write import write_midi
from engine.music.notes import Note, Role, Track
from engine.music.touch import Touch
from tests.sound.songs import band, style


@pytest.mark.parametrize("seconds", [5.0, 7.3333, 12.00001])
def test_the_length_is_exact_to_the_sample(synth, midi, seconds):
    audio = synth.render(midi, seconds)
    assert audio.shape == (2, round(seconds * SAMPLE_RATE_HZ))
    assert audio.dtype == np.float32
    assert np.abs(audio).max() > 0.05


def test_the_same_midi_gives_the_same_samples_alone_or_in_company(synth, midi, mix):
    other = write_midi(perform(band(bars=4, seed=8), seed=2), style().parts)
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda data: synth.render(data, 12.0), (other, midi)))
    assert np.array_equal(together[1], mix)
    assert not np.array_equal(together[0], mix)


def test_notes_sound_when_they_are_written_and_ring_out_afterwards(synth):
    song = band(bars=2, tempo_bpm=60.0)
    late = Track(role=Role.MELODY, program=0, notes=(Note(onset=96, pitch=60, duration=48, velocity=100),))
    played = perform(song, seed=1)
    alone = write_midi(perform(type(song)(**{**fields_of(song), "tracks": (late,)}), seed=1), {})
    level = np.abs(synth.render(alone, 9.0)).max(axis=0)
    onset_s = np.argmax(level > 0.02) / SAMPLE_RATE_HZ
    assert onset_s == pytest.approx(4.0, abs=0.04)
    assert level[: int(3.9 * SAMPLE_RATE_HZ)].max() < 1e-3
    assert played.song.duration_s == 8.0
    assert level[int(6.1 * SAMPLE_RATE_HZ) : int(6.5 * SAMPLE_RATE_HZ)].max() > 1e-3


def fields_of(song):
    return {name: getattr(song, name) for name in song.__slots__}


def test_progress_rises_to_one(synth, midi):
    heard = []
    synth.render(midi, 5.0, heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_the_command_line_program_gives_the_same_music_and_keeps_quiet(synth, midi, mix, monkeypatch, capfd):
    monkeypatch.setattr(render, "_library", lambda: None)
    plain = Synth(synth.soundfont)
    assert not plain.in_process
    audio = plain.render(midi, 12.0)
    assert capfd.readouterr().out == ""
    assert audio.shape == mix.shape
    assert np.corrcoef(audio[0], mix[0])[0, 1] > 0.99
    assert np.abs(audio[:, int(11 * SAMPLE_RATE_HZ) :]).max() > 0


def test_a_program_that_writes_nothing_is_an_error_not_silence(synth, midi, monkeypatch):
    monkeypatch.setattr(render, "_library", lambda: None)
    plain = Synth(synth.soundfont)
    monkeypatch.setattr(render.sys, "executable", "/bin/true")
    with pytest.raises(RenderError, match="wrote no audio"):
        plain.render(midi, 5.0)


def test_without_any_fluidsynth_the_mending_command_is_named(synth, monkeypatch):
    monkeypatch.setattr(render, "_library", lambda: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SetupError, match="apt-get install --no-install-recommends fluidsynth"):
        Synth(synth.soundfont)


@pytest.mark.parametrize("data", [b"", b"not midi", b"MThd"])
def test_what_is_no_midi_is_refused(synth, data):
    with pytest.raises(RenderError):
        synth.render(data, 5.0)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_lengths_are_refused(synth, midi, seconds):
    with pytest.raises(RenderError, match="cannot be rendered"):
        synth.render(midi, seconds)


def test_a_missing_or_absent_soundfont_says_what_to_run(tmp_path, monkeypatch):
    with pytest.raises(SetupError, match=r"none\.sf2.*fluid-soundfont-gm"):
        find_soundfont(tmp_path / "none.sf2")
    monkeypatch.setattr(render, "SOUNDFONT_FOLDERS", (tmp_path,))
    with pytest.raises(SetupError, match="fluid-soundfont-gm"):
        find_soundfont(None)
    (tmp_path / "TimGM6mb.sf2").touch()
    assert find_soundfont(None) == tmp_path / "TimGM6mb.sf2"


def test_any_soundfont_will_do_where_the_usual_ones_are_missing(tmp_path, monkeypatch):
    first, second = tmp_path / "sf2", tmp_path / "sf3"
    monkeypatch.setattr(render, "SOUNDFONT_FOLDERS", (first, second))
    second.mkdir()
    (second / "MuseScore_General.sf3").touch()
    assert find_soundfont(None) == second / "MuseScore_General.sf3"
    (second / "FluidR3_GM.sf2").touch()
    assert find_soundfont(None) == second / "FluidR3_GM.sf2"


def test_the_setup_looks_for_soundfonts_in_the_same_folders():
    setup = (Path(__file__).parents[2] / "tools" / "setup.sh").read_text()
    (folders,) = re.findall(r"SOUNDFONT_FOLDERS:-([^}]*)\}", setup)
    assert folders.split(":") == [str(folder) for folder in render.SOUNDFONT_FOLDERS]


def test_a_soundfont_in_a_folder_whose_name_is_no_text_can_be_played(synth, midi, mix, tmp_path):
    folder = tmp_path / "caf\udce9"
    folder.mkdir()
    (folder / "font.sf2").symlink_to(synth.soundfont)
    assert np.array_equal(Synth(folder / "font.sf2").render(midi, 12.0), mix)


def riff(body):
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"sfbk" + body


@pytest.mark.parametrize(
    "data",
    [b"", b"RIFF", b"ID3 what is this", riff(b"x" * 100)[:50], riff(b"LIST" + struct.pack("<I", 4) + b"INFO")],
    ids=["empty", "cut in the header", "another format", "cut in the body", "without presets"],
)
def test_a_damaged_soundfont_is_named(tmp_path, data):
    path = tmp_path / "broken.sf2"
    path.write_bytes(data)
    with pytest.raises(SetupError, match=r"broken\.sf2.* is damaged"):
        Synth(path)


def test_a_soundfont_cut_short_is_named(tmp_path, synth):
    path = tmp_path / "short.sf2"
    with synth.soundfont.open("rb") as file:
        path.write_bytes(file.read(1 << 20))
    with pytest.raises(SetupError, match=r"short\.sf2.* is damaged"):
        Synth(path)


def test_rendering_goes_on_after_close(midi, mix, synth):
    second = Synth(synth.soundfont)
    second.close()
    second.close()
    assert np.array_equal(second.render(midi, 12.0), mix)


def test_lengthening_adds_one_empty_track(midi, tmp_path):
    longer = lengthen_midi(midi, 20.0)
    assert struct.unpack(">H", longer[10:12])[0] == struct.unpack(">H", midi[10:12])[0] + 1
    assert longer.startswith(midi[:10])
    assert longer[14 : len(midi)] == midi[14:]


def test_lengthening_goes_by_the_quickest_tempo():
    touch = Touch(rubato=0.1, slowing=0.3)
    played = perform(band(bars=8, tempo_bpm=90.0), seed=1, touch=touch, room_s=3.0)
    assert played.tempi[0].bpm < 90.0
    longer = lengthen_midi(write_midi(played, {}), 40.0)
    score = symusic.Score.from_midi(longer)
    assert len(score.tempos) == len(played.tempi)
    body = longer[longer.rindex(b"MTrk") + 8 :]
    ticks = sum((byte & 0x7F) << shift for byte, shift in zip(body[:4], (21, 14, 7, 0), strict=True))
    assert played.seconds(ticks) >= 40.0


def test_loading_the_synthesiser_module_brings_no_torch():
    code = "import sys, engine.compose.sound; sys.exit(int('torch' in sys.modules or 'music21' in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_process_holds_the_instruments_that_play_not_the_whole_soundfont(synth, midi):
    path = synth.soundfont
    size_mb = path.stat().st_size / 1e6
    if path.suffix != ".sf2" or size_mb < 100:
        pytest.skip("the soundfont here is small or compressed")
    program = (
        "import re, sys; from pathlib import Path; from engine.compose.render import Synth\n"
        "def used(): return int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) / 1000\n"
        "before = used(); Synth(Path(sys.argv[1])).render(sys.stdin.buffer.read(), 10.0); print(used() - before)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], input=midi, capture_output=True, check=True)
    assert float(done.stdout) < 0.6 * size_mb
