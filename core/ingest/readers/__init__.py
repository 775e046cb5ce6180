"""Files of any kind as batches of text."""
