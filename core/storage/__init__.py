"""The one door to files and databases."""
