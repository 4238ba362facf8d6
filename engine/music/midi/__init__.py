"""MIDI in and out. `file` holds plain values, `read` is the one home of symusic, `write` writes bytes itself."""
