import numpy as np
import pytest

from engine.compose.render import SAMPLE_RATE_HZ
from engine.errors import BadRequest
from engine.learn.sources.piece import Origin
from engine.learn.transcribe import piece_of, pipeline_version, transcribe
from engine.learn.transcribe.pitches import RATE_HZ
from engine.learn.transcribe.transcribe import at_working_rate
from engine.music.harmony import Key, Mode
from engine.music.notes import Role
from tests.transcribe.recordings import LEAD_S, band_song, clicks, played, plucked


def test_a_band_is_written_down_as_the_song_that_it_played(band):
    assert band.refusal == ""
    assert band.beats is not None
    assert band.beats.steady
    assert band.beats.bpm == pytest.approx(104.0, rel=0.005)
    song = band.song
    assert song is not None
    assert {track.role for track in song.tracks} >= {Role.MELODY, Role.BASS, Role.DRUMS}
    assert 11 <= song.bars <= 13
    assert str(song.meter) == "4/4"
    assert song.key == Key(tonic=0, mode=Mode.MAJOR)
    assert song.tempo_bpm == pytest.approx(104.0, rel=0.005)


def test_notes_of_the_song_lie_where_they_were_written(band):
    written = {(note.onset, note.pitch) for note in band_song().track(Role.MELODY).notes}
    heard = {(note.onset, note.pitch) for track in band.song.tracks for note in track.notes}
    assert len(written & heard) >= 0.8 * len(written)


def test_the_bar_lines_are_found(band):
    bar_s = 4 * 60 / 104.0
    assert band.first_bar_s == pytest.approx(LEAD_S, abs=0.03)
    times = np.array(band.beats.times_s)[band.beats.first_bar :: 4]
    assert np.abs((times - LEAD_S) / bar_s - np.round((times - LEAD_S) / bar_s)).max() < 0.02


def test_chords_are_found(band):
    right = sum(a is not None and a.root == b.root for a, b in zip(band.song.chords, band_song().chords, strict=False))
    assert right >= 0.8 * len(band_song().chords)


def test_the_bass_is_told_from_the_tune(band):
    bass = [note.pitch for note in band.notes if note.role is Role.BASS]
    melody = [note.pitch for note in band.notes if note.role is Role.MELODY]
    assert np.median(bass) < 50
    assert np.median(melody) > 65


def test_drums_are_told_apart(band):
    beat_s = 60 / 104.0
    for pitch, phase, every in ((36, 0, 2), (38, 1, 2)):
        times = np.array([hit.onset_s for hit in band.hits if hit.pitch == pitch])
        wanted = LEAD_S + beat_s * (phase + every * np.arange(24))
        found = sum(np.abs(times - time).min() < 0.05 for time in wanted)
        assert found >= 0.85 * len(wanted), pitch
        assert len(times) <= 1.3 * len(wanted), pitch


def test_the_same_recording_gives_the_same_transcription(band, band_audio):
    assert transcribe(band_audio, SAMPLE_RATE_HZ) == band


def test_progress_goes_through_the_stages(band_audio):
    told = []
    transcribe(
        band_audio[: 20 * SAMPLE_RATE_HZ], SAMPLE_RATE_HZ, progress=lambda stage, share: told.append((stage, share))
    )
    assert list(dict.fromkeys(stage for stage, _ in told)) == ["notes", "beats", "music"]
    assert [share for stage, share in told if stage == "notes"][-1] == 1.0


def test_a_piano_waltz_has_three_beats_a_bar(synth):
    heard = transcribe(played(synth, band_song(bars=16, tempo_bpm=104.0, drums=False, meter="3/4")), SAMPLE_RATE_HZ)
    assert heard.refusal == ""
    assert heard.hits == ()
    assert str(heard.beats.meter) == "3/4"


def test_a_transcription_becomes_a_piece_of_its_style(band):
    origin = Origin(source="uploads", path="one", work="one", licence="CC0-1.0")
    piece = piece_of(band, origin, style="rock", title="Ours")
    assert (piece.id, piece.style, piece.song.style, piece.song.title) == ("uploads/one", "rock", "rock", "Ours")
    assert piece.licence == "CC0-1.0"
    assert piece.song.meta["transcribed"] == pipeline_version()
    assert "beats" in piece.song.meta["confidence"]


@pytest.mark.parametrize(
    ("audio", "reason"),
    [
        (np.zeros(30 * RATE_HZ, np.float32), "silent"),
        (clicks(np.arange(0.2, 9, 0.5), 9.0), "too short"),
        (clicks(np.arange(0.2, 29, 0.5), 30.0), "notes"),
        ((0.1 * np.random.default_rng(1).normal(size=30 * RATE_HZ)).astype(np.float32), "notes"),
    ],
)
def test_what_is_no_music_is_refused_with_the_reason(audio, reason):
    heard = transcribe(audio, RATE_HZ)
    assert reason in heard.refusal
    with pytest.raises(BadRequest, match=reason):
        piece_of(heard, Origin(source="uploads", path="x", work="x", licence="CC0-1.0"), style="pop")


def test_notes_without_a_beat_are_refused():
    rng = np.random.default_rng(5)
    times = np.cumsum(rng.exponential(0.45, 90) + 0.06)
    audio = plucked(
        [(float(time), int(pitch)) for time, pitch in zip(times, rng.integers(48, 84, 90), strict=True)], 40.0
    )
    heard = transcribe(audio, RATE_HZ)
    assert "steady beat" in heard.refusal


@pytest.mark.parametrize(
    ("audio", "rate_hz"),
    [(np.zeros((2, 100), np.float32), 44_100), (np.zeros(0, np.float32), 44_100), (np.zeros(100, np.float32), 100)],
)
def test_what_is_no_mono_audio_is_an_error_that_says_what_would_work(audio, rate_hz):
    with pytest.raises(BadRequest, match="would work"):
        transcribe(audio, rate_hz)


def test_audio_is_made_finite_and_brought_to_the_working_rate():
    audio = np.full(44_100, 0.25, np.float32)
    audio[7], audio[8], audio[9] = np.nan, np.inf, -1e30
    clean = at_working_rate(audio, 44_100)
    assert len(clean) == RATE_HZ
    assert np.isfinite(clean).all()
    assert np.abs(clean).max() < 1.5
    assert clean[RATE_HZ // 2] == pytest.approx(0.25, abs=0.01)
