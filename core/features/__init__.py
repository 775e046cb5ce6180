"""Features: from canonical tables to the panel, one row per (product, as_of, segment) with its features, label and outcomes."""
