"""Rows and checkpoints as projectors change them."""
