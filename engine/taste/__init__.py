"""Votes → taste: what a community likes, learnt from what it said of the songs that it heard."""
