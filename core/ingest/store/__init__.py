"""Converted rows into the warehouse."""
