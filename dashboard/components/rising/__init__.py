"""The page of risers and fallers: its filters, its list of products and its roll-ups."""
