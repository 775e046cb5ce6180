"""Text to typed, checked and pseudonymised rows."""
