"""Buttons; their state is in the `custom_id` and in the store, so they work after a restart."""
