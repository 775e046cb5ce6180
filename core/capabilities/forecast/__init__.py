"""The forecast itself: who rises, by how much, for whom and why."""
