"""How the running studio does, told to whoever keeps it running: health, metrics, logs."""
