"""How work runs: inline or in local processes, one contract."""
