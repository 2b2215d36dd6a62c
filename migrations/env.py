"""Alembic's entry: runs on the connection it is handed, in that connection's transaction."""

from alembic import context

from rows.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    transactional_ddl=False,
    version_table_schema=context.config.attributes.get("schema"),
)
context.run_migrations()
