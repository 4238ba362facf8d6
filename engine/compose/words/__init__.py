"""How each kind of wish is recognised in a prompt: lengths, tempos, keys, meters, styles, instruments."""
