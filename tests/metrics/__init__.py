"""Tests of the measures and gates."""
