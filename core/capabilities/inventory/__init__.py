"""What to order, by when, and what a planner changed."""
