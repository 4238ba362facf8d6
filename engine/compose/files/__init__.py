"""The files that a song is handed over in: audio, tags, cover, stems, loop, score; whole or not at all."""
