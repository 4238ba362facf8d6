"""What Alembic runs for every command: applies the steps on the connection that the caller put into the config.

Caveat: Alembic executes this file, so unlike everywhere else work happens at import.
"""

from __future__ import annotations

from alembic import context

from engine.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
