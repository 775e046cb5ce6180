"""From canonical tables to the panel: one row per (product, as_of, segment), its features, label and outcomes."""
