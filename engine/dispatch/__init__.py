"""Accepted requests are taken from the queue, worked on, and told of: leases, stages, tries, estimates, watchers."""
