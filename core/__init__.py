"""Upswing's core: from a shop's files to forecasts, attributions and suggestions. It knows no page."""

__version__ = "0.1.0"
