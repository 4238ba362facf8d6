"""What music is: notes, timing, harmony, controls, MIDI in and out, tokens. A leaf: knows no flow."""
