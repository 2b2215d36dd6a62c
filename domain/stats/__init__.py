"""Questions about counts, and what an answer is made of. Pure."""
