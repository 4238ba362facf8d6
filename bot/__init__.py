"""Tunesmith on Discord: a cog parses what a person typed, makes one `Studio` call, and renders the answer."""
