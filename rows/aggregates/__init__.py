"""Sums beside the hourly rows: who says when they are true, and who makes them."""
