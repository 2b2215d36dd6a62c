"""The formats that an import reads, by name, and how one is chosen."""
