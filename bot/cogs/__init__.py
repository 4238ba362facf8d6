"""Commands, a folder's file a feature."""
