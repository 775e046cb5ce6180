"""Data about persons: recognised in the names and values of columns, masked in free text, and turned into groups where that is useful."""
