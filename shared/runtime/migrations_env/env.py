"""Alembic's environment, one for all services: it runs on the connection that shared.runtime.migrate hands over."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transaction_per_migration=False)
context.run_migrations()
