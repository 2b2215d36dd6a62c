"""Reads access logs and hourly counts and sends their views through the HTTP API."""
