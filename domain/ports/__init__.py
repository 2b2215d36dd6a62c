"""What the services need from the outside, by theme."""
