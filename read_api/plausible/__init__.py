"""Questions as clients of Plausible's statistics ask them, answered from the same reads."""
