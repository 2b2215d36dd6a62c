"""Generations of rows: built, compared, promoted, dropped."""
