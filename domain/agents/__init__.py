"""Who looked, as far as that is known: a person or a robot, never which one."""
