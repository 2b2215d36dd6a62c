"""HTTP to log: a view is answered only after the log has confirmed it."""
