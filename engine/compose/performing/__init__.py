"""How notes are played: clock, groove, strums, dynamics, pedal, tempo and doublings, each for itself."""
