"""Processes: signals, sockets, children."""
