"""The rows as they are read."""
