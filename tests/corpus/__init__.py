"""Tests of reading: MIDI and scores in, labelled songs out."""
