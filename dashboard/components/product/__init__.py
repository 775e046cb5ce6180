"""The Product page: a summary on one screen, and tabs behind it."""
