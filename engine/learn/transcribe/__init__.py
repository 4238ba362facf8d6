"""Recordings written down: notes, beats, drums, key, chords and form, on the song's own grid."""

from engine.learn.transcribe.piece import piece_of, pipeline_version
from engine.learn.transcribe.transcribe import transcribe
from engine.learn.transcribe.values import Beats, Confidence, HeardNote, Hit, Summary, Transcription

__all__ = [
    "Beats",
    "Confidence",
    "HeardNote",
    "Hit",
    "Summary",
    "Transcription",
    "piece_of",
    "pipeline_version",
    "transcribe",
]
