"""From the log to the rows, partition by partition."""
