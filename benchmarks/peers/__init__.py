"""What a user could write in an afternoon: small services that take the same single views."""
