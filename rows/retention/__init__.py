"""What the rows give up when their time is over."""
