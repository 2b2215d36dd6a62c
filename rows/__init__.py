"""The rows: all SQL about them, for PostgreSQL and SQLite."""
