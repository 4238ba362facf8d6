"""Tests of the written grammars."""
