"""The door of the warehouse: readers, mappings and presets, checks, privacy."""

from core.ingest.importing import import_files
from core.ingest.report import ImportReport

__all__ = ["ImportReport", "import_files"]
