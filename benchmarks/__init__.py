"""What is measured, as commands: how long each stage takes, and what becomes of many songs."""
