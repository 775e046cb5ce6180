"""What a file holds: its table, its columns, and how it relates to the other files."""
