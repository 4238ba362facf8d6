"""Recordings written down."""
