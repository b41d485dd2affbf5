"""Alembic's entry point. It runs on the connection passed in by ``app.database.schema`` and no other."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])

with context.begin_transaction():
    context.run_migrations()
