"""Readers of the open sources: a module each, from a folder of files to labelled pieces."""
