"""What every HTTP role shares: problem+json answers, health, the application factory."""
