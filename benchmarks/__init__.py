"""`make bench`: what Footfall does a second, and against what that is measured."""
