"""What is kept: database rows and files."""
