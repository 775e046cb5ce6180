"""Import the files of a shop: read them, recognise what they hold, convert their rows and store them in the warehouse."""

from core.ingest.importing import import_files
from core.ingest.number_map import Decision, decide, number_map
from core.ingest.report import ImportReport
from core.ingest.undo import undo_import

__all__ = ["Decision", "ImportReport", "decide", "import_files", "number_map", "undo_import"]
