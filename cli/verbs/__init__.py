"""A module a verb of the `footfall` command."""
