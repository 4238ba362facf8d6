"""Tests of the last stage: performance, MIDI out, rendering, mastering, encoding, the picture."""
