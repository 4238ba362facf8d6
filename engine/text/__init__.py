"""Text to meaning: the encoder, the trained head on it, and which words mattered."""
