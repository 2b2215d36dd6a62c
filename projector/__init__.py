"""Log to rows: fold batches and move the checkpoint in one transaction."""
