"""A new generation beside the live one."""
