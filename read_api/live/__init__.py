"""What is at the log's end: views that are confirmed, before they are folded."""
