"""Tunesmith's engine: words in, songs out. The names exported here are all that `bot/` may use; importing them is light."""
