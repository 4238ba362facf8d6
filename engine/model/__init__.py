"""Torch: integers in, integers out. A leaf: knows arrays of tokens, no music flow."""
