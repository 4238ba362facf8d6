"""From each role's dry sound to a finished record: levels, chains of effects, loudness, and voices of a chip."""
