"""Measures: Song → numbers, samples → numbers."""
