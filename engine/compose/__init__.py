"""prompt → plan → notes → audio."""
